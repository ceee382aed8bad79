//! The client APIs that reach a model: one handler for every dialect.
//!
//! Read the body once, read its facts, hand it to the engine, write what comes back. Errors are
//! written in the dialect of the route, whoever made them.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, Request, header};
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tollgate::{CallContext, Denied, SIMPLE_CHAT, SIMPLE_STREAM, Tollgate};
use tollgate_core_types::Dialect;
use tollgate_providers_common::{BadRequest, ClientDialect, ErrorReport, Inbound};
use tollgate_telemetry::HttpRejection;

use crate::body::{self, BodyError, BodyLimits};
use crate::guard::is_form;
use crate::respond::{self, StreamKind};
use crate::state::AppState;
use crate::{clock, errors, forms};

/// Anthropic's client headers that its vendors may see. Everything else stays here.
const ANTHROPIC: [HeaderName; 3] = [
    HeaderName::from_static("anthropic-version"),
    HeaderName::from_static("anthropic-beta"),
    HeaderName::from_static("anthropic-workspace-id"),
];
/// The same of OpenAI's.
const OPENAI: [HeaderName; 1] = [HeaderName::from_static("openai-beta")];
/// When a request that found no room or no place may come back.
pub(crate) const COME_BACK: Duration = Duration::from_secs(1);

/// Where a client's trace goes on (W3C Trace Context).
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// What its vendors say of it there.
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// `POST /v1/chat/completions`
pub(crate) async fn chat(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    handle(&state, Dialect::OPENAI_CHAT, StreamKind::Events, request).await
}

/// `POST /v1/responses`
pub(crate) async fn responses(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    handle(&state, Dialect::OPENAI_RESPONSES, StreamKind::Events, request).await
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

/// What a path says of a call whose dialect does not say it in the body.
#[derive(Debug)]
pub(crate) struct Addressed {
    pub(crate) model: String,
    pub(crate) stream: bool,
}

/// Answers one call in `dialect`; never panics through to the connection.
pub(crate) async fn handle(
    state: &AppState,
    dialect: Dialect,
    kind: StreamKind,
    request: Request<Body>,
) -> Response {
    handle_addressed(state, dialect, kind, None, request).await
}

/// The same for a call whose path names its model.
pub(crate) async fn handle_addressed(
    state: &AppState,
    dialect: Dialect,
    kind: StreamKind,
    addressed: Option<Addressed>,
    request: Request<Body>,
) -> Response {
    let started = clock::now();
    let id = state.ids.of(request.headers());
    let Some(client) = state.engine.client_dialect(dialect) else {
        return state.errors.not_found(request.uri().path(), &id);
    };
    let limits = state.limits.now();
    let Some(place) = state.limits.place(limits.max_requests) else {
        state.engine.telemetry().http_rejection(HttpRejection::Overloaded);
        return respond::error(&overloaded(&id), client.as_ref());
    };
    let limits = limits.body(dialect);
    let arrival = Arrival { started, limits, id: &id, addressed };
    // In its place before it is wrapped: it is large, and every wrapper would move it.
    let answered = pin!(answer(state, client.as_ref(), arrival, request));
    match AssertUnwindSafe(answered).catch_unwind().await {
        Ok(Ok(answer)) => respond::answer(answer, &id, kind, place),
        Ok(Err(denied)) => respond::denied(&denied, client.as_ref()),
        Err(_) => {
            tracing::error!(request_id = %id, "a request handler panicked");
            respond::error(&internal(&id), client.as_ref())
        }
    }
}

/// What is known of a request before it is read.
struct Arrival<'a> {
    started: Instant,
    limits: BodyLimits,
    id: &'a Arc<str>,
    /// What the path says in place of the body.
    addressed: Option<Addressed>,
}

/// Answers one call whose body is a form with files, or JSON where its client says so.
pub(crate) async fn handle_form(
    state: &AppState,
    dialect: Dialect,
    request: Request<Body>,
) -> Response {
    if is_form(request.headers()) {
        return forms::handle(state, dialect, request).await;
    }
    handle(state, dialect, StreamKind::Events, request).await
}

async fn answer(
    state: &AppState,
    client: &dyn ClientDialect,
    Arrival { started, limits, id, addressed }: Arrival<'_>,
    request: Request<Body>,
) -> Result<tollgate::Answer, Denied> {
    let (parts, body) = request.into_parts();
    let refuse = |rejection: Rejection| {
        state.engine.telemetry().http_rejection(rejection.reason);
        Denied { report: rejection.into_report(id), attempts: 0 }
    };
    content_type(&parts.headers).map_err(refuse)?;
    let body = read(state, body, limits)
        .await
        .ok_or_else(|| stopping(state, id))?
        .map_err(|error| refuse(error.into()))?;
    let mut facts = client.facts(&body).map_err(|bad| refuse(bad.into()))?;
    if let Some(Addressed { model, stream }) = addressed {
        facts.model = Some(model);
        facts.stream = stream;
    }
    let inbound = Inbound {
        dialect: client.dialect(),
        operation: client.operation(),
        facts,
        body,
        headers: forwarded(client.dialect(), &parts.headers),
        query: parts.uri.query().map(str::to_owned),
    };
    let context = context(id, started, client.dialect(), &parts.headers);
    state.engine.call(inbound, context).await
}

