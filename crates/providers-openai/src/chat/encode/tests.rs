//! What other dialects' requests become here: quirks, losses and refusals.

use super::*;
use crate::tests::support::target;
use tollgate_core_types::chat::{
    CacheMarker, MediaSource, Message, Part, ReasoningPart, ResponseFormat, Role, Tool, ToolChoice,
};
use tollgate_core_types::{Dialect, JsonText};
use tollgate_providers_common::target::Quirks;

fn user(parts: Vec<Part>) -> Message {
    Message { role: Role::User, parts, name: None }
}

fn chat() -> ChatRequest {
    ChatRequest { messages: vec![user(vec![Part::text("q")])], ..ChatRequest::default() }
}

fn with_parts(role: Role, parts: Vec<Part>) -> ChatRequest {
    ChatRequest { messages: vec![Message { role, parts, name: None }], ..ChatRequest::default() }
}

fn encode(chat: &ChatRequest, quirks: Quirks) -> (serde_json::Value, Vec<String>) {
    let target = UpstreamTarget { quirks, ..target("m") };
    let (text, lost) = body(chat, &target).unwrap();
    let lost = lost.iter().map(|lost| format!("{} {:?}", lost.field, lost.how)).collect();
    (serde_json::from_slice(&text).unwrap(), lost)
}

fn plain(chat: &ChatRequest) -> (serde_json::Value, Vec<String>) {
    encode(chat, Quirks::default())
}

fn refused(chat: &ChatRequest) -> EncodeError {
    body(chat, &target("m")).unwrap_err()
}

#[test]
fn reasoning_families_get_their_own_fields() {
    let mut chat = chat();
    chat.messages
        .insert(0, Message { role: Role::System, parts: vec![Part::text("s")], name: None });
    chat.max_output_tokens = Some(10);
    chat.temperature = Some(0.5);
    chat.top_p = Some(1.0);
    chat.presence_penalty = Some(0.0);
    let (body, lost) = encode(&chat, crate::quirks_for("gpt-5"));
    assert_eq!(body["messages"][0]["role"], "developer");
    assert_eq!(body["max_completion_tokens"], 10);
    assert!(body.get("max_tokens").is_none() && body.get("temperature").is_none());
    assert!(body.get("top_p").is_none() && body.get("presence_penalty").is_none());
    assert_eq!(lost, ["temperature Dropped"], "defaults lose nothing");
}

#[test]
fn thinking_becomes_effort() {
    let table = [
        (
            Some(ReasoningMode::Budget(1024)),
            None,
            Some("low"),
            "thinking.budget_tokens Approximated",
        ),
        (
            Some(ReasoningMode::Budget(8192)),
            None,
            Some("medium"),
            "thinking.budget_tokens Approximated",
        ),
        (
            Some(ReasoningMode::Budget(8193)),
            None,
            Some("high"),
            "thinking.budget_tokens Approximated",
        ),
        (
            Some(ReasoningMode::Budget(1)),
            Some("max"),
            Some("max"),
            "thinking.budget_tokens Approximated",
        ),
        (Some(ReasoningMode::Adaptive), None, None, ""),
        (Some(ReasoningMode::Adaptive), Some("xhigh"), Some("xhigh"), ""),
        (Some(ReasoningMode::Disabled), None, None, "thinking Dropped"),
        (Some(ReasoningMode::Disabled), Some("none"), Some("none"), ""),
        (None, Some("low"), Some("low"), ""),
    ];
    for (mode, effort, expected, lost) in table {
        let effort = effort.map(str::to_owned);
        let reasoning = Some(Reasoning { mode, effort, display: None });
        let (body, said) = plain(&ChatRequest { reasoning, ..chat() });
        assert_eq!(body.get("reasoning_effort").and_then(|it| it.as_str()), expected, "{mode:?}");
        assert_eq!(said.join(","), lost, "{mode:?}");
    }
}

