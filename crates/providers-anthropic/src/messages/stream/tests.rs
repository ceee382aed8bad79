//! Streams of the vendor: recorded shapes, cut everywhere, truncated everywhere, and garbage.

use super::*;
use crate::messages::{JSON_TOOL, Messages};
use crate::testing::frame;
use tollgate_core_types::reply::{Finish, FinishReason};
use tollgate_core_types::usage::{ServiceTier, UsageDetail};
use tollgate_core_types::{Dialect, ErrorClass, Usage};
use tollgate_providers_common::{Codec, testkit};

const RICH: &str = include_str!("fixtures/rich.sse");
const MINIMAL: &str = include_str!("fixtures/minimal.sse");
const SERVER_TOOL: &str = include_str!("fixtures/server_tool.sse");
const BARE: &str = include_str!("fixtures/bare.sse");

fn events(stream: &str) -> Vec<ChatEvent> {
    testkit::events_of(stream.as_bytes(), Codec::stream(&Messages))
}

fn said(stream: &str) -> testkit::Read {
    testkit::read([stream.as_bytes()], Codec::stream(&Messages))
}

fn text(text: &str) -> ChatEvent {
    ChatEvent::Text(text.to_owned())
}

fn arguments(index: usize, fragment: &str) -> ChatEvent {
    ChatEvent::ToolCallArguments { index, fragment: fragment.to_owned() }
}

fn call(index: usize, id: &str, name: &str) -> ChatEvent {
    ChatEvent::ToolCallStart { index, id: id.to_owned(), name: name.to_owned() }
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() }
}

#[test]
fn a_rich_stream() {
    let issuer = Dialect::ANTHROPIC_MESSAGES;
    let detail = UsageDetail { tier: Some(ServiceTier::Standard), ..UsageDetail::default() };
    let cached =
        |usage| Usage { cache_read_tokens: Some(5), cache_write_tokens: Some(10), detail, ..usage };
    assert_eq!(
        events(RICH),
        vec![
            ChatEvent::Start {
                id: "msg_1".to_owned(),
                model: "claude-opus-4-6".to_owned(),
                created: None
            },
            ChatEvent::Usage(cached(usage(40, 1))),
            ChatEvent::Reasoning("Let me ".to_owned()),
            ChatEvent::Reasoning("sée 🦀".to_owned()),
            ChatEvent::ReasoningSignature { signature: "EqQB==".to_owned(), issuer },
            ChatEvent::ReasoningRedacted { data: "sealed".to_owned(), issuer },
            text("Checking"),
            text(" the\nweather…"),
            ChatEvent::Other { kind: "citation" },
            call(0, "toolu_1", "weather"),
            arguments(0, "{\"city\": \"Kö"),
            arguments(0, "ln\"}"),
            call(1, "toolu_2", "now"),
            arguments(1, "{}"),
            ChatEvent::Usage(Usage { reasoning_tokens: Some(3), ..cached(usage(40, 89)) }),
            ChatEvent::Finish(Finish::new(FinishReason::ToolCalls)),
            ChatEvent::End,
        ]
    );
}

#[test]
fn cuts_and_truncations() {
    for stream in [RICH, MINIMAL, SERVER_TOOL, BARE] {
        testkit::every_cut(stream.as_bytes(), || Codec::stream(&Messages));
        testkit::truncations(stream.as_bytes(), || Codec::stream(&Messages));
    }
    let crlf = MINIMAL.replace('\n', "\r\n");
    assert_eq!(events(&crlf), events(MINIMAL));
}

#[test]
fn hosted_tools_count_as_content_and_no_more() {
    let kinds: Vec<&str> = events(SERVER_TOOL)
        .iter()
        .filter_map(|event| if let ChatEvent::Other { kind } = event { Some(*kind) } else { None })
        .collect();
    assert_eq!(kinds, ["server_tool_use", "web_search_tool_result", "compaction", "block"]);
    let account = testkit::account_of(&events(SERVER_TOOL));
    assert_eq!(account.usage, usage(2234, 95));
}

