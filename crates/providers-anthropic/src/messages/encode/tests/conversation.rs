//! Roles, order, merging, media, reasoning.

use super::*;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{CacheMarker, MediaSource, ReasoningPart};

fn cached(text: &str, ttl: Option<&str>) -> Part {
    let cache = Some(CacheMarker { ttl: ttl.map(str::to_owned) });
    Part::Text { text: text.to_owned(), cache }
}

fn words(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

#[test]
fn instructions_at_the_start_are_the_system_and_later_ones_the_users() {
    let (body, lost) = body_of(&chat(vec![
        message(Role::System, vec![Part::text("one"), cached("two", None)]),
        message(Role::Developer, vec![cached("three", Some("1h")), Part::text(" ")]),
        said(Role::User, "q"),
        said(Role::Assistant, "a"),
        said(Role::System, "mind this"),
        said(Role::User, "q2"),
    ]));
    assert_eq!(
        at(&body, "system"),
        json!([
            words("one"),
            {"type": "text", "text": "two", "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": "three", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ])
    );
    assert_eq!(
        at(&body, "messages"),
        json!([
            {"role": "user", "content": [words("q")]},
            {"role": "assistant", "content": [words("a")]},
            {"role": "user", "content": [words("mind this"), words("q2")]},
        ])
    );
    assert_eq!(lost, ["~messages[4].role"]);
}

#[test]
fn instructions_alone_are_asked_as_the_user() {
    let (body, lost) = body_of(&chat(vec![said(Role::System, "go")]));
    assert_eq!(at(&body, "system"), Value::Null);
    assert_eq!(at(&body, "messages"), json!([{"role": "user", "content": [words("go")]}]));
    assert_eq!(lost, ["~messages[0].role"]);
}

#[test]
fn turns_alternate_and_empty_ones_vanish() {
    let (body, lost) = body_of(&chat(vec![
        said(Role::User, "a"),
        said(Role::Assistant, ""),
        said(Role::User, "b"),
        said(Role::Assistant, "c"),
        message(Role::Assistant, vec![Part::Refusal { text: "no".to_owned() }]),
        message(Role::Assistant, vec![Part::text(" \n")]),
    ]));
    assert_eq!(
        at(&body, "messages"),
        json!([
            {"role": "user", "content": [words("a"), words("b")]},
            {"role": "assistant", "content": [words("c"), words("no")]},
        ])
    );
    assert!(lost.is_empty());
}

#[test]
fn an_answer_to_be_continued_ends_without_white_space() {
    let begun = chat(vec![said(Role::User, "a"), said(Role::Assistant, "So: \n")]);
    let (body, lost) = body_of(&begun);
    assert_eq!(body["messages"][1]["content"], json!([words("So:")]));
    assert_eq!(lost, ["~messages[1].content"]);
    let error = encode(&begun, &target("claude-opus-5-5")).unwrap_err();
    assert!(
        matches!(&error, EncodeError::Unsupported { field, .. } if field == "messages[1].role"),
        "{error}"
    );
}

#[test]
fn a_conversation_begins_with_the_user() {
    for greeting in [said(Role::System, "s"), said(Role::User, "")] {
        let (body, lost) =
            body_of(&chat(vec![greeting, said(Role::Assistant, "Hello!"), said(Role::User, "hi")]));
        let silence =
            serde_json::json!({"role": "user", "content": [{"type": "text", "text": "."}]});
        assert_eq!(body["messages"][0], silence);
        assert_eq!(body["messages"][1]["content"][0]["text"], "Hello!");
        assert_eq!(lost, ["~messages[1].role"]);
    }
    let error = refusal(&chat(vec![]));
    assert!(matches!(&error, EncodeError::Invalid { field, .. } if field == "messages"));
}

#[test]
fn a_question_without_content_is_refused_and_not_forgotten() {
    for before in [vec![], vec![said(Role::User, "q"), said(Role::Assistant, "a")]] {
        let field = format!("messages[{}].content", before.len());
        let error = refusal(&chat([before, vec![said(Role::User, " ")]].concat()));
        assert!(
            matches!(&error, EncodeError::Unsupported { field: f, .. } if *f == field),
            "{error}"
        );
    }
}

#[test]
fn a_breakpoint_with_an_unknown_time_to_live_gets_the_vendors_own() {
    let marked = |ttl: &str| Part::Text {
        text: "a".to_owned(),
        cache: Some(CacheMarker { ttl: Some(ttl.to_owned()) }),
    };
    for (ttl, sent, expected) in [
        ("1h", serde_json::json!({"type": "ephemeral", "ttl": "1h"}), vec![]),
        ("30m", serde_json::json!({"type": "ephemeral"}), vec!["~cache_control.ttl"]),
    ] {
        let parts = vec![marked(ttl), marked(ttl)];
        let (body, lost) = body_of(&chat(vec![message(Role::User, parts)]));
        assert_eq!(body["messages"][0]["content"][1]["cache_control"], sent);
        assert_eq!(lost, expected, "named once");
    }
}

#[test]
fn results_come_first_and_together_right_behind_their_calls() {
    let failed = Part::ToolResult {
        call_id: "c2".to_owned(),
        parts: vec![
            Part::text("bad"),
            Part::Image {
                source: MediaSource::Url("https://e.org/x.png".to_owned()),
                detail: None,
                cache: None,
            },
        ],
        is_error: true,
        cache: Some(CacheMarker { ttl: None }),
    };
    let empty =
        Part::ToolResult { call_id: "c3".to_owned(), parts: vec![], is_error: false, cache: None };
    let (body, lost) = body_of(&chat(vec![
        said(Role::User, "q"),
        message(
            Role::Assistant,
            vec![
                Part::text(""),
                call("c1", "f", "{\"a\": 1.50}"),
                call("c2", "g", ""),
                call("c3", "g", " "),
            ],
        ),
        message(Role::Tool, vec![result("c1", "one")]),
        said(Role::System, "between"),
        message(Role::Tool, vec![failed]),
        message(Role::Tool, vec![empty]),
        said(Role::User, "and?"),
    ]));
    assert_eq!(
        at(&body, "messages"),
        json!([
            {"role": "user", "content": [words("q")]},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1.5}},
                {"type": "tool_use", "id": "c2", "name": "g", "input": {}},
                {"type": "tool_use", "id": "c3", "name": "g", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": [words("one")]},
                {"type": "tool_result", "tool_use_id": "c2", "is_error": true,
                 "cache_control": {"type": "ephemeral"},
                 "content": [words("bad"), {"type": "image", "source": {"type": "url", "url": "https://e.org/x.png"}}]},
                {"type": "tool_result", "tool_use_id": "c3"},
                words("between"),
                words("and?"),
            ]},
        ])
    );
    assert_eq!(lost, ["~messages[3].role"]);
}