#[test]
fn tool_results_stand_together_and_their_media_follow() {
    let result = |id: &str, parts, is_error| Part::ToolResult {
        call_id: id.to_owned(),
        parts,
        is_error,
        cache: None,
    };
    let image = || Part::Image {
        source: MediaSource::Base64 { media_type: "image/png".to_owned(), data: "AA==".to_owned() },
        detail: None,
        cache: None,
    };
    let tool = |parts| Message { role: Role::Tool, parts, name: None };
    let chat = ChatRequest {
        messages: vec![
            tool(vec![result("a", vec![image()], true), result("b", vec![Part::text("x")], false)]),
            tool(vec![result("c", vec![Part::text("y"), Part::text("z")], false)]),
            user(vec![Part::text("go on")]),
        ],
        ..ChatRequest::default()
    };
    let (body, lost) = plain(&chat);
    let expected = serde_json::json!([
        {"role": "tool", "tool_call_id": "a", "content": ""},
        {"role": "tool", "tool_call_id": "b", "content": "x"},
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "y"}, {"type": "text", "text": "z"}]},
        {"role": "user", "content": [
            {"type": "text", "text": "Attached to the result of tool call a:"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
        ]},
        {"role": "user", "content": "go on"},
    ]);
    assert_eq!(body["messages"], expected);
    assert_eq!(
        lost,
        ["messages[0].content[0].is_error Approximated", "messages[0].content[0] Approximated"]
    );
}

#[test]
fn results_within_a_user_message_go_before_it() {
    let result = Part::ToolResult {
        call_id: "a".to_owned(),
        parts: vec![Part::text("r")],
        is_error: false,
        cache: Some(CacheMarker { ttl: None }),
    };
    let (body, lost) = plain(&with_parts(Role::User, vec![result, Part::text("next")]));
    assert_eq!(body["messages"][0]["role"], "tool");
    assert_eq!(body["messages"][1], serde_json::json!({"role": "user", "content": "next"}));
    assert_eq!(lost, ["cache_control Dropped"]);
}

#[test]
fn assistant_messages_keep_what_this_dialect_can_say() {
    let reasoning = |issuer, text: &str| {
        Part::Reasoning(ReasoningPart {
            text: text.to_owned(),
            signature: None,
            redacted: None,
            issuer,
        })
    };
    let parts = vec![
        reasoning(Dialect::ANTHROPIC_MESSAGES, "theirs"),
        reasoning(Dialect::OPENAI_CHAT, "ours, "),
        reasoning(Dialect::OPENAI_CHAT, "too"),
    ];
    let (body, lost) = plain(&with_parts(Role::Assistant, parts));
    assert_eq!(
        body["messages"][0],
        serde_json::json!({"role": "assistant", "content": "", "reasoning_content": "ours, too"})
    );
    assert_eq!(lost, ["messages[0].thinking Dropped"]);
}

#[test]
fn documents_go_as_files_or_text() {
    let document = |source, title: Option<&str>| Part::Document {
        source,
        title: title.map(str::to_owned),
        cache: None,
    };
    let pdf =
        MediaSource::Base64 { media_type: "application/pdf".to_owned(), data: "AA".to_owned() };
    let text = MediaSource::Text("body".to_owned());
    let parts = vec![document(pdf, None), document(text, Some("Title"))];
    let (body, lost) = plain(&with_parts(Role::User, parts));
    let expected = serde_json::json!([
        {"type": "file", "file": {"filename": "document", "file_data": "data:application/pdf;base64,AA"}},
        {"type": "text", "text": "Title\n\nbody"},
    ]);
    assert_eq!(body["messages"][0]["content"], expected);
    assert_eq!(lost, ["messages[0].content[1] Approximated"]);
}

#[test]
fn what_would_change_the_meaning_is_refused() {
    let anthropic = Dialect::ANTHROPIC_MESSAGES;
    let json = || JsonText::from_valid("{}");
    let foreign = Part::Foreign { dialect: anthropic, kind: "search".to_owned(), json: json() };
    let url = || MediaSource::Url("https://x/y.pdf".to_owned());
    let by_url = Part::Document { source: url(), title: None, cache: None };
    let file = MediaSource::FileId("file_1".to_owned());
    let by_id = Part::Image { source: file, detail: None, cache: None };
    let picture = || Part::Image { source: url(), detail: None, cache: None };
    for (chat, field) in [
        (with_parts(Role::User, vec![Part::text("a"), foreign]), "messages[0].content[1]"),
        (with_parts(Role::User, vec![by_url]), "messages[0].content[0]"),
        (with_parts(Role::User, vec![by_id]), "messages[0].content[0]"),
        (with_parts(Role::System, vec![picture()]), "messages[0].content[0]"),
        (with_parts(Role::Assistant, vec![picture()]), "messages[0].content[0]"),
        (with_parts(Role::Tool, vec![Part::text("a")]), "messages[0].content[0]"),
    ] {
        let EncodeError::Unsupported { field: named, .. } = refused(&chat) else {
            panic!("{chat:?}")
        };
        assert_eq!(named, field);
    }
    let hosted = Tool {
        name: "web_search".to_owned(),
        description: None,
        parameters: None,
        strict: None,
        cache: None,
        foreign: Some((anthropic, json())),
    };
    let EncodeError::Unsupported { field, .. } =
        refused(&ChatRequest { tools: vec![hosted], ..chat() })
    else {
        panic!()
    };
    assert_eq!(field, "tools[0]");
}