/// Without `event:` lines, block starts' gaps filled, and unknown events in between.
#[test]
fn bare_data_is_told_apart_by_its_type() {
    assert_eq!(
        events(BARE),
        vec![
            ChatEvent::Start { id: "m".to_owned(), model: String::new(), created: None },
            ChatEvent::Usage(usage(11, 1)),
            text("Hello"),
            ChatEvent::Usage(usage(11, 6)),
            ChatEvent::Finish(Finish {
                reason: FinishReason::Stop,
                stop_sequence: Some("END".to_owned()),
                detail: None
            }),
            ChatEvent::End,
        ]
    );
}

/// Frames of these data lines.
fn stream(data: &[&str]) -> String {
    data.iter().map(|data| format!("data: {data}\n\n")).collect()
}

const START: &str =
    r#"{"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":1}}}"#;
const STOP: &str =
    r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":2}}"#;
const END: &str = r#"{"type":"message_stop"}"#;

fn tool(index: u64, name: &str, input: &str) -> String {
    format!(
        r#"{{"type":"content_block_start","index":{index},"content_block":{{"type":"tool_use","id":"t{index}","name":"{name}","input":{input}}}}}"#
    )
}

fn piece(index: u64, json: &str) -> String {
    let json = serde_json::Value::from(json);
    format!(
        r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"input_json_delta","partial_json":{json}}}}}"#
    )
}

