//! Requests of the domain and what becomes of them, field by field.

use super::{ChatRequest, UpstreamTarget, encode};
use crate::testing::{json, lost, target};
use serde_json::{Value, json as tree};
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{
    MediaSource, Message, Part, Reasoning, ReasoningMode, ReasoningPart, ResponseFormat, Role,
    Tool, ToolCall, ToolChoice,
};
use tollgate_providers_common::target::Quirks;

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, name: None }
}

fn user(text: &str) -> Message {
    message(Role::User, vec![Part::text(text)])
}

fn asked(text: &str) -> ChatRequest {
    ChatRequest { messages: vec![user(text)], ..ChatRequest::default() }
}

fn sent_to(chat: &ChatRequest, target: &UpstreamTarget) -> (Value, Vec<String>) {
    let encoded = encode(chat, target).unwrap();
    (serde_json::from_slice(encoded.request.body()).unwrap(), lost(&encoded.lost))
}

fn sent(chat: &ChatRequest, model: &str) -> (Value, Vec<String>) {
    sent_to(chat, &target(model))
}

fn refused(chat: &ChatRequest, model: &str) -> String {
    encode(chat, &target(model)).unwrap_err().to_string()
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    let (id, name) = (id.to_owned(), name.to_owned());
    Part::ToolCall(ToolCall { id, name, arguments: arguments.to_owned() })
}

fn result(id: &str, text: &str) -> Part {
    Part::ToolResult {
        call_id: id.to_owned(),
        parts: vec![Part::text(text)],
        is_error: false,
        cache: None,
    }
}

fn signed(signature: &str, issuer: Dialect) -> Part {
    let signature = Some(signature.to_owned());
    Part::Reasoning(ReasoningPart { text: String::new(), signature, redacted: None, issuer })
}

