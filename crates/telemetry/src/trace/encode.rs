//! Spans as OTLP's messages, written once, at their end, from the event that tells it.
//!
//! Field numbers are those of `opentelemetry/proto/trace/v1/trace.proto` 1.x, which may not change
//! them. Every text that a client or vendor can influence is cleaned and cut here; there is no way
//! to write one uncut.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tollgate_core_types::error::clean;
use tollgate_core_types::reply::FinishReason;
use tollgate_core_types::{ErrorClass, Lost, UpstreamError, Usage};

use super::proto;
use super::span::Ids;
use crate::event::{AttemptEvent, Move, Outcome, RequestEvent};
use crate::log::redact;
use crate::semconv as s;

/// Name of the instrumentation scope.
const SCOPE: &str = "tollgate";
/// `SPAN_KIND_SERVER`.
const SERVER: u64 = 2;
/// `SPAN_KIND_CLIENT`.
const CLIENT: u64 = 3;
/// `STATUS_CODE_ERROR`.
const ERROR: u64 = 2;
/// Span flag: whether the parent is remote is known.
const HAS_IS_REMOTE: u32 = 0x100;
/// Span flag: the parent is remote.
const IS_REMOTE: u32 = 0x200;
/// Most lost fields named.
const LOST_MAX: usize = 16;
/// `ScopeSpans.spans`.
const SPANS: u32 = 2;
/// `Span.attributes`.
const ATTRIBUTES: u32 = 9;

/// What stands around spans in a message; the same for every one.
pub(super) struct Envelope {
    /// `ResourceSpans.resource`.
    resource: Vec<u8>,
    /// `ScopeSpans.scope`.
    scope: Vec<u8>,
}

impl Envelope {
    /// An envelope with these attributes of the resource.
    pub(super) fn new(attributes: &[(String, String)]) -> Self {
        let (mut resource, mut scope) = (Vec::new(), Vec::new());
        proto::message(&mut resource, 1, |out| {
            for (name, value) in attributes {
                attribute(out, 1, name, |out| proto::bytes(out, 1, value.as_bytes()));
            }
        });
        proto::message(&mut scope, 1, |out| {
            proto::bytes(out, 1, SCOPE.as_bytes());
            proto::bytes(out, 2, env!("CARGO_PKG_VERSION").as_bytes());
        });
        Self { resource, scope }
    }

    /// An `ExportTraceServiceRequest` of spans that [`request`] and [`attempt`] wrote.
    pub(super) fn around(&self, spans: &[u8]) -> Vec<u8> {
        let room = spans.len() + self.resource.len() + self.scope.len() + 32;
        let mut out = Vec::with_capacity(room);
        proto::message(&mut out, 1, |out| {
            out.extend_from_slice(&self.resource);
            proto::message(out, 2, |out| {
                out.extend_from_slice(&self.scope);
                out.extend_from_slice(spans);
            });
        });
        out
    }
}

/// Appends a request's span as an entry of `ScopeSpans.spans`.
pub(super) fn request(out: &mut Vec<u8>, ids: &Ids, event: &RequestEvent<'_>) {
    proto::message(out, SPANS, |out| {
        let route = event.route.unwrap_or_default();
        let name = match event.route {
            Some(_) => ["POST ", route],
            None => [event.operation.as_str(), ""],
        };
        head(out, ids, SERVER, name, (event.at, event.duration));
        if event.route.is_some() {
            text(out, s::HTTP_REQUEST_METHOD, "POST");
            text(out, s::HTTP_ROUTE, route);
        }
        count(out, s::HTTP_RESPONSE_STATUS_CODE, Some(u64::from(event.status)));
        text(out, s::GEN_AI_OPERATION_NAME, event.operation.as_str());
        outside(out, s::TOLLGATE_REQUEST_ID, Some(event.request_id));
        text(out, s::TOLLGATE_DIALECT, event.dialect.as_str());
        outside(out, s::TOLLGATE_MODEL, event.model);
        outside(out, s::TOLLGATE_DEPLOYMENT, event.deployment);
        count(out, s::TOLLGATE_ATTEMPTS, Some(u64::from(event.attempts)));
        count(out, s::GEN_AI_USAGE_INPUT_TOKENS, event.usage.input_tokens);
        count(out, s::GEN_AI_USAGE_OUTPUT_TOKENS, event.usage.output_tokens);
        count(out, s::TOLLGATE_COST, event.cost);
        seconds(out, s::TOLLGATE_OVERHEAD, event.overhead);
        lost(out, event.lost);
        for step in event.moves {
            moved(out, step);
        }
        let failed = request_failed(event);
        end(
            out,
            End { outcome: event.outcome, class: event.class, message: event.message, failed },
        );
        flags(out, ids);
    });
}

