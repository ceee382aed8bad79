//! Model lists, in the shape of whoever asks: OpenAI's, Anthropic's where the request carries
//! `anthropic-version` or `x-api-key`, Gemini's where it carries `x-goog-api-key` (all three share
//! the path) or comes by `/v1beta`.

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use std::sync::Arc;
use tollgate::ModelInfo;
use tollgate_core_types::Dialect;

use crate::errors::plain;
use crate::openapi::{anthropic, openai};
use crate::page::Page;
use crate::respond;
use crate::state::AppState;
use crate::timestamp;

/// `GET /v1/models` and `GET /models`
pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    if wants_gemini(&headers) {
        return gemini_list(State(state)).await;
    }
    let models = state.engine.models();
    if wants_anthropic(&headers) {
        let all: Vec<anthropic::Model> = models.iter().map(anthropic_model).collect();
        let (data, has_more) = Page::of(&uri).part(all, |model| &model.id);
        let body = anthropic::ModelList {
            first_id: data.first().map(|model| model.id.clone()),
            last_id: data.last().map(|model| model.id.clone()),
            has_more,
            data,
        };
        respond::json(StatusCode::OK, &body)
    } else {
        let data = models.iter().map(openai_model).collect();
        respond::json(StatusCode::OK, &openai::ModelList { object: "list", data })
    }
}

/// `GET /v1/models/{id}`; ids may hold slashes.
pub(crate) async fn one(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    if wants_gemini(&headers) {
        return gemini_one(State(state), Path(id), headers, uri).await;
    }
    let anthropic = wants_anthropic(&headers);
    if let Some(model) = state.engine.models().into_iter().find(|model| *model.id == *id) {
        return if anthropic {
            respond::json(StatusCode::OK, &anthropic_model(&model))
        } else {
            respond::json(StatusCode::OK, &openai_model(&model))
        };
    }
    let request_id = state.ids.of(&headers);
    let report = plain(404, "model_not_found", state.engine.unknown_model(&id), &request_id);
    let dialect = if anthropic { Dialect::ANTHROPIC_MESSAGES } else { Dialect::OPENAI_CHAT };
    match state.engine.client_dialect(dialect) {
        Some(dialect) => respond::error(&report, dialect.as_ref()),
        None => state.errors.write(uri.path(), report),
    }
}

/// `GET /v1beta/models`; all on one page.
pub(crate) async fn gemini_list(State(state): State<Arc<AppState>>) -> Response {
    let models: Vec<Value> = state.engine.models().iter().map(gemini_model).collect();
    respond::json(StatusCode::OK, &json!({ "models": models }))
}

/// `GET /v1beta/models/{id}`; ids may hold slashes.
pub(crate) async fn gemini_one(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    if let Some(model) = state.engine.models().into_iter().find(|model| *model.id == *id) {
        return respond::json(StatusCode::OK, &gemini_model(&model));
    }
    let request_id = state.ids.of(&headers);
    let report = plain(404, "model_not_found", state.engine.unknown_model(&id), &request_id);
    match state.engine.client_dialect(Dialect::GEMINI_GENERATE) {
        Some(dialect) => respond::error(&report, dialect.as_ref()),
        None => state.errors.write(uri.path(), report),
    }
}

fn wants_gemini(headers: &HeaderMap) -> bool {
    headers.contains_key("x-goog-api-key")
}

fn gemini_model(model: &ModelInfo) -> Value {
    json!({
        "name": format!("models/{}", model.id),
        "displayName": &*model.id,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    })
}

fn wants_anthropic(headers: &HeaderMap) -> bool {
    headers.contains_key("anthropic-version") || headers.contains_key("x-api-key")
}

fn openai_model(model: &ModelInfo) -> openai::Model {
    openai::Model {
        id: model.id.to_string(),
        object: "model",
        created: model.created,
        owned_by: model.owned_by.clone(),
    }
}

fn anthropic_model(model: &ModelInfo) -> anthropic::Model {
    anthropic::Model {
        r#type: "model",
        id: model.id.to_string(),
        display_name: model.id.to_string(),
        created_at: timestamp::rfc3339(model.created),
        lifecycle: "active",
    }
}
