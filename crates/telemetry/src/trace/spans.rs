//! The spans: one SERVER span per request, one CLIENT span per attempt beneath it.
//!
//! Their ends are filled from the same events as metrics and log, so that the three agree. A span
//! lives until the answer's last byte: hold it in the body, not in the handler. Where no subscriber
//! wants them, making and filling a span costs a few loads.

use opentelemetry::{Array, StringValue, Value};
use tollgate_core_types::error::clean;
use tollgate_core_types::reply::FinishReason;
use tollgate_core_types::{Dialect, ErrorClass, Lost, Operation, UpstreamError, Usage};
use tracing::field::Empty;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::parent::parent_from;
use crate::event::{AttemptEvent, AttemptKind, AttemptTarget, Outcome, RequestEvent};
use crate::log::redact;
use crate::semconv as s;

/// What is known of a request when it arrives.
#[derive(Debug, Clone, Copy)]
pub struct RequestSpan<'a> {
    /// Our id of the request.
    pub request_id: &'a str,
    /// HTTP method; `None` where the request did not come by HTTP.
    pub method: Option<&'static str>,
    /// Route template, for example `/v1/chat/completions`; `None` as above.
    pub route: Option<&'static str>,
    /// What is asked.
    pub operation: Operation,
    /// The client's dialect.
    pub dialect: Dialect,
    /// The client's `traceparent` header. Outside text.
    pub traceparent: Option<&'a str>,
    /// The client's `tracestate` header. Outside text.
    pub tracestate: Option<&'a str>,
}

impl RequestSpan<'_> {
    /// `POST /v1/chat/completions`, or the operation where the request did not come by HTTP.
    fn name(&self) -> String {
        match (self.method, self.route) {
            (Some(method), Some(route)) => format!("{method} {route}"),
            (None, _) | (_, None) => self.operation.as_str().to_owned(),
        }
    }
}

/// What is known of an attempt when it starts.
#[derive(Debug, Clone, Copy)]
pub struct AttemptSpan<'a> {
    /// Who is attempted for what.
    pub target: AttemptTarget<'a>,
    /// Which attempt of the request, from 1.
    pub number: u32,
    /// Why it is made.
    pub kind: AttemptKind,
    /// Whether a stream is asked for.
    pub stream: bool,
    /// The provider's host, where known.
    pub server_address: Option<&'a str>,
    /// The provider's port, where known.
    pub server_port: Option<u16>,
}

/// Opens a request's span, as the child of the client's where it names one.
///
/// Nothing but a level check happens where no subscriber wants it.
#[must_use]
pub fn request_span(request: &RequestSpan<'_>) -> Span {
    // The fields' values are computed only where the span is wanted.
    let span = tracing::span!(
        target: s::SPAN_TARGET,
        parent: None,
        Level::INFO,
        "request",
        { s::OTEL_NAME } = request.name(),
        { s::OTEL_KIND } = "server",
        { s::OTEL_STATUS_CODE } = Empty,
        { s::OTEL_STATUS_DESCRIPTION } = Empty,
        { s::HTTP_REQUEST_METHOD } = request.method,
        { s::HTTP_ROUTE } = request.route,
        { s::HTTP_RESPONSE_STATUS_CODE } = Empty,
        { s::GEN_AI_OPERATION_NAME } = request.operation.as_str(),
        { s::GEN_AI_USAGE_INPUT_TOKENS } = Empty,
        { s::GEN_AI_USAGE_OUTPUT_TOKENS } = Empty,
        { s::ERROR_TYPE } = Empty,
        { s::TOLLGATE_REQUEST_ID } = clean(request.request_id, UpstreamError::CODE_MAX),
        { s::TOLLGATE_DIALECT } = request.dialect.as_str(),
        { s::TOLLGATE_MODEL } = Empty,
        { s::TOLLGATE_DEPLOYMENT } = Empty,
        { s::TOLLGATE_ATTEMPTS } = Empty,
        { s::TOLLGATE_OUTCOME } = Empty,
        { s::TOLLGATE_LOST } = Empty,
        { s::TOLLGATE_OVERHEAD } = Empty,
    );
    if span.is_disabled() {
        return span;
    }
    let parent = request.traceparent.and_then(|header| parent_from(header, request.tracestate));
    if let Some(parent) = parent {
        // It fails only where no OpenTelemetry layer listens; then there is nothing to continue.
        let _ = span.set_parent(parent);
    }
    span
}

/// Opens an attempt's span beneath its request's.
#[must_use]
pub fn attempt_span(request: &Span, attempt: &AttemptSpan<'_>) -> Span {
    let target = &attempt.target;
    let operation = target.operation.as_str();
    tracing::span!(
        target: s::SPAN_TARGET,
        parent: request,
        Level::INFO,
        "attempt",
        { s::OTEL_NAME } = format!("{operation} {}", target.upstream_model),
        { s::OTEL_KIND } = "client",
        { s::OTEL_STATUS_CODE } = Empty,
        { s::OTEL_STATUS_DESCRIPTION } = Empty,
        { s::GEN_AI_OPERATION_NAME } = operation,
        { s::GEN_AI_PROVIDER_NAME } = target.provider,
        { s::GEN_AI_REQUEST_MODEL } = target.upstream_model,
        { s::GEN_AI_REQUEST_STREAM } = attempt.stream,
        { s::GEN_AI_RESPONSE_MODEL } = Empty,
        { s::GEN_AI_RESPONSE_ID } = Empty,
        { s::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK } = Empty,
        { s::GEN_AI_USAGE_INPUT_TOKENS } = Empty,
        { s::GEN_AI_USAGE_OUTPUT_TOKENS } = Empty,
        { s::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS } = Empty,
        { s::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS } = Empty,
        { s::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS } = Empty,
        { s::HTTP_RESPONSE_STATUS_CODE } = Empty,
        { s::ERROR_TYPE } = Empty,
        { s::SERVER_ADDRESS } = attempt.server_address,
        { s::SERVER_PORT } = attempt.server_port.map(i64::from),
        { s::TOLLGATE_MODEL } = target.model,
        { s::TOLLGATE_DEPLOYMENT } = target.deployment,
        { s::TOLLGATE_ATTEMPT_NUMBER } = i64::from(attempt.number),
        { s::TOLLGATE_ATTEMPT_KIND } = attempt.kind.as_str(),
        { s::TOLLGATE_OUTCOME } = Empty,
    )
}