/// Appends an attempt's span as an entry of `ScopeSpans.spans`.
pub(super) fn attempt(out: &mut Vec<u8>, ids: &Ids, event: &AttemptEvent<'_>) {
    proto::message(out, SPANS, |out| {
        let operation = event.operation.as_str();
        head(out, ids, CLIENT, [operation, event.upstream_model], (event.at, event.duration));
        text(out, s::GEN_AI_OPERATION_NAME, operation);
        outside(out, s::GEN_AI_PROVIDER_NAME, Some(event.provider));
        outside(out, s::GEN_AI_REQUEST_MODEL, Some(event.upstream_model));
        attribute(out, ATTRIBUTES, s::GEN_AI_REQUEST_STREAM, |out| {
            proto::number(out, 2, u64::from(event.stream));
        });
        outside(out, s::GEN_AI_RESPONSE_MODEL, event.response_model);
        outside(out, s::GEN_AI_RESPONSE_ID, event.response_id);
        if let Some(finish) = event.finish {
            attribute(out, ATTRIBUTES, s::GEN_AI_RESPONSE_FINISH_REASONS, |out| {
                // An array of one string: there is one choice.
                proto::message(out, 5, |out| {
                    proto::message(out, 1, |out| {
                        proto::bytes(out, 1, finish_name(finish).as_bytes());
                    });
                });
            });
        }
        seconds(out, s::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, event.ttft);
        tokens(out, &event.usage);
        count(out, s::TOLLGATE_COST, event.cost);
        count(out, s::HTTP_RESPONSE_STATUS_CODE, event.status.map(u64::from));
        outside(out, s::SERVER_ADDRESS, event.server_address);
        count(out, s::SERVER_PORT, event.server_port.map(u64::from));
        outside(out, s::TOLLGATE_MODEL, Some(event.model));
        outside(out, s::TOLLGATE_DEPLOYMENT, Some(event.deployment));
        count(out, s::TOLLGATE_ATTEMPT_NUMBER, Some(u64::from(event.number)));
        text(out, s::TOLLGATE_ATTEMPT_KIND, event.kind.as_str());
        let failed = attempt_failed(event);
        end(
            out,
            End { outcome: event.outcome, class: event.class, message: event.message, failed },
        );
        flags(out, ids);
    });
}

fn head(
    out: &mut Vec<u8>,
    ids: &Ids,
    kind: u64,
    [first, second]: [&str; 2],
    (ended, lasted): (SystemTime, Duration),
) {
    proto::bytes(out, 1, &ids.trace.0);
    proto::bytes(out, 2, &ids.span.0);
    if let Some(state) = &ids.state {
        proto::bytes(out, 3, state.as_bytes());
    }
    if let Some(parent) = ids.parent {
        proto::bytes(out, 4, &parent.0);
    }
    proto::message(out, 5, |out| {
        out.extend_from_slice(first.as_bytes());
        if kind == CLIENT {
            out.push(b' ');
        }
        out.extend_from_slice(second.as_bytes());
    });
    proto::number(out, 6, kind);
    proto::fixed64(out, 7, nanos(ended.checked_sub(lasted).unwrap_or(UNIX_EPOCH)));
    proto::fixed64(out, 8, nanos(ended));
}

fn flags(out: &mut Vec<u8>, ids: &Ids) {
    let remote = if ids.parent_is_remote { IS_REMOTE } else { 0 };
    proto::fixed32(out, 16, u32::from(ids.sampled) | HAS_IS_REMOTE | remote);
}

/// How a span ended.
struct End<'a> {
    outcome: Outcome,
    class: Option<ErrorClass>,
    message: Option<&'a str>,
    /// Whether the span's status is an error.
    failed: bool,
}

fn end(out: &mut Vec<u8>, end: End<'_>) {
    text(out, s::TOLLGATE_OUTCOME, end.outcome.as_str());
    if let Some(class) = end.class {
        text(out, s::ERROR_TYPE, class.as_str());
    }
    if end.failed {
        proto::message(out, 15, |out| {
            if let Some(message) = end.message {
                proto::bytes(out, 2, description(message).as_bytes());
            }
            proto::number(out, 3, ERROR);
        });
    }
}

