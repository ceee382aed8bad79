//! Each custom of a server in OpenAI's dialect: what goes on the wire for a client of another
//! dialect, and what is made of what comes back.

use serde_json::{Value, json};
use std::sync::Arc;
use tollgate_core_types::chat::{
    ChatRequest, MediaSource, Message, Part, Reasoning, ReasoningMode, ReasoningPart, Role, Tool,
    ToolCall, ToolChoice,
};
use tollgate_core_types::custom::{
    Prefill, ReasoningEcho, ReasoningField, StreamOnly, ThinkingSwitch,
};
use tollgate_core_types::reply::ReplyPart;
use tollgate_core_types::{ChatEvent, Dialect, ErrorClass, JsonText, ProviderName};
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{
    ChatCodec, DecodeError, EncodeError, Provider, SseFramer, UpstreamTarget,
};

use super::support::{inbound, target};
use crate::{Codes, OpenAi, Server};

fn text(role: Role, text: &str) -> Message {
    Message { role, parts: vec![part(text)], name: None }
}

fn part(text: &str) -> Part {
    Part::Text { text: text.to_owned(), cache: None }
}

fn asked() -> ChatRequest {
    ChatRequest { messages: vec![text(Role::User, "q")], ..ChatRequest::default() }
}

fn at(server: Server) -> Arc<dyn ChatCodec> {
    OpenAi::at(ProviderName::new("house"), server).chat().unwrap()
}

fn reading(quirks: Quirks) -> Arc<dyn ChatCodec> {
    at(Server { quirks, ..Server::default() })
}

fn towards(quirks: Quirks) -> UpstreamTarget {
    UpstreamTarget { quirks, ..target("m") }
}

/// The body, and what was lost.
fn wire(chat: &ChatRequest, quirks: Quirks) -> (Value, Vec<String>) {
    let encoded = at(Server::default()).encode(chat, &towards(quirks)).unwrap();
    let body = serde_json::from_slice(encoded.request.body()).unwrap();
    (body, encoded.lost.iter().map(|lost| lost.field.to_string()).collect())
}

fn refused(chat: &ChatRequest, quirks: Quirks) -> (String, String) {
    let error = at(Server::default()).encode(chat, &towards(quirks)).unwrap_err();
    let EncodeError::Unsupported { field, reason } = error else { panic!("{error:?}") };
    (field, reason)
}

fn tool(schema: &str) -> Tool {
    Tool {
        name: "f".to_owned(),
        description: None,
        parameters: Some(JsonText::from_valid(schema)),
        strict: None,
        cache: None,
        foreign: None,
    }
}

fn called(id: &str) -> Part {
    Part::ToolCall(ToolCall { id: id.to_owned(), name: "f".to_owned(), arguments: "{}".to_owned() })
}

fn thought(text: &str) -> Part {
    Part::Reasoning(ReasoningPart {
        text: text.to_owned(),
        signature: None,
        redacted: None,
        issuer: Dialect::OPENAI_CHAT,
    })
}