/// What the engine is told of a request beside its content.
pub(crate) fn context(
    id: &Arc<str>,
    started: Instant,
    dialect: Dialect,
    headers: &HeaderMap,
) -> CallContext {
    CallContext {
        request_id: Arc::clone(id),
        started,
        route: route(dialect),
        traceparent: text(headers, &TRACEPARENT),
        tracestate: joined(headers, &TRACESTATE),
        hops: hops(headers),
    }
}

/// The body; `None` where the process stops before it has come.
async fn read(
    state: &AppState,
    body: Body,
    limits: BodyLimits,
) -> Option<Result<Bytes, BodyError>> {
    let mut read = pin!(body::read(body, limits, state.engine.memory()));
    let mut stop = pin!(state.engine.is_cut_off());
    poll_fn(|cx| match read.as_mut().poll(cx) {
        Poll::Ready(read) => Poll::Ready(Some(read)),
        Poll::Pending => stop.as_mut().poll(cx).map(|()| None),
    })
    .await
}

pub(crate) fn stopping(state: &AppState, id: &str) -> Denied {
    state.engine.telemetry().http_rejection(HttpRejection::Draining);
    Denied { report: Tollgate::stopping(id), attempts: 0 }
}

pub(crate) fn overloaded(id: &str) -> ErrorReport {
    let message = "the gateway serves as many requests as it may; try again in a moment";
    let report = errors::plain(503, "overloaded", message.to_owned(), id);
    ErrorReport { retry_after: Some(COME_BACK), ..report }
}

/// A request that is refused before it reaches the engine.
struct Rejection {
    status: u16,
    reason: HttpRejection,
    code: &'static str,
    param: Option<String>,
    message: String,
    retry_after: Option<Duration>,
}

impl Rejection {
    fn into_report(self, id: &str) -> ErrorReport {
        ErrorReport {
            status: self.status,
            code: self.code.to_owned(),
            param: self.param,
            message: self.message,
            retry_after: self.retry_after,
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
            BodyError::NoRoom(_) => (503, HttpRejection::BodyMemory, "overloaded"),
        };
        let retry_after = (status == 503).then_some(COME_BACK);
        Self { status, reason, code, param: None, message: error.to_string(), retry_after }
    }
}

impl From<BadRequest> for Rejection {
    fn from(bad: BadRequest) -> Self {
        let BadRequest { message, param, code } = bad;
        let reason = HttpRejection::InvalidBody;
        Self { status: 400, reason, code, param, message, retry_after: None }
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
        retry_after: None,
    })
}

pub(crate) fn forwarded(dialect: Dialect, headers: &HeaderMap) -> HeaderMap {
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

/// The path of Gemini's clients, which say in it what they want of which model.
const GEMINI: &str = "/v1beta/models/{*id}";

/// Where each dialect is served.
const ROUTES: [(Dialect, &str); 20] = [
    (Dialect::OPENAI_CHAT, "/v1/chat/completions"),
    (Dialect::OPENAI_RESPONSES, "/v1/responses"),
    (Dialect::ANTHROPIC_MESSAGES, "/v1/messages"),
    (Dialect::OPENAI_EMBEDDINGS, "/v1/embeddings"),
    (Dialect::OPENAI_COMPLETIONS, "/v1/completions"),
    (Dialect::ANTHROPIC_COUNT_TOKENS, "/v1/messages/count_tokens"),
    (Dialect::OPENAI_IMAGES, "/v1/images/generations"),
    (Dialect::OPENAI_IMAGE_EDITS, "/v1/images/edits"),
    (Dialect::OPENAI_IMAGE_VARIATIONS, "/v1/images/variations"),
    (Dialect::OPENAI_TRANSCRIPTIONS, "/v1/audio/transcriptions"),
    (Dialect::OPENAI_TRANSLATIONS, "/v1/audio/translations"),
    (Dialect::OPENAI_SPEECH, "/v1/audio/speech"),
    (Dialect::OPENAI_MODERATIONS, "/v1/moderations"),
    (Dialect::RERANK, "/v1/rerank"),
    (Dialect::GEMINI_GENERATE, GEMINI),
    (Dialect::GEMINI_COUNT_TOKENS, GEMINI),
    (Dialect::GEMINI_EMBED, GEMINI),
    (Dialect::GEMINI_BATCH_EMBED, GEMINI),
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

pub(crate) fn internal(id: &str) -> ErrorReport {
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
