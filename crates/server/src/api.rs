//! The client APIs that reach a model: one handler for every dialect.
//!
//! Read the body once, read its facts, hand it to the engine, write what comes back. Errors are
//! written in the dialect of the route, whoever made them.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, Request, header};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;
use tollgate::{CallContext, Denied, SIMPLE_CHAT, SIMPLE_STREAM};
use tollgate_core_types::Dialect;
use tollgate_providers_common::{BadRequest, ClientDialect, ErrorReport, Inbound};
use tollgate_telemetry::HttpRejection;

use crate::body::{self, BodyError};
use crate::clock;
use crate::respond::{self, StreamKind};
use crate::state::AppState;

/// Anthropic's client headers that its vendors may see. Everything else stays here.
const ANTHROPIC: [HeaderName; 2] =
    [HeaderName::from_static("anthropic-version"), HeaderName::from_static("anthropic-beta")];
/// The same of OpenAI's.
const OPENAI: [HeaderName; 1] = [HeaderName::from_static("openai-beta")];

/// Where a client's trace goes on (W3C Trace Context).
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// What its vendors say of it there.
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// `POST /v1/chat/completions`
pub(crate) async fn chat(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    handle(&state, Dialect::OPENAI_CHAT, StreamKind::Events, request).await
}

/// `POST /v1/completions`
pub(crate) async fn completions(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    handle(&state, Dialect::OPENAI_COMPLETIONS, StreamKind::Events, request).await
}

/// `POST /v1/embeddings`
pub(crate) async fn embeddings(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    handle(&state, Dialect::OPENAI_EMBEDDINGS, StreamKind::Events, request).await
}

/// `POST /v1/messages`
pub(crate) async fn messages(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    handle(&state, Dialect::ANTHROPIC_MESSAGES, StreamKind::Events, request).await
}

/// `POST /v1/messages/count_tokens`
pub(crate) async fn count_tokens(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    handle(&state, Dialect::ANTHROPIC_COUNT_TOKENS, StreamKind::Events, request).await
}

/// Answers one call in `dialect`; never panics through to the connection.
pub(crate) async fn handle(
    state: &AppState,
    dialect: Dialect,
    kind: StreamKind,
    request: Request<Body>,
) -> Response {
    let started = clock::now();
    let id = state.ids.of(request.headers());
    let Some(client) = state.engine.client_dialect(dialect) else {
        return state.errors.not_found(request.uri().path(), &id);
    };
    let answered = AssertUnwindSafe(answer(state, client.as_ref(), started, &id, request))
        .catch_unwind()
        .await;
    match answered {
        Ok(Ok(answer)) => respond::answer(answer, &id, kind),
        Ok(Err(denied)) => respond::denied(&denied, client.as_ref()),
        Err(_) => {
            tracing::error!(request_id = %id, "a request handler panicked");
            respond::error(&internal(&id), client.as_ref())
        }
    }
}

async fn answer(
    state: &AppState,
    client: &dyn ClientDialect,
    started: Instant,
    id: &Arc<str>,
    request: Request<Body>,
) -> Result<tollgate::Answer, Denied> {
    let (parts, body) = request.into_parts();
    let refuse = |rejection: Rejection| {
        state.engine.telemetry().http_rejection(rejection.reason);
        Denied { report: rejection.into_report(id), attempts: 0 }
    };
    content_type(&parts.headers).map_err(refuse)?;
    let body = body::read(body, state.limits).await.map_err(|error| refuse(error.into()))?;
    let facts = client.facts(&body).map_err(|bad| refuse(bad.into()))?;
    let inbound = Inbound {
        dialect: client.dialect(),
        operation: client.operation(),
        facts,
        body,
        headers: forwarded(client.dialect(), &parts.headers),
        query: parts.uri.query().map(str::to_owned),
    };
    let context = CallContext {
        request_id: Arc::clone(id),
        started,
        route: route(client.dialect()),
        traceparent: text(&parts.headers, &TRACEPARENT),
        tracestate: joined(&parts.headers, &TRACESTATE),
        hops: hops(&parts.headers),
    };
    state.engine.call(inbound, context).await
}

