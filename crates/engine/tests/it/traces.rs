//! What a program with tracing-opentelemetry sees of its calls, in the SDK's own words.

use opentelemetry::trace::{SpanKind, Status, TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use std::sync::Once;
use tollgate::{ChatEvent, DeploymentSpec, ModelSpec, Tollgate};
use tracing::Instrument as _;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::client::soon;
use crate::upstream::{Act, Upstream, ended, events, json};

const REPLY: &str = r#"{"id":"c1","object":"chat.completion","created":1,"model":"up-2","choices":[{"index":0,"message":{"role":"assistant","content":"a secret answer"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#;
const REFUSED: &str = r#"{"error":{"message":"overloaded, key sk-canary-12345678"}}"#;
const TEXT: &str = "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
const FINISH: &str = "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// The program around the gateway: its subscriber on this thread, and what it exported.
struct Embedder {
    exporter: InMemorySpanExporter,
    _subscriber: DefaultGuard,
}

impl Embedder {
    fn start() -> Self {
        // Threads without a subscriber run other tests; tracing would remember for all of them that
        // nobody wants our spans.
        static EVERYWHERE: Once = Once::new();
        EVERYWHERE.call_once(|| {
            tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();
        });
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("embedder"));
        let subscriber = tracing_subscriber::registry().with(layer);
        Self { exporter, _subscriber: tracing::subscriber::set_default(subscriber) }
    }

    /// The spans that ended, by name; children before their parents.
    fn ended(&self) -> Vec<SpanData> {
        let ours = ["embedder", "chat", "chat up-1"];
        let all = self.exporter.get_finished_spans().unwrap();
        all.into_iter().filter(|span| ours.contains(&&*span.name)).collect()
    }

    fn names(&self) -> Vec<String> {
        self.ended().iter().map(|span| span.name.to_string()).collect()
    }
}

fn tollgate(upstream: &Upstream) -> Tollgate {
    let spec = DeploymentSpec::new("openai", "up-1").base(upstream.base()).key("sk-canary");
    let model = ModelSpec::new().deployment(spec.set("id", "\"d1\""));
    Tollgate::builder().model("m", model).build().unwrap()
}

#[track_caller]
fn has(span: &SpanData, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        let found = span.attributes.iter().find(|it| it.key.as_str() == *name);
        let found = found.map(|it| it.value.as_str().into_owned());
        assert_eq!(found.as_deref(), Some(*value), "{name} of {:?}", span.attributes);
    }
}

#[tokio::test]
async fn a_call_inside_a_programs_span_is_below_it_with_each_attempt() {
    let acts = vec![Act::Say(json(503, REFUSED)), Act::Say(json(200, REPLY))];
    let upstream = Upstream::start(acts).await;
    let (embedder, tollgate) = (Embedder::start(), tollgate(&upstream));
    let call = tollgate.chat("a secret question");
    soon(call.instrument(tracing::info_span!("embedder"))).await.unwrap();

    let spans = embedder.ended();
    let [failed, served, request, caller] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!(embedder.names(), ["chat up-1", "chat up-1", "chat", "embedder"]);
    let id = |span: &SpanData| span.span_context.span_id();
    assert_eq!(request.parent_span_id, id(caller));
    assert_eq!((failed.parent_span_id, served.parent_span_id), (id(request), id(request)));
    let trace = caller.span_context.trace_id();
    assert!(spans.iter().all(|span| span.span_context.trace_id() == trace));

    assert_eq!((&failed.span_kind, &request.span_kind), (&SpanKind::Client, &SpanKind::Internal));
    let Status::Error { description } = &failed.status else { panic!("{failed:?}") };
    assert!(description.contains("overloaded, key [redacted]"), "{description}");
    assert_eq!((&served.status, &request.status), (&Status::Unset, &Status::Unset));
    has(failed, &[("tollgate.outcome", "error"), ("http.response.status_code", "503")]);
    has(
        served,
        &[
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "openai"),
            ("gen_ai.request.model", "up-1"),
            ("gen_ai.response.model", "up-2"),
            ("gen_ai.response.finish_reasons", "stop"),
            ("gen_ai.usage.input_tokens", "3"),
            ("server.address", "127.0.0.1"),
            ("tollgate.attempt.number", "2"),
            ("tollgate.attempt.kind", "retry"),
        ],
    );
    let told = [("tollgate.model", "m"), ("tollgate.attempts", "2"), ("tollgate.outcome", "ok")];
    has(request, &told);
    let said = format!("{spans:?}");
    assert!(!said.contains("secret") && !said.contains("canary"), "{said}");
}

#[tokio::test]
async fn a_streams_spans_end_with_the_stream() {
    let upstream = Upstream::start(vec![Act::Say(ended(&[TEXT, FINISH, DONE]))]).await;
    let (embedder, tollgate) = (Embedder::start(), tollgate(&upstream));
    let mut stream = soon(tollgate.stream("x")).await.unwrap();
    loop {
        let event = soon(stream.next()).await.unwrap().unwrap();
        if matches!(event, ChatEvent::Text(_)) {
            break;
        }
    }
    assert!(embedder.names().is_empty(), "{:?}", embedder.names());
    while soon(stream.next()).await.is_some() {}
    assert_eq!(embedder.names(), ["chat up-1", "chat"], "the stream itself is still held");
    assert!(embedder.ended().iter().all(|span| span.status == Status::Unset));
    has(&embedder.ended()[0], &[("gen_ai.request.stream", "true")]);
    drop(stream);
    assert_eq!(embedder.names().len(), 2);
}

#[tokio::test]
async fn a_stream_that_breaks_and_one_that_is_left_end_their_spans_too() {
    let acts = vec![Act::SayAndClose(events(&[TEXT])), Act::SayAndStall(events(&[TEXT]))];
    let upstream = Upstream::start(acts).await;
    let (embedder, tollgate) = (Embedder::start(), tollgate(&upstream));
    let stream = soon(tollgate.stream("x")).await.unwrap();
    soon(stream.finish()).await.unwrap_err();
    let broken = embedder.ended();
    assert_eq!(broken.len(), 2);
    for span in &broken {
        assert!(matches!(span.status, Status::Error { .. }), "{span:?}");
        has(span, &[("tollgate.outcome", "truncated"), ("error.type", "broken_stream")]);
    }
    drop(soon(tollgate.stream("x")).await.unwrap());
    for span in &embedder.ended()[2..] {
        assert_eq!(span.status, Status::Unset);
        has(span, &[("tollgate.outcome", "cancelled")]);
    }
    assert_eq!(embedder.names().len(), 4);
}
