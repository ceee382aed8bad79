//! Converse by golden tables, every cut and any bytes.

mod encode;
mod stream;

use super::*;
use proptest::prelude::*;
use tollgate_core_types::chat::ReasoningPart;
use tollgate_core_types::reply::{FinishReason, ReplyPart};
use tollgate_core_types::usage::{ServiceTier, UsageDetail};
use tollgate_core_types::{ErrorClass, Usage};
use tollgate_providers_common::testkit;

pub(super) fn codec(model: &str) -> Converse {
    Converse::new(Family::of(model), Arc::new(Settings::default()))
}

const WHOLE: &str = r#"{
    "metrics": {"latencyMs": 1}, "stopReason": "tool_use",
    "output": {"message": {"role": "assistant", "content": [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": "c2VhbGVk"}},
        {"text": "Let "},
        {"citationsContent": {"content": [{"text": "me see."}], "citations": [{"title": "t"}]}},
        {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Ulm", "n": 1.0}}},
        {"toolUse": {"toolUseId": "s1", "name": "nova_grounding", "type": "server_tool_use", "input": {}}},
        {"brandNew": {"x": 1}}
    ]}},
    "usage": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 120,
              "cacheReadInputTokens": 100, "cacheWriteInputTokens": 8},
    "serviceTier": {"type": "priority"}
}"#;

#[test]
fn a_whole_answer_is_read_in_the_domains_words() {
    let reply = codec(crate::testing::CLAUDE).decode(WHOLE.as_bytes()).unwrap();
    let issuer = Dialect::ANTHROPIC_MESSAGES;
    let thought = |text: &str, signature: Option<&str>, redacted: Option<&str>| {
        ReplyPart::Reasoning(ReasoningPart {
            text: text.to_owned(),
            signature: signature.map(str::to_owned),
            redacted: redacted.map(str::to_owned),
            issuer,
        })
    };
    assert_eq!(reply.parts[0], thought("Hm.", Some("sig"), None));
    assert_eq!(reply.parts[1], thought("", None, Some("c2VhbGVk")));
    assert_eq!(reply.parts[2], ReplyPart::Text("Let me see.".to_owned()));
    let ReplyPart::ToolCall(call) = &reply.parts[3] else { panic!("{reply:?}") };
    assert_eq!((call.id.as_str(), call.name.as_str()), ("t1", "weather"));
    assert_eq!(call.arguments, r#"{"city": "Ulm", "n": 1.0}"#);
    assert_eq!(reply.parts.len(), 4);
    assert_eq!(reply.finish.reason, FinishReason::ToolCalls);
    assert_eq!(reply.service_tier.as_deref(), Some("priority"));
    let usage = Usage {
        input_tokens: Some(113),
        output_tokens: Some(7),
        cache_read_tokens: Some(100),
        cache_write_tokens: Some(8),
        reasoning_tokens: None,
        detail: UsageDetail { tier: Some(ServiceTier::Priority), ..UsageDetail::default() },
    };
    assert_eq!(reply.usage, usage);
    testkit::replies_alike(WHOLE.as_bytes(), &codec(crate::testing::CLAUDE));
    // Who signed is told apart by the model.
    let reply = codec(crate::testing::NOVA).decode(WHOLE.as_bytes()).unwrap();
    let ReplyPart::Reasoning(reasoning) = &reply.parts[0] else { panic!("{reply:?}") };
    assert_eq!(reasoning.issuer, Dialect::BEDROCK_CONVERSE);
}

#[test]
fn structured_output_by_a_tool_is_text() {
    let body = r#"{"stopReason":"tool_use","output":{"message":{"role":"assistant","content":[
        {"toolUse":{"toolUseId":"t","name":"tollgate_json_response","input":{"a":1}}}]}}}"#;
    let reply = codec(crate::testing::NOVA).decode(body.as_bytes()).unwrap();
    assert_eq!(reply.parts, [ReplyPart::Text("{\"a\":1}".to_owned())]);
    assert_eq!(reply.finish.reason, FinishReason::Stop);
    testkit::replies_alike(body.as_bytes(), &codec(crate::testing::NOVA));
}

#[test]
fn a_guardrails_answer_is_a_filtered_one() {
    let body = r#"{"stopReason":"guardrail_intervened","output":{"message":{"role":"assistant",
        "content":[{"text":"Sorry."}]}},"trace":{"guardrail":{"actionReason":"x"}},
        "usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0}}"#;
    let account = testkit::replies_alike(body.as_bytes(), &codec(crate::testing::NOVA));
    assert_eq!(account.finish.unwrap().reason, FinishReason::ContentFilter);
}

#[test]
fn what_is_no_answer_is_told_as_what_it_is() {
    let codec = codec(crate::testing::NOVA);
    for body in ["", "[]", "<html>", "{", "{}", "{\"output\":{}}", "{\"output\":5}", "null"] {
        let error = codec.account(body.as_bytes()).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed(_)), "{body}: {error}");
        assert!(codec.decode(body.as_bytes()).is_err(), "{body}");
    }
    let body = br#"{"__type":"ThrottlingException","message":"slow"}"#;
    let DecodeError::Upstream(error) = codec.decode(body).unwrap_err() else { panic!() };
    assert_eq!(error.class, ErrorClass::Throttle);
    assert!(codec.decode(&WHOLE.as_bytes()[..WHOLE.len() - 2]).is_err());
}

#[test]
fn any_error_answer_is_classified() {
    testkit::error_matrix(&codec(crate::testing::NOVA));
}

proptest! {
    #[test]
    fn any_body_is_read_without_harm(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let codec = codec(crate::testing::CLAUDE);
        prop_assert_eq!(codec.account(&body).is_ok(), codec.decode(&body).is_ok());
    }

    #[test]
    fn a_damaged_answer_is_read_without_harm(at in 0_usize..WHOLE.len(), byte in any::<u8>()) {
        let mut body = WHOLE.as_bytes().to_vec();
        body[at] = byte;
        let _ = codec(crate::testing::CLAUDE).decode(&body);
    }
}