fn tool(name: &str) -> Tool {
    Tool {
        name: name.to_owned(),
        description: None,
        parameters: None,
        strict: None,
        cache: Some(CacheMarker { ttl: None }),
        foreign: None,
    }
}

#[test]
fn choices_without_tools_are_left_out_and_forced_ones_relaxed_where_refused() {
    let forced = ChatRequest {
        tool_choice: Some(ToolChoice::Required),
        parallel_tool_calls: Some(false),
        ..chat()
    };
    let (body, lost) = plain(&forced);
    assert!(body.get("tool_choice").is_none() && body.get("parallel_tool_calls").is_none());
    assert_eq!(lost, ["tool_choice Dropped"]);
    let free = ChatRequest { tool_choice: Some(ToolChoice::None), ..chat() };
    assert!(plain(&free).1.is_empty());
    let forced = ChatRequest { tools: vec![tool("a")], ..forced };
    let quirks = Quirks { no_forced_tools: true, ..Quirks::default() };
    let (body, lost) = encode(&forced, quirks);
    assert_eq!(
        (body["tool_choice"].as_str(), body["parallel_tool_calls"].as_bool()),
        (Some("auto"), Some(false))
    );
    assert_eq!(lost, ["cache_control Dropped", "tool_choice Approximated"]);
}

#[test]
fn schemas_are_relaxed_where_the_server_knows_none() {
    let schema = ResponseFormat::JsonSchema {
        name: "s".to_owned(),
        description: None,
        schema: JsonText::from_valid(r#"{"type":"object"}"#),
        strict: None,
    };
    let chat = ChatRequest { response_format: Some(schema), ..chat() };
    let quirks = Quirks { no_native_schema: true, ..Quirks::default() };
    let (body, lost) = encode(&chat, quirks);
    assert_eq!(body["response_format"], serde_json::json!({"type": "json_object"}));
    assert_eq!(lost, ["response_format Approximated"]);
    let broken = ResponseFormat::JsonSchema {
        name: "s".to_owned(),
        description: None,
        schema: JsonText::from_valid("{"),
        strict: None,
    };
    let chat = ChatRequest { response_format: Some(broken), ..chat };
    assert!(
        matches!(refused(&chat), EncodeError::Invalid { field, .. } if field.starts_with("response_format"))
    );
}

#[test]
fn tiers_and_streams_are_said_in_openais_words() {
    for (tier, sent, lost) in [
        ("priority", Some("priority"), ""),
        ("standard_only", Some("default"), "service_tier Approximated"),
        ("batch", None, "service_tier Dropped"),
    ] {
        let chat = ChatRequest { service_tier: Some(tier.to_owned()), ..chat() };
        let (body, said) = plain(&chat);
        assert_eq!(body.get("service_tier").and_then(|it| it.as_str()), sent);
        assert_eq!(said.join(","), lost);
    }
    let streamed = ChatRequest { stream: true, ..chat() };
    assert_eq!(plain(&streamed).0["stream_options"]["include_usage"], true);
    let old = UpstreamTarget { stream_usage: false, ..target("m") };
    let (text, _) = body(&streamed, &old).unwrap();
    assert!(!String::from_utf8(text).unwrap().contains("stream_options"));
}

#[test]
fn a_field_is_reported_once_and_dropping_weighs_more() {
    let mut losses = Losses::default();
    losses.approximated("a");
    losses.dropped("a");
    losses.approximated("a");
    losses.dropped("b");
    assert_eq!(losses.into_list(), [Lost::dropped("a"), Lost::dropped("b")]);
}