/// A request that is refused before it reaches the engine.
struct Rejection {
    status: u16,
    reason: HttpRejection,
    code: &'static str,
    param: Option<String>,
    message: String,
}

impl Rejection {
    fn into_report(self, id: &str) -> ErrorReport {
        ErrorReport {
            status: self.status,
            code: self.code.to_owned(),
            param: self.param,
            message: self.message,
            retry_after: None,
            should_retry: None,
            request_id: id.to_owned(),
        }
    }
}

impl From<BodyError> for Rejection {
    fn from(error: BodyError) -> Self {
        let (status, reason, code) = match error {
            BodyError::TooLarge { .. } => (413, HttpRejection::BodyTooLarge, "request_too_large"),
            BodyError::TooSlow { .. } => (408, HttpRejection::BodyTimeout, "request_timeout"),
            BodyError::Broken => (400, HttpRejection::BodyIncomplete, "invalid_body"),
        };
        Self { status, reason, code, param: None, message: error.to_string() }
    }
}

impl From<BadRequest> for Rejection {
    fn from(bad: BadRequest) -> Self {
        let BadRequest { message, param, code } = bad;
        Self { status: 400, reason: HttpRejection::InvalidBody, code, param, message }
    }
}

/// JSON, or nothing said: what clients of these APIs send. Anything else is a mistake worth naming.
fn content_type(headers: &HeaderMap) -> Result<(), Rejection> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    if value == "application/json" {
        // As nearly all say it; no need to take it apart.
        return Ok(());
    }
    let essence = value.to_str().unwrap_or("").split(';').next().unwrap_or("").trim();
    let json = essence.eq_ignore_ascii_case("application/json")
        || (essence.len() > 5 && essence.to_ascii_lowercase().ends_with("+json"));
    if json {
        return Ok(());
    }
    let shown = tollgate_core_types::error::clean(essence, 64);
    Err(Rejection {
        status: 415,
        reason: HttpRejection::UnsupportedMediaType,
        code: "unsupported_media_type",
        param: None,
        message: format!("content-type must be application/json, got \"{shown}\""),
    })
}

fn forwarded(dialect: Dialect, headers: &HeaderMap) -> HeaderMap {
    let anthropic =
        dialect == Dialect::ANTHROPIC_MESSAGES || dialect == Dialect::ANTHROPIC_COUNT_TOKENS;
    let names: &[HeaderName] = if anthropic { &ANTHROPIC } else { &OPENAI };
    let mut kept = HeaderMap::new();
    for name in names {
        for value in headers.get_all(name) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

/// How often `via` names us.
fn hops(headers: &HeaderMap) -> usize {
    let passed = headers.get_all(header::VIA).iter().filter_map(|value| value.to_str().ok());
    passed.map(|value| value.matches("tollgate").count()).sum()
}

/// Where each dialect is served.
const ROUTES: [(Dialect, &str); 7] = [
    (Dialect::OPENAI_CHAT, "/v1/chat/completions"),
    (Dialect::ANTHROPIC_MESSAGES, "/v1/messages"),
    (Dialect::OPENAI_EMBEDDINGS, "/v1/embeddings"),
    (Dialect::OPENAI_COMPLETIONS, "/v1/completions"),
    (Dialect::ANTHROPIC_COUNT_TOKENS, "/v1/messages/count_tokens"),
    (SIMPLE_CHAT, "/llm/chat"),
    (SIMPLE_STREAM, "/llm/chat/stream"),
];

fn route(dialect: Dialect) -> Option<&'static str> {
    ROUTES.iter().find(|(served, _)| *served == dialect).map(|(_, route)| *route)
}

/// A header that may come in several lines, as one.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<&str> =
        headers.get_all(name).iter().map(|value| value.to_str()).collect::<Result<_, _>>().ok()?;
    (!lines.is_empty()).then(|| lines.join(","))
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn internal(id: &str) -> ErrorReport {
    ErrorReport {
        status: 500,
        code: "internal_error".to_owned(),
        param: None,
        message: "the gateway failed on this request; its log has the request id".to_owned(),
        retry_after: None,
        should_retry: None,
        request_id: id.to_owned(),
    }
}