#[test]
fn thinking_is_asked_for_in_the_servers_words() {
    use ThinkingSwitch as S;
    let switched = |thinking_switch| Quirks { thinking_switch, ..Quirks::default() };
    let bounded = Quirks { thinking_budget: 4096, ..switched(S::Enable) };
    let both = Quirks { adaptive_thinking: true, ..switched(S::Type) };
    let mode = |mode| Reasoning { mode: Some(mode), ..Reasoning::default() };
    let named =
        |effort: &str| Reasoning { effort: Some(effort.to_owned()), ..Reasoning::default() };
    let off = ReasoningMode::Disabled;
    for (quirks, reasoning, fields, lost) in [
        (switched(S::Type), mode(off), json!({"thinking": {"type": "disabled"}}), ""),
        (
            switched(S::Type),
            mode(ReasoningMode::Adaptive),
            json!({"thinking": {"type": "enabled"}}),
            "",
        ),
        (
            switched(S::Type),
            mode(ReasoningMode::Budget(2048)),
            json!({"thinking": {"type": "enabled"}}),
            "thinking.budget_tokens",
        ),
        (
            switched(S::Type),
            named("low"),
            json!({"thinking": {"type": "enabled"}}),
            "output_config.effort",
        ),
        (
            both,
            named("low"),
            json!({"thinking": {"type": "enabled"}, "reasoning_effort": "low"}),
            "",
        ),
        (both, named("none"), json!({"thinking": {"type": "disabled"}}), ""),
        (
            bounded,
            mode(ReasoningMode::Budget(2048)),
            json!({"enable_thinking": true, "thinking_budget": 2048}),
            "",
        ),
        (
            bounded,
            mode(ReasoningMode::Budget(9999)),
            json!({"enable_thinking": true, "thinking_budget": 4096}),
            "thinking.budget_tokens",
        ),
        (
            bounded,
            named("low"),
            json!({"enable_thinking": true, "thinking_budget": 2048}),
            "output_config.effort",
        ),
        (bounded, mode(off), json!({"enable_thinking": false}), ""),
        (
            switched(S::Template),
            mode(off),
            json!({"chat_template_kwargs": {"enable_thinking": false}}),
            "",
        ),
        (switched(S::None), mode(off), json!({}), ""),
    ] {
        let chat = ChatRequest { reasoning: Some(reasoning.clone()), ..asked() };
        let (mut body, losses) = wire(&chat, quirks);
        let all = body.as_object_mut().unwrap();
        all.remove("model");
        all.remove("messages");
        assert_eq!(body, fields, "{reasoning:?}");
        assert_eq!(losses.join(","), lost, "{reasoning:?}");
    }
}

#[test]
fn earlier_reasoning_goes_where_the_server_wants_it() {
    use ReasoningEcho as E;
    let turns = |parts: Vec<Part>| ChatRequest {
        messages: vec![
            text(Role::User, "q"),
            Message { role: Role::Assistant, parts, name: None },
            text(Role::User, "more"),
        ],
        ..ChatRequest::default()
    };
    let said = turns(vec![thought("r"), part("a")]);
    let silent = turns(vec![part("a")]);
    let calls = turns(vec![thought("r"), called("c")]);
    let bare = turns(vec![called("c")]);
    let echo = |reasoning_echo| Quirks { reasoning_echo, ..Quirks::default() };
    let given = |text: &str| json!(text);
    for (echoed, chat, sent) in [
        (E::AsGiven, &said, given("r")),
        (E::AsGiven, &silent, Value::Null),
        (E::Never, &said, Value::Null),
        (E::Never, &calls, Value::Null),
        (E::ToolCalls, &said, Value::Null),
        (E::ToolCalls, &calls, given("r")),
        (E::ToolCalls, &bare, given(" ")),
        (E::Always, &said, given("r")),
        (E::Always, &silent, given(" ")),
        (E::Always, &bare, given(" ")),
    ] {
        let (body, _) = wire(chat, echo(echoed));
        assert_eq!(body["messages"][1]["reasoning_content"], sent, "{echoed:?}");
        let off = Reasoning { mode: Some(ReasoningMode::Disabled), ..Reasoning::default() };
        let off = ChatRequest { reasoning: Some(off), ..chat.clone() };
        let (body, _) = wire(&off, echo(echoed));
        let kept = if echoed == E::AsGiven { sent } else { Value::Null };
        assert_eq!(body["messages"][1]["reasoning_content"], kept, "{echoed:?} without thinking");
    }
    let other = Quirks { reasoning_field: ReasoningField::Reasoning, ..Quirks::default() };
    let (body, _) = wire(&said, other);
    assert_eq!(body["messages"][1]["reasoning"], "r");
    assert_eq!(body["messages"][1]["reasoning_content"], Value::Null);
}

