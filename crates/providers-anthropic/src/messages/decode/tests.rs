//! Whole answers of the vendor, read for accounting and into the domain.

use super::*;
use crate::messages::Messages;
use tollgate_core_types::reply::FinishReason;
use tollgate_core_types::usage::{ServiceTier, UsageDetail};
use tollgate_core_types::{ErrorClass, Usage};
use tollgate_providers_common::testkit;

const RICH: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-4-6",
  "content":[
    {"type":"thinking","thinking":"hm \u00e9","signature":"sig"},
    {"type":"redacted_thinking","data":"sealed"},
    {"type":"text","text":"Hello "},
    {"type":"text","text":"there","citations":[{"type":"char_location"}]},
    {"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"q"}},
    {"type":"web_search_tool_result","tool_use_id":"s1","content":[{"type":"web_search_result"}]},
    {"type":"tool_use","id":"toolu_1","name":"weather","input":{"city": "Köln", "n": 1.50}},
    {"type":"tool_use","id":"toolu_2","name":"now","input":{}}],
  "stop_reason":"tool_use","stop_sequence":null,"stop_details":null,
  "usage":{"input_tokens":10,"cache_creation_input_tokens":4,"cache_read_input_tokens":6,
           "cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":1},
           "output_tokens":30,"output_tokens_details":{"thinking_tokens":12},"service_tier":"standard"}}"#;

fn text(text: &str) -> ReplyPart {
    ReplyPart::Text(text.to_owned())
}

fn call(id: &str, name: &str, arguments: &str) -> ReplyPart {
    let own = str::to_owned;
    ReplyPart::ToolCall(ToolCall { id: own(id), name: own(name), arguments: own(arguments) })
}

