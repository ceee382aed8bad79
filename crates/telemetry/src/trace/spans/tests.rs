//! Spans as an OpenTelemetry exporter receives them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::trace::init::span_layer;
use crate::trace::{trace_headers, trace_id};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[derive(Debug, Clone, Default)]
struct Collector(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Collector {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().append(&mut batch);
        Ok(())
    }
}

/// The spans that `work` makes under the exporting layer, in the order in which they ended.
fn spans(work: impl FnOnce()) -> Vec<SpanData> {
    let collector = Collector::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(collector.clone()).build();
    let subscriber = tracing_subscriber::registry().with(span_layer(Some(&provider)));
    tracing::subscriber::with_default(subscriber, work);
    std::mem::take(&mut *collector.0.lock().unwrap())
}

fn attribute(span: &SpanData, name: &str) -> Option<Value> {
    span.attributes.iter().find(|kv| kv.key.as_str() == name).map(|kv| kv.value.clone())
}

#[track_caller]
fn has(span: &SpanData, expected: &[(&str, Value)]) {
    for (name, value) in expected {
        assert_eq!(attribute(span, name).as_ref(), Some(value), "{name} of {:?}", span.attributes);
    }
}

fn request() -> RequestSpan<'static> {
    RequestSpan {
        request_id: "req-1",
        method: Some("POST"),
        route: Some("/v1/chat/completions"),
        operation: Operation::Chat,
        dialect: Dialect::OPENAI_CHAT,
        traceparent: Some(PARENT),
        tracestate: None,
    }
}

const TARGET: AttemptTarget<'static> = AttemptTarget {
    operation: Operation::Chat,
    model: "gpt",
    deployment: "d1",
    provider: "openai",
    upstream_model: "gpt-4o",
};

fn attempt() -> AttemptSpan<'static> {
    AttemptSpan {
        target: TARGET,
        number: 2,
        kind: AttemptKind::Retry,
        stream: true,
        server_address: Some("api.openai.com"),
        server_port: Some(443),
    }
}

