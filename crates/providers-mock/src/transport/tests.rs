//! Time, faults and the bill, in paused time and through the seam alone.

use super::*;
use crate::script::Flaky;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;

type Sent = Result<Response<ByteStream>, TransportError>;

const SECOND: Duration = Duration::from_secs(1);

#[expect(clippy::disallowed_methods, reason = "the test is the shell, and its time is paused")]
fn now() -> Instant {
    Instant::now()
}

async fn send_to(mock: &MockTransport, path: &str, body: &str) -> Sent {
    let url = format!("http://mock.invalid/v1{path}");
    let request = Request::post(url).body(Bytes::from(body.to_owned())).unwrap();
    let until = (now() + 60 * SECOND).into_std();
    mock.send(request, Deadlines { connect: SECOND, until }).await
}

async fn chat(mock: &MockTransport, stream: bool) -> Sent {
    let messages = json!([{"role": "user", "content": "Hi"}]);
    let body = json!({"model": "m", "stream": stream, "messages": messages});
    send_to(mock, "/chat/completions", &body.to_string()).await
}

fn faulty(fault: Fault) -> MockTransport {
    MockTransport::new("a", MockScript { faults: vec![fault], ..MockScript::default() })
}

/// The text up to the end or the error.
async fn read(sent: Sent) -> (u16, String, Option<TransportError>) {
    let response = sent.unwrap();
    let status = response.status().as_u16();
    let (mut body, mut text) = (response.into_body(), String::new());
    while let Some(chunk) = body.next().await {
        match chunk {
            Ok(bytes) => text.push_str(std::str::from_utf8(&bytes).unwrap()),
            Err(error) => return (status, text, Some(error)),
        }
    }
    (status, text, None)
}

fn data(text: &str) -> Vec<&str> {
    let data = text.split("\n\n").filter(|frame| !frame.is_empty());
    data.map(|frame| frame.strip_prefix("data: ").unwrap()).collect()
}