#[test]
fn arguments_go_out_as_they_came() {
    let arguments = "{\n  \"n\": 12345678901234567890.10, \"b\":1, \"a\":2 }";
    let chat = chat(vec![
        said(Role::User, "q"),
        message(Role::Assistant, vec![call("c", "f", arguments)]),
    ]);
    let encoded = encode(&chat, &target("m")).unwrap();
    let body = std::str::from_utf8(encoded.request.body()).unwrap();
    assert!(body.contains(&format!("\"input\":{arguments}")), "{body}");
}

#[test]
fn arguments_that_are_no_object_are_the_clients_fault() {
    for arguments in ["{", "[]", "7", "\"{}\"", "null", "{} x", "nonsense"] {
        let error = refusal(&chat(vec![
            said(Role::User, "q"),
            message(Role::Assistant, vec![call("a", "f", "{}"), call("b", "g", arguments)]),
        ]));
        let field = "messages[1].tool_calls[1].function.arguments";
        assert!(matches!(&error, EncodeError::Invalid { field: f, .. } if f == field), "{error}");
    }
}

#[test]
fn odd_ids_change_on_both_sides() {
    let (body, lost) = body_of(&chat(vec![
        said(Role::User, "q"),
        message(Role::Assistant, vec![call("ok", "f", "{}"), call("call:1", "f", "{}")]),
        message(Role::Tool, vec![result("call:1", "r"), result("ok", "r")]),
    ]));
    assert_eq!(body["messages"][1]["content"][1]["id"], "call_1");
    assert_eq!(body["messages"][2]["content"][0]["tool_use_id"], "call_1");
    assert_eq!(body["messages"][2]["content"][1]["tool_use_id"], "ok");
    assert!(lost.is_empty(), "an id only ties a result to its call");
}