#[test]
fn tools_are_offered_as_the_server_takes_them() {
    let offered = ChatRequest {
        tools: vec![tool(
            r#"{"$schema":"s","type":"object","properties":{"$id":{"type":"string"}}}"#,
        )],
        tool_choice: Some(ToolChoice::Required),
        ..asked()
    };
    let (body, lost) = wire(&offered, Quirks { any_for_required: true, ..Quirks::default() });
    assert_eq!((&body["tool_choice"], lost.len()), (&json!("any"), 0));
    let (body, _) = wire(&offered, Quirks { plain_schemas: true, ..Quirks::default() });
    let schema = json!({"type": "object", "properties": {"$id": {"type": "string"}}});
    assert_eq!(body["tools"][0]["function"]["parameters"], schema);
    let (field, _) = refused(&offered, Quirks { no_tools: true, ..Quirks::default() });
    assert_eq!(field, "tools");
    let turns = ChatRequest {
        messages: vec![
            text(Role::User, "q"),
            Message { role: Role::Assistant, parts: vec![called("toolu_0123456789")], name: None },
            Message {
                role: Role::Tool,
                parts: vec![Part::ToolResult {
                    call_id: "toolu_0123456789".to_owned(),
                    parts: vec![part("r")],
                    is_error: false,
                    cache: None,
                }],
                name: None,
            },
        ],
        ..offered
    };
    let (body, _) = wire(&turns, Quirks { short_call_ids: true, ..Quirks::default() });
    let id = body["messages"][1]["tool_calls"][0]["id"].as_str().unwrap();
    assert_eq!(id.len(), 9);
    assert_eq!(body["messages"][2]["tool_call_id"], id);
}

#[test]
fn messages_are_shaped_as_the_server_takes_them() {
    let image = MediaSource::Url("https://x/y.png".to_owned());
    let picture = Message {
        role: Role::User,
        parts: vec![part("look"), Part::Image { source: image, detail: None, cache: None }],
        name: None,
    };
    let seen = ChatRequest { messages: vec![picture], ..ChatRequest::default() };
    let (field, reason) = refused(&seen, Quirks { plain_content: true, ..Quirks::default() });
    assert_eq!(field, "messages[0].content[1]");
    assert!(reason.contains("an image"), "{reason}");
    let crowd = ChatRequest {
        messages: vec![
            text(Role::User, "a"),
            text(Role::User, "b"),
            text(Role::Assistant, "c"),
            text(Role::Assistant, "d"),
            text(Role::User, "e"),
        ],
        ..ChatRequest::default()
    };
    let (body, lost) = wire(&crowd, Quirks { alternate_turns: true, ..Quirks::default() });
    let turns = json!([
        {"role": "user", "content": "a\n\nb"},
        {"role": "assistant", "content": "c\n\nd"},
        {"role": "user", "content": "e"},
    ]);
    assert_eq!((&body["messages"], lost.len()), (&turns, 0));
    let begun = ChatRequest {
        messages: vec![text(Role::User, "q"), text(Role::Assistant, "It")],
        ..ChatRequest::default()
    };
    for (prefill, field, lost) in [
        (Prefill::None, None, 1),
        (Prefill::Prefix, Some("prefix"), 0),
        (Prefill::Partial, Some("partial"), 0),
    ] {
        let (body, losses) = wire(&begun, Quirks { prefill, ..Quirks::default() });
        let last = body["messages"][1].as_object().unwrap();
        let marked = ["prefix", "partial"].into_iter().find(|key| last.contains_key(*key));
        assert_eq!((marked, losses.len()), (field, lost), "{prefill:?}");
    }
}

#[test]
fn fields_go_under_the_servers_names_or_are_named_as_lost() {
    let chat = ChatRequest {
        seed: Some(7),
        user: Some("u".to_owned()),
        max_output_tokens: Some(9),
        presence_penalty: Some(0.5),
        ..asked()
    };
    let quirks = Quirks {
        renames: &[("user", "user_id")],
        lacks: &["seed", "presence_penalty", "logit_bias"],
        adds: &[("reasoning_split", "true")],
        ..Quirks::default()
    };
    let (body, lost) = wire(&chat, quirks);
    assert_eq!(body["user_id"], "u");
    assert_eq!(body["max_tokens"], 9);
    assert_eq!(body["reasoning_split"], true);
    assert!(body.get("seed").is_none() && body.get("user").is_none());
    assert_eq!(lost, ["seed", "presence_penalty"]);
    let (body, _) = wire(&chat, Quirks { max_completion_tokens: true, ..Quirks::default() });
    assert_eq!(body["max_completion_tokens"], 9);
}

