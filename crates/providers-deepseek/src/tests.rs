//! What goes to the vendor, where it goes, and the answers that it is known for.

use super::*;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use tollgate_core_types::chat::{
    ChatRequest, Message, Part, Reasoning, ReasoningMode, ReasoningPart, Role, Tool, ToolCall,
};
use tollgate_core_types::{ChatEvent, ErrorClass, JsonText};
use tollgate_providers_common::testkit;
use tollgate_providers_common::{DecodeError, Inbound, SseFramer, UpstreamTarget};

fn vendor() -> DeepSeek {
    let server = Server { quirks: quirks_for("deepseek-v4-pro"), ..Server::default() };
    DeepSeek::new(ProviderName::new("deepseek"), server)
}

fn target() -> UpstreamTarget {
    let base = http::Uri::from_static("https://api.deepseek.com/v1");
    let quirks = quirks_for("deepseek-v4-pro");
    UpstreamTarget { quirks, ..UpstreamTarget::new(base, "deepseek-v4-pro") }
}

fn part(text: &str) -> Part {
    Part::Text { text: text.to_owned(), cache: None }
}

fn turn(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, name: None }
}

/// The path and body of a translated request, and what it lost.
fn translated(chat: &ChatRequest) -> (String, Value, Vec<String>) {
    let encoded = vendor().chat().unwrap().encode(chat, &target()).unwrap();
    let body = serde_json::from_slice(encoded.request.body()).unwrap();
    let lost = encoded.lost.iter().map(|lost| lost.field.to_string()).collect();
    (encoded.request.uri().path().to_owned(), body, lost)
}