#[test]
fn a_rich_answer() {
    let reply = decode(RICH.as_bytes()).unwrap();
    let issuer = Dialect::ANTHROPIC_MESSAGES;
    assert_eq!(
        reply,
        ChatReply {
            id: "msg_1".to_owned(),
            model: "claude-opus-4-6".to_owned(),
            created: None,
            parts: vec![
                ReplyPart::Reasoning(ReasoningPart {
                    text: "hm é".to_owned(),
                    signature: Some("sig".to_owned()),
                    redacted: None,
                    issuer,
                }),
                ReplyPart::Reasoning(ReasoningPart {
                    text: String::new(),
                    signature: None,
                    redacted: Some("sealed".to_owned()),
                    issuer,
                }),
                text("Hello there"),
                call("toolu_1", "weather", r#"{"city": "Köln", "n": 1.50}"#),
                call("toolu_2", "now", "{}"),
            ],
            finish: Finish::new(FinishReason::ToolCalls),
            usage: Usage {
                input_tokens: Some(20),
                output_tokens: Some(30),
                cache_read_tokens: Some(6),
                cache_write_tokens: Some(4),
                reasoning_tokens: Some(12),
                detail: UsageDetail {
                    cache_write_hour_tokens: Some(1),
                    tier: Some(ServiceTier::Standard),
                    ..UsageDetail::default()
                },
            },
            service_tier: Some("standard".to_owned()),
        }
    );
}

/// An answer with this content, stop reason and usage.
fn answer(content: &str, stop: &str, usage: &str) -> String {
    format!(
        r#"{{"id":"m","type":"message","role":"assistant","model":"c","content":{content},"stop_reason":{stop},"usage":{usage}}}"#
    )
}

#[test]
fn both_readings_account_alike() {
    let json_tool =
        format!(r#"[{{"type":"tool_use","id":"t","name":"{JSON_TOOL}","input":{{}}}}]"#);
    let both = json_tool.replace("[{", r#"[{"type":"tool_use","id":"u","name":"f","input":{}},{"#);
    let usage = r#"{"input_tokens":1,"output_tokens":2}"#;
    for (body, reason) in [
        (RICH.to_owned(), FinishReason::ToolCalls),
        (answer("[]", "\"end_turn\"", usage), FinishReason::Stop),
        (answer("[]", "\"refusal\"", usage), FinishReason::ContentFilter),
        (answer("[]", "\"max_tokens\"", "{}"), FinishReason::Length),
        (answer("[]", "null", "null"), FinishReason::Stop),
        (answer("[]", "\"model_context_window_exceeded\"", usage), FinishReason::ContextWindow),
        (answer("[]", "\"pause_turn\"", usage), FinishReason::Pause),
        (answer(&json_tool, "\"tool_use\"", usage), FinishReason::Stop),
        (answer(&both, "\"tool_use\"", usage), FinishReason::ToolCalls),
        (answer(&both, "null", usage), FinishReason::ToolCalls),
        (answer("[]", "\"end_turn\"", usage).replace("\"c\"", "\"\""), FinishReason::Stop),
    ] {
        let account = testkit::replies_alike(body.as_bytes(), &Messages);
        assert_eq!(account.finish.map(|finish| finish.reason), Some(reason), "{body}");
    }
}

#[test]
fn a_refusal_keeps_its_category() {
    let body = answer("[]", "\"refusal\"", "{}").replace(
        "\"usage\"",
        r#""stop_details":{"type":"refusal","category":"cyber","explanation":"no"},"usage""#,
    );
    let account = testkit::replies_alike(body.as_bytes(), &Messages);
    assert_eq!(account.finish.and_then(|finish| finish.detail).as_deref(), Some("cyber"));
}

#[test]
fn the_json_tool_is_text_again() {
    let content =
        format!(r#"[{{"type":"tool_use","id":"t","name":"{JSON_TOOL}","input":{{"a": [1]}}}}]"#);
    let reply = decode(answer(&content, "\"tool_use\"", "{}").as_bytes()).unwrap();
    assert_eq!(reply.parts, vec![text(r#"{"a": [1]}"#)]);
    assert_eq!(reply.finish.reason, FinishReason::Stop);
}

#[test]
fn what_is_no_answer_is_malformed() {
    for body in [
        "",
        " \n",
        "<!doctype html><title>login</title>",
        "null",
        "[]",
        "\"hi\"",
        "{}",
        r#"{"type":"message"}"#,
        r#"{"type":"completion","content":[]}"#,
        r#"{"type":"message","content":null}"#,
        r#"{"type":"message","content":7}"#,
        r#"{"type":"message","content":[],"usage":[]}"#,
        r#"{"type":"message","content":[{"text":"untyped"}]}"#,
        &RICH[..RICH.len() - 1],
    ] {
        for error in [account(body.as_bytes()).unwrap_err(), decode(body.as_bytes()).unwrap_err()] {
            assert!(matches!(error, DecodeError::Malformed(_)), "{body}: {error}");
        }
    }
    for (content, field) in [
        (r#"[{"type":"text"}]"#, "content[0].text"),
        (r#"[{"type":"text","text":"a"},{"type":"tool_use","id":"x"}]"#, "content[1].name"),
        (r#"[{"type":"tool_use","name":"x"}]"#, "content[0].id"),
        (r#"[{"type":"thinking","thinking":7}]"#, "content[0].thinking"),
        (r#"[{"type":"redacted_thinking"}]"#, "content[0].data"),
    ] {
        let error = decode(answer(content, "null", "{}").as_bytes()).unwrap_err();
        assert!(error.to_string().contains(field), "{content}: {error}");
    }
}

#[test]
fn content_of_other_servers_is_taken_for_what_it_means() {
    let text = r#"{"type":"message","content":"plain","stop_reason":"end_turn"}"#;
    assert_eq!(decode(text.as_bytes()).unwrap().parts, [ReplyPart::Text("plain".to_owned())]);
    assert_eq!(account(text.as_bytes()).unwrap().finish.unwrap().reason, FinishReason::Stop);
    for nothing in [
        r#"{"type":"message","content":null,"stop_reason":"refusal"}"#,
        r#"{"type":"message","stop_reason":"refusal"}"#,
    ] {
        let reply = decode(nothing.as_bytes()).unwrap();
        assert_eq!((reply.parts, reply.finish.reason), (vec![], FinishReason::ContentFilter));
        let finish = account(nothing.as_bytes()).unwrap().finish.unwrap();
        assert_eq!(finish.reason, FinishReason::ContentFilter);
    }
}

#[test]
fn every_truncation_is_malformed() {
    for cut in 0..RICH.len() {
        let error = account(RICH.as_bytes().get(..cut).unwrap()).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed(_)), "cut at {cut}: {error}");
    }
}

#[test]
fn an_error_inside_a_success_is_an_error() {
    for (body, class) in [
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#,
            ErrorClass::Overload,
        ),
        (r#"{"error":{"message":"boom"},"usage":3}"#, ErrorClass::Server),
        (r#"{"error":"boom"}"#, ErrorClass::Server),
        (r#"{"type":"error","message":"flat"}"#, ErrorClass::Server),
        (
            r#"{"type":"message","content":[],"error":{"type":"rate_limit_error"}}"#,
            ErrorClass::Throttle,
        ),
    ] {
        for error in [account(body.as_bytes()).unwrap_err(), decode(body.as_bytes()).unwrap_err()] {
            let DecodeError::Upstream(error) = error else { panic!("{body}: {error}") };
            assert_eq!(error.class, class, "{body}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_answered(body: Vec<u8>) {
        proptest::prop_assert!(account(&body).is_err() && decode(&body).is_err());
    }

    /// Whatever decodes also accounts, and to the same.
    #[test]
    fn any_json_accounts_as_it_decodes(
        content in proptest::collection::vec(crate::testing::json_object(), 0..4),
        usage in crate::testing::json_object(),
        stop in crate::testing::json_value(),
    ) {
        let content = serde_json::Value::from(content).to_string();
        let body = answer(&content, &stop.to_string(), &usage.to_string());
        if let Ok(reply) = decode(body.as_bytes()) {
            let account = account(body.as_bytes()).unwrap();
            proptest::prop_assert_eq!(account.usage, reply.usage);
            proptest::prop_assert_eq!(account.finish, Some(reply.finish));
        }
    }
}
