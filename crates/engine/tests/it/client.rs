//! A client for tests: configuration in, requests through the engine, answers as text.

use futures_util::StreamExt as _;
use std::time::Duration;
use tollgate::{Answer, AnswerHead, AnswerStream, CallContext, Denied, Tollgate};
use tollgate_core_types::Dialect;
use tollgate_providers_common::Inbound;
use tollgate_telemetry::{Telemetry, TelemetryOptions};

/// An engine over a configuration in YAML.
pub(crate) fn engine(yaml: &str) -> Tollgate {
    let config = tollgate_config::parse(yaml, &tollgate::vendors()).unwrap();
    Tollgate::new(&config, Telemetry::new(&TelemetryOptions::default()).unwrap()).unwrap()
}

/// One request as a client of `dialect` would send it.
pub(crate) async fn call(
    engine: &Tollgate,
    dialect: Dialect,
    body: &str,
) -> Result<Answer, Denied> {
    let client = engine.client_dialect(dialect).unwrap();
    let facts = client.facts(body.as_bytes()).unwrap();
    let inbound = Inbound {
        dialect,
        operation: client.operation(),
        facts,
        body: body.to_owned().into(),
        headers: http::HeaderMap::new(),
        query: None,
    };
    let context = CallContext {
        request_id: "req_test".into(),
        started: now(),
        route: None,
        traceparent: None,
        tracestate: None,
        hops: 0,
    };
    engine.call(inbound, context).await
}

/// A request in OpenAI's chat dialect.
pub(crate) async fn chat(engine: &Tollgate, body: &str) -> Result<Answer, Denied> {
    call(engine, Dialect::OPENAI_CHAT, body).await
}

/// The whole answer of a call that must have one.
pub(crate) fn whole(answer: Result<Answer, Denied>) -> (AnswerHead, String) {
    match answer {
        Ok(Answer::Whole { head, body }) => (head, String::from_utf8(body.to_vec()).unwrap()),
        Ok(Answer::Stream { .. } | Answer::Bytes { .. }) => {
            panic!("a stream where a whole answer was due")
        }
        Err(denied) => panic!("denied: {denied:?}"),
    }
}

/// The stream of a call that must have one.
pub(crate) fn stream(answer: Result<Answer, Denied>) -> (AnswerHead, AnswerStream) {
    match answer {
        Ok(Answer::Stream { head, body }) => (head, body),
        Ok(Answer::Whole { .. } | Answer::Bytes { .. }) => {
            panic!("a whole answer where a stream was due")
        }
        Err(denied) => panic!("denied: {denied:?}"),
    }
}

/// All of a stream as text.
pub(crate) async fn text(mut stream: AnswerStream) -> String {
    let mut text = Vec::new();
    while let Some(piece) = stream.next().await {
        text.extend_from_slice(&piece);
    }
    String::from_utf8(text).unwrap()
}

/// The denial of a call that must fail.
pub(crate) fn denied(answer: Result<Answer, Denied>) -> Denied {
    match answer {
        Ok(_) => panic!("an answer where a denial was due"),
        Err(denied) => denied,
    }
}

/// Fails a test that hangs; no test waits this long for anything that is to come.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("took too long")
}

#[expect(clippy::disallowed_methods, reason = "a test stands in for the server's shell")]
fn now() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}
