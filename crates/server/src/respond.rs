//! From the engine's answer or refusal to HTTP. Writes heads; bodies come ready from the dialects.

mod list;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_core::Stream as _;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body::{Frame, SizeHint};
use serde::Serialize;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tollgate::{Answer, AnswerHead, AnswerStream, Denied};
use tollgate_providers_common::{ClientDialect, ErrorReport};

use crate::limits::Place;
use list::Lister;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
// Constants, because `from_static` outside of one reads the name again for every answer.
const ATTEMPTS: HeaderName = HeaderName::from_static("x-tollgate-attempts");
const MODEL: HeaderName = HeaderName::from_static("x-tollgate-model");
const DEPLOYMENT: HeaderName = HeaderName::from_static("x-tollgate-deployment");
const DROPPED: HeaderName = HeaderName::from_static("x-tollgate-dropped");
const ESTIMATED: HeaderName = HeaderName::from_static("x-tollgate-estimated");
const COST: HeaderName = HeaderName::from_static("x-tollgate-cost");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What Anthropic's SDK reads; the same value.
const ANTHROPIC_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Room for all that an answer's head may hold, so that the map is allocated once.
const HEADERS: usize = 12;

/// What a stream's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamKind {
    /// Server-sent events.
    Events,
    /// The answer's text alone.
    Text,
    /// The data of the events as one JSON list.
    List,
}

/// The response of an answered call; a stream keeps its place among the requests to its end.
pub(crate) fn answer(answer: Answer, id: &str, kind: StreamKind, place: Place) -> Response {
    let (head, mut response) = match answer {
        Answer::Bytes { head, content_type, length, body } => {
            let body = EventBody { stream: body, lister: None, length, _place: place };
            let mut response = Response::new(Body::new(body));
            *response.headers_mut() = HeaderMap::with_capacity(HEADERS);
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
            (head, response)
        }
        Answer::Whole { head, body } => {
            let mut response = Response::new(Body::from(body));
            *response.headers_mut() = HeaderMap::with_capacity(HEADERS);
            response.headers_mut().insert(header::CONTENT_TYPE, JSON);
            (head, response)
        }
        Answer::Stream { head, body } => {
            let lister = (kind == StreamKind::List).then(Lister::new);
            let body = EventBody { stream: body, lister, length: None, _place: place };
            let mut response = Response::new(Body::new(body));
            let headers = response.headers_mut();
            *headers = HeaderMap::with_capacity(HEADERS);
            let content_type = match kind {
                StreamKind::Events => EVENTS,
                StreamKind::Text => TEXT,
                StreamKind::List => JSON,
            };
            headers.insert(header::CONTENT_TYPE, content_type);
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            // Tells nginx and its kin not to collect the stream.
            headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
            (head, response)
        }
    };
    answer_headers(response.headers_mut(), &head);
    request_id(response.headers_mut(), id);
    response
}

fn answer_headers(headers: &mut HeaderMap, head: &AnswerHead) {
    insert(headers, MODEL, &head.model);
    insert(headers, DEPLOYMENT, &head.deployment);
    headers.insert(ATTEMPTS, HeaderValue::from(head.attempts));
    if !head.dropped.is_empty() {
        insert(headers, DROPPED, &head.dropped.join(", "));
    }
    if let Some(pico) = head.cost {
        insert(headers, COST, &dollars(pico));
    }
    if head.estimated {
        insert(headers, ESTIMATED, "true");
    }
}

/// Pico-dollars as US dollars, exactly.
fn dollars(pico: u64) -> String {
    const PICO: u64 = 1_000_000_000_000;
    format!("{}.{:012}", pico / PICO, pico % PICO)
}

/// The response of a call that got no answer, in the dialect of its route.
pub(crate) fn denied(denied: &Denied, dialect: &dyn ClientDialect) -> Response {
    let mut response = error(&denied.report, dialect);
    response.headers_mut().insert(ATTEMPTS, HeaderValue::from(denied.attempts));
    response
}

/// The response of a refused or failed request, in the dialect of its route.
pub(crate) fn error(report: &ErrorReport, dialect: &dyn ClientDialect) -> Response {
    with_error_head(report, dialect.render_error(report))
}

/// Puts status and headers of an error around a body.
pub(crate) fn with_error_head(report: &ErrorReport, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(report.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    if let Some(wait) = report.retry_after {
        // Whole seconds, rounded up: coming back a moment early would only be refused again.
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        headers.insert(
            header::RETRY_AFTER,
            HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)),
        );
    }
    if let Some(should_retry) = report.should_retry {
        let value = if should_retry { "true" } else { "false" };
        headers.insert(SHOULD_RETRY, HeaderValue::from_static(value));
    }
    request_id(headers, &report.request_id);
    response
}

/// A JSON document of our own.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    // Our own types always serialize.
    let mut response = Response::new(Body::from(serde_json::to_vec(value).unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

fn request_id(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value.clone());
        headers.insert(ANTHROPIC_REQUEST_ID, value);
    }
}

/// Inserts a value of ours; one that no header can carry (an alias with odd characters) is left out.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The vendor broke an answer off that has no word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the vendor's answer broke off")]
struct Broken;

/// An answer's stream as a response body. Pulled by the connection, so that a slow client slows the
/// vendor; dropped with the connection, so that a client that leaves cancels the vendor.
struct EventBody {
    stream: AnswerStream,
    /// Where the client reads a list; gone once that is closed.
    lister: Option<Lister>,
    /// How much is still to come, where that is known.
    length: Option<u64>,
    /// Held to the end.
    _place: Place,
}

impl http_body::Body for EventBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let data = |bytes| Poll::Ready(Some(Ok(Frame::data(bytes))));
        loop {
            let next = ready!(Pin::new(&mut self.stream).poll_next(cx));
            let broken = self.stream.is_broken();
            match (next, self.lister.as_mut()) {
                (Some(bytes), None) => {
                    let more = bytes.len() as u64;
                    self.length = self.length.map(|left| left.saturating_sub(more));
                    return data(bytes);
                }
                // The client must see that it is not all: its connection breaks.
                (None, None) if broken => return Poll::Ready(Some(Err(Broken))),
                (None, None) => return Poll::Ready(None),
                (Some(bytes), Some(lister)) => {
                    let items = lister.push(bytes);
                    if !items.is_empty() {
                        return data(items);
                    }
                }
                (None, Some(lister)) => {
                    let end = lister.end();
                    self.lister = None;
                    return data(end);
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
