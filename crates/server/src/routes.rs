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
use crate::openapi::{calls, gemini as about, media as relayed, own};
use crate::state::AppState;
use crate::table::{self, Route, Told};
use crate::{api, docs, gemini, media, models, simple, status};

/// The clients' paths: what is served, and what the document tells.
const ROUTES: &[Route<Arc<AppState>>] = &[
    Route::post("/v1/chat/completions", || post(api::chat), calls::chat),
    Route::post("/v1/responses", || post(api::responses), calls::responses),
    Route::post("/v1/completions", || post(api::completions), calls::completions),
    Route::post("/v1/embeddings", || post(api::embeddings), calls::embeddings),
    Route::post("/v1/messages", || post(api::messages), calls::messages),
    Route::post("/v1/messages/count_tokens", || post(api::count_tokens), calls::count_tokens),
    Route::post("/v1/images/generations", || post(media::images), relayed::images),
    Route::post("/v1/images/edits", || post(media::edits), relayed::edits),
    Route::post("/v1/images/variations", || post(media::variations), relayed::variations),
    Route::post(
        "/v1/audio/transcriptions",
        || post(media::transcriptions),
        relayed::transcriptions,
    ),
    Route::post("/v1/audio/translations", || post(media::translations), relayed::translations),
    Route::post("/v1/audio/speech", || post(media::speech), relayed::speech),
    Route::post("/v1/moderations", || post(media::moderations), relayed::moderations),
    Route::post("/v1/rerank", || post(media::rerank), relayed::rerank),
    Route::post("/v2/rerank", || post(media::rerank), relayed::rerank_v2),
    Route::post("/rerank", || post(media::rerank), relayed::rerank_short),
    Route::get("/v1/models", || get(models::list), own::models),
    Route::get("/v1/models/{*id}", || get(models::one), own::model),
    Route::post("/v1/models/{*id}", || post(gemini::call), about::call_v1),
    Route::get("/v1beta/models", || get(models::gemini_list), about::models),
    Route::get("/v1beta/models/{*id}", || get(models::gemini_one), about::model),
    Route::post("/v1beta/models/{*id}", || post(gemini::call), about::call),
    Route::get("/models", || get(models::list), own::models_short),
    Route::get("/v1/providers/status", || get(status::providers), own::providers),
    Route::get("/health", || get(status::health), own::health),
    Route::post("/llm/chat", || post(simple::chat), calls::simple_chat),
    Route::post("/llm/chat/stream", || post(simple::stream), calls::simple_stream),
    Route::get("/llm/health", || get(simple::health), own::simple_health),
    Route::get("/llm/models", || get(simple::models), own::simple_models),
    Route::get("/llm/system-load", || get(simple::system_load), own::system_load),
    Route::get("/llm/system-capacity", || get(simple::system_capacity), own::system_capacity),
    Route::get("/llm/model-load/{model}", || get(simple::model_load), own::model_load),
    Route::get("/llm/keys/{model}", || get(simple::keys), own::keys),
    Route::get("/llm/key-load/{model}/{key}", || get(simple::key_load), own::key_load),
    Route::get("/", || get(docs::index), own::index),
    Route::get("/docs", || get(docs::page), own::docs_page),
    Route::get("/docs/{file}", || get(docs::file), own::docs_file),
    Route::get("/openapi.json", || get(docs::openapi), own::openapi),
];

/// What is told of the clients' paths, for handlers that tell it: naming the table itself would be a
/// circle.
pub(crate) fn routes() -> Box<dyn Iterator<Item = Told>> {
    Box::new(table::told(ROUTES))
}

/// The client APIs. Nests under any path of another axum application.
pub fn router(state: Arc<AppState>) -> Router {
    table::router(ROUTES)
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

#[cfg(test)]
mod tests;
