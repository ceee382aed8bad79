//! Counting: what is asked, what is told, and which failures are worth an estimate.

use super::*;
use serde_json::Value;
use tollgate_providers_common::testkit;

use crate::testing::{CLAUDE, inbound, target, value};

fn codec() -> CountTokens {
    CountTokens::new("anthropic.claude-x-v1:0".into(), Arc::default()).unwrap()
}

fn asked(body: &str) -> (String, Value) {
    let inbound = inbound(Dialect::ANTHROPIC_COUNT_TOKENS, Asks::CountTokens, body);
    let encoded = codec().splice(&inbound, &target(CLAUDE)).unwrap();
    let ask = value(encoded.request.body());
    let inner = ask["input"]["invokeModel"]["body"].as_str().unwrap().to_owned();
    let inner = value(&STANDARD.decode(inner).unwrap());
    (encoded.request.uri().path().to_owned(), inner)
}

#[test]
fn the_base_model_is_asked_with_a_whole_invocation() {
    let (path, body) = asked(r#"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#);
    assert_eq!(path, "/model/anthropic.claude-x-v1%3A0/count-tokens");
    assert_eq!(
        body,
        json!({
            "messages": [{ "role": "user", "content": "Hi" }],
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 8192,
        })
    );
    let thinking = r#"{"messages":[],"thinking":{"type":"enabled","budget_tokens":20000}}"#;
    assert_eq!(asked(thinking).1["max_tokens"], 20001);
}

#[test]
fn a_count_is_told_in_the_clients_words() {
    let inbound = inbound(Dialect::ANTHROPIC_COUNT_TOKENS, Asks::CountTokens, "{}");
    let body = Bytes::from_static(br#"{"inputTokens":42}"#);
    assert_eq!(codec().account(&body).unwrap().usage.input_tokens, Some(42));
    assert_eq!(codec().relayed(body, &inbound).unwrap(), r#"{"input_tokens":42}"#);
    for body in ["", "{}", "[]", "<html>", "{\"inputTokens\":\"7\"}"] {
        assert!(codec().account(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn what_cannot_be_counted_is_a_missing_model() {
    let decode = |kind: &str, message: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("x-amzn-errortype", kind.parse().unwrap());
        codec().decode_error(400, &headers, json!({ "message": message }).to_string().as_bytes())
    };
    for (kind, message, class) in [
        (
            "ValidationException",
            "The model doesn't support counting tokens.",
            ErrorClass::ModelMissing,
        ),
        (
            "AccessDeniedException",
            "not authorized to perform: bedrock:CountTokens",
            ErrorClass::ModelMissing,
        ),
        ("ValidationException", "messages.0 is wrong", ErrorClass::Client),
        ("ThrottlingException", "slow down", ErrorClass::Throttle),
        ("ExpiredTokenException", "expired", ErrorClass::Auth),
    ] {
        assert_eq!(decode(kind, message).class, class, "{message}");
    }
    testkit::error_matrix(&codec());
}
