//! Domain events beside the frames that clients read.

use super::*;
use crate::messages::{Messages, decode, render};
use crate::testing::context;
use bytes::Bytes;
use tollgate_core_types::reply::{ChatReply, FinishReason};
use tollgate_providers_common::{ClientDialect, Codec, fold, testkit};

fn own(text: &str) -> String {
    text.to_owned()
}

fn start() -> ChatEvent {
    ChatEvent::Start { id: own("c1"), model: own("gpt"), created: Some(1) }
}

fn text(text: &str) -> ChatEvent {
    ChatEvent::Text(own(text))
}

fn call(index: usize, id: &str) -> ChatEvent {
    ChatEvent::ToolCallStart { index, id: own(id), name: own("f") }
}

fn arguments(index: usize, fragment: &str) -> ChatEvent {
    ChatEvent::ToolCallArguments { index, fragment: own(fragment) }
}

fn finish(reason: FinishReason) -> ChatEvent {
    ChatEvent::Finish(Finish::new(reason))
}

fn usage(input: u64, output: u64) -> ChatEvent {
    let (input_tokens, output_tokens) = (Some(input), Some(output));
    ChatEvent::Usage(Usage { input_tokens, output_tokens, ..Usage::default() })
}

fn encoded(events: &[ChatEvent]) -> String {
    let mut encoder = Messages.stream_encoder(context());
    let mut out = BytesMut::new();
    for event in events {
        encoder.event(event, &mut out);
    }
    String::from_utf8(out.to_vec()).unwrap()
}

/// The frames in short: what each does to which block.
fn short(events: &[ChatEvent]) -> Vec<String> {
    let text = encoded(events);
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| {
        let event: serde_json::Value = serde_json::from_str(data).unwrap();
        let word = |pointer: &str| {
            event
                .pointer(pointer)
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let index = word("/index").unwrap_or_default();
        match word("/type").as_deref() {
            Some("content_block_start") => {
                format!("{index}+{}", word("/content_block/type").unwrap())
            }
            Some("content_block_stop") => format!("{index}-"),
            Some("content_block_delta") => {
                let piece = ["text", "thinking", "signature", "partial_json"]
                    .iter()
                    .find_map(|key| word(&format!("/delta/{key}")));
                format!("{index} {}", piece.unwrap())
            }
            Some("message_delta") => word("/delta/stop_reason").unwrap(),
            other => other.unwrap().to_owned(),
        }
    })
    .collect()
}

#[test]
fn a_stream_byte_for_byte() {
    let late = Usage {
        input_tokens: Some(30),
        output_tokens: Some(9),
        cache_read_tokens: Some(10),
        ..Usage::default()
    };
    assert_eq!(
        encoded(&[
            start(),
            text("Hé\n"),
            text(""),
            call(0, "call_1"),
            arguments(0, "{\"a\":"),
            arguments(0, "1}"),
            finish(FinishReason::ToolCalls),
            ChatEvent::Usage(late),
            ChatEvent::End,
            text("after the end"),
        ]),
        concat!(
            "event: message_start\n",
            r#"data: {"type":"message_start","message":{"id":"msg_c1","type":"message","role":"assistant","model":"gpt","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}}"#,
            "\n\nevent: content_block_start\n",
            r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            "\n\nevent: content_block_delta\n",
            r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hé\n"}}"#,
            "\n\nevent: content_block_stop\n",
            r#"data: {"type":"content_block_stop","index":0}"#,
            "\n\nevent: content_block_start\n",
            r#"data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"call_1","name":"f","input":{}}}"#,
            "\n\nevent: content_block_delta\n",
            r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}"#,
            "\n\nevent: content_block_delta\n",
            r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"1}"}}"#,
            "\n\nevent: content_block_stop\n",
            r#"data: {"type":"content_block_stop","index":1}"#,
            "\n\nevent: message_delta\n",
            r#"data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":20,"cache_read_input_tokens":10,"output_tokens":9}}"#,
            "\n\nevent: message_stop\n",
            r#"data: {"type":"message_stop"}"#,
            "\n\n",
        )
    );
}