#[test]
fn an_answered_request_is_a_server_span_with_a_client_span_beneath() {
    let mut upstream = None;
    let spans = spans(|| {
        let outer = request_span(&request());
        let inner = attempt_span(&outer, &attempt());
        upstream = trace_headers(&inner).zip(trace_id(&outer));
        let usage = Usage {
            input_tokens: Some(10),
            output_tokens: Some(5),
            cache_read_tokens: Some(4),
            ..Usage::default()
        };
        record_attempt(
            &inner,
            &AttemptEvent {
                response_model: Some("gpt-4o-2024-11-20"),
                response_id: Some("chatcmpl-1"),
                status: Some(200),
                finish: Some(FinishReason::Length),
                usage,
                ttft: Some(Duration::from_millis(250)),
                ..AttemptEvent::new(UNIX_EPOCH, "req-1", TARGET)
            },
        );
        drop(inner);
        let lost = [Lost::dropped("logit_bias"), Lost::dropped("seed")];
        record_request(
            &outer,
            &RequestEvent {
                model: Some("gpt"),
                deployment: Some("d1"),
                attempts: 2,
                usage,
                lost: &lost,
                ..RequestEvent::new(UNIX_EPOCH, "req-1", Operation::Chat, Dialect::OPENAI_CHAT)
            },
        );
    });
    let [inner, outer] = &spans[..] else { panic!("{spans:?}") };

    assert_eq!((&*outer.name, &outer.span_kind), ("POST /v1/chat/completions", &SpanKind::Server));
    assert_eq!(outer.span_context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(outer.parent_span_id.to_string(), "b7ad6b7169203331");
    has(
        outer,
        &[
            (s::HTTP_REQUEST_METHOD, "POST".into()),
            (s::HTTP_ROUTE, "/v1/chat/completions".into()),
            (s::HTTP_RESPONSE_STATUS_CODE, 200_i64.into()),
            (s::TOLLGATE_REQUEST_ID, "req-1".into()),
            (s::TOLLGATE_ATTEMPTS, 2_i64.into()),
            (s::TOLLGATE_LOST, "logit_bias,seed".into()),
            (s::TOLLGATE_OUTCOME, "ok".into()),
        ],
    );

    assert_eq!((&*inner.name, &inner.span_kind), ("chat gpt-4o", &SpanKind::Client));
    assert_eq!(inner.parent_span_id, outer.span_context.span_id());
    assert_eq!(inner.status, Status::Unset);
    has(
        inner,
        &[
            (s::GEN_AI_OPERATION_NAME, "chat".into()),
            (s::GEN_AI_PROVIDER_NAME, "openai".into()),
            (s::GEN_AI_REQUEST_MODEL, "gpt-4o".into()),
            (s::GEN_AI_REQUEST_STREAM, true.into()),
            (s::GEN_AI_RESPONSE_MODEL, "gpt-4o-2024-11-20".into()),
            (s::GEN_AI_RESPONSE_ID, "chatcmpl-1".into()),
            (s::GEN_AI_USAGE_INPUT_TOKENS, 10_i64.into()),
            (s::GEN_AI_USAGE_OUTPUT_TOKENS, 5_i64.into()),
            (s::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, 4_i64.into()),
            (s::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, 0.25.into()),
            (s::SERVER_ADDRESS, "api.openai.com".into()),
            (s::SERVER_PORT, 443_i64.into()),
            (s::TOLLGATE_ATTEMPT_NUMBER, 2_i64.into()),
            (s::TOLLGATE_ATTEMPT_KIND, "retry".into()),
        ],
    );
    let reasons = Value::Array(Array::String(vec!["length".into()]));
    assert_eq!(attribute(inner, s::GEN_AI_RESPONSE_FINISH_REASONS), Some(reasons));
    assert_eq!(attribute(inner, s::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS), None);
    assert_eq!(attribute(inner, s::ERROR_TYPE), None);

    let (headers, trace) = upstream.unwrap();
    let span = inner.span_context.span_id();
    assert_eq!(headers.traceparent, format!("00-{trace}-{span}-01"));
    assert_eq!(headers.tracestate, "");
}

#[test]
fn nothing_but_what_the_conventions_name_is_on_a_span() {
    let spans = spans(|| {
        let outer = request_span(&request());
        drop(attempt_span(&outer, &attempt()));
    });
    for span in &spans {
        for kv in &span.attributes {
            let name = kv.key.as_str();
            let known = ["gen_ai.", "tollgate.", "http.", "server."];
            assert!(known.iter().any(|prefix| name.starts_with(prefix)), "{name}");
        }
    }
    assert_eq!(spans.len(), 2);
}

#[test]
fn failures_are_errors_of_whose_they_are_and_carry_no_credential() {
    let failed = AttemptEvent {
        outcome: Outcome::Error,
        class: Some(ErrorClass::Auth),
        status: Some(401),
        message: Some("bad key sk-canary-0123456789 \u{1b}[31m"),
        ..AttemptEvent::new(UNIX_EPOCH, "req-1", TARGET)
    };
    let spans = spans(|| {
        let outer = request_span(&RequestSpan { traceparent: Some("garbage"), ..request() });
        record_attempt(&attempt_span(&outer, &attempt()), &failed);
        let cancelled = AttemptEvent {
            outcome: Outcome::Cancelled,
            class: Some(ErrorClass::Cancelled),
            message: None,
            ..failed
        };
        record_attempt(&attempt_span(&outer, &attempt()), &cancelled);
        let refused = RequestEvent {
            status: 400,
            outcome: Outcome::Error,
            class: Some(ErrorClass::Client),
            message: Some("no"),
            ..RequestEvent::new(UNIX_EPOCH, "req-1", Operation::Chat, Dialect::OPENAI_CHAT)
        };
        record_request(&outer, &refused);
    });
    let [failed, cancelled, outer] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!(failed.status, Status::error("bad key [redacted] \\u{1b}[31m"));
    has(failed, &[(s::ERROR_TYPE, "auth".into()), (s::HTTP_RESPONSE_STATUS_CODE, 401_i64.into())]);
    assert_eq!(cancelled.status, Status::Unset);
    has(cancelled, &[(s::ERROR_TYPE, "cancelled".into())]);
    assert_eq!(outer.status, Status::Unset);
    has(outer, &[(s::ERROR_TYPE, "client".into())]);
    assert_eq!(outer.parent_span_id, opentelemetry::trace::SpanId::INVALID);
}

#[test]
fn spans_of_others_never_reach_the_exporter() {
    let spans = spans(|| {
        for span in [
            tracing::info_span!(target: "h2::client", "h2"),
            tracing::info_span!(target: "hyper_util", "pool"),
            tracing::info_span!(target: "reqwest::connect", "connect"),
            tracing::info_span!("ours but no request"),
        ] {
            span.in_scope(|| tracing::error!(target: "tonic", "failed"));
        }
    });
    assert!(spans.is_empty(), "{spans:?}");
}
