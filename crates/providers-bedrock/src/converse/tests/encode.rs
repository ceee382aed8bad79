//! Requests of Converse: what is asked and what is sent, side by side.

use super::codec;
use serde_json::{Value, json};
use std::sync::Arc;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{
    CacheMarker, ChatRequest, MediaSource, Message, Part, Reasoning, ReasoningMode, ReasoningPart,
    ResponseFormat, Role, Tool, ToolCall, ToolChoice,
};
use tollgate_providers_common::{ChatCodec, EncodeError, ParamRules, UpstreamTarget};

use crate::converse::Converse;
use crate::models::Family;
use crate::provider::{Guardrail, Settings};
use crate::testing::{self, ADAPTIVE, CLAUDE, NOVA, target};

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, name: None }
}

fn user(text: &str) -> Message {
    message(Role::User, vec![Part::text(text)])
}

fn hi() -> ChatRequest {
    ChatRequest { messages: vec![user("Hi")], ..ChatRequest::default() }
}

fn tool(name: &str) -> Tool {
    Tool {
        name: name.to_owned(),
        description: Some("d".to_owned()),
        parameters: Some(testing::json(r#"{"type":"object","properties":{"z":{},"a":{}}}"#)),
        strict: None,
        cache: None,
        foreign: None,
    }
}

fn call(id: &str) -> Message {
    let call = ToolCall { id: id.to_owned(), name: "f".to_owned(), arguments: "{}".to_owned() };
    message(Role::Assistant, vec![Part::ToolCall(call)])
}

fn result(id: &str, parts: Vec<Part>) -> Message {
    let call_id = id.to_owned();
    message(Role::Tool, vec![Part::ToolResult { call_id, parts, is_error: true, cache: None }])
}

/// The body without its messages where those are a plain greeting, and what was lost.
fn sent_to(target: &UpstreamTarget, chat: &ChatRequest) -> (Value, Vec<String>) {
    let encoded = codec(&target.model).encode(chat, target).unwrap();
    let mut body = testing::value(encoded.request.body());
    if body["messages"] == json!([{ "role": "user", "content": [{ "text": "Hi" }] }]) {
        body.as_object_mut().unwrap().remove("messages");
    }
    (body, testing::lost(&encoded.lost))
}

fn sent(model: &str, chat: &ChatRequest) -> (Value, Vec<String>) {
    sent_to(&target(model), chat)
}

fn refused(model: &str, chat: &ChatRequest) -> String {
    codec(model).encode(chat, &target(model)).unwrap_err().to_string()
}

#[test]
fn the_address_says_model_and_stream() {
    for (model, stream, path) in [
        (CLAUDE, false, "/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"),
        (NOVA, true, "/model/amazon.nova-2-lite-v1%3A0/converse-stream"),
    ] {
        let chat = ChatRequest { stream, ..hi() };
        let encoded = codec(model).encode(&chat, &target(model)).unwrap();
        assert_eq!(encoded.request.uri().path(), path);
        assert_eq!(encoded.request.headers()["accept-encoding"], "identity");
        assert!(!encoded.request.headers().contains_key("authorization"));
    }
}

#[test]
fn options() {
    let reasoning =
        |effort: &str| Some(Reasoning { effort: Some(effort.to_owned()), ..Reasoning::default() });
    let schema = || {
        Some(ResponseFormat::JsonSchema {
            name: "s".to_owned(),
            description: None,
            schema: testing::json(r#"{"type":"object","properties":{}}"#),
            strict: Some(true),
        })
    };
    let json_tool = json!({"toolSpec":{"name":"tollgate_json_response",
        "description":"Gives the answer. Call this tool with the whole answer as its input.",
        "inputSchema":{"json":{"type":"object","properties":{}}}}});
    let table: Vec<(&str, &str, ChatRequest, Value, &[&str])> = vec![
        ("nothing", NOVA, hi(), json!({}), &[]),
        (
            "bounds and sampling",
            NOVA,
            ChatRequest {
                max_output_tokens: Some(9),
                temperature: Some(1.5),
                top_p: Some(0.5),
                top_k: Some(3),
                stop: vec!["a".to_owned(), " ".to_owned()],
                ..hi()
            },
            json!({
                "inferenceConfig":{"maxTokens":9,"temperature":1.0,"topP":0.5,"stopSequences":["a"]},
                "additionalModelRequestFields":{"inferenceConfig":{"topK":3}},
            }),
            &["~temperature", "-stop"],
        ),
        (
            "claude takes one of two",
            CLAUDE,
            ChatRequest { temperature: Some(0.5), top_p: Some(0.5), top_k: Some(3), ..hi() },
            json!({"inferenceConfig":{"temperature":0.5},"additionalModelRequestFields":{"top_k":3}}),
            &["-top_p"],
        ),
        (
            "what it has no word for",
            NOVA,
            ChatRequest {
                seed: Some(1),
                frequency_penalty: Some(0.5),
                presence_penalty: Some(0.0),
                user: Some("u".to_owned()),
                n: Some(1),
                extra: vec![("logit_bias".to_owned(), testing::json("{}"))],
                ..hi()
            },
            json!({}),
            &["-frequency_penalty", "-seed", "-user", "-logit_bias"],
        ),
        (
            "its own words",
            NOVA,
            ChatRequest {
                service_tier: Some("flex".to_owned()),
                extra: vec![
                    ("performanceConfig".to_owned(), testing::json(r#"{"latency":"optimized"}"#)),
                    ("additionalModelRequestFields".to_owned(), testing::json(r#"{"x":1}"#)),
                    ("store".to_owned(), testing::json("false")),
                ],
                ..hi()
            },
            json!({
                "serviceTier":{"type":"flex"},
                "performanceConfig":{"latency":"optimized"},
                "additionalModelRequestFields":{"x":1},
            }),
            &[],
        ),
        (
            "a budget",
            CLAUDE,
            ChatRequest { reasoning: reasoning("high"), temperature: Some(0.1), ..hi() },
            json!({
                "inferenceConfig":{"maxTokens":8192},
                "additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":4096}},
            }),
            &["-temperature"],
        ),
        (
            "no room for a budget",
            CLAUDE,
            ChatRequest { reasoning: reasoning("low"), max_output_tokens: Some(900), ..hi() },
            json!({"inferenceConfig":{"maxTokens":900}}),
            &["-reasoning_effort"],
        ),
        (
            "adaptive thinking",
            ADAPTIVE,
            ChatRequest { reasoning: reasoning("minimal"), ..hi() },
            json!({
                "outputConfig":{"effort":"low"},
                "additionalModelRequestFields":{"thinking":{"type":"adaptive","display":"summarized"}},
            }),
            &[],
        ),
        (
            "thinking switched off",
            CLAUDE,
            ChatRequest {
                reasoning: Some(Reasoning {
                    mode: Some(ReasoningMode::Disabled),
                    ..Reasoning::default()
                }),
                ..hi()
            },
            json!({}),
            &[],
        ),
        (
            "an effort of three steps",
            NOVA,
            ChatRequest { reasoning: reasoning("xhigh"), ..hi() },
            json!({"additionalModelRequestFields":{"reasoningConfig":{"type":"enabled","maxReasoningEffort":"high"}}}),
            &["~reasoning_effort"],
        ),
        (
            "an effort in OpenAI's word",
            "openai.gpt-oss-120b-1:0",
            ChatRequest { reasoning: reasoning("medium"), ..hi() },
            json!({"additionalModelRequestFields":{"reasoning_effort":"medium"}}),
            &[],
        ),
        (
            "a model that is not known to think",
            "meta.llama3-1-70b-instruct-v1:0",
            ChatRequest { reasoning: reasoning("medium"), ..hi() },
            json!({}),
            &["-reasoning_effort"],
        ),
        (
            "structured output of its own",
            CLAUDE,
            ChatRequest { response_format: schema(), ..hi() },
            json!({"outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{
                "name":"s","schema":"{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}"}}}}}),
            &["~response_format.json_schema.schema"],
        ),
        (
            "structured output by a tool",
            NOVA,
            ChatRequest { response_format: schema(), ..hi() },
            json!({"toolConfig":{"tools":[json_tool],"toolChoice":{"tool":{"name":"tollgate_json_response"}}}}),
            &[],
        ),
        (
            "a tool and a choice",
            NOVA,
            ChatRequest {
                tools: vec![tool("f")],
                tool_choice: Some(ToolChoice::Named("f".to_owned())),
                parallel_tool_calls: Some(false),
                ..hi()
            },
            json!({"toolConfig":{
                "tools":[{"toolSpec":{"name":"f","description":"d",
                    "inputSchema":{"json":{"type":"object","properties":{"z":{},"a":{}}}}}}],
                "toolChoice":{"tool":{"name":"f"}}}}),
            &["-parallel_tool_calls"],
        ),
        (
            "one call at a time",
            CLAUDE,
            ChatRequest {
                tools: vec![Tool { description: Some(String::new()), ..tool("f") }],
                tool_choice: Some(ToolChoice::Required),
                parallel_tool_calls: Some(false),
                ..hi()
            },
            json!({
                "toolConfig":{"tools":[{"toolSpec":{"name":"f",
                    "inputSchema":{"json":{"type":"object","properties":{"z":{},"a":{}}}}}}]},
                "additionalModelRequestFields":{"tool_choice":{"type":"any","disable_parallel_tool_use":true}},
            }),
            &[],
        ),
        (
            "tools that may not be called",
            NOVA,
            ChatRequest { tools: vec![tool("f")], tool_choice: Some(ToolChoice::None), ..hi() },
            json!({}),
            &[],
        ),
    ];
    for (name, model, chat, body, lost) in table {
        let (found, named) = sent(model, &chat);
        assert_eq!(found, body, "{name}");
        assert_eq!(named, lost, "{name}");
    }
}

/// Name, model, what is said, what is sent, what is lost.
type Said<'a> = (&'a str, &'a str, Vec<Message>, Value, &'a [&'a str]);

#[test]
fn conversations() {
    let marked = Some(CacheMarker { ttl: Some("1h".to_owned()) });
    let base64 = |media_type: &str| MediaSource::Base64 {
        media_type: media_type.to_owned(),
        data: "QQ==".to_owned(),
    };
    let signed = |issuer| {
        Part::Reasoning(ReasoningPart {
            text: "Hm.".to_owned(),
            signature: Some("sig".to_owned()),
            redacted: None,
            issuer,
        })
    };
    let table: Vec<Said<'_>> = vec![
        (
            "instructions, and a point behind them",
            CLAUDE,
            vec![
                message(
                    Role::System,
                    vec![Part::Text { text: "S".to_owned(), cache: marked.clone() }],
                ),
                message(Role::Developer, vec![Part::text("D")]),
                user("Hi"),
            ],
            json!({"system":[{"text":"S"},{"cachePoint":{"type":"default","ttl":"1h"}},{"text":"D"}]}),
            &[],
        ),
        (
            "a model without such points",
            "meta.llama3-1-70b-instruct-v1:0",
            vec![
                message(Role::System, vec![Part::Text { text: "S".to_owned(), cache: marked }]),
                user("Hi"),
            ],
            json!({"system":[{"text":"S"}]}),
            &["-cache_control"],
        ),
        (
            "turns are merged, and results stand first",
            NOVA,
            vec![
                user("a"),
                user("b"),
                call("c 1"),
                user("c"),
                result("c 1", vec![]),
                message(Role::System, vec![Part::text("s")]),
            ],
            json!({
                "messages":[
                    {"role":"user","content":[{"text":"a"},{"text":"b"}]},
                    {"role":"assistant","content":[{"toolUse":{"toolUseId":"c_1","name":"f","input":{}}}]},
                    {"role":"user","content":[
                        {"toolResult":{"toolUseId":"c_1","content":[{"text":""}],"status":"error"}},
                        {"text":"c"},{"text":"s"}]},
                ],
                "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object"}}}}]},
            }),
            &["~messages[5].role", "~tool_choice"],
        ),
        (
            "pictures and documents",
            NOVA,
            vec![message(
                Role::User,
                vec![
                    Part::Image {
                        source: base64("image/png"),
                        detail: Some("low".to_owned()),
                        cache: None,
                    },
                    Part::Document { source: base64("application/pdf"), title: None, cache: None },
                    Part::Document {
                        source: MediaSource::Text("t".to_owned()),
                        title: Some("n".to_owned()),
                        cache: None,
                    },
                    Part::Audio { data: "QQ==".to_owned(), format: "WAV".to_owned() },
                ],
            )],
            json!({"messages":[{"role":"user","content":[
                {"image":{"format":"png","source":{"bytes":"QQ=="}}},
                {"document":{"format":"pdf","name":"document 1","source":{"bytes":"QQ=="}}},
                {"document":{"format":"txt","name":"n (2)","source":{"bytes":"dA=="}}},
                {"audio":{"format":"wav","source":{"bytes":"QQ=="}}},
                {"text":"."}]}]}),
            &["-messages[0].content[0].image_url.detail"],
        ),
        (
            "reasoning goes to its issuer alone",
            CLAUDE,
            vec![
                user("Hi"),
                message(
                    Role::Assistant,
                    vec![
                        Part::text("a"),
                        signed(Dialect::ANTHROPIC_MESSAGES),
                        signed(Dialect::BEDROCK_CONVERSE),
                    ],
                ),
                user("go on"),
            ],
            json!({"messages":[
                {"role":"user","content":[{"text":"Hi"}]},
                {"role":"assistant","content":[{"text":"a"},
                    {"reasoningContent":{"reasoningText":{"text":"Hm.","signature":"sig"}}}]},
                {"role":"user","content":[{"text":"go on"}]}]}),
            &["-messages[1].content[2]"],
        ),
        (
            "the assistant begins, and ends",
            CLAUDE,
            vec![message(Role::Assistant, vec![Part::text("It is ")])],
            json!({"messages":[
                {"role":"user","content":[{"text":"."}]},
                {"role":"assistant","content":[{"text":"It is"}]}]}),
            &["~messages[0].content", "~messages[0].role"],
        ),
    ];
    for (name, model, messages, body, lost) in table {
        let chat = ChatRequest { messages, ..ChatRequest::default() };
        let (found, named) = sent(model, &chat);
        assert_eq!(found, body, "{name}");
        assert_eq!(named, lost, "{name}");
    }
}

