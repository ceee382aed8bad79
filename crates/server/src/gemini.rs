//! Gemini's paths: model and method in one segment, `/v1beta/models/{model}:{method}`, and the same
//! below `/v1`.
//!
//! What other dialects say in the body stands here in the path; the form of a stream in the query.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::Request;
use std::sync::Arc;
use tollgate_core_types::Dialect;

use crate::api::{self, Addressed};
use crate::respond::StreamKind;
use crate::state::AppState;

/// `POST /v1beta/models/{model}:{method}` and `POST /v1/models/{model}:{method}`
pub(crate) async fn call(
    State(state): State<Arc<AppState>>,
    Path(target): Path<String>,
    request: Request<Body>,
) -> Response {
    let method = target.rsplit_once(':').and_then(|(model, method)| {
        let (dialect, stream) = method_of(method)?;
        (!model.is_empty()).then_some((model, dialect, stream))
    });
    let Some((model, dialect, stream)) = method else {
        let id = state.ids.of(request.headers());
        return state.errors.wrong_method(request.method(), request.uri().path(), &id);
    };
    let kind = if stream && !wants_events(request.uri().query()) {
        StreamKind::List
    } else {
        StreamKind::Events
    };
    let addressed = Addressed { model: model.to_owned(), stream };
    api::handle_addressed(&state, dialect, kind, Some(addressed), request).await
}

/// The dialect of a method, and whether its answer is streamed.
fn method_of(method: &str) -> Option<(Dialect, bool)> {
    Some(match method {
        "generateContent" => (Dialect::GEMINI_GENERATE, false),
        "streamGenerateContent" => (Dialect::GEMINI_GENERATE, true),
        "countTokens" => (Dialect::GEMINI_COUNT_TOKENS, false),
        "embedContent" => (Dialect::GEMINI_EMBED, false),
        "batchEmbedContents" => (Dialect::GEMINI_BATCH_EMBED, false),
        _ => return None,
    })
}

/// Whether a stream is asked for as events (`alt=sse`); without it it is one list.
fn wants_events(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_and_forms_are_told_apart() {
        assert_eq!(method_of("streamGenerateContent"), Some((Dialect::GEMINI_GENERATE, true)));
        assert_eq!(method_of("countTokens"), Some((Dialect::GEMINI_COUNT_TOKENS, false)));
        assert_eq!(method_of("generate"), None);
        for (query, events) in [
            (None, false),
            (Some("alt=sse"), true),
            (Some("key=k&alt=sse"), true),
            (Some("alt=json"), false),
            (Some("xalt=sse"), false),
        ] {
            assert_eq!(wants_events(query), events, "{query:?}");
        }
    }
}
