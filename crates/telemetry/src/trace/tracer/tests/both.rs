//! Our own export and the spans of `tracing` side by side: both must tell the same of one request.

use std::sync::Once;

use opentelemetry::Value;
use opentelemetry::trace::{SpanKind, Status, TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tollgate_core_types::reply::FinishReason;
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

/// What an embedder's OpenTelemetry gets of `work`, in the order of the spans' ends.
fn heard(work: impl FnOnce()) -> Vec<SpanData> {
    // Threads without a subscriber run other tests; tracing would remember for all of them that
    // nobody wants our spans.
    static EVERYWHERE: Once = Once::new();
    EVERYWHERE.call_once(|| {
        tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();
    });
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("embedder"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false);
    with_default(tracing_subscriber::registry().with(layer), work);
    exporter.get_finished_spans().unwrap()
}

/// As [`Told::attributes`] are written.
fn attributes_of(span: &SpanData) -> BTreeMap<String, String> {
    let value = |value: &Value| {
        if let Value::String(text) = value {
            format!("{:?}", text.as_str())
        } else {
            value.to_string()
        }
    };
    span.attributes.iter().map(|it| (it.key.to_string(), value(&it.value))).collect()
}

fn described(span: &SpanData) -> (u64, String) {
    match &span.status {
        Status::Unset => (0, String::new()),
        Status::Ok => (1, String::new()),
        Status::Error { description } => (2, description.to_string()),
    }
}

const KEY: &str = "refused: sk-abcdefgh12345678\u{1b}[2J";

/// A request that failed at its second attempt, with everything that can be said of it, in words
/// that must not go out as they are.
fn everything(tracer: &Tracer) {
    let long = "é\u{1b}".repeat(500);
    let usage = Usage {
        input_tokens: Some(u64::MAX),
        output_tokens: Some(5),
        cache_read_tokens: Some(4),
        cache_write_tokens: Some(3),
        reasoning_tokens: Some(2),
        ..Usage::default()
    };
    let route = Some("/v1/chat/completions");
    let outer = tracer.request(&RequestStart { route, request_id: &long, ..start(None, None) });
    let (number, kind) = (2, AttemptKind::Failover);
    let inner = tracer.attempt(&outer, &AttemptStart { number, kind, stream: true, ..FIRST });
    tracer.end_attempt(&AttemptEvent {
        response_model: Some(&long),
        response_id: Some(&long),
        status: Some(200),
        finish: Some(FinishReason::Length),
        usage,
        cost: Some(1_250_000),
        number,
        kind,
        stream: true,
        ttft: Some(Duration::from_millis(250)),
        server_address: Some("api.openai.com"),
        server_port: Some(443),
        outcome: Outcome::Truncated,
        class: Some(ErrorClass::BrokenStream),
        message: Some(KEY),
        ..attempt(&inner)
    });
    tracer.end_request(&RequestEvent {
        route,
        request_id: &long,
        model: Some("gpt"),
        deployment: Some("d1"),
        attempts: 2,
        usage,
        cost: Some(u64::MAX),
        overhead: Some(Duration::from_millis(2)),
        lost: &[Lost::dropped("logit_bias"), Lost::dropped("seed")],
        outcome: Outcome::Truncated,
        class: Some(ErrorClass::BrokenStream),
        message: Some(KEY),
        ..request(&outer)
    });
}

#[test]
fn the_export_and_a_subscriber_are_told_the_same() {
    let mut exported = Vec::new();
    let heard = heard(|| exported = received(everything));
    assert_eq!((heard.len(), exported.len()), (2, 2));
    for (heard, exported) in heard.iter().zip(&mut exported) {
        // The one difference: tracing's fields know no arrays.
        let reasons = exported.attributes.get_mut(s::GEN_AI_RESPONSE_FINISH_REASONS);
        if let Some(reasons) = reasons {
            *reasons = reasons.trim_matches(['[', ']']).to_owned();
        }
        assert_eq!(attributes_of(heard), exported.attributes);
        assert_eq!(heard.name, exported.name);
        assert_eq!(described(heard), exported.status());
    }
    assert_eq!(heard[0].span_kind, SpanKind::Client);
    assert_eq!(heard[1].span_kind, SpanKind::Server);
    assert_eq!(heard[0].parent_span_id, heard[1].span_context.span_id());
    let said = format!("{heard:?}");
    assert!(said.contains("refused: [redacted]") && !said.contains("sk-abc"), "{said}");
    assert!(
        heard.iter().all(|span| span.attributes.iter().all(|it| it.value.as_str().len() < 300))
    );
}

#[test]
fn ends_that_are_no_failure_are_none_for_a_subscriber_either() {
    let ends = [
        (Outcome::Ok, 200, None, (0, 0)),
        (Outcome::Error, 503, Some(ErrorClass::Overload), (2, 2)),
        (Outcome::Error, 400, Some(ErrorClass::Client), (2, 0)),
        (Outcome::Cancelled, 499, Some(ErrorClass::Cancelled), (0, 0)),
    ];
    for (outcome, status, class, (inner, outer)) in ends {
        let spans = heard(|| {
            let tracer = Tracer::default();
            let above = tracer.request(&start(None, None));
            let below = tracer.attempt(&above, &FIRST);
            tracer.end_attempt(&AttemptEvent { outcome, class, ..attempt(&below) });
            tracer.end_request(&RequestEvent { outcome, class, status, ..request(&above) });
        });
        let codes: Vec<u64> = spans.iter().map(|span| described(span).0).collect();
        assert_eq!(codes, [inner, outer], "{outcome:?} {status}");
    }
}

#[test]
fn a_request_is_below_the_callers_span_and_ends_with_its_event_whoever_holds_it() {
    let tracer = Tracer::default();
    let mut kept = Vec::new();
    let spans = heard(|| {
        let caller = tracing::info_span!("caller");
        let above = caller.in_scope(|| tracer.request(&start(None, None)));
        let below = tracer.attempt(&above, &FIRST);
        tracer.end_attempt(&attempt(&below));
        tracer.end_request(&request(&above));
        // What has ended takes no more attempts, and ends once.
        kept.push(tracer.attempt(&above, &FIRST));
        tracer.end_request(&RequestEvent { status: 503, ..request(&above) });
        kept.extend([above, below]);
    });
    let [inner, outer, caller] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!((&*inner.name, &*outer.name, &*caller.name), ("chat gpt-4o", "chat", "caller"));
    assert_eq!(inner.parent_span_id, outer.span_context.span_id());
    assert_eq!(outer.parent_span_id, caller.span_context.span_id());
    assert_eq!((&outer.span_kind, &outer.status), (&SpanKind::Internal, &Status::Unset));
}

#[test]
fn an_attempt_is_told_to_whoever_heard_the_request() {
    let tracer = Tracer::default();
    let mut above = Span::default();
    let mut others = Vec::new();
    let spans = heard(|| {
        above = tracer.request(&start(None, None));
        // Another thread may have another subscriber, or none.
        others = heard(|| {
            let below = tracer.attempt(&above, &FIRST);
            tracer.end_attempt(&attempt(&below));
            drop(tracer.attempt(&above, &FIRST));
        });
        with_default(tracing::subscriber::NoSubscriber::new(), || {
            tracer.end_attempt(&attempt(&tracer.attempt(&above, &FIRST)));
            tracer.end_request(&request(&above));
        });
    });
    assert_eq!(spans.len(), 4, "{spans:?}");
    assert!(others.is_empty(), "{others:?}");
    // Where nobody listens nothing is made, and nothing is below it.
    with_default(tracing::subscriber::NoSubscriber::new(), || {
        let above = tracer.request(&start(None, None));
        assert_eq!(tracer.attempt(&above, &FIRST), Span::default());
        assert_eq!(above, Span::default());
    });
}