#[test]
fn what_would_change_the_meaning_is_refused() {
    let url = Part::Image {
        source: MediaSource::Url("https://e.org/a.png".to_owned()),
        detail: None,
        cache: None,
    };
    let foreign = Part::Foreign {
        dialect: Dialect::ANTHROPIC_MESSAGES,
        kind: "server_tool_use".to_owned(),
        json: testing::json("{}"),
    };
    let with = |messages| ChatRequest { messages, ..ChatRequest::default() };
    for (chat, why) in [
        (ChatRequest { n: Some(2), ..hi() }, "`n`: this vendor gives one answer per request"),
        (
            with(vec![message(Role::User, vec![url])]),
            "`messages[0].content[0]`: this vendor fetches nothing; send the data itself",
        ),
        (
            with(vec![message(Role::User, vec![foreign])]),
            "`messages[0].content[0]`: `server_tool_use` is known to `anthropic.messages` alone",
        ),
        (with(vec![]), "`messages`: there is nothing to answer"),
        (
            with(vec![user("a"), message(Role::Assistant, vec![Part::text("b")]), user(" ")]),
            "`messages[2].content`: this vendor takes no message without content",
        ),
    ] {
        assert_eq!(refused(NOVA, &chat), why);
    }
    let odd = ToolCall { id: "c".to_owned(), name: "f".to_owned(), arguments: "[1]".to_owned() };
    let chat = with(vec![message(Role::Assistant, vec![Part::ToolCall(odd)])]);
    assert!(matches!(codec(NOVA).encode(&chat, &target(NOVA)), Err(EncodeError::Invalid { .. })));
}

