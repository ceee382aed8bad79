//! Every path of the clients' surface, in one place.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use http::Request;
use std::sync::Arc;
use tollgate_telemetry::HttpRejection;

use crate::guard::GuardLayer;
use crate::state::AppState;
use crate::{api, docs, models, simple, status};

/// The client APIs. Nests under any path of another axum application.
pub fn router(state: Arc<AppState>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(api::chat))
        .route("/v1/completions", post(api::completions))
        .route("/v1/embeddings", post(api::embeddings))
        .route("/v1/messages", post(api::messages))
        .route("/v1/messages/count_tokens", post(api::count_tokens))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::one))
        .route("/models", get(models::list))
        .route("/v1/providers/status", get(status::providers))
        .route("/health", get(status::health))
        .route("/llm/chat", post(simple::chat))
        .route("/llm/chat/stream", post(simple::stream))
        .route("/llm/health", get(simple::health))
        .route("/llm/models", get(simple::models))
        .route("/llm/system-load", get(simple::system_load))
        .route("/llm/system-capacity", get(simple::system_capacity))
        .route("/llm/model-load/{model}", get(simple::model_load))
        .route("/llm/keys/{model}", get(simple::keys))
        .route("/llm/key-load/{model}/{key}", get(simple::key_load))
        .route("/", get(docs::index))
        .route("/docs", get(docs::page))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(GuardLayer(Arc::clone(&state)))
        .with_state(state)
}

async fn not_found(State(state): State<Arc<AppState>>, request: Request<Body>) -> Response {
    state.engine.telemetry().http_rejection(HttpRejection::NotFound);
    let id = state.ids.of(request.headers());
    state.errors.not_found(request.uri().path(), &id)
}

async fn wrong_method(State(state): State<Arc<AppState>>, request: Request<Body>) -> Response {
    state.engine.telemetry().http_rejection(HttpRejection::MethodNotAllowed);
    let id = state.ids.of(request.headers());
    state.errors.wrong_method(request.method(), request.uri().path(), &id)
}