#[test]
fn usage_that_is_known_in_time_opens_the_message() {
    let text = encoded(&[start(), usage(25, 1), text("a")]);
    assert!(text.contains(r#""usage":{"input_tokens":25,"output_tokens":1}}}"#), "{text}");
    assert_eq!(encoded(&[start(), usage(25, 1)]), "");
}

#[test]
fn blocks_open_and_close_as_kinds_change() {
    let issuer = Dialect::ANTHROPIC_MESSAGES;
    let signature = |text: &str| ChatEvent::ReasoningSignature { signature: own(text), issuer };
    let thought = |text: &str| ChatEvent::Reasoning(own(text));
    let theirs = Dialect::OPENAI_CHAT;
    assert_eq!(
        short(&[
            start(),
            thought("a"),
            thought("b"),
            signature("s1"),
            signature("s2"),
            ChatEvent::ReasoningRedacted { data: own("x"), issuer },
            ChatEvent::ReasoningRedacted { data: own("x"), issuer: theirs },
            ChatEvent::ReasoningSignature { signature: own("x"), issuer: theirs },
            thought("c"),
            text("d"),
            ChatEvent::Other { kind: "citation" },
            text("e"),
            ChatEvent::Refusal(own("f")),
            finish(FinishReason::Stop),
            ChatEvent::End,
        ]),
        [
            "message_start",
            "0+thinking",
            "0 a",
            "0 b",
            "0 s1",
            "0-",
            "1+thinking",
            "1 s2",
            "1-",
            "2+redacted_thinking",
            "2-",
            "3+thinking",
            "3 c",
            "3-",
            "4+text",
            "4 d",
            "4 e",
            "4 f",
            "4-",
            "refusal",
            "message_stop",
        ]
    );
}

#[test]
fn an_empty_answer_is_a_whole_stream() {
    let frames = short(&[start(), finish(FinishReason::Length), ChatEvent::End]);
    assert_eq!(frames, ["message_start", "max_tokens", "message_stop"]);
}

#[test]
fn interleaved_calls_come_out_one_after_the_other() {
    let frames = short(&[
        start(),
        call(0, "a"),
        call(1, "b"),
        arguments(0, "{\"x\":\"}"),
        arguments(1, "{\"y\":"),
        text("aside"),
        call(2, "c"),
        arguments(2, "{}"),
        arguments(0, "\"}"),
        arguments(1, "2}"),
        arguments(1, " "),
        text("!"),
        finish(FinishReason::Stop),
        ChatEvent::End,
    ]);
    assert_eq!(
        frames,
        [
            "message_start",
            "0+tool_use",
            "0 {\"x\":\"}",
            "0 \"}",
            "0-",
            // The second is live once the first is whole; the rest waits for the second.
            "1+tool_use",
            "1 {\"y\":",
            "1 2}",
            "1-",
            "2+text",
            "2 aside",
            "2-",
            "3+tool_use",
            "3 {}",
            "3-",
            "4+text",
            "4 !",
            "4-",
            "tool_use",
            "message_stop",
        ]
    );
}

#[test]
fn the_first_open_call_is_live() {
    let mut encoder = Messages.stream_encoder(context());
    let mut out = BytesMut::new();
    for event in [start(), call(0, "a"), call(1, "b"), arguments(1, "{}")] {
        encoder.event(&event, &mut out);
    }
    out.clear();
    encoder.event(&arguments(0, "{\"k\""), &mut out);
    assert!(std::str::from_utf8(&out).unwrap().contains(r#""partial_json":"{\"k\"""#));
}

#[test]
fn calls_that_never_become_whole_come_out_at_the_finish() {
    let frames = short(&[
        start(),
        call(0, ""),
        call(1, "b"),
        arguments(1, "no json"),
        arguments(9, "of no call"),
        call(2, "c"),
        arguments(0, "{\"cut"),
        finish(FinishReason::Length),
        ChatEvent::End,
    ]);
    assert_eq!(
        frames,
        [
            "message_start",
            "0+tool_use",
            "0 {\"cut",
            "0-",
            "1+tool_use",
            "1 no json",
            "1-",
            "2+tool_use",
            "2-",
            "max_tokens",
            "message_stop",
        ]
    );
    assert!(encoded(&[start(), call(0, "")]).contains(r#""id":"toolu_req_7_0""#));
}

#[test]
fn what_is_held_is_bounded_and_breaking_the_bound_is_loud() {
    let many: Vec<ChatEvent> = (0..5000).map(|index| call(index, "x")).collect();
    let large = [call(0, "a"), call(1, "b"), arguments(1, &"x".repeat(5 << 20))];
    for events in [&many[..], &large[..]] {
        let mut all = vec![start()];
        all.extend_from_slice(events);
        all.extend([finish(FinishReason::ToolCalls), ChatEvent::End]);
        let frames = short(&all);
        assert_eq!(frames.last().map(String::as_str), Some("error"));
        assert!(!frames.contains(&own("message_stop")));
    }
}

#[test]
fn keep_alive_and_terminator() {
    assert_eq!(Messages.keep_alive(), "event: ping\ndata: {\"type\": \"ping\"}\n\n");
    let end = encoded(&[start(), finish(FinishReason::Stop), ChatEvent::End]);
    let terminator = Messages.terminator().unwrap();
    assert!(end.as_bytes().ends_with(&terminator));
    let ping = Messages.keep_alive();
    let stream: Vec<u8> = [&ping[..], end.as_bytes()].concat();
    assert_eq!(testkit::events_of(&stream, Codec::stream(&Messages)).len(), 4);
}

/// Reading our own stream gives the answer that was streamed.
fn back(events: &[ChatEvent]) -> ChatReply {
    let stream = encoded(events);
    let read = testkit::events_of(stream.as_bytes(), Codec::stream(&Messages));
    fold(Dialect::ANTHROPIC_MESSAGES, read).unwrap()
}

/// A whole answer as it is rendered, read again.
fn rendered(events: &[ChatEvent]) -> ChatReply {
    let reply = fold(Dialect::ANTHROPIC_MESSAGES, events.to_vec()).unwrap();
    let body: Bytes = render::render(&reply, &context());
    decode::decode(&body).unwrap()
}

#[test]
fn recorded_streams_survive_the_round_trip() {
    for stream in [
        include_str!("../stream/fixtures/rich.sse"),
        include_str!("../stream/fixtures/minimal.sse"),
        include_str!("../stream/fixtures/server_tool.sse"),
        include_str!("../stream/fixtures/bare.sse"),
    ] {
        let events = testkit::events_of(stream.as_bytes(), Codec::stream(&Messages));
        assert_eq!(back(&events), rendered(&events));
        testkit::every_cut(encoded(&events).as_bytes(), || Codec::stream(&Messages));
    }
}

mod any {
    use super::*;
    use proptest::prelude::*;

    /// One step of an answer: a kind of content and its text.
    fn step() -> impl Strategy<Value = (u8, usize, String)> {
        (0_u8..7, 0_usize..4, "[a-z\"\\\\{}é\n]{0,8}")
    }

    /// Events of a possible answer: calls begin before their arguments, whose whole is JSON.
    fn events(steps: Vec<(u8, usize, String)>) -> Vec<ChatEvent> {
        let issuer = Dialect::ANTHROPIC_MESSAGES;
        let mut events = vec![start(), usage(12, 1)];
        let mut owed: Vec<Vec<String>> = Vec::new();
        for (kind, which, piece) in steps {
            match kind {
                0 => events.push(ChatEvent::Text(piece)),
                1 => events.push(ChatEvent::Reasoning(piece)),
                2 => events
                    .push(ChatEvent::ReasoningSignature { signature: format!("s{piece}"), issuer }),
                3 => {
                    events.push(ChatEvent::ReasoningRedacted { data: format!("d{piece}"), issuer })
                }
                4 => {
                    let index = owed.len();
                    events.push(call(index, &format!("t{index}")));
                    let json = serde_json::json!({ piece.clone(): [piece] }).to_string();
                    let mid = json.floor_char_boundary(json.len() / 2);
                    let (a, b) = json.split_at(mid);
                    owed.push(vec![b.to_owned(), a.to_owned()]);
                }
                _ => {
                    let calls = owed.len().max(1);
                    if let Some(fragment) = owed.get_mut(which % calls).and_then(Vec::pop) {
                        events.push(arguments(which % calls, &fragment));
                    }
                }
            }
        }
        for (index, mut rest) in owed.into_iter().enumerate() {
            while let Some(fragment) = rest.pop() {
                events.push(arguments(index, &fragment));
            }
        }
        events.push(finish(FinishReason::ToolCalls));
        events.push(usage(20, 30));
        events.push(ChatEvent::End);
        events
    }

    /// Parts without the order between calls and what was said while they were open.
    fn sorted(reply: ChatReply) -> (Vec<String>, String) {
        let ChatReply { id, model, created, parts, finish, usage, service_tier } = reply;
        let mut calls = Vec::new();
        let mut said = String::new();
        for part in parts {
            if let tollgate_core_types::reply::ReplyPart::Text(text) = part {
                said.push_str(&text);
            } else {
                calls.push(format!("{part:?}"));
            }
        }
        calls.push(format!("{id} {model} {created:?} {finish:?} {usage:?} {service_tier:?}"));
        (calls, said)
    }

    proptest! {
        #[test]
        fn streams_fold_to_what_is_rendered(steps in prop::collection::vec(step(), 0..24)) {
            let events = events(steps);
            prop_assert_eq!(sorted(back(&events)), sorted(rendered(&events)));
        }

        /// Exactly one block is open at a time and indices count up, whatever comes.
        #[test]
        fn one_block_at_a_time(steps in prop::collection::vec(step(), 0..24)) {
            let (mut open, mut next) = (false, 0_usize);
            for frame in short(&events(steps)) {
                if frame.contains('+') && !open && frame.starts_with(&format!("{next}+")) {
                    open = true;
                } else if frame == format!("{next}-") && open {
                    open = false;
                    next += 1;
                } else {
                    let inside = frame.starts_with(&format!("{next} "));
                    let outside = ["message_start", "tool_use", "message_stop"].contains(&frame.as_str());
                    prop_assert!((inside && open) || (outside && !open), "{}", frame);
                }
            }
            prop_assert!(!open);
        }
    }
}
