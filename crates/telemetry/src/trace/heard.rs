//! The same spans through `tracing`, for a program around us that has a subscriber of its own.
//!
//! With tracing-opentelemetry in that subscriber, requests and attempts stand in the program's own
//! traces, below the span that it was in when it called. They are filled from the events that fill
//! our own export, so that both tell the same. Where no subscriber wants the target nothing may
//! happen but a look at the callsite, and no text may go out that the export would not send.

use std::sync::{Arc, Mutex, PoisonError};

use tollgate_core_types::UpstreamError;
use tollgate_core_types::error::clean;
use tracing::field::Empty;
use tracing::span::Id;
use tracing::{Level, Span, dispatcher};

use super::encode::{attempt_failed, description, finish_name, lost_fields, request_failed};
use crate::event::{AttemptEvent, AttemptStart, RequestEvent, RequestStart};
use crate::semconv as s;

/// An open span that a subscriber sees. Clones are the same span; it ends once, whoever holds it.
#[derive(Debug, Clone)]
pub(super) struct Heard(Arc<Open>);

#[derive(Debug)]
struct Open(Mutex<Span>);

impl Open {
    /// The span, which then is no longer here.
    fn take(&self) -> Span {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut held, Span::none())
    }
}

impl Drop for Open {
    /// A span of which nothing was told ends all the same.
    fn drop(&mut self) {
        at_home(self.take(), |_span, _id| ());
    }
}

/// Does `work` on a span and lets go of it, both with its own subscriber as the current one.
///
/// The caller may be on a thread with another subscriber or with none. That one does not know the
/// ids; and a registry that closes a span looks for its parent at the current subscriber.
fn at_home<T>(span: Span, work: impl FnOnce(&Span, &Id) -> T) -> Option<T> {
    let (id, subscriber) = span.with_subscriber(|(id, its)| (id.clone(), its.clone()))?;
    dispatcher::with_default(&subscriber, move || {
        let done = work(&span, &id);
        drop(span);
        Some(done)
    })
}

impl PartialEq for Heard {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Heard {}

impl Heard {
    /// A request's span below the caller's current one; `None` where nobody listens.
    pub(super) fn request(start: &RequestStart<'_>) -> Option<Self> {
        Self::of(request_span(start))
    }

    /// An attempt's span below this one, for the same subscriber.
    pub(super) fn attempt(&self, start: &AttemptStart<'_>) -> Option<Self> {
        let above = self.0.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        at_home(above, |_span, id| attempt_span(id, start)).and_then(Self::of)
    }

    fn of(span: Span) -> Option<Self> {
        if span.is_disabled() { None } else { Some(Self(Arc::new(Open(Mutex::new(span))))) }
    }

    /// Fills a request's span and ends it.
    pub(super) fn end_request(&self, event: &RequestEvent<'_>) {
        at_home(self.0.take(), |span, _id| fill_request(span, event));
    }