fn close(index: u64) -> String {
    format!(r#"{{"type":"content_block_stop","index":{index}}}"#)
}

/// The arguments of every call, put together.
fn calls(stream: &str) -> Vec<String> {
    let mut calls: Vec<String> = Vec::new();
    for event in events(stream) {
        if let ChatEvent::ToolCallStart { index, .. } = event {
            assert_eq!(index, calls.len());
            calls.push(String::new());
        } else if let ChatEvent::ToolCallArguments { index, fragment } = event {
            calls[index].push_str(&fragment);
        }
    }
    calls
}

#[test]
fn arguments_always_come_out() {
    let first = tool(3, "f", "{}");
    let whole = tool(5, "g", r#"{"given": "at start"}"#);
    for (frames, expected) in [
        // Only empty pieces; none at all; a block that is never stopped.
        (vec![first.clone(), piece(3, ""), close(3)], vec!["{}"]),
        (vec![first.clone(), close(3)], vec!["{}"]),
        (vec![first.clone()], vec!["{}"]),
        // Whole input with the start, which pieces overrule.
        (vec![whole.clone(), close(5)], vec![r#"{"given": "at start"}"#]),
        (vec![whole.clone(), piece(5, "{\"a\":1}"), close(5)], vec!["{\"a\":1}"]),
        // Cut off by the token limit: what came stays, nothing is added.
        (vec![first.clone(), piece(3, "{\"a\":")], vec!["{\"a\":"]),
        // Two blocks open at once; a second start under the same index.
        (
            vec![first.clone(), whole, piece(3, "{\"x\":"), piece(5, "{}"), piece(3, "0}")],
            vec!["{\"x\":0}", "{}"],
        ),
        (vec![first.clone(), first], vec!["{}", "{}"]),
    ] {
        let mut data = vec![START];
        data.extend(frames.iter().map(String::as_str));
        data.extend([STOP, END]);
        assert_eq!(calls(&stream(&data)), expected, "{frames:?}");
    }
}

#[test]
fn the_json_tool_is_text_and_a_plain_stop() {
    let start = tool(0, JSON_TOOL, "{}");
    let read = |frames: &[&str]| {
        let mut data = vec![START, &start];
        data.extend(frames);
        data.extend([STOP, END]);
        let events = events(&stream(&data));
        let finish = testkit::account_of(&events).finish.map(|finish| finish.reason);
        let words: String = events
            .into_iter()
            .filter_map(|event| if let ChatEvent::Text(text) = event { Some(text) } else { None })
            .collect();
        (words, finish)
    };
    let pieces = [piece(0, "{\"a\""), piece(0, ":1}"), close(0)];
    let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    assert_eq!(read(&pieces), ("{\"a\":1}".to_owned(), Some(FinishReason::Stop)));
    assert_eq!(read(&[]), ("{}".to_owned(), Some(FinishReason::Stop)));
    let other = tool(1, "f", "{}");
    assert_eq!(read(&[&other]).1, Some(FinishReason::ToolCalls));
}

#[test]
fn an_error_is_the_last_word() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    for (tail, class, status) in [
        (vec![error, END], ErrorClass::Overload, 529),
        (vec![r#"{"error":{"message":"boom","code":500}}"#, END], ErrorClass::Server, 500),
        (vec![r#"{"type":"error","error":"busy: overloaded"}"#], ErrorClass::Overload, 500),
    ] {
        for head in [vec![], vec![START]] {
            let data: Vec<&str> = head.into_iter().chain(tail.clone()).collect();
            let said = said(&stream(&data));
            let Some(Ok(ChatEvent::Error(error))) = said.last() else { panic!("{said:?}") };
            assert_eq!((error.class, error.status), (class, Some(status)));
        }
    }
    let plain = said("event: error\ndata: upstream went away\n\n");
    assert!(
        matches!(&plain[..], [Ok(ChatEvent::Error(error))] if error.message == "upstream went away")
    );
}

#[test]
fn an_end_is_never_invented() {
    // A stop reason is enough, as the answer's content is whole then.
    assert_eq!(said(&stream(&[START, STOP])).last(), Some(&Ok(ChatEvent::End)));
    for data in [&[][..], &[START], &["[DONE]"], &[START, r#"{"type":"ping"}"#]] {
        assert_eq!(said(&stream(data)).last(), Some(&Err(DecodeError::Truncated)), "{data:?}");
    }
    // A stop without a reason is the vendor's own word for the end.
    let stopped = said(&stream(&[START, END]));
    assert!(stopped.contains(&Ok(ChatEvent::Finish(Finish::new(FinishReason::Stop)))));
    // Nothing follows the end, and no second finish comes.
    let twice = said(&stream(&[START, STOP, STOP, END, START, END]));
    assert_eq!(twice.iter().filter(|e| matches!(e, Ok(ChatEvent::Finish(_)))).count(), 1);
    assert_eq!(twice.last(), Some(&Ok(ChatEvent::End)));
}

#[test]
fn one_bad_frame_does_not_lose_the_stream() {
    let bad = [
        "nonsense",
        r#"{"type":"content_block_delta","index":0}"#,
        r#"{"type":"content_block_delta","index":0,"delta":7}"#,
        r#"{"type":"content_block_delta","index":9,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
        r#"{"type":"content_block_start","index":0}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use"}}"#,
    ];
    for data in bad {
        let said = said(&stream(&[START, data, STOP, END]));
        let errors = said.iter().filter(|said| matches!(said, Err(DecodeError::Malformed(_))));
        assert_eq!(errors.count(), 1, "{data}: {said:?}");
        assert_eq!(said.last(), Some(&Ok(ChatEvent::End)), "{data}");
    }
}

#[test]
fn open_blocks_are_bounded() {
    let mut decoder = Decoder::default();
    let mut out = Vec::new();
    let failed = (0..10_000)
        .filter(|index| decoder.frame(&frame(&tool(*index, "f", "{}")), &mut out).is_err());
    assert!(failed.count() > 9_000);
}

proptest::proptest! {
    #[test]
    fn any_events_are_answered(
        events in proptest::collection::vec(crate::testing::json_object(), 0..8),
        kinds in proptest::collection::vec(0_usize..KNOWN.len(), 8),
    ) {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for (mut event, kind) in events.into_iter().zip(kinds) {
            event["type"] = KNOWN[kind].into();
            let _ = decoder.frame(&frame(&event.to_string()), &mut out);
        }
        let _ = decoder.end(&mut out);
        let ends = out.iter().filter(|event| matches!(event, ChatEvent::End | ChatEvent::Error(_)));
        proptest::prop_assert!(ends.count() <= 1);
        let starts = out.iter().filter(|event| matches!(event, ChatEvent::Start { .. }));
        proptest::prop_assert!(starts.count() <= 1);
    }
}