/// Fills a request's span from its end. The span closes when its last clone drops.
pub fn record_request(span: &Span, event: &RequestEvent<'_>) {
    if span.is_disabled() {
        return;
    }
    span.record(s::HTTP_RESPONSE_STATUS_CODE, i64::from(event.status));
    span.record(s::TOLLGATE_ATTEMPTS, i64::from(event.attempts));
    record_text(span, s::TOLLGATE_MODEL, event.model);
    record_text(span, s::TOLLGATE_DEPLOYMENT, event.deployment);
    record_count(span, s::GEN_AI_USAGE_INPUT_TOKENS, event.usage.input_tokens);
    record_count(span, s::GEN_AI_USAGE_OUTPUT_TOKENS, event.usage.output_tokens);
    if let Some(overhead) = event.overhead {
        span.record(s::TOLLGATE_OVERHEAD, overhead.as_secs_f64());
    }
    if !event.lost.is_empty() {
        span.record(s::TOLLGATE_LOST, lost_fields(event.lost));
    }
    // By the HTTP convention a request that the client got wrong is no error of the server.
    let failed = event.status >= 500 || event.outcome == Outcome::Truncated;
    record_end(
        span,
        End { outcome: event.outcome, class: event.class, message: event.message, failed },
    );
}

/// Fills an attempt's span from its end. The span closes when its last clone drops.
pub fn record_attempt(span: &Span, event: &AttemptEvent<'_>) {
    if span.is_disabled() {
        return;
    }
    let Usage {
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_tokens,
        reasoning_tokens,
    } = event.usage;
    record_text(span, s::GEN_AI_RESPONSE_MODEL, event.response_model);
    record_text(span, s::GEN_AI_RESPONSE_ID, event.response_id);
    record_count(span, s::GEN_AI_USAGE_INPUT_TOKENS, input_tokens);
    record_count(span, s::GEN_AI_USAGE_OUTPUT_TOKENS, output_tokens);
    record_count(span, s::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, cache_read_tokens);
    record_count(span, s::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS, cache_write_tokens);
    record_count(span, s::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, reasoning_tokens);
    record_count(span, s::HTTP_RESPONSE_STATUS_CODE, event.status.map(u64::from));
    if let Some(ttft) = event.ttft {
        span.record(s::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, ttft.as_secs_f64());
    }
    if let Some(finish) = event.finish {
        // An array, which tracing's fields cannot say.
        let reasons = Array::String(vec![StringValue::from(finish_name(finish))]);
        span.set_attribute(s::GEN_AI_RESPONSE_FINISH_REASONS, Value::Array(reasons));
    }
    // A client that left is not the vendor's failure.
    let failed = matches!(event.outcome, Outcome::Error | Outcome::Truncated);
    record_end(
        span,
        End { outcome: event.outcome, class: event.class, message: event.message, failed },
    );
}

/// How a span ended.
struct End<'a> {
    outcome: Outcome,
    class: Option<ErrorClass>,
    message: Option<&'a str>,
    /// Whether the span's status is an error.
    failed: bool,
}

fn record_end(span: &Span, end: End<'_>) {
    span.record(s::TOLLGATE_OUTCOME, end.outcome.as_str());
    if let Some(class) = end.class {
        span.record(s::ERROR_TYPE, class.as_str());
    }
    if end.failed {
        match end.message {
            Some(message) => span.record(s::OTEL_STATUS_DESCRIPTION, description(message)),
            None => span.record(s::OTEL_STATUS_CODE, "ERROR"),
        };
    }
}

/// An error text for a span's status, without credentials and cut.
fn description(message: &str) -> String {
    clean(&redact(message), UpstreamError::MESSAGE_MAX)
}

fn record_text(span: &Span, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        span.record(name, clean(text, UpstreamError::CODE_MAX));
    }
}

fn record_count(span: &Span, name: &str, count: Option<u64>) {
    if let Some(count) = count {
        // OpenTelemetry's integers are signed; an unsigned one would become text.
        span.record(name, i64::try_from(count).unwrap_or(i64::MAX));
    }
}

fn lost_fields(lost: &[Lost]) -> String {
    let mut out = String::new();
    for lost in lost {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&lost.field);
    }
    out
}

/// OpenTelemetry's `gen_ai.response.finish_reasons`.
const fn finish_name(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::ContextWindow => "context_window",
        FinishReason::Pause => "pause",
    }
}

#[cfg(test)]
mod tests;