#[test]
fn the_deployments_rules_and_guardrail_are_applied() {
    let rule = |key: &str, text: &str| (key.to_owned(), testing::json(text));
    let mut target = target(NOVA);
    target.params = ParamRules {
        defaults: vec![
            rule("temperature", "0.5"),
            rule("performanceConfig", "{\"latency\":\"optimized\"}"),
        ],
        set: vec![rule("requestMetadata", "{\"team\":\"a\"}")],
        ..ParamRules::default()
    };
    let guardrail = Guardrail { id: "gr".to_owned(), version: "1".to_owned(), trace: false };
    let settings = Settings { guardrail: Some(guardrail), base_model: None };
    let codec = Converse::new(Family::of(NOVA), Arc::new(settings));
    // The engine has put the defaults into the client's request.
    let chat = ChatRequest {
        temperature: Some(0.5),
        extra: vec![rule("performanceConfig", "{\"latency\":\"optimized\"}")],
        ..hi()
    };
    let body = testing::value(codec.encode(&chat, &target).unwrap().request.body());
    assert_eq!(body["inferenceConfig"], json!({"temperature":0.5}));
    assert_eq!(body["performanceConfig"], json!({"latency":"optimized"}));
    assert_eq!(body["requestMetadata"], json!({"team":"a"}));
    assert_eq!(body["guardrailConfig"], json!({"guardrailIdentifier":"gr","guardrailVersion":"1"}));
    assert_eq!(body.get("temperature"), None);
}

#[test]
fn a_model_behind_an_opaque_id_is_judged_by_its_name() {
    const PROFILE: &str =
        "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1";
    let settings =
        Settings { base_model: Some("anthropic.claude-sonnet-4-5".to_owned()), guardrail: None };
    let codec = Converse::new(Family::Claude, Arc::new(settings));
    let chat = ChatRequest { temperature: Some(0.5), top_p: Some(0.5), ..hi() };
    let encoded = codec.encode(&chat, &target(PROFILE)).unwrap();
    assert_eq!(testing::lost(&encoded.lost), ["-top_p"]);
    assert!(encoded.request.uri().path().starts_with("/model/arn%3Aaws%3Abedrock%3A"));
}
