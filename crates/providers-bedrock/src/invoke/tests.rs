//! Claude by InvokeModel: what moves in the request, and streams in their wrapping.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use proptest::prelude::*;
use serde_json::json;
use tollgate_core_types::{ChatEvent, ErrorClass};
use tollgate_providers_common::testkit::{self, events_of};
use tollgate_providers_common::{Framing, eventstream};

use crate::provider::Guardrail;
use crate::testing::{self, ADAPTIVE, CLAUDE, exception, stream, target, value};

const ASKED: &str = r#"{ "model":"m", "max_tokens":9, "stream":true,
    "messages":[{"role":"user","content":"Hi"}], "top_k": 1.0 }"#;

fn codec(settings: Settings) -> Invoke {
    Invoke::new(Arc::new(settings)).unwrap()
}

fn inbound(body: &str, headers: &[(&'static str, &'static str)]) -> Inbound {
    let mut inbound = testing::inbound(Dialect::ANTHROPIC_MESSAGES, Asks::Chat, body);
    for (name, text) in headers {
        inbound.headers.append(*name, HeaderValue::from_static(text));
    }
    inbound
}

fn wrapped(events: &[&str]) -> Vec<u8> {
    let chunks: Vec<String> = events
        .iter()
        .map(|event| json!({ "bytes": STANDARD.encode(event), "p": "ab" }).to_string())
        .collect();
    let chunks: Vec<(&str, &str)> = chunks.iter().map(|body| ("chunk", body.as_str())).collect();
    stream(&chunks)
}

