//! Whole answers beside what clients read.

use super::*;
use crate::messages::{Messages, decode};
use crate::testing::context;
use tollgate_core_types::Usage;
use tollgate_core_types::reply::{Finish, FinishReason};
use tollgate_core_types::usage::{ServiceTier, UsageDetail};
use tollgate_providers_common::ClientDialect;

fn own(text: &str) -> String {
    text.to_owned()
}

fn reply(parts: Vec<ReplyPart>, finish: Finish) -> ChatReply {
    ChatReply {
        id: own("chatcmpl-1"),
        model: own("gpt-5.5"),
        created: Some(1),
        parts,
        finish,
        usage: Usage {
            input_tokens: Some(20),
            output_tokens: Some(7),
            cache_read_tokens: Some(8),
            cache_write_tokens: None,
            reasoning_tokens: Some(3),
            ..Usage::default()
        },
        service_tier: Some(own("default")),
    }
}

fn rendered(reply: &ChatReply) -> String {
    String::from_utf8(Messages.render(reply, &context()).to_vec()).unwrap()
}

fn call(id: &str, arguments: &str) -> ReplyPart {
    ReplyPart::ToolCall(ToolCall { id: own(id), name: own("f"), arguments: own(arguments) })
}

fn reasoning(text: &str, signature: Option<&str>, redacted: Option<&str>) -> ReasoningPart {
    ReasoningPart {
        text: own(text),
        signature: signature.map(own),
        redacted: redacted.map(own),
        issuer: Dialect::ANTHROPIC_MESSAGES,
    }
}

#[test]
fn a_rich_answer() {
    let foreign =
        ReasoningPart { issuer: Dialect::OPENAI_CHAT, ..reasoning("th\ny", Some("x"), None) };
    let sealed = ReasoningPart { issuer: Dialect::OPENAI_CHAT, ..reasoning("", None, Some("x")) };
    let parts = vec![
        ReplyPart::Reasoning(reasoning("hm", Some("sig"), None)),
        ReplyPart::Reasoning(reasoning("", None, Some("sealed"))),
        ReplyPart::Reasoning(foreign),
        ReplyPart::Reasoning(sealed),
        ReplyPart::Text(String::new()),
        ReplyPart::Text(own("Hello")),
        call("call_1", "{\"a\": 1.50}"),
        call("", ""),
    ];
    assert_eq!(
        rendered(&reply(parts, Finish::new(FinishReason::ToolCalls))),
        concat!(
            r#"{"id":"msg_chatcmpl-1","type":"message","role":"assistant","model":"gpt-5.5","content":["#,
            r#"{"type":"thinking","thinking":"hm","signature":"sig"},"#,
            r#"{"type":"redacted_thinking","data":"sealed"},"#,
            r#"{"type":"thinking","thinking":"th\ny","signature":""},"#,
            r#"{"type":"text","text":"Hello"},"#,
            r#"{"type":"tool_use","id":"call_1","name":"f","input":{"a": 1.50}},"#,
            r#"{"type":"tool_use","id":"toolu_req_7_1","name":"f","input":{}}],"#,
            r#""stop_reason":"tool_use","stop_sequence":null,"#,
            r#""usage":{"input_tokens":12,"cache_read_input_tokens":8,"output_tokens":7,"#,
            r#""output_tokens_details":{"thinking_tokens":3},"service_tier":"standard"}}"#,
        )
    );
}

#[test]
fn ends_of_every_kind() {
    let met = Finish { stop_sequence: Some(own("END")), ..Finish::new(FinishReason::Stop) };
    let cyber = Finish { detail: Some(own("cyber")), ..Finish::new(FinishReason::ContentFilter) };
    for (finish, expected) in [
        (
            Finish::new(FinishReason::Stop),
            r#""stop_reason":"end_turn","stop_sequence":null,"usage""#,
        ),
        (met, r#""stop_reason":"stop_sequence","stop_sequence":"END","usage""#),
        (Finish::new(FinishReason::Length), r#""stop_reason":"max_tokens","#),
        (Finish::new(FinishReason::ContextWindow), r#""model_context_window_exceeded""#),
        (Finish::new(FinishReason::Pause), r#""stop_reason":"pause_turn""#),
        (
            cyber,
            r#""refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":"cyber"}"#,
        ),
    ] {
        let text = rendered(&reply(vec![], finish));
        assert!(text.contains(expected), "{text}");
    }
    let refused = vec![ReplyPart::Refusal(own("I cannot."))];
    let text = rendered(&reply(refused, Finish::new(FinishReason::Stop)));
    assert!(
        text.contains(r#"[{"type":"text","text":"I cannot."}],"stop_reason":"refusal""#),
        "{text}"
    );
}

#[test]
fn arguments_are_always_an_object() {
    for (arguments, expected) in [
        ("{}", "{}"),
        (" { \"a\" : [1] } ", "{ \"a\" : [1] }"),
        ("", "{}"),
        (" \n", "{}"),
        ("{\"a\":", r#"{"_raw":"{\"a\":"}"#),
        ("[1]", r#"{"_raw":"[1]"}"#),
        ("null", r#"{"_raw":"null"}"#),
        ("say \"hi\"\n", r#"{"_raw":"say \"hi\"\n"}"#),
    ] {
        assert_eq!(input(arguments).get(), expected, "{arguments:?}");
    }
}

#[test]
fn what_the_vendor_left_out_comes_from_us() {
    let bare = ChatReply {
        id: String::new(),
        model: String::new(),
        usage: Usage::default(),
        service_tier: None,
        ..reply(vec![], Finish::new(FinishReason::Stop))
    };
    assert_eq!(
        rendered(&bare),
        r#"{"id":"msg_req_7","type":"message","role":"assistant","model":"asked-model","content":[],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}"#
    );
    assert_eq!(message_id("msg_1", &context()), "msg_1");
}

/// What is written for a client reads as the same answer.
#[test]
fn an_answer_survives_writing_and_reading() {
    let parts = vec![
        ReplyPart::Reasoning(reasoning("hm", Some("sig"), None)),
        ReplyPart::Reasoning(reasoning("", None, Some("sealed"))),
        ReplyPart::Text(own("Hello \u{2028} \"you\"")),
        call("toolu_1", "{\"a\":1}"),
    ];
    let original = ChatReply {
        id: own("msg_1"),
        created: None,
        service_tier: Some(own("standard")),
        ..reply(parts, Finish::new(FinishReason::ToolCalls))
    };
    let tier = Some(ServiceTier::Standard);
    let detail = UsageDetail { tier, ..UsageDetail::default() };
    let original = ChatReply { usage: Usage { detail, ..original.usage }, ..original };
    let body = Messages.render(&original, &context());
    assert_eq!(decode::decode(&body).unwrap(), original);
}
