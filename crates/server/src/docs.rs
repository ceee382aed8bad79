//! What a person who opens the gateway in a browser or with curl finds: an index and a page.
//!
//! The page comes from the binary and loads nothing from elsewhere.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use std::sync::Arc;

use crate::respond;
use crate::state::AppState;

const PAGE: &str = include_str!("docs/page.html");
/// Nothing but the page's own inline style and script, and calls back to this gateway.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'";

/// `GET /`
pub(crate) async fn index(State(state): State<Arc<AppState>>) -> Response {
    let models: Vec<String> =
        state.engine.models().iter().map(|model| model.id.to_string()).collect();
    let body = json!({
        "name": "tollgate",
        "version": env!("CARGO_PKG_VERSION"),
        "docs": "/docs",
        "models": models,
        "endpoints": [
            "POST /v1/chat/completions", "POST /v1/completions", "POST /v1/embeddings",
            "POST /v1/messages", "POST /v1/messages/count_tokens",
            "GET /v1/models", "GET /v1/models/{id}", "GET /v1/providers/status", "GET /health",
            "POST /llm/chat", "POST /llm/chat/stream", "GET /llm/models", "GET /llm/health",
            "GET /llm/system-load", "GET /llm/system-capacity", "GET /llm/model-load/{model}",
            "GET /llm/keys/{model}", "GET /llm/key-load/{model}/{key-id}",
        ],
    });
    respond::json(StatusCode::OK, &body)
}

/// `GET /docs`
pub(crate) async fn page() -> Response {
    let mut response = Response::new(Body::from(PAGE));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static(POLICY),
    );
    response
}