#[test]
fn pictures_and_documents() {
    let image = |source| Part::Image { source, detail: Some("high".to_owned()), cache: None };
    let (body, lost) = body_of(&chat(vec![message(
        Role::User,
        vec![
            image(MediaSource::Base64 {
                media_type: "image/png".to_owned(),
                data: "QQ==".to_owned(),
            }),
            Part::Document {
                source: MediaSource::Text("t".to_owned()),
                title: Some("T".to_owned()),
                cache: Some(CacheMarker { ttl: None }),
            },
        ],
    )]));
    assert_eq!(
        body["messages"][0]["content"],
        json!([
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QQ=="}},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "t"},
             "title": "T", "cache_control": {"type": "ephemeral"}},
        ])
    );
    assert_eq!(lost, ["-messages[0].content[0].image_url.detail"]);
    let url = || MediaSource::Url("https://e.org/a".to_owned());
    let audio = Part::Audio { data: String::new(), format: "wav".to_owned() };
    let image = Part::Image { source: url(), detail: None, cache: None };
    for (messages, field) in [
        (vec![message(Role::User, vec![audio])], "messages[0].content[0]"),
        (
            vec![said(Role::User, "q"), message(Role::Assistant, vec![image.clone()])],
            "messages[1].content[0]",
        ),
        (vec![message(Role::System, vec![image])], "messages[0].content[0]"),
    ] {
        let error = refusal(&chat(messages));
        assert!(
            matches!(&error, EncodeError::Unsupported { field: f, .. } if f == field),
            "{error}"
        );
    }
}

fn thought(text: &str, signature: Option<&str>, redacted: Option<&str>, issuer: Dialect) -> Part {
    Part::Reasoning(ReasoningPart {
        text: text.to_owned(),
        signature: signature.map(str::to_owned),
        redacted: redacted.map(str::to_owned),
        issuer,
    })
}

#[test]
fn reasoning_goes_back_to_its_issuer_before_the_calls_and_to_nobody_else() {
    let (ours, theirs) = (Dialect::ANTHROPIC_MESSAGES, Dialect::OPENAI_CHAT);
    let (body, lost) = body_of(&chat(vec![
        said(Role::User, "q"),
        message(
            Role::Assistant,
            vec![
                thought("hm\n", Some("sig"), None, ours),
                thought("unsigned", None, None, ours),
                thought("foreign", Some("s"), None, theirs),
                Part::text("let me"),
                call("c", "f", "{}"),
                thought("", None, Some("sealed"), ours),
            ],
        ),
        message(Role::Tool, vec![result("c", "r")]),
    ]));
    assert_eq!(
        body["messages"][1]["content"],
        json!([
            {"type": "thinking", "thinking": "hm\n", "signature": "sig"},
            words("let me"),
            {"type": "redacted_thinking", "data": "sealed"},
            {"type": "tool_use", "id": "c", "name": "f", "input": {}},
        ])
    );
    assert_eq!(lost, ["-messages[1].content[1]", "-messages[1].content[2]"]);
}

#[test]
fn foreign_parts_go_home_and_nowhere_else() {
    let foreign = |dialect| Part::Foreign {
        dialect,
        kind: "server_tool_use".to_owned(),
        json: JsonText::from_valid(r#"{"type":"server_tool_use","id":"s", "x":1.0}"#),
    };
    let asked = |dialect| {
        chat(vec![said(Role::User, "q"), message(Role::Assistant, vec![foreign(dialect)])])
    };
    let (body, _) = body_of(&asked(Dialect::ANTHROPIC_MESSAGES));
    let expected = json!([{"type": "server_tool_use", "id": "s", "x": 1.0}]);
    assert_eq!(body["messages"][1]["content"], expected);
    let error = refusal(&asked(Dialect::OPENAI_CHAT));
    assert!(error.to_string().contains("openai.chat"), "{error}");
}

#[test]
fn parts_in_the_wrong_place_are_the_clients_fault() {
    for messages in [
        vec![message(Role::User, vec![call("c", "f", "{}")])],
        vec![said(Role::User, "q"), message(Role::Assistant, vec![result("c", "r")])],
        vec![message(
            Role::Tool,
            vec![Part::ToolResult {
                call_id: "c".to_owned(),
                parts: vec![result("d", "r")],
                is_error: false,
                cache: None,
            }],
        )],
    ] {
        let error = refusal(&chat(messages));
        assert!(matches!(error, EncodeError::Invalid { .. }), "{error}");
    }
}

#[test]
fn names_of_speakers_are_lost() {
    let mut asked = hello();
    asked.messages[0].name = Some("ann".to_owned());
    assert_eq!(body_of(&asked).1, ["-messages[0].name"]);
}
