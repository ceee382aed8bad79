//! W3C trace context in and out.
//!
//! What a client sends is outside text: a malformed header is ignored, never an error. `baggage` is
//! not read and never forwarded.

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Longest `tracestate` believed, as the specification recommends.
const TRACESTATE_MAX: usize = 512;

/// Headers that continue a trace at an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceHeaders {
    /// Value of `traceparent`.
    pub traceparent: String,
    /// Value of `tracestate`; empty where there is none, and then not to be sent.
    pub tracestate: String,
}

/// The remote parent that these headers name; `None` where they name none.
#[must_use]
pub fn parent_from(traceparent: &str, tracestate: Option<&str>) -> Option<Context> {
    let headers =
        Incoming { traceparent, tracestate: tracestate.filter(|s| s.len() <= TRACESTATE_MAX) };
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
    context.has_active_span().then_some(context)
}

/// The headers with which an upstream continues `span`'s trace; `None` where it is not traced.
///
/// Only for upstreams that are trusted with trace ids; vendors on the internet are not by default.
#[must_use]
pub fn trace_headers(span: &Span) -> Option<TraceHeaders> {
    if span.is_disabled() {
        return None;
    }
    let mut headers = TraceHeaders { traceparent: String::new(), tracestate: String::new() };
    TraceContextPropagator::new().inject_context(&span.context(), &mut headers);
    (!headers.traceparent.is_empty()).then_some(headers)
}

/// The trace id of `span` in 32 hexadecimal digits; `None` where it is not traced.
#[must_use]
pub fn trace_id(span: &Span) -> Option<String> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let id = context.span().span_context().clone();
    id.is_valid().then(|| id.trace_id().to_string())
}

struct Incoming<'a> {
    traceparent: &'a str,
    tracestate: Option<&'a str>,
}

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => Some(self.traceparent),
            "tracestate" => self.tracestate,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

impl Injector for TraceHeaders {
    fn set(&mut self, key: &str, value: String) {
        match key {
            "traceparent" => self.traceparent = value,
            "tracestate" => self.tracestate = value,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceContextExt;

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_valid_parent_is_taken_whole() {
        let context = parent_from(PARENT, Some("vendor=value")).unwrap();
        let span = context.span().span_context().clone();
        assert_eq!(span.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(span.span_id().to_string(), "b7ad6b7169203331");
        assert!(span.is_sampled() && span.is_remote());
        assert_eq!(span.trace_state().header(), "vendor=value");
    }

    #[test]
    fn a_malformed_parent_is_none_and_a_bad_state_is_dropped_alone() {
        for bad in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "\u{1b}[31m-é-ü-01",
        ] {
            assert!(parent_from(bad, None).is_none(), "{bad:?}");
        }
        let long = format!("vendor={}", "x".repeat(600));
        let context = parent_from(PARENT, Some(&long)).unwrap();
        assert_eq!(context.span().span_context().trace_state().header(), "");
    }

    #[test]
    fn a_span_that_nobody_sees_has_no_trace() {
        assert_eq!(trace_headers(&Span::none()), None);
        assert_eq!(trace_id(&Span::none()), None);
    }
}