#[test]
fn a_server_that_only_streams_is_asked_for_a_stream() {
    use StreamOnly as O;
    let enable = Quirks { thinking_switch: ThinkingSwitch::Enable, ..Quirks::default() };
    let thinking = Reasoning { mode: Some(ReasoningMode::Adaptive), ..Reasoning::default() };
    let thinking = ChatRequest { reasoning: Some(thinking), ..asked() };
    for (stream_only, chat, streams) in [
        (O::Never, &thinking, false),
        (O::Thinking, &thinking, true),
        (O::Thinking, &asked(), false),
        (O::Always, &asked(), true),
    ] {
        let (body, lost) = wire(chat, Quirks { stream_only, ..enable });
        assert_eq!(body.get("stream").is_some(), streams, "{stream_only:?}");
        assert_eq!(body.get("stream_options").is_some(), streams, "{stream_only:?}");
        assert!(lost.is_empty(), "{lost:?}");
    }
    let body = br#"{"model":"m","messages":[{"role":"user","content":"q"}]}"#;
    let always = towards(Quirks { stream_only: O::Always, ..Quirks::default() });
    let relayed = at(Server::default()).splice(&inbound(Dialect::OPENAI_CHAT, body), &always);
    let relayed: Value = serde_json::from_slice(relayed.unwrap().request.body()).unwrap();
    assert_eq!(relayed["stream"], true);
    let error = |text: &str| tollgate_core_types::UpstreamError::new(ErrorClass::Client, text);
    let codec = at(Server::default());
    assert!(codec.wants_stream(&error(
        "parameter.enable_thinking must be set to false for non-streaming calls"
    )));
    assert!(codec.wants_stream(&error(
        "<400> InternalError.Algo.InvalidParameter: This model only support stream mode, please enable it"
    )));
    assert!(!codec.wants_stream(&error("stream must be a boolean")));
    // What a client wrote teaches nothing.
    assert!(!codec.wants_stream(&error("bad value: this model only support stream mode")));
}

#[test]
fn chat_stands_where_the_server_has_it() {
    let server = Server { chat_path: Some("/text/chat".to_owned()), ..Server::default() };
    let codec = at(server);
    let encoded = codec.encode(&asked(), &target("m")).unwrap();
    assert_eq!(encoded.request.uri(), "https://api.example.com/v1/text/chat");
    let body = br#"{"model":"m","messages":[{"role":"user","content":"q"}]}"#;
    let relayed = codec.splice(&inbound(Dialect::OPENAI_CHAT, body), &target("m")).unwrap();
    assert_eq!(relayed.request.uri(), "https://api.example.com/v1/text/chat");
}

/// The events of a stream of these chunks.
fn events(codec: &dyn ChatCodec, chunks: &[&str]) -> Vec<ChatEvent> {
    let mut decoder = codec.stream();
    let mut framer = SseFramer::new(1 << 20);
    for chunk in chunks {
        framer.push(bytes::Bytes::from(format!("data: {chunk}\n\n")));
    }
    let mut out = Vec::new();
    while let Some(frame) = framer.next_frame().unwrap() {
        decoder.frame(&frame, &mut out).unwrap();
    }
    out
}