const EVENTS: [&str; 6] = [
    r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"usage":{"input_tokens":5,"output_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Grüße"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"#,
    r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":5}}"#,
];

#[test]
fn a_body_keeps_its_bytes_but_for_what_moves() {
    let headers = [
        ("anthropic-beta", "effort-2025-11-24, context-1m-2025-08-07"),
        ("anthropic-version", "2023-06-01"),
    ];
    let encoded =
        codec(Settings::default()).splice(&inbound(ASKED, &headers), &target(CLAUDE)).unwrap();
    let text = std::str::from_utf8(encoded.request.body()).unwrap();
    assert!(
        text.contains(r#""messages":[{"role":"user","content":"Hi"}], "top_k": 1.0"#),
        "{text}"
    );
    let body = value(encoded.request.body());
    assert_eq!(body.get("model"), None);
    assert_eq!(body.get("stream"), None);
    assert_eq!(body["anthropic_version"], "bedrock-2023-05-31");
    assert_eq!(body["anthropic_beta"], json!(["effort-2025-11-24", "context-1m-2025-08-07"]));
    assert_eq!(encoded.lost, []);
    let path = encoded.request.uri().path();
    assert!(path.ends_with("-v1%3A0/invoke-with-response-stream"), "{path}");
    assert!(!encoded.request.headers().contains_key("anthropic-version"));
    assert!(!encoded.request.headers().contains_key("anthropic-beta"));
}

#[test]
fn switches_that_the_vendor_would_refuse_are_left_out_aloud() {
    let said = [("anthropic-beta", "claude-code-20250219,advanced-tool-use-2025-11-20, ,own-1")];
    let mut target = target(CLAUDE);
    let own = HeaderValue::from_static("own-1,effort-2025-11-24");
    target.headers.push((BETA_HEADER, own));
    let encoded = codec(Settings::default()).splice(&inbound(ASKED, &said), &target).unwrap();
    let betas = json!(["tool-search-tool-2025-10-19", "own-1", "effort-2025-11-24"]);
    assert_eq!(value(encoded.request.body())["anthropic_beta"], betas);
    assert_eq!(testing::lost(&encoded.lost), ["-anthropic-beta.claude-code-20250219"]);
    assert!(!encoded.request.headers().contains_key(BETA_HEADER));
}

#[test]
fn the_newer_version_is_for_models_that_refuse_sampling() {
    let newer = [("anthropic-version", "2026-10-21")];
    for (model, version) in
        [(CLAUDE, VERSION), (ADAPTIVE, VERSION), ("anthropic.claude-opus-5-5-v1:0", NEWER)]
    {
        let encoded =
            codec(Settings::default()).splice(&inbound(ASKED, &newer), &target(model)).unwrap();
        assert_eq!(value(encoded.request.body())["anthropic_version"], version, "{model}");
    }
}

#[test]
fn a_tier_is_left_out_aloud_and_a_guardrail_goes_along() {
    let guardrail = Guardrail { id: "gr1".to_owned(), version: "2".to_owned(), trace: true };
    let codec = codec(Settings { guardrail: Some(guardrail), base_model: None });
    for (tier, lost) in [("\"auto\"", &[][..]), ("\"priority\"", &["-service_tier"])] {
        let body = format!("{{\"messages\":[],\"service_tier\":{tier}}}");
        let encoded = codec.splice(&inbound(&body, &[]), &target(CLAUDE)).unwrap();
        assert_eq!(testing::lost(&encoded.lost), lost);
        assert_eq!(value(encoded.request.body()).get("service_tier"), None);
        let headers = encoded.request.headers();
        assert_eq!(headers["x-amzn-bedrock-guardrailidentifier"], "gr1");
        assert_eq!(headers["x-amzn-bedrock-guardrailversion"], "2");
        assert_eq!(headers["x-amzn-bedrock-trace"], "ENABLED");
        assert!(encoded.request.uri().path().ends_with("/invoke"));
    }
}

#[test]
fn a_wrapped_stream_is_read_and_relayed_as_server_sent_events() {
    let stream = wrapped(&EVENTS);
    let events = events_of(&stream, codec(Settings::default()).stream());
    assert!(events.contains(&ChatEvent::Text("Grüße".to_owned())), "{events:?}");
    testkit::every_cut(&stream, || codec(Settings::default()).stream());
    testkit::truncations(&stream, || codec(Settings::default()).stream());
    let mut decoder = codec(Settings::default()).stream();
    let mut framer = Framing::EventStream.framer(1 << 20);
    framer.push(stream.into());
    let mut relayed = Vec::new();
    while let Some(frame) = framer.next_frame().unwrap() {
        decoder.frame(&frame, &mut Vec::new()).unwrap();
        relayed.extend_from_slice(&decoder.relayed(frame));
    }
    let sse = |event: &&str| {
        let kind = value(event.as_bytes())["type"].as_str().unwrap().to_owned();
        format!("event: {kind}\ndata: {event}\n\n")
    };
    let expected: String = EVENTS.iter().map(sse).collect();
    assert_eq!(String::from_utf8(relayed).unwrap(), expected);
}

#[test]
fn a_failure_ends_the_stream_and_nothing_of_it_is_relayed() {
    let mut bytes = wrapped(&EVENTS[..3]);
    bytes.extend(exception("modelStreamErrorException", "it broke"));
    bytes.extend(wrapped(&EVENTS[3..]));
    let said = testkit::read([&*bytes], codec(Settings::default()).stream());
    let Some(Ok(ChatEvent::Error(error))) = said.last() else { panic!("{said:?}") };
    assert_eq!((error.class, error.status), (ErrorClass::Server, Some(424)));
}

#[test]
fn what_is_no_chunk_is_malformed_and_can_break_no_line() {
    let body = |text: &str| json!({ "bytes": STANDARD.encode(text) }).to_string();
    for chunk in [
        "{}".to_owned(),
        "{\"bytes\":\"%%\"}".to_owned(),
        body("no json"),
        body("{\"type\":\"ping\",\n\"x\":1}"),
        body("{\"type\":\"a\\nevent: b\"}"),
    ] {
        let stream = stream(&[("chunk", &chunk)]);
        let said = testkit::read([&*stream], codec(Settings::default()).stream());
        assert!(matches!(&said[0], Err(DecodeError::Malformed(_))), "{chunk}: {said:?}");
    }
}

#[test]
fn any_error_answer_is_classified() {
    testkit::error_matrix(&codec(Settings::default()));
}

proptest! {
    #[test]
    fn any_chunk_is_read_without_harm(text in "[\\PC\n]{0,80}", raw in any::<bool>()) {
        let body = if raw { text } else { json!({ "bytes": STANDARD.encode(text) }).to_string() };
        let headers = [(":event-type", "chunk"), (":message-type", "event")];
        let stream = eventstream::message(&headers, body.as_bytes());
        let said = testkit::read([&*stream], codec(Settings::default()).stream());
        prop_assert!(said.iter().any(Result::is_err));
    }
}