/// A healthy stream of the request that all tests send.
async fn healthy() -> Vec<String> {
    let mock = MockTransport::new("a", MockScript::default());
    let (status, text, error) = read(chat(&mock, true).await).await;
    assert_eq!((status, error), (200, None));
    data(&text).into_iter().map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn latency_comes_before_the_head_and_delays_before_every_token() {
    let script = MockScript { latency: SECOND, token_delay: SECOND / 10, ..MockScript::default() };
    let mock = MockTransport::new("a", script);
    let begun = now();
    let response = chat(&mock, true).await.unwrap();
    assert_eq!(now() - begun, SECOND);
    let (_, text, _) = read(Ok(response)).await;
    let tokens = u32::try_from(mock.bill().output_tokens).unwrap();
    assert_eq!(data(&text).len(), tokens as usize + 3, "role, finish and [DONE] beside the tokens");
    assert_eq!(now() - begun, SECOND + tokens * SECOND / 10);
}

#[tokio::test(start_paused = true)]
async fn until_ends_every_wait_for_the_head() {
    for script in [
        MockScript { faults: vec![Fault::StallBeforeHead], ..MockScript::default() },
        MockScript { latency: 3600 * SECOND, ..MockScript::default() },
    ] {
        let mock = MockTransport::new("a", script);
        let begun = now();
        let error = chat(&mock, false).await.err().unwrap();
        assert_eq!(error, TransportError::Timeout { origin: "http://mock.invalid:80".to_owned() });
        assert_eq!(now() - begun, 60 * SECOND);
    }
    let mock = MockTransport::new("a", MockScript::default());
    let request = Request::get("http://mock.invalid/v1/models").body(Bytes::new()).unwrap();
    let late = Deadlines { connect: SECOND, until: now().into_std() };
    let error = mock.send(request, late).await.err().unwrap();
    assert!(matches!(error, TransportError::Timeout { .. }));
    assert_eq!(mock.bill(), Bill::default(), "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn flaky_fails_regularly_and_says_how_long_to_wait() {
    let flaky = Flaky { every: 2, status: 429, retry_after: Some(Duration::from_millis(1500)) };
    let script = MockScript { flaky: Some(flaky), ..MockScript::default() };
    let mock = MockTransport::new("a", script);
    let failed = chat(&mock, true).await.unwrap();
    assert_eq!(failed.headers()["retry-after"], "2");
    assert_eq!(failed.headers()["retry-after-ms"], "1500");
    assert_eq!(failed.headers()["x-request-id"], "req_mock-a-0");
    let (status, text, _) = read(Ok(failed)).await;
    assert_eq!(status, 429);
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["error"]["code"], "rate_limit_exceeded");
    assert_eq!(read(chat(&mock, true).await).await.0, 200);
    assert_eq!(read(chat(&mock, true).await).await.0, 429);
}

#[tokio::test(start_paused = true)]
async fn faults_before_the_head_come_as_a_network_gives_them() {
    let refused = chat(&faulty(Fault::Refuse), true).await.err().unwrap();
    assert!(matches!(refused, TransportError::Connect { .. }));
    let reset = chat(&faulty(Fault::ResetBeforeHead), true).await.err().unwrap();
    assert!(matches!(reset, TransportError::Broken { .. }));
    let (status, text, _) = read(chat(&faulty(Fault::Html), true).await).await;
    assert!(status == 200 && text.starts_with("<!DOCTYPE html>"), "{text}");
    assert_eq!(read(chat(&faulty(Fault::Empty), true).await).await, (200, String::new(), None));
    let body = Some("gone fishing".to_owned());
    let status = Fault::Status { status: 502, retry_after: None, body };
    let (status, text, _) = read(chat(&faulty(status), true).await).await;
    assert_eq!((status, text.as_str()), (502, "gone fishing"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_breaks_where_its_fault_says() {
    let whole = healthy().await;
    let (cut, text, error) = read(chat(&faulty(Fault::CutAfter { frames: 2 }), true).await).await;
    assert_eq!(cut, 200);
    assert_eq!(data(&text), whole[..2]);
    assert!(matches!(error, Some(TransportError::Broken { .. })), "{error:?}");

    let (_, text, error) = read(chat(&faulty(Fault::EndAfter { frames: 3 }), true).await).await;
    assert_eq!((data(&text), error), (whole[..3].iter().map(String::as_str).collect(), None));

    let (_, text, error) = read(chat(&faulty(Fault::ErrorAt { frame: 1 }), true).await).await;
    let frames = data(&text);
    assert_eq!((frames.len(), error), (2, None));
    assert_eq!(frames[0], whole[0]);
    let failure: Value = serde_json::from_str(frames[1]).unwrap();
    assert_eq!(failure["error"]["type"], "server_error");

    let (_, text, _) = read(chat(&faulty(Fault::MalformedAt { frame: 1 }), true).await).await;
    let frames = data(&text);
    assert_eq!(frames.len(), whole.len());
    assert!(serde_json::from_str::<Value>(frames[1]).is_err());
    assert_eq!(frames[2..], whole[2..]);

    let (_, text, _) = read(chat(&faulty(Fault::MissingDone), true).await).await;
    assert_eq!(data(&text), whole[..whole.len() - 1]);
    assert_eq!(whole.last().unwrap(), "[DONE]");
}

#[tokio::test(start_paused = true)]
async fn a_stalled_stream_gives_its_frames_and_then_nothing() {
    for stream in [true, false] {
        let sent = chat(&faulty(Fault::StallAfter { frames: 1 }), stream).await;
        let mut body = sent.unwrap().into_body();
        assert!(body.next().await.unwrap().is_ok());
        let more = tokio::time::timeout(3600 * SECOND, body.next()).await;
        assert!(more.is_err(), "it stalls");
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_breaks_in_its_middle() {
    let mock = MockTransport::new("a", MockScript::default());
    let (_, whole, _) = read(chat(&mock, false).await).await;
    assert!(serde_json::from_str::<Value>(&whole).is_ok());
    let (_, text, error) = read(chat(&faulty(Fault::CutAfter { frames: 0 }), false).await).await;
    assert!(whole.starts_with(&text) && !text.is_empty() && text != whole);
    assert!(matches!(error, Some(TransportError::Broken { .. })));
    for fault in [Fault::EndAfter { frames: 0 }, Fault::MalformedAt { frame: 0 }] {
        let (status, text, error) = read(chat(&faulty(fault), false).await).await;
        assert_eq!((status, error), (200, None));
        assert!(serde_json::from_str::<Value>(&text).is_err(), "{text}");
    }
    let (_, text, _) = read(chat(&faulty(Fault::ErrorAt { frame: 0 }), false).await).await;
    assert!(text.starts_with("{\"error\""), "{text}");
    assert_eq!(read(chat(&faulty(Fault::MissingDone), false).await).await.1, whole);
}

#[tokio::test(start_paused = true)]
async fn the_bill_counts_what_was_sent() {
    let faults = vec![Fault::Refuse, Fault::Healthy, Fault::CutAfter { frames: 3 }, Fault::Healthy];
    let mock = MockTransport::new("a", MockScript { faults, ..MockScript::default() });
    assert!(chat(&mock, false).await.is_err());
    assert_eq!(mock.bill(), Bill { requests: 1, ..Bill::default() });

    let (_, text, _) = read(chat(&mock, false).await).await;
    let usage: Value = serde_json::from_str::<Value>(&text).unwrap()["usage"].take();
    let (input, output) = (&usage["prompt_tokens"], &usage["completion_tokens"]);
    let (input, output) = (input.as_u64().unwrap(), output.as_u64().unwrap());
    let bill = mock.bill();
    assert_eq!((bill.answers, bill.input_tokens, bill.output_tokens), (1, input, output));

    read(chat(&mock, true).await).await;
    assert_eq!(mock.bill().output_tokens, output + 2, "two of three frames have a token");
    assert_eq!(mock.bill().abandoned, 0, "it broke, nobody left");

    let mut body = chat(&mock, true).await.unwrap().into_body();
    body.next().await.unwrap().unwrap();
    drop(body);
    let expected = Bill {
        requests: 4,
        answers: 3,
        abandoned: 1,
        input_tokens: 3 * input,
        output_tokens: output + 2,
    };
    assert_eq!(mock.bill(), expected);
}

#[tokio::test(start_paused = true)]
async fn addresses_and_bodies_that_are_wrong_get_a_vendors_error() {
    let mock = MockTransport::new("a", MockScript::default());
    for (path, body, status, says) in [
        ("/nothing", "{}", 404, "Unknown request URL"),
        ("/chat/completions", "{", 400, "could not parse"),
        ("/chat/completions", "[]", 400, "JSON object"),
        ("/embeddings", "{\"model\":\"m\"}", 400, "Invalid 'input'"),
    ] {
        let (found, text, _) = read(send_to(&mock, path, body).await).await;
        assert_eq!(found, status);
        assert!(text.contains(says) && text.starts_with("{\"error\""), "{text}");
    }
    assert_eq!(mock.bill().answers, 0);
}

#[tokio::test(start_paused = true)]
async fn models_are_listed() {
    let mock = MockTransport::new("a", MockScript::default());
    let get = async |path: &str| {
        let request = Request::get(format!("http://m/v1{path}")).body(Bytes::new()).unwrap();
        let until = (now() + SECOND).into_std();
        let sent = mock.send(request, Deadlines { connect: SECOND, until }).await;
        let (status, text, _) = read(sent).await;
        (status, serde_json::from_str::<Value>(&text).unwrap())
    };
    let (status, list) = get("/models").await;
    assert_eq!((status, &list["data"][0]["id"]), (200, &json!("a")));
    assert_eq!(get("/models/x").await.1["id"], "x");
    assert_eq!(get("/other").await.0, 404);
}