fn tool(name: &str) -> Tool {
    Tool {
        name: name.to_owned(),
        description: Some("d".to_owned()),
        parameters: Some(json(r#"{"type":"object","additionalProperties":false}"#)),
        strict: None,
        cache: None,
        foreign: None,
    }
}

#[test]
fn instructions_go_apart_and_later_ones_stay_where_they_stand() {
    let chat = ChatRequest {
        messages: vec![
            message(Role::System, vec![Part::text("s")]),
            message(Role::Developer, vec![Part::text("d")]),
            user("a"),
            message(Role::Assistant, vec![Part::text("b")]),
            message(Role::System, vec![Part::text("later")]),
            user("c"),
        ],
        ..ChatRequest::default()
    };
    let (body, lost) = sent(&chat, "gemini-3-flash");
    assert_eq!(
        body,
        tree!({
            "systemInstruction": {"parts": [{"text": "s"}, {"text": "d"}]},
            "contents": [
                {"role": "user", "parts": [{"text": "a"}]},
                {"role": "model", "parts": [{"text": "b"}]},
                {"role": "user", "parts": [{"text": "later"}]},
                {"role": "user", "parts": [{"text": "c"}]},
            ],
        })
    );
    assert_eq!(lost, ["~messages[4].role"]);
}

#[test]
fn results_stand_together_behind_their_calls_in_their_order_and_by_name() {
    let chat = ChatRequest {
        messages: vec![
            user("a"),
            message(
                Role::Assistant,
                vec![
                    signed("U0lH", Dialect::GEMINI_GENERATE),
                    call("1", "f", r#"{"x":1.50}"#),
                    call("2", "g", ""),
                ],
            ),
            message(Role::Tool, vec![result("2", "two")]),
            message(Role::Tool, vec![result("1", r#"{"y":2}"#)]),
            user("b"),
        ],
        ..ChatRequest::default()
    };
    let (body, lost) = sent(&chat, "gemini-3-flash");
    assert_eq!(
        body["contents"],
        tree!([
            {"role": "user", "parts": [{"text": "a"}]},
            {"role": "model", "parts": [
                {"functionCall": {"id": "1", "name": "f", "args": {"x": 1.5}},
                 "thoughtSignature": "U0lH"},
                {"functionCall": {"id": "2", "name": "g", "args": {}}},
            ]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": "1", "name": "f", "response": {"y": 2}}},
                {"functionResponse": {"id": "2", "name": "g", "response": {"output": "two"}}},
            ]},
            {"role": "user", "parts": [{"text": "b"}]},
        ])
    );
    assert_eq!(lost, [""; 0]);
}

#[test]
fn calls_without_a_signature_are_excused_where_one_is_needed() {
    let history = |parts: Vec<Part>| ChatRequest {
        messages: vec![user("a"), message(Role::Assistant, parts)],
        ..ChatRequest::default()
    };
    let calls = history(vec![
        signed("claude", Dialect::ANTHROPIC_MESSAGES),
        call("1", "f", "{}"),
        call("2", "g", "{}"),
    ]);
    let (body, lost) = sent(&calls, "gemini-3-flash");
    let parts = &body["contents"][1]["parts"];
    assert_eq!(parts[0]["thoughtSignature"], crate::signature::NONE);
    assert!(parts[1].get("thoughtSignature").is_none());
    assert_eq!(lost, ["-messages[1].content[0]"], "another vendor's reasoning is withheld");
    let (body, _) = sent(&calls, "gemini-2.5-flash");
    assert!(body["contents"][1]["parts"][0].get("thoughtSignature").is_none());
    let text = history(vec![Part::text("b"), signed("U0lH", Dialect::GEMINI_GENERATE)]);
    let (body, _) = sent(&text, "gemini-3-flash");
    let want = tree!([{"text": "b"}, {"text": "", "thoughtSignature": "U0lH"}]);
    assert_eq!(body["contents"][1]["parts"], want);
}

#[test]
fn what_would_change_the_meaning_is_refused() {
    let with = |role, part| ChatRequest {
        messages: vec![user("a"), message(role, vec![part])],
        ..ChatRequest::default()
    };
    for (chat, want) in [
        (
            with(Role::Assistant, call("1", "f", "[1]")),
            "`messages[1].tool_calls[0].function.arguments`: this vendor needs a JSON object",
        ),
        (
            with(Role::Tool, result("nope", "r")),
            "`messages[1].tool_call_id`: no call of this conversation has the id `nope`",
        ),
        (ChatRequest::default(), "`messages`: there is nothing to answer"),
        (
            ChatRequest { n: Some(2), ..asked("a") },
            "`n`: the gateway asks this vendor for one answer per request",
        ),
        (
            ChatRequest {
                extra: vec![("modalities".to_owned(), json(r#"["text","audio"]"#))],
                ..asked("a")
            },
            "`modalities`: the gateway takes no audio from this vendor",
        ),
    ] {
        assert_eq!(refused(&chat, "gemini-3-flash"), want);
    }
}

#[test]
fn media() {
    let source = |source| Part::Image { source, detail: None, cache: None };
    let url = |url: &str| source(MediaSource::Url(url.to_owned()));
    let sent = |part: Part, model: &str| {
        let chat = ChatRequest {
            messages: vec![message(Role::User, vec![part])],
            ..ChatRequest::default()
        };
        match encode(&chat, &target(model)) {
            Ok(encoded) => {
                let body: Value = serde_json::from_slice(encoded.request.body()).unwrap();
                body["contents"][0]["parts"][0].to_string()
            }
            Err(error) => error.to_string(),
        }
    };
    for (part, model, want) in [
        (
            url("data:image/jpg;base64,AA=="),
            "gemini-2.5-pro",
            r#"{"inlineData":{"data":"AA==","mimeType":"image/jpeg"}}"#,
        ),
        (
            url("data:image/png,raw"),
            "gemini-2.5-pro",
            "`messages[0].content[0]`: a data URL must be base64",
        ),
        (
            url("gs://b/a.PNG"),
            "gemini-2.5-pro",
            r#"{"fileData":{"fileUri":"gs://b/a.PNG","mimeType":"image/png"}}"#,
        ),
        (
            url("https://e.org/a"),
            "gemini-2.5-pro",
            "`messages[0].content[0]`: this model fetches no addresses; send the data as base64",
        ),
        (url("https://e.org/a"), "gemini-3-flash", r#"{"fileData":{"fileUri":"https://e.org/a"}}"#),
        (
            source(MediaSource::FileId("files/x".to_owned())),
            "gemini-3-flash",
            r#"{"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/x"}}"#,
        ),
        (
            source(MediaSource::FileId("file-1".to_owned())),
            "gemini-3-flash",
            "`messages[0].content[0]`: a file uploaded to another vendor",
        ),
        (
            Part::Audio { data: "AA==".to_owned(), format: "WAV".to_owned() },
            "gemini-3-flash",
            r#"{"inlineData":{"data":"AA==","mimeType":"audio/wav"}}"#,
        ),
        (
            Part::Document {
                source: MediaSource::Base64 {
                    media_type: "application/pdf".to_owned(),
                    data: "AA==".to_owned(),
                },
                title: None,
                cache: None,
            },
            "gemini-3-flash",
            r#"{"inlineData":{"data":"AA==","mimeType":"application/pdf"}}"#,
        ),
    ] {
        assert_eq!(sent(part, model), want);
    }
}

#[test]
fn tools_and_their_choice() {
    let offered = |choice: Option<ToolChoice>, model: &str| {
        let tools = vec![tool("f")];
        let (body, lost) = sent(&ChatRequest { tools, tool_choice: choice, ..asked("a") }, model);
        let schema = tree!({"type": "object", "additionalProperties": false});
        let function = tree!({"name": "f", "description": "d", "parametersJsonSchema": schema});
        assert_eq!(body["tools"], tree!([{"functionDeclarations": [function]}]));
        assert_eq!(lost, [""; 0]);
        body["toolConfig"]["functionCallingConfig"].clone()
    };
    for (choice, want) in [
        (None, Value::Null),
        (Some(ToolChoice::Auto), Value::Null),
        (Some(ToolChoice::None), tree!({"mode": "NONE"})),
        (Some(ToolChoice::Required), tree!({"mode": "ANY"})),
        (
            Some(ToolChoice::Named("f".to_owned())),
            tree!({"mode": "ANY", "allowedFunctionNames": ["f"]}),
        ),
    ] {
        assert_eq!(offered(choice, "gemini-3-flash"), want);
    }
    let strict = Tool { strict: Some(true), ..tool("f") };
    let chat = ChatRequest { tools: vec![strict], parallel_tool_calls: Some(false), ..asked("a") };
    let (body, lost) = sent(&chat, "gemini-3-flash");
    assert_eq!(body["toolConfig"]["functionCallingConfig"]["mode"], "VALIDATED");
    assert_eq!(lost, ["-parallel_tool_calls"]);
    let hosted =
        Tool { foreign: Some((Dialect::ANTHROPIC_MESSAGES, json("{}"))), ..tool("web_search") };
    assert_eq!(
        refused(&ChatRequest { tools: vec![hosted], ..asked("a") }, "gemini-3-flash"),
        "`tools[0]`: `web_search` is known to `anthropic.messages` alone"
    );
}

#[test]
fn thinking_is_asked_for_in_the_way_that_the_model_takes() {
    let reasoning = |mode: Option<ReasoningMode>, effort: Option<&str>| Reasoning {
        mode,
        effort: effort.map(str::to_owned),
        display: None,
    };
    let effort = |effort| reasoning(None, Some(effort));
    let mode = |mode| reasoning(Some(mode), None);
    const NONE: &[&str] = &[];
    for (model, asked_for, want, losses) in [
        ("gemini-3-flash", effort("low"), tree!({"thinkingLevel": "LOW"}), NONE),
        ("gemini-3-flash", effort("minimal"), tree!({"thinkingLevel": "MINIMAL"}), NONE),
        (
            "gemini-3-pro",
            effort("minimal"),
            tree!({"thinkingLevel": "LOW"}),
            &["~reasoning_effort"],
        ),
        ("gemini-3-pro", effort("max"), tree!({"thinkingLevel": "HIGH"}), &["~reasoning_effort"]),
        (
            "gemini-3-flash",
            effort("none"),
            tree!({"thinkingLevel": "MINIMAL"}),
            &["~reasoning_effort"],
        ),
        ("gemini-3-flash", mode(ReasoningMode::Adaptive), tree!({}), NONE),
        (
            "gemini-3-flash",
            mode(ReasoningMode::Budget(2048)),
            tree!({"thinkingLevel": "MEDIUM"}),
            &["~thinking.budget_tokens"],
        ),
        ("gemini-2.5-flash", effort("none"), tree!({"thinkingBudget": 0}), NONE),
        ("gemini-2.5-flash-lite", effort("none"), tree!({"thinkingBudget": 0}), NONE),
        ("gemini-2.5-pro", effort("none"), tree!({"thinkingBudget": 128}), &["~reasoning_effort"]),
        ("gemini-2.5-flash", effort("medium"), tree!({"thinkingBudget": 8192}), NONE),
        (
            "gemini-2.5-flash",
            mode(ReasoningMode::Budget(2000)),
            tree!({"thinkingBudget": 2000}),
            NONE,
        ),
        (
            "gemini-2.5-flash",
            mode(ReasoningMode::Budget(99_999)),
            tree!({"thinkingBudget": 24_576}),
            &["~thinking.budget_tokens"],
        ),
        ("gemini-2.5-pro", mode(ReasoningMode::Adaptive), tree!({"thinkingBudget": -1}), NONE),
        ("gemini-2.0-flash", effort("low"), Value::Null, &["-reasoning_effort"]),
        ("gemini-2.0-flash", effort("none"), Value::Null, NONE),
        ("gemini-3-flash", effort("brand_new"), Value::Null, &["-reasoning_effort"]),
    ] {
        let off = asked_for.effort.as_deref() == Some("none");
        let chat = ChatRequest { reasoning: Some(asked_for.clone()), ..asked("a") };
        let (body, lost) = sent(&chat, model);
        let mut want = want;
        if let Value::Object(fields) = &mut want {
            fields.insert("includeThoughts".to_owned(), Value::Bool(!off));
        }
        assert_eq!(body["generationConfig"]["thinkingConfig"], want, "{model} {asked_for:?}");
        assert_eq!(lost, losses, "{model} {asked_for:?}");
    }
}

#[test]
fn the_form_of_the_answer() {
    let schema = || ResponseFormat::JsonSchema {
        name: "n".to_owned(),
        description: None,
        schema: json(r#"{"type":"object","$defs":{}}"#),
        strict: None,
    };
    let with = |format, tools| ChatRequest { response_format: Some(format), tools, ..asked("a") };
    let (body, lost) = sent(&with(schema(), vec![]), "gemini-2.5-pro");
    let config = tree!({
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object", "$defs": {}},
    });
    assert_eq!((&body["generationConfig"], lost.len()), (&config, 0));
    let (body, lost) = sent(&with(schema(), vec![tool("f")]), "gemini-3-flash");
    assert_eq!((&body["generationConfig"], lost.len()), (&config, 0));
    let (body, lost) = sent(&with(schema(), vec![tool("f")]), "gemini-2.5-pro");
    assert!(body.get("generationConfig").is_none());
    let words = body["systemInstruction"]["parts"][0]["text"].as_str().unwrap();
    assert!(words.contains("JSON Schema: {\"type\":\"object\""), "{words}");
    assert_eq!(lost, ["~response_format"]);
    let (body, _) = sent(&with(ResponseFormat::JsonObject, vec![]), "gemini-3-flash");
    assert_eq!(body["generationConfig"], tree!({"responseMimeType": "application/json"}));
}

#[test]
fn settings_land_in_the_generation_config_and_the_rest_is_named() {
    let chat = ChatRequest {
        max_output_tokens: Some(9),
        temperature: Some(0.5),
        top_p: Some(0.9),
        top_k: Some(4),
        frequency_penalty: Some(1.0),
        presence_penalty: Some(-1.0),
        seed: Some(7),
        stop: ["a", "b", "c", "d", "e", "f"].map(str::to_owned).into(),
        user: Some("u".to_owned()),
        service_tier: Some("default".to_owned()),
        extra: vec![
            ("safety_settings".to_owned(), json("[{\"category\":\"c\"}]")),
            ("logit_bias".to_owned(), json("{\"1\":2}")),
            ("store".to_owned(), json("false")),
        ],
        ..asked("a")
    };
    let (body, lost) = sent(&chat, "gemini-3-flash");
    assert_eq!(
        body["generationConfig"],
        tree!({
            "maxOutputTokens": 9, "temperature": 0.5, "topP": 0.9, "topK": 4, "seed": 7,
            "frequencyPenalty": 1.0, "presencePenalty": -1.0,
            "stopSequences": ["a", "b", "c", "d", "e"],
        })
    );
    assert_eq!(body["serviceTier"], "standard");
    assert_eq!(body["safetySettings"], tree!([{"category": "c"}]));
    assert_eq!(lost, ["-user", "-stop", "-logit_bias"]);
    let quirks = Quirks { no_sampling: true, ..Quirks::default() };
    let plain = ChatRequest { temperature: Some(0.5), top_p: Some(1.0), ..asked("a") };
    let (body, lost) = sent_to(&plain, &UpstreamTarget { quirks, ..target("gemini-3-flash") });
    assert!(body.get("generationConfig").is_none());
    assert_eq!(lost, ["-temperature"]);
}

proptest::proptest! {
    #[test]
    fn no_conversation_panics(
        parts in proptest::collection::vec((0..9_u8, ".{0,6}"), 0..8),
        roles in proptest::collection::vec(0..5_u8, 1..4),
    ) {
        let part = |(kind, text): &(u8, String)| match kind {
            0 => Part::text(text.clone()),
            1 => call(text, text, "{}"),
            2 => call(text, "f", text),
            3 => result(text, text),
            4 => signed(text, Dialect::GEMINI_GENERATE),
            5 => Part::Refusal { text: text.clone() },
            6 => Part::Audio { data: text.clone(), format: text.clone() },
            7 => Part::Image { source: MediaSource::Url(text.clone()), detail: None, cache: None },
            _ => signed(text, Dialect::OPENAI_CHAT),
        };
        let role = |role: &u8| match role {
            0 => Role::System,
            1 => Role::Developer,
            2 => Role::User,
            3 => Role::Assistant,
            _ => Role::Tool,
        };
        let parts: Vec<Part> = parts.iter().map(part).collect();
        let messages = roles.iter().map(|it| message(role(it), parts.clone())).collect();
        let chat = ChatRequest { messages, ..ChatRequest::default() };
        if let Ok(encoded) = encode(&chat, &target("gemini-3-flash")) {
            let body: Value = serde_json::from_slice(encoded.request.body()).unwrap();
            proptest::prop_assert!(body["contents"].as_array().is_some_and(|it| !it.is_empty()));
        }
    }
}