#[test]
fn reasoning_in_tags_is_set_apart_whole_and_streamed() {
    let codec = reading(Quirks { inline_thinking: true, ..Quirks::default() });
    let whole = r#"{"choices":[{"index":0,"message":{"content":"<think>hm</think>\n\nyes"},"finish_reason":"stop"}]}"#;
    let reply = codec.decode(whole.as_bytes()).unwrap();
    let [ReplyPart::Reasoning(thought), ReplyPart::Text(said)] = reply.parts.as_slice() else {
        panic!("{:?}", reply.parts)
    };
    assert_eq!((thought.text.as_str(), said.as_str()), ("hm", "yes"));
    let streamed = events(
        codec.as_ref(),
        &[
            r#"{"choices":[{"index":0,"delta":{"content":"<thi"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"nk>hm</think>\n\nyes"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
            "[DONE]",
        ],
    );
    let texts: Vec<&str> = streamed
        .iter()
        .filter_map(|event| {
            if let ChatEvent::Reasoning(text) | ChatEvent::Text(text) = event {
                return Some(text.as_str());
            }
            None
        })
        .collect();
    assert_eq!(texts, ["hm", "yes"]);
    assert!(matches!(streamed.last(), Some(ChatEvent::End)));
}

#[test]
fn reasoning_beside_the_output_is_added_whole_and_streamed() {
    let codec = reading(Quirks { reasoning_beside_output: true, ..Quirks::default() });
    let usage = r#""usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"completion_tokens_details":{"reasoning_tokens":25}}"#;
    let whole = format!(
        r#"{{"choices":[{{"message":{{"content":"a"}},"finish_reason":"stop"}}],{usage}}}"#
    );
    assert_eq!(codec.decode(whole.as_bytes()).unwrap().usage.output_tokens, Some(30));
    assert_eq!(codec.account(whole.as_bytes()).unwrap().usage.output_tokens, Some(30));
    let chunk = format!(r#"{{"choices":[],{usage}}}"#);
    let told = events(codec.as_ref(), &[r#"{"choices":[{"delta":{"content":"a"}}]}"#, &chunk]);
    let output = told.iter().find_map(|event| {
        let ChatEvent::Usage(usage) = event else { return None };
        usage.output_tokens
    });
    assert_eq!(output, Some(30));
}

#[test]
fn a_servers_own_codes_decide_in_every_place() {
    let codes = Codes::known(&[("1302", ErrorClass::Throttle), ("1008", ErrorClass::Billing)]);
    let codec = at(Server { codes, ..Server::default() });
    let busy = r#"{"error":{"code":"1302","message":"busy"}}"#;
    let headers = http::HeaderMap::new();
    assert_eq!(codec.decode_error(400, &headers, busy.as_bytes()).class, ErrorClass::Throttle);
    let Err(DecodeError::Upstream(error)) = codec.account(busy.as_bytes()) else { panic!() };
    assert_eq!(error.class, ErrorClass::Throttle);
    let poor = br#"{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}"#;
    let Err(DecodeError::Upstream(error)) = codec.decode(poor) else { panic!() };
    assert_eq!(error.class, ErrorClass::Billing);
    let streamed = events(codec.as_ref(), &[busy]);
    let [ChatEvent::Error(error)] = streamed.as_slice() else { panic!("{streamed:?}") };
    assert_eq!(error.class, ErrorClass::Throttle);
}

#[test]
fn vectors_are_asked_for_as_numbers_and_given_as_the_client_asked() {
    let server = Server {
        quirks: Quirks { float_vectors: true, embed_batch: 2, ..Quirks::default() },
        ..Server::default()
    };
    let vendor = OpenAi::at(ProviderName::new("house"), server);
    let codec = vendor.codec(Dialect::OPENAI_EMBEDDINGS).unwrap();
    let body = br#"{"model":"m","input":["a","b","c"],"encoding_format":"base64"}"#;
    let asked = inbound(Dialect::OPENAI_EMBEDDINGS, body);
    assert_eq!(codec.pieces(&asked).len(), 2);
    assert_eq!(vendor.embeddings().unwrap().most_texts(), Some(2));
    let sent = codec.splice(&asked, &target("m")).unwrap();
    let sent: Value = serde_json::from_slice(sent.request.body()).unwrap();
    assert_eq!(sent["encoding_format"], "float");
    let answer = br#"{"data":[{"index":0,"embedding":[1.0,-2.0]}],"model":"m","usage":{"prompt_tokens":1,"total_tokens":1}}"#;
    let told = codec.relayed(bytes::Bytes::from_static(answer), &asked).unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["data"][0]["embedding"], "AACAPwAAAMA=");
}
