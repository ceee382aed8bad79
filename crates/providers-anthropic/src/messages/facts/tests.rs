//! Facts of bodies that are right, and the field that is named where they are wrong.

use super::*;

fn read(body: &str) -> Result<Facts, BadRequest> {
    facts(body.as_bytes(), Of::Messages)
}

/// A valid body with `fields` added.
fn with(fields: &str) -> String {
    format!(
        r#"{{"model":"m","max_tokens":5,"messages":[{{"role":"user","content":"hi"}}]{fields}}}"#
    )
}

#[test]
fn the_facts_of_a_rich_body() {
    let facts = read(
        r#"{"model":"claude-opus-4-6","stream":true,"max_tokens":1024.0,
            "system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],
            "messages":[{"role":"user","content":[{"text":"t","type":"text"}]},
                        {"role":"assistant","content":"a","extra":{}},
                        {"role":"system","content":""},{"role":"user","content":[]}],
            "tools":[{"type":"web_search_20260318","name":"web_search"}],
            "metadata":{"user_id":"u-1","other":1},"load_balance_strategy":"random",
            "temperature":1,"top_p":0.5,"top_k":4,"stop_sequences":["x"],"service_tier":"auto",
            "thinking":{"type":"adaptive"},"tool_choice":{"type":"auto"},"context_management":{"edits":[]}}"#,
    )
    .unwrap();
    assert_eq!(facts.model.as_deref(), Some("claude-opus-4-6"));
    assert!(facts.stream && facts.include_usage && facts.has_tools);
    assert_eq!(facts.max_output_tokens, Some(1024));
    assert_eq!(facts.items, 4);
    assert_eq!(facts.user.as_deref(), Some("u-1"));
    assert_eq!(facts.strategy.as_deref(), Some("random"));
    assert_eq!(facts.layout.entries().len(), 16);
}

#[test]
fn what_may_be_null_or_left_out() {
    let facts = read(&with(
        r#","system":null,"stream":null,"tools":null,"metadata":null,"temperature":null,
           "top_k":null,"stop_sequences":null,"thinking":null,"service_tier":null"#,
    ))
    .unwrap();
    assert!(!facts.stream && !facts.has_tools);
    assert_eq!(read(&with(r#","tools":[]"#)).map(|facts| facts.has_tools), Ok(false));
    assert_eq!(read(&with(r#","metadata":{"user_id":null}"#)).map(|facts| facts.user), Ok(None));
    let bare = r#"{"messages":[{"role":"user","content":"x"}],"max_tokens":0}"#;
    assert_eq!(read(bare).map(|facts| facts.model), Ok(None));
}

#[test]
fn a_count_needs_no_bound() {
    let body = br#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;
    assert!(facts(body, Of::CountTokens).is_ok());
    assert_eq!(facts(body, Of::Messages).unwrap_err().param.as_deref(), Some("max_tokens"));
}

#[test]
fn the_wrong_field_is_named() {
    let message = |message: &str| {
        format!(r#"{{"max_tokens":5,"messages":[{{"role":"user","content":"a"}},{message}]}}"#)
    };
    for (body, param, words) in [
        (r#"{"max_tokens":5}"#.to_owned(), "messages", "required"),
        (r#"{"max_tokens":5,"messages":[]}"#.to_owned(), "messages", "at least one"),
        (r#"{"max_tokens":5,"messages":{}}"#.to_owned(), "messages", "array"),
        (r#"{"max_tokens":5,"messages":null}"#.to_owned(), "messages", "required"),
        (message("7"), "messages[1]", "an object"),
        (message(r#"{"content":"a"}"#), "messages[1].role", "required"),
        (message(r#"{"role":"tool","content":"a"}"#), "messages[1].role", "`tool`"),
        (message(r#"{"role":3,"content":"a"}"#), "messages[1].role", "a string"),
        (message(r#"{"role":"user"}"#), "messages[1].content", "required"),
        (message(r#"{"role":"user","content":null}"#), "messages[1].content", "required"),
        (message(r#"{"role":"user","content":["a"]}"#), "messages[1].content[0]", "an object"),
        (
            message(r#"{"role":"user","content":[{"text":"a"}]}"#),
            "messages[1].content[0].type",
            "required",
        ),
        (with(r#","stream":"true""#), "stream", "a boolean"),
        (with(r#","temperature":"hot""#), "temperature", "a number"),
        (with(r#","top_k":1.5"#), "top_k", "integer"),
        (with(r#","system":5"#), "system", "a string or an array"),
        (with(r#","system":[{"text":"a"}]"#), "system[0].type", "required"),
        (with(r#","tools":{}"#), "tools", "an array"),
        (with(r#","tools":["a"]"#), "tools[0]", "an object"),
        (with(r#","metadata":{"user_id":5}"#), "metadata.user_id", "a string"),
        (with(r#","stop_sequences":"x""#), "stop_sequences", "an array"),
        (with(r#","stop_sequences":[1]"#), "stop_sequences[0]", "a string"),
        (with(r#","load_balance_strategy":1"#), "load_balance_strategy", "a string"),
        (with(r#","thinking":true"#), "thinking", "an object"),
        (with("").replace("5", "-1"), "max_tokens", "-1"),
        (with("").replace("5", "1.5"), "max_tokens", "1.5"),
        (with("").replace("5", "\"5\""), "max_tokens", "a string"),
        (with("").replace("5", "null"), "max_tokens", "required"),
        (with("").replace("\"m\"", "[]"), "model", "an array"),
    ] {
        let bad = read(&body).expect_err(&body);
        assert_eq!(bad.param.as_deref(), Some(param), "{body}: {bad}");
        assert_eq!(bad.code, "invalid_request", "{body}");
        assert!(bad.message.contains(words), "{body}: {bad}");
    }
}

#[test]
fn errors_of_json_itself_stay_what_they_are() {
    for (body, code) in [
        ("", "invalid_json"),
        ("[]", "invalid_json"),
        (r#"{"messages":[{"role":"user","content":"a"}"#, "invalid_json"),
    ] {
        assert_eq!(read(body).unwrap_err().code, code, "{body}");
    }
    let deep = format!(r#"{{"messages":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(read(&deep).unwrap_err().code, "too_deep");
}

proptest::proptest! {
    /// What the fast pass accepts, the slow one finds nothing wrong with, and the other way round.
    #[test]
    fn both_passes_agree(body in crate::testing::json_object()) {
        let text = body.to_string();
        for of in [Of::Messages, Of::CountTokens] {
            let fast = facts(text.as_bytes(), of);
            let slow = explain::check(&body, of);
            proptest::prop_assert_eq!(fast.is_ok(), slow.is_ok(), "{} {:?} {:?}", text, fast, slow);
        }
    }

    #[test]
    fn any_bytes_are_answered(body: Vec<u8>) {
        let _ = facts(&body, Of::Messages);
    }
}