/// An event of the request's span: it moved on, why, and where to.
fn moved(out: &mut Vec<u8>, step: &Move<'_>) {
    proto::message(out, 11, |out| {
        proto::fixed64(out, 1, nanos(step.at));
        proto::bytes(out, 2, step.kind.as_str().as_bytes());
        let mut pair = |name, value: &str| {
            attribute(out, 3, name, |out| proto::bytes(out, 1, value.as_bytes()));
        };
        pair(s::TOLLGATE_DEPLOYMENT, step.deployment);
        pair(s::TOLLGATE_MODEL, step.model);
        if let Some(class) = step.after {
            pair(s::ERROR_TYPE, class.as_str());
        }
        attribute(out, 3, s::TOLLGATE_ATTEMPT_NUMBER, |out| {
            proto::number(out, 3, u64::from(step.number));
        });
    });
}

/// A `KeyValue`; `value` writes the `AnyValue`.
fn attribute(out: &mut Vec<u8>, field: u32, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
    proto::message(out, field, |out| {
        proto::bytes(out, 1, name.as_bytes());
        proto::message(out, 2, value);
    });
}

/// A name of ours.
fn text(out: &mut Vec<u8>, name: &str, value: &str) {
    attribute(out, ATTRIBUTES, name, |out| proto::bytes(out, 1, value.as_bytes()));
}

/// A text from elsewhere, cleaned and cut.
fn outside(out: &mut Vec<u8>, name: &str, value: Option<&str>) {
    match value {
        // Nearly every name is plain, and a plain one is copied as it is.
        Some(value)
            if value.len() <= UpstreamError::CODE_MAX
                && value.bytes().all(|byte| matches!(byte, b' '..=b'~')) =>
        {
            text(out, name, value);
        }
        Some(value) => text(out, name, &clean(value, UpstreamError::CODE_MAX)),
        None => {}
    }
}

fn count(out: &mut Vec<u8>, name: &str, value: Option<u64>) {
    if let Some(value) = value {
        // OpenTelemetry's integers are signed.
        let value = value.min(i64::MAX.unsigned_abs());
        attribute(out, ATTRIBUTES, name, |out| proto::number(out, 3, value));
    }
}

fn seconds(out: &mut Vec<u8>, name: &str, value: Option<Duration>) {
    if let Some(value) = value {
        attribute(out, ATTRIBUTES, name, |out| proto::double(out, 4, value.as_secs_f64()));
    }
}

fn tokens(out: &mut Vec<u8>, usage: &Usage) {
    let Usage {
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_tokens,
        reasoning_tokens,
        detail: _,
    } = *usage;
    count(out, s::GEN_AI_USAGE_INPUT_TOKENS, input_tokens);
    count(out, s::GEN_AI_USAGE_OUTPUT_TOKENS, output_tokens);
    count(out, s::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, cache_read_tokens);
    count(out, s::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS, cache_write_tokens);
    count(out, s::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, reasoning_tokens);
}

fn lost(out: &mut Vec<u8>, lost: &[Lost]) {
    if let Some(fields) = lost_fields(lost) {
        text(out, s::TOLLGATE_LOST, &fields);
    }
}

/// What was lost, by name; `None` where nothing was.
pub(super) fn lost_fields(lost: &[Lost]) -> Option<String> {
    if lost.is_empty() {
        return None;
    }
    let fields: Vec<&str> = lost.iter().take(LOST_MAX).map(|lost| &*lost.field).collect();
    Some(clean(&fields.join(","), UpstreamError::MESSAGE_MAX))
}

/// By the HTTP convention a request that the client got wrong is no error of the server.
pub(super) fn request_failed(event: &RequestEvent<'_>) -> bool {
    event.status >= 500 || event.outcome == Outcome::Truncated
}

/// A client that left is not the vendor's failure.
pub(super) fn attempt_failed(event: &AttemptEvent<'_>) -> bool {
    matches!(event.outcome, Outcome::Error | Outcome::Truncated)
}

/// An error text for a span's status, without credentials and cut.
pub(super) fn description(message: &str) -> String {
    clean(&redact(message), UpstreamError::MESSAGE_MAX)
}

fn nanos(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// OpenTelemetry's `gen_ai.response.finish_reasons`.
pub(super) const fn finish_name(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::ContextWindow => "context_window",
        FinishReason::Pause => "pause",
    }
}