/// The path and body of a relayed one.
fn relayed(dialect: Dialect, body: &str) -> (String, Value) {
    let client = tollgate_providers_openai::client_dialects()
        .into_iter()
        .find(|client| client.dialect() == dialect)
        .unwrap();
    let inbound = Inbound {
        dialect,
        operation: client.operation(),
        facts: client.facts(body.as_bytes()).unwrap(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        headers: HeaderMap::new(),
        query: None,
    };
    let encoded = vendor().codec(dialect).unwrap().splice(&inbound, &target()).unwrap();
    let path = encoded.request.uri().path().to_owned();
    (path, serde_json::from_slice(encoded.request.body()).unwrap())
}

#[test]
fn a_conversation_goes_as_the_vendor_takes_it() {
    let thought = ReasoningPart {
        text: "hm".to_owned(),
        signature: None,
        redacted: None,
        issuer: Dialect::OPENAI_CHAT,
    };
    let sealed = ReasoningPart {
        text: "secret".to_owned(),
        signature: Some("s".to_owned()),
        redacted: None,
        issuer: Dialect::ANTHROPIC_MESSAGES,
    };
    let call = ToolCall { id: "c".to_owned(), name: "f".to_owned(), arguments: "{}".to_owned() };
    let chat = ChatRequest {
        messages: vec![
            turn(Role::Developer, vec![part("be brief")]),
            turn(Role::User, vec![part("a"), part("b")]),
            turn(Role::Assistant, vec![Part::Reasoning(thought), part("yes")]),
            turn(Role::User, vec![part("more")]),
            turn(Role::Assistant, vec![Part::Reasoning(sealed), Part::ToolCall(call)]),
        ],
        max_output_tokens: Some(7),
        user: Some("u".to_owned()),
        seed: Some(1),
        ..ChatRequest::default()
    };
    let (path, body, lost) = translated(&chat);
    assert_eq!(path, "/v1/chat/completions");
    let expected = json!({
        "model": "deepseek-v4-pro",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "a\n\nb"},
            {"role": "assistant", "content": "yes", "reasoning_content": "hm"},
            {"role": "user", "content": "more"},
            {"role": "assistant", "content": null, "reasoning_content": " ", "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        ],
        "max_tokens": 7,
        "user_id": "u",
    });
    assert_eq!(body, expected);
    assert_eq!(lost, ["messages[4].thinking", "seed"]);
    let reasoning = Reasoning { mode: Some(ReasoningMode::Disabled), ..Reasoning::default() };
    let (_, body, _) = translated(&ChatRequest { reasoning: Some(reasoning), ..chat });
    assert_eq!(body["thinking"], json!({"type": "disabled"}));
    assert!(!body.to_string().contains("reasoning_content"), "{body}");
}

#[test]
fn what_is_beta_goes_to_the_beta_endpoints() {
    let begun = ChatRequest {
        messages: vec![turn(Role::User, vec![part("q")]), turn(Role::Assistant, vec![part("It")])],
        ..ChatRequest::default()
    };
    let (path, body, lost) = translated(&begun);
    assert_eq!(
        (path.as_str(), &body["messages"][1]["prefix"]),
        ("/beta/chat/completions", &json!(true))
    );
    assert_eq!(lost, Vec::<String>::new());
    let schema = r#"{"type":"object","properties":{},"required":[],"additionalProperties":false}"#;
    let strict = Tool {
        name: "f".to_owned(),
        description: None,
        parameters: Some(JsonText::from_valid(schema)),
        strict: Some(true),
        cache: None,
        foreign: None,
    };
    let held = ChatRequest {
        messages: vec![turn(Role::User, vec![part("the word \"strict\"")])],
        tools: vec![strict],
        ..ChatRequest::default()
    };
    assert_eq!(translated(&held).0, "/beta/chat/completions");
    let plain = ChatRequest { tools: Vec::new(), ..held };
    assert_eq!(translated(&plain).0, "/v1/chat/completions");

    let chat = |last: &str| {
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":"q"}},{last}]}}"#)
    };
    let begun = chat(r#"{"role":"assistant","content":"It", "prefix" : true}"#);
    assert_eq!(relayed(Dialect::OPENAI_CHAT, &begun).0, "/beta/chat/completions");
    let other = chat(r#"{"role":"user","content":"prefix","prefix":false}"#);
    assert_eq!(relayed(Dialect::OPENAI_CHAT, &other).0, "/v1/chat/completions");
    let (path, body) =
        relayed(Dialect::OPENAI_COMPLETIONS, r#"{"model":"m","prompt":"a","suffix":"z"}"#);
    assert_eq!((path.as_str(), &body["suffix"]), ("/beta/completions", &json!("z")));
}

#[test]
fn a_relayed_conversation_is_respelled_and_nothing_is_left_out() {
    let (path, body) = relayed(
        Dialect::OPENAI_CHAT,
        r#"{"model":"m","messages":[{"role":"developer","content":"d"},{"role":"user","content":[{"type":"text","text":"q"}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}],"max_completion_tokens":9,"user":"u","seed":1,"reasoning_effort":"high"}"#,
    );
    assert_eq!(path, "/v1/chat/completions");
    let expected = json!({
        "model": "deepseek-v4-pro",
        "messages": [
            {"role": "system", "content": "d"},
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": null, "reasoning_content": " ", "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c", "content": "r"},
        ],
        "max_tokens": 9,
        "user_id": "u",
        "seed": 1,
        "reasoning_effort": "high",
    });
    assert_eq!(body, expected);
}

#[test]
fn errors_isolate_what_is_at_fault() {
    let codec = vendor().chat().unwrap();
    let said = |status: u16, message: &str, kind: &str| {
        let body = json!({"error": {"message": message, "type": kind, "param": null, "code": "invalid_request_error"}});
        codec.decode_error(status, &HeaderMap::new(), body.to_string().as_bytes()).class
    };
    for (status, message, class) in [
        (402, "Insufficient Balance", ErrorClass::Billing),
        (401, "Authentication Fails (no such user)", ErrorClass::Auth),
        (400, "Content Exists Risk", ErrorClass::ContentPolicy),
        (
            400,
            "This model's maximum context length is 131072 tokens. However, you requested 140000 tokens",
            ErrorClass::ContextWindow,
        ),
        (
            400,
            "The reasoning_content in the thinking mode must be passed back to the API.",
            ErrorClass::Client,
        ),
        (422, "unknown variant `custom`, expected `function`", ErrorClass::Client),
        (429, "Rate limit reached", ErrorClass::Throttle),
        (500, "Server error", ErrorClass::Server),
        (503, "The server is overloaded", ErrorClass::Overload),
    ] {
        assert_eq!(said(status, message, "invalid_request_error"), class, "{status} {message}");
    }
    testkit::error_matrix(codec.as_ref());
}

const STREAM: &[u8] = b": keep-alive\n\n: keep-alive\n\ndata: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"deepseek-v4-pro\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"hm\"},\"finish_reason\":null}]}\n\n: keep-alive\n\ndata: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes\",\"reasoning_content\":null},\"finish_reason\":null}]}\n\ndata: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":6,\"total_tokens\":26,\"prompt_cache_hit_tokens\":16,\"prompt_cache_miss_tokens\":4,\"completion_tokens_details\":{\"reasoning_tokens\":3}}}\n\ndata: [DONE]\n\n";

#[test]
fn keep_alive_lines_say_nothing_in_streams_and_before_whole_answers() {
    testkit::every_cut(STREAM, || vendor().chat().unwrap().stream());
    testkit::truncations(STREAM, || vendor().chat().unwrap().stream());
    let whole = b"\n\n\n\n{\"id\":\"1\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"yes\",\"reasoning_content\":\"hm\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":6,\"total_tokens\":26,\"prompt_cache_hit_tokens\":16,\"prompt_cache_miss_tokens\":4}}";
    let reply = vendor().chat().unwrap().decode(whole).unwrap();
    assert_eq!((reply.parts.len(), reply.usage.cache_read_tokens), (2, Some(16)));
    let account = vendor().chat().unwrap().account(whole).unwrap();
    assert_eq!(account.usage, reply.usage);
}

#[test]
fn a_server_that_gives_up_has_failed() {
    let whole = br#"{"choices":[{"message":{"content":"ye"},"finish_reason":"insufficient_system_resource"}]}"#;
    let Err(DecodeError::Upstream(error)) = vendor().chat().unwrap().decode(whole) else {
        panic!()
    };
    assert_eq!(error.class, ErrorClass::Overload);
    let mut framer = SseFramer::new(1 << 16);
    framer.push(Bytes::from_static(b"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"insufficient_system_resource\"}]}\n\n"));
    let mut decoder = vendor().chat().unwrap().stream();
    let mut events = Vec::new();
    let frame = framer.next_frame().unwrap().unwrap();
    decoder.frame(&frame, &mut events).unwrap();
    assert!(matches!(events.last(), Some(ChatEvent::Error(_))), "{events:?}");
}
