//! Images, audio, moderation and rerank: paths whose requests are relayed and never translated.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use std::sync::Arc;
use tollgate_core_types::Dialect;

use crate::api;
use crate::respond::StreamKind;
use crate::state::AppState;

/// `POST /v1/images/generations`
pub(crate) async fn images(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    api::handle(&state, Dialect::OPENAI_IMAGES, StreamKind::Events, request).await
}

/// `POST /v1/images/edits`
pub(crate) async fn edits(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    api::handle_form(&state, Dialect::OPENAI_IMAGE_EDITS, request).await
}

/// `POST /v1/images/variations`
pub(crate) async fn variations(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    api::handle_form(&state, Dialect::OPENAI_IMAGE_VARIATIONS, request).await
}

/// `POST /v1/audio/transcriptions`
pub(crate) async fn transcriptions(
    state: State<Arc<AppState>>,
    request: Request<Body>,
) -> Response {
    api::handle_form(&state, Dialect::OPENAI_TRANSCRIPTIONS, request).await
}

/// `POST /v1/audio/translations`
pub(crate) async fn translations(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    api::handle_form(&state, Dialect::OPENAI_TRANSLATIONS, request).await
}

/// `POST /v1/audio/speech`
pub(crate) async fn speech(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    api::handle(&state, Dialect::OPENAI_SPEECH, StreamKind::Events, request).await
}

/// `POST /v1/moderations`
pub(crate) async fn moderations(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    api::handle(&state, Dialect::OPENAI_MODERATIONS, StreamKind::Events, request).await
}

/// `POST /v1/rerank`, `/v2/rerank` and `/rerank`
pub(crate) async fn rerank(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    api::handle(&state, Dialect::RERANK, StreamKind::Events, request).await
}