    /// Fills an attempt's span and ends it.
    pub(super) fn end_attempt(&self, event: &AttemptEvent<'_>) {
        at_home(self.0.take(), |span, _id| fill_attempt(span, event));
    }
}

fn fill_request(span: &Span, event: &RequestEvent<'_>) {
    let failed = request_failed(event);
    tracing::record_all!(
        span,
        { s::OTEL_STATUS_CODE } = failed.then_some("ERROR"),
        // After the code: it says all that the code does.
        { s::OTEL_STATUS_DESCRIPTION } = event.message.filter(|_| failed).map(description),
        { s::HTTP_RESPONSE_STATUS_CODE } = i64::from(event.status),
        { s::TOLLGATE_MODEL } = outside(event.model),
        { s::TOLLGATE_DEPLOYMENT } = outside(event.deployment),
        { s::TOLLGATE_ATTEMPTS } = i64::from(event.attempts),
        { s::GEN_AI_USAGE_INPUT_TOKENS } = count(event.usage.input_tokens),
        { s::GEN_AI_USAGE_OUTPUT_TOKENS } = count(event.usage.output_tokens),
        { s::TOLLGATE_OVERHEAD } = event.overhead.map(|time| time.as_secs_f64()),
        { s::TOLLGATE_COST } = count(event.cost),
        { s::TOLLGATE_LOST } = lost_fields(event.lost),
        { s::TOLLGATE_OUTCOME } = event.outcome.as_str(),
        { s::ERROR_TYPE } = event.class.map(|class| class.as_str()),
    );
}

fn fill_attempt(span: &Span, event: &AttemptEvent<'_>) {
    let failed = attempt_failed(event);
    let usage = &event.usage;
    tracing::record_all!(
        span,
        { s::OTEL_STATUS_CODE } = failed.then_some("ERROR"),
        { s::OTEL_STATUS_DESCRIPTION } = event.message.filter(|_| failed).map(description),
        { s::GEN_AI_RESPONSE_MODEL } = outside(event.response_model),
        { s::GEN_AI_RESPONSE_ID } = outside(event.response_id),
        // One text: tracing's fields know no arrays.
        { s::GEN_AI_RESPONSE_FINISH_REASONS } = event.finish.map(finish_name),
        { s::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK } = event.ttft.map(|time| time.as_secs_f64()),
        { s::GEN_AI_USAGE_INPUT_TOKENS } = count(usage.input_tokens),
        { s::GEN_AI_USAGE_OUTPUT_TOKENS } = count(usage.output_tokens),
        { s::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS } = count(usage.cache_read_tokens),
        { s::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS } = count(usage.cache_write_tokens),
        { s::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS } = count(usage.reasoning_tokens),
        { s::TOLLGATE_COST } = count(event.cost),
        { s::HTTP_RESPONSE_STATUS_CODE } = event.status.map(i64::from),
        { s::SERVER_ADDRESS } = outside(event.server_address),
        { s::SERVER_PORT } = event.server_port.map(i64::from),
        { s::TOLLGATE_OUTCOME } = event.outcome.as_str(),
        { s::ERROR_TYPE } = event.class.map(|class| class.as_str()),
    );
}

/// The name cannot wait for the end: a span of OpenTelemetry keeps the one with which its first
/// child found it. None of the values is computed where nobody listens.
fn request_span(start: &RequestStart<'_>) -> Span {
    let operation = start.operation.as_str();
    tracing::span!(
        target: s::SPAN_TARGET,
        Level::INFO,
        "request",
        { s::OTEL_NAME } = start.route.map_or_else(|| operation.to_owned(), |it| format!("POST {it}")),
        { s::OTEL_KIND } = request_kind(),
        { s::OTEL_STATUS_CODE } = Empty,
        { s::OTEL_STATUS_DESCRIPTION } = Empty,
        { s::HTTP_REQUEST_METHOD } = start.route.map(|_| "POST"),
        { s::HTTP_ROUTE } = start.route,
        { s::HTTP_RESPONSE_STATUS_CODE } = Empty,
        { s::GEN_AI_OPERATION_NAME } = operation,
        { s::GEN_AI_USAGE_INPUT_TOKENS } = Empty,
        { s::GEN_AI_USAGE_OUTPUT_TOKENS } = Empty,
        { s::TOLLGATE_COST } = Empty,
        { s::ERROR_TYPE } = Empty,
        { s::TOLLGATE_REQUEST_ID } = clean(start.request_id, UpstreamError::CODE_MAX),
        { s::TOLLGATE_DIALECT } = start.dialect.as_str(),
        { s::TOLLGATE_MODEL } = Empty,
        { s::TOLLGATE_DEPLOYMENT } = Empty,
        { s::TOLLGATE_ATTEMPTS } = Empty,
        { s::TOLLGATE_OUTCOME } = Empty,
        { s::TOLLGATE_LOST } = Empty,
        { s::TOLLGATE_OVERHEAD } = Empty,
    )
}

fn attempt_span(request: &Id, start: &AttemptStart<'_>) -> Span {
    let target = &start.target;
    let operation = target.operation.as_str();
    let model = || clean(target.upstream_model, UpstreamError::CODE_MAX);
    tracing::span!(
        target: s::SPAN_TARGET,
        parent: request,
        Level::INFO,
        "attempt",
        { s::OTEL_NAME } = format!("{operation} {}", model()),
        { s::OTEL_KIND } = "client",
        { s::OTEL_STATUS_CODE } = Empty,
        { s::OTEL_STATUS_DESCRIPTION } = Empty,
        { s::GEN_AI_OPERATION_NAME } = operation,
        { s::GEN_AI_PROVIDER_NAME } = outside(Some(target.provider)),
        { s::GEN_AI_REQUEST_MODEL } = model(),
        { s::GEN_AI_REQUEST_STREAM } = start.stream,
        { s::GEN_AI_RESPONSE_MODEL } = Empty,
        { s::GEN_AI_RESPONSE_ID } = Empty,
        { s::GEN_AI_RESPONSE_FINISH_REASONS } = Empty,
        { s::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK } = Empty,
        { s::GEN_AI_USAGE_INPUT_TOKENS } = Empty,
        { s::GEN_AI_USAGE_OUTPUT_TOKENS } = Empty,
        { s::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS } = Empty,
        { s::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS } = Empty,
        { s::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS } = Empty,
        { s::TOLLGATE_COST } = Empty,
        { s::HTTP_RESPONSE_STATUS_CODE } = Empty,
        { s::ERROR_TYPE } = Empty,
        { s::SERVER_ADDRESS } = Empty,
        { s::SERVER_PORT } = Empty,
        { s::TOLLGATE_MODEL } = outside(Some(target.model)),
        { s::TOLLGATE_DEPLOYMENT } = outside(Some(target.deployment)),
        { s::TOLLGATE_ATTEMPT_NUMBER } = i64::from(start.number),
        { s::TOLLGATE_ATTEMPT_KIND } = start.kind.as_str(),
        { s::TOLLGATE_OUTCOME } = Empty,
    )
}

/// Where the caller is inside a span of its own, the request did not come to this process by us.
fn request_kind() -> &'static str {
    if Span::current().is_none() { "server" } else { "internal" }
}

/// A text from elsewhere, cleaned and cut.
fn outside(text: Option<&str>) -> Option<String> {
    text.map(|text| clean(text, UpstreamError::CODE_MAX))
}

/// OpenTelemetry's integers are signed; an unsigned one would become text.
fn count(count: Option<u64>) -> Option<i64> {
    count.map(|count| i64::try_from(count).unwrap_or(i64::MAX))
}
