//! Streams of Converse.

use super::codec;
use proptest::prelude::*;
use tollgate_core_types::reply::FinishReason;
use tollgate_core_types::{ChatEvent, Dialect, ErrorClass};
use tollgate_providers_common::testkit::{self, events_of};
use tollgate_providers_common::{Codec, DecodeError, StreamDecoder};

use crate::testing::{CLAUDE, NOVA, exception, stream};

const USAGE: (&str, &str) = (
    "metadata",
    r#"{"usage":{"inputTokens":5,"outputTokens":7,"totalTokens":12,"cacheReadInputTokens":3},"metrics":{"latencyMs":1},"p":"ab"}"#,
);

fn decoder(model: &'static str) -> impl Fn() -> Box<dyn StreamDecoder> {
    move || codec(model).stream()
}

fn recorded() -> Vec<u8> {
    stream(&[
        ("messageStart", r#"{"role":"assistant","p":"abcd"}"#),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm."}}}"#,
        ),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"sig"}}}"#,
        ),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"text":"Gr\u00fc"}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"text":"ße"}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"citation":{"title":"t"}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":1}"#),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"t1","name":"weather"}}}"#,
        ),
        ("contentBlockDelta", r#"{"contentBlockIndex":2,"delta":{"toolUse":{"input":""}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"a\":"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":2,"delta":{"toolUse":{"input":"1}"}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":2}"#),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":3,"start":{"toolUse":{"toolUseId":"t2","name":"now"}}}"#,
        ),
        ("contentBlockStop", r#"{"contentBlockIndex":3}"#),
        ("brandNewEvent", r#"{"x":1}"#),
        ("messageStop", r#"{"stopReason":"tool_use"}"#),
        USAGE,
    ])
}

fn text(text: &str) -> ChatEvent {
    ChatEvent::Text(text.to_owned())
}

fn call(index: usize, id: &str, name: &str) -> ChatEvent {
    ChatEvent::ToolCallStart { index, id: id.to_owned(), name: name.to_owned() }
}

fn arguments(index: usize, fragment: &str) -> ChatEvent {
    ChatEvent::ToolCallArguments { index, fragment: fragment.to_owned() }
}

#[test]
fn a_stream_is_told_event_by_event() {
    let events = events_of(&recorded(), decoder(CLAUDE)());
    let issuer = Dialect::ANTHROPIC_MESSAGES;
    let mut expected = vec![
        ChatEvent::Start { id: String::new(), model: String::new(), created: None },
        ChatEvent::Reasoning("Hm.".to_owned()),
        ChatEvent::ReasoningSignature { signature: "sig".to_owned(), issuer },
        text("Grü"),
        text("ße"),
        call(0, "t1", "weather"),
        arguments(0, "{\"a\":"),
        arguments(0, "1}"),
        call(1, "t2", "now"),
        arguments(1, "{}"),
    ];
    let (said, rest) = events.split_at(expected.len());
    assert_eq!(said, expected.as_mut_slice());
    let [ChatEvent::Finish(finish), ChatEvent::Usage(usage), ChatEvent::End] = rest else {
        panic!("{rest:?}")
    };
    assert_eq!(finish.reason, FinishReason::ToolCalls);
    assert_eq!((usage.input_tokens, usage.cache_read_tokens), (Some(8), Some(3)));
}

#[test]
fn cuts_and_truncations_keep_the_rules() {
    let stream = recorded();
    testkit::every_cut(&stream, decoder(CLAUDE));
    testkit::truncations(&stream, decoder(CLAUDE));
    testkit::accounts_alike(&stream, decoder(CLAUDE)(), decoder(NOVA)());
}

#[test]
fn an_answer_without_its_usage_is_whole_all_the_same() {
    let stream = stream(&[
        ("messageStart", r#"{"role":"assistant"}"#),
        ("messageStop", r#"{"stopReason":"max_tokens"}"#),
    ]);
    let events = events_of(&stream, decoder(NOVA)());
    assert!(matches!(events.last(), Some(ChatEvent::End)));
}

#[test]
fn structured_output_by_a_tool_is_text() {
    let stream = stream(&[
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"tollgate_json_response"}}}"#,
        ),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"a\":1}"}}}"#,
        ),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        ("messageStop", r#"{"stopReason":"tool_use"}"#),
        USAGE,
    ]);
    let events = events_of(&stream, decoder(NOVA)());
    assert_eq!(events[1], text("{\"a\":1}"));
    let finished = |event: &ChatEvent| matches!(event, ChatEvent::Finish(finish) if finish.reason == FinishReason::Stop);
    assert!(events.iter().any(finished), "{events:?}");
}

#[test]
fn what_has_no_word_in_the_domain_counts_as_content() {
    let stream = stream(&[
        ("contentBlockStart", r#"{"contentBlockIndex":0,"start":{"image":{"format":"png"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"image":{"source":{}}}}"#),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"s","name":"g","type":"server_tool_use"}}}"#,
        ),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{}"}}}"#),
        ("messageStop", r#"{"stopReason":"end_turn"}"#),
    ]);
    let events = events_of(&stream, decoder(NOVA)());
    let others = events.iter().filter(|event| matches!(event, ChatEvent::Other { .. })).count();
    assert_eq!(others, 3);
    assert!(!events.iter().any(|event| matches!(event, ChatEvent::ToolCallArguments { .. })));
}

#[test]
fn a_failure_within_a_stream_ends_it() {
    let mut bytes = stream(&[("messageStart", r#"{"role":"assistant"}"#)]);
    bytes.extend(exception("throttlingException", "slow down"));
    bytes.extend(recorded());
    let said = testkit::read([&*bytes], decoder(CLAUDE)());
    let [Ok(ChatEvent::Start { .. }), Ok(ChatEvent::Error(error))] = &said[..] else {
        panic!("{said:?}")
    };
    assert_eq!((error.class, error.status), (ErrorClass::Throttle, Some(429)));
    assert_eq!(error.message, "slow down");
}

#[test]
fn an_event_that_cannot_be_read_does_not_stop_the_stream() {
    let stream = stream(&[
        ("contentBlockDelta", "{"),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"a"}}"#),
        ("messageStop", r#"{"stopReason":"end_turn"}"#),
    ]);
    let said = testkit::read([&*stream], decoder(CLAUDE)());
    assert!(matches!(&said[0], Err(DecodeError::Malformed(_))));
    assert!(matches!(said.last(), Some(Ok(ChatEvent::End))), "{said:?}");
}

proptest! {
    #[test]
    fn any_events_in_any_order_are_read_without_harm(
        picks in prop::collection::vec((0_usize..18, 0_usize..18), 0..30)
    ) {
        let frames = recorded_frames();
        let mixed: Vec<(&str, &str)> =
            picks.iter().map(|(a, b)| (frames[*a].0.as_str(), frames[*b].1.as_str())).collect();
        let bytes = stream(&mixed);
        let said = testkit::read([&*bytes], decoder(CLAUDE)());
        let ends = said.iter().filter(|said| matches!(said, Ok(ChatEvent::End))).count();
        prop_assert!(ends <= 1);
    }
}

/// Kinds and bodies of the recorded stream.
fn recorded_frames() -> Vec<(String, String)> {
    let mut framer = tollgate_providers_common::Framing::EventStream.framer(1 << 20);
    framer.push(recorded().into());
    let mut frames = Vec::new();
    while let Some(frame) = framer.next_frame().unwrap() {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        frames.push((text(&frame.event), text(frame.data.as_deref().unwrap())));
    }
    frames
}
