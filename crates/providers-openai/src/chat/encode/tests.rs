//! What other dialects' requests become here: quirks, losses and refusals.

use super::*;
use crate::tests::support::target;
use tollgate_core_types::chat::{
    CacheMarker, MediaSource, Message, Part, ReasoningPart, ResponseFormat, Role, Tool, ToolCall,
    ToolChoice,
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
        {"role": "tool", "tool_call_id": "c", "content": "y\n\nz"},
        {"role": "user", "content": [
            {"type": "text", "text": "Attached to the result of tool call a:"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            {"type": "text", "text": "go on"},
        ]},
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
    let reasoning = |signature: Option<&str>, text: &str| {
        Part::Reasoning(ReasoningPart {
            text: text.to_owned(),
            signature: signature.map(str::to_owned),
            redacted: None,
            issuer: Dialect::ANTHROPIC_MESSAGES,
        })
    };
    let parts = vec![
        reasoning(Some("signed"), "theirs"),
        reasoning(None, "readable, "),
        reasoning(None, "too"),
        Part::text("The answer "),
        Part::text("in pieces."),
    ];
    let (body, lost) = plain(&with_parts(Role::Assistant, parts));
    assert_eq!(
        body["messages"][0],
        serde_json::json!({
            "role": "assistant",
            "content": "The answer in pieces.",
            "reasoning_content": "readable, too",
        })
    );
    assert_eq!(lost, ["messages[0].thinking Dropped", "messages[0].role Approximated"]);
    let withheld = ChatRequest {
        messages: vec![
            user(vec![Part::text("a")]),
            Message {
                role: Role::Assistant,
                parts: vec![reasoning(Some("signed"), "theirs")],
                name: None,
            },
            user(vec![Part::text("b")]),
        ],
        ..ChatRequest::default()
    };
    let (body, lost) = plain(&withheld);
    assert_eq!(body["messages"].as_array().unwrap().len(), 2, "an empty turn is none");
    assert_eq!(lost, ["messages[1].thinking Dropped"]);
}

#[test]
fn content_of_text_alone_is_one_string() {
    let text = |role, texts: &[&str]| Message {
        role,
        parts: texts.iter().map(|text| Part::text(*text)).collect(),
        name: None,
    };
    let messages = vec![
        text(Role::System, &["Be brief.", "", "Be kind."]),
        text(Role::User, &["a", "b"]),
        text(Role::Assistant, &["c"]),
        text(Role::System, &[""]),
        text(Role::User, &[""]),
    ];
    let (body, lost) = plain(&ChatRequest { messages, ..ChatRequest::default() });
    let expected = serde_json::json!([
        {"role": "system", "content": "Be brief.\n\nBe kind."},
        {"role": "user", "content": "a\n\nb"},
        {"role": "assistant", "content": "c"},
        {"role": "user", "content": ""},
    ]);
    assert_eq!(body["messages"], expected);
    assert!(lost.is_empty());
}

#[test]
fn a_conversation_that_ends_with_the_assistant_is_told_as_approximated() {
    let messages = vec![
        user(vec![Part::text("a")]),
        Message { role: Role::Assistant, parts: vec![Part::text("It is")], name: None },
    ];
    let (_, lost) = plain(&ChatRequest { messages, ..ChatRequest::default() });
    assert_eq!(lost, ["messages[1].role Approximated"]);
}

#[test]
fn a_long_id_is_shortened_alike_in_a_call_and_its_result() {
    let id = format!("chatcmpl-tool-{}", "a".repeat(32));
    let call = ToolCall { id: id.clone(), name: "f".to_owned(), arguments: "{}".to_owned() };
    let result = Part::ToolResult {
        call_id: id.clone(),
        parts: vec![Part::text("r")],
        is_error: false,
        cache: None,
    };
    let messages = vec![
        Message { role: Role::Assistant, parts: vec![Part::ToolCall(call)], name: None },
        Message { role: Role::Tool, parts: vec![result], name: None },
    ];
    let (body, lost) = plain(&ChatRequest { messages, ..ChatRequest::default() });
    let sent = body["messages"][0]["tool_calls"][0]["id"].as_str().unwrap();
    assert!(sent.len() <= 40 && sent != id);
    assert_eq!(body["messages"][1]["tool_call_id"], sent);
    assert!(lost.is_empty(), "an id only ties a result to its call");
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
        {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,AA"}},
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
    let instruction =
        r#"Answer with one JSON object and nothing else. Its JSON Schema: {"type":"object"}"#;
    let told = serde_json::json!({"role": "system", "content": instruction});
    assert_eq!(
        body["messages"][0], told,
        "such servers need the word JSON, and the model a schema"
    );
    assert_eq!(lost, ["response_format Approximated"]);
    let mut instructed = chat.clone();
    let system = Message { role: Role::System, parts: vec![Part::text("s")], name: None };
    instructed.messages.insert(0, system);
    let (body, _) = encode(&instructed, quirks);
    assert_eq!(body["messages"][0]["content"], format!("s\n\n{instruction}"));
    assert_eq!(body["messages"].as_array().unwrap().len(), 2);
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
        ("auto", None, ""),
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

#[test]
fn strictness_is_asked_for_only_where_it_can_be_had() {
    let complete =
        r#"{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false}"#;
    let partial = r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#;
    for (schema, strict, lost) in [
        (complete, Some(true), ""),
        (partial, None, "tools[0].strict Approximated,response_format Approximated"),
    ] {
        let schema = || JsonText::from_valid(schema);
        let offered =
            Tool { parameters: Some(schema()), strict: Some(true), cache: None, ..tool("f") };
        let format = ResponseFormat::JsonSchema {
            name: "s".to_owned(),
            description: None,
            schema: schema(),
            strict: Some(true),
        };
        let chat = ChatRequest { tools: vec![offered], response_format: Some(format), ..chat() };
        let (body, mut said) = plain(&chat);
        said.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(body["tools"][0]["function"].get("strict").and_then(|it| it.as_bool()), strict);
        let format = &body["response_format"]["json_schema"];
        assert_eq!(format.get("strict").and_then(|it| it.as_bool()), strict);
        assert_eq!(said.join(","), lost);
    }
}

#[test]
fn what_a_family_refuses_is_left_out() {
    let asked = ChatRequest {
        stop: vec!["END".to_owned()],
        tools: vec![Tool { cache: None, ..tool("f") }],
        parallel_tool_calls: Some(false),
        user: Some("u".repeat(65)),
        ..chat()
    };
    let on = |model: &str| {
        let target = UpstreamTarget { quirks: crate::quirks_for(model), ..target(model) };
        let (text, lost) = body(&asked, &target).unwrap();
        let lost: Vec<String> = lost.iter().map(|lost| lost.field.to_string()).collect();
        (serde_json::from_slice::<serde_json::Value>(&text).unwrap(), lost)
    };
    let (body, lost) = on("o4-mini");
    assert!(body.get("stop").is_none() && body.get("parallel_tool_calls").is_none());
    assert_eq!(lost, ["stop", "user"]);
    let (body, lost) = on("gpt-4o");
    assert_eq!(
        (body["stop"][0].as_str(), body["parallel_tool_calls"].as_bool()),
        (Some("END"), Some(false))
    );
    assert_eq!(body["user"].as_str().unwrap().len(), 64);
    assert_eq!(lost, ["user"]);
}

#[test]
fn own_fields_go_on_and_others_are_lost() {
    let extra = |name: &str, json: &str| (name.to_owned(), JsonText::from_valid(json));
    let asked = ChatRequest {
        extra: vec![
            extra("seed", "7"),
            extra("logit_bias", r#"{"1": 2}"#),
            extra("container", r#""c""#),
            extra("enable_thinking", "false"),
        ],
        ..chat()
    };
    let (body, lost) = plain(&asked);
    assert_eq!((body["seed"].as_u64(), body["logit_bias"]["1"].as_u64()), (Some(7), Some(2)));
    assert_eq!(lost, ["container Dropped", "enable_thinking Dropped"]);
    let (body, lost) = encode(&asked, crate::quirks_for("o3"));
    assert!(body.get("logit_bias").is_none());
    assert_eq!(lost, ["logit_bias Dropped", "container Dropped", "enable_thinking Dropped"]);
}

#[test]
fn arguments_always_say_their_properties() {
    for (given, sent) in [
        (r#"{"type":"object"}"#, r#"{"properties":{},"type":"object"}"#),
        (
            r#"{ "type": "object", "title": "t" }"#,
            r#"{"properties":{}, "type": "object", "title": "t" }"#,
        ),
        ("{}", r#"{"type":"object","properties":{}}"#),
        (
            r#"{"type":"object","properties": {"a":{}}}"#,
            r#"{"type":"object","properties": {"a":{}}}"#,
        ),
        (r##"{"$ref":"#/$defs/a"}"##, r##"{"$ref":"#/$defs/a"}"##),
    ] {
        let parameters = Some(JsonText::from_valid(given));
        let offered = Tool { parameters, cache: None, ..tool("f") };
        let (text, lost) =
            body(&ChatRequest { tools: vec![offered], ..chat() }, &target("m")).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(&format!(r#""parameters":{sent}"#)), "{text}");
        assert!(lost.is_empty());
    }
}
