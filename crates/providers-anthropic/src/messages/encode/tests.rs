//! Domain requests beside the bodies that they become.

mod conversation;
mod options;
mod tools;

use super::*;
use crate::testing::{lost, target};
use serde_json::{Value, json};
use tollgate_core_types::JsonText;
use tollgate_core_types::chat::{Message, Part, Role, ToolCall};

/// A request with these messages.
fn chat(messages: Vec<Message>) -> ChatRequest {
    ChatRequest { messages, max_output_tokens: Some(100), ..ChatRequest::default() }
}

/// A request that only says hello.
fn hello() -> ChatRequest {
    chat(vec![said(Role::User, "hello")])
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, name: None }
}

fn said(role: Role, text: &str) -> Message {
    message(role, vec![Part::text(text)])
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    let own = str::to_owned;
    Part::ToolCall(ToolCall { id: own(id), name: own(name), arguments: own(arguments) })
}

fn result(call_id: &str, text: &str) -> Part {
    let parts = vec![Part::text(text)];
    Part::ToolResult { call_id: call_id.to_owned(), parts, is_error: false, cache: None }
}

/// The body for a target, and what was lost.
fn body_for(chat: &ChatRequest, target: &UpstreamTarget) -> (Value, Vec<String>) {
    let encoded = encode(chat, target).unwrap_or_else(|error| panic!("{error}: {chat:#?}"));
    (serde_json::from_slice(encoded.request.body()).unwrap(), lost(&encoded.lost))
}

/// The body for an old model without quirks, and what was lost.
fn body_of(chat: &ChatRequest) -> (Value, Vec<String>) {
    body_for(chat, &target("claude-3-7-sonnet-latest"))
}

fn refusal(chat: &ChatRequest) -> EncodeError {
    encode(chat, &target("m")).expect_err("refused")
}

/// The part of a body under a key; `null` where there is none.
fn at(body: &Value, key: &str) -> Value {
    body.get(key).cloned().unwrap_or_default()
}

#[test]
fn the_smallest_request() {
    let encoded = encode(&hello(), &target("m")).unwrap();
    assert_eq!(
        encoded.request.body(),
        r#"{"model":"m","max_tokens":100,"messages":[{"role":"user","content":[{"type":"text","text":"hello"}]}]}"#
    );
    assert_eq!(encoded.request.uri(), "https://api.anthropic.com/v1/messages");
    assert_eq!(encoded.request.headers()["anthropic-version"], "2023-06-01");
    assert_eq!(encoded.request.headers()["accept-encoding"], "identity");
    assert!(encoded.lost.is_empty());
}

#[test]
fn rules_of_the_deployment_apply_to_the_body() {
    let pair = |key: &str, value: &str| (key.to_owned(), JsonText::from_valid(value));
    let mut target = target("m");
    target.params.defaults =
        vec![pair("max_tokens", "77"), pair("temperature", "0.3"), pair("speed", "\"fast\"")];
    target.params.set = vec![pair("service_tier", "\"auto\"")];
    target.params.remove = vec!["metadata".to_owned()];
    let mut asked = hello();
    asked.max_output_tokens = None;
    asked.user = Some("u".to_owned());
    // The defaults stand in the client's request, in its words or unread.
    asked.temperature = Some(0.3);
    asked.extra = vec![pair("speed", "\"fast\""), pair("inference_geo", "\"eu\"")];
    let (body, lost) = body_for(&asked, &target);
    assert_eq!(at(&body, "max_tokens"), 77);
    assert_eq!(at(&body, "temperature"), 0.3);
    assert_eq!(at(&body, "speed"), "fast");
    assert_eq!(at(&body, "service_tier"), "auto");
    assert_eq!(at(&body, "metadata"), Value::Null);
    assert!(lost.is_empty(), "{lost:?}");

    asked.max_output_tokens = Some(5);
    asked.temperature = Some(0.0);
    let (body, _) = body_for(&asked, &target);
    assert_eq!((at(&body, "max_tokens"), at(&body, "temperature")), (json!(5), json!(0.0)));

    target.quirks.no_sampling = true;
    let (body, lost) = body_for(&asked, &target);
    assert_eq!(at(&body, "temperature"), Value::Null);
    assert_eq!(lost, ["-temperature"]);
}

#[test]
fn only_defaults_that_the_vendor_knows_are_said_in_its_words() {
    let pair = |key: &str, value: &str| (key.to_owned(), JsonText::from_valid(value));
    let mut target = target("m");
    let stop = || pair("stop_sequences", r#"["END"]"#);
    // A default of another vendor's, and one that the client's dialect has read.
    target.params.defaults = vec![stop(), pair("logit_bias", r#"{"1":2}"#), pair("top_p", "0.5")];
    let asked = ChatRequest { extra: vec![stop(), pair("logit_bias", r#"{"1":2}"#)], ..hello() };
    let (body, lost) = body_for(&asked, &target);
    assert_eq!(at(&body, "stop_sequences"), json!(["END"]));
    assert_eq!((at(&body, "logit_bias"), at(&body, "top_p")), (Value::Null, Value::Null));
    assert_eq!(lost, ["-logit_bias"]);
}

proptest::proptest! {
    /// Whatever a client sends of any shape is a body, a refusal or a wrong request; never a panic,
    /// and a body is always JSON with the three required fields.
    #[test]
    fn what_parses_encodes_or_is_refused(
        content in proptest::collection::vec(crate::testing::json_object(), 0..4),
        role in 0_usize..3,
        mut asked in crate::testing::json_object(),
    ) {
        let role = ["user", "assistant", "system"][role];
        asked["messages"] = json!([{"role": "user", "content": "a"}, {"role": role, "content": content}]);
        asked["max_tokens"] = json!(10);
        let text = asked.to_string();
        let parsed = crate::messages::parse::parse(text.as_bytes(), crate::messages::facts::Of::Messages);
        if let Ok(chat) = parsed && let Ok(encoded) = encode(&chat, &target("claude-opus-5-5")) {
            let body: Value = serde_json::from_slice(encoded.request.body()).unwrap();
            proptest::prop_assert!(body["messages"].is_array() && body["max_tokens"].is_u64());
        }
    }
}
