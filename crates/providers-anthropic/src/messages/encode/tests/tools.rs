//! Tools, which of them must be called, and the tool that carries a structured answer.

use super::*;
use crate::messages::JSON_TOOL;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{CacheMarker, Reasoning, ResponseFormat, Tool, ToolChoice};
use tollgate_providers_common::target::Quirks;

fn tool(name: &str) -> Tool {
    Tool {
        name: name.to_owned(),
        description: None,
        parameters: None,
        strict: None,
        cache: None,
        foreign: None,
    }
}

fn with_tools(choice: Option<ToolChoice>, parallel: Option<bool>) -> ChatRequest {
    ChatRequest {
        tools: vec![tool("f")],
        tool_choice: choice,
        parallel_tool_calls: parallel,
        ..hello()
    }
}

fn quirky(set: impl FnOnce(&mut Quirks)) -> UpstreamTarget {
    let mut target = target("m");
    set(&mut target.quirks);
    target
}

#[test]
fn tools_of_every_kind() {
    let full = Tool {
        description: Some("d".to_owned()),
        parameters: Some(JsonText::from_valid(r#"{"properties":{"z":{},"a":{}}}"#)),
        strict: Some(true),
        cache: Some(CacheMarker { ttl: Some("1h".to_owned()) }),
        ..tool("full")
    };
    let hosted = Tool {
        foreign: Some((
            Dialect::ANTHROPIC_MESSAGES,
            JsonText::from_valid(
                r#"{"type":"web_search_20260318","name":"web_search","max_uses":5}"#,
            ),
        )),
        ..tool("web_search")
    };
    let asked = ChatRequest { tools: vec![tool("bare"), full, hosted], ..hello() };
    let expected = json!([
        {"name": "bare", "input_schema": {"type": "object", "properties": {}}},
        {"name": "full", "description": "d", "strict": true,
         "input_schema": {"type": "object", "properties": {"z": {}, "a": {}}, "additionalProperties": false},
         "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "web_search_20260318", "name": "web_search", "max_uses": 5},
    ]);
    let (body, lost) = body_of(&asked);
    assert_eq!(at(&body, "tools"), expected);
    assert_eq!(at(&body, "tool_choice"), Value::Null);
    assert_eq!(lost, ["~tools[1].function.parameters"], "a strict schema is a closed one");

    let (body, lost) = body_for(&asked, &quirky(|quirks| quirks.no_native_schema = true));
    assert_eq!(body["tools"][1].get("strict"), None);
    assert_eq!(lost, ["-tools[1].function.strict"]);
}

#[test]
fn tools_that_cannot_be_offered() {
    let foreign = Some((Dialect::OPENAI_CHAT, JsonText::from_valid("{}")));
    let with = |tool: Tool| ChatRequest { tools: vec![tool], ..hello() };
    let error = refusal(&with(Tool { foreign, ..tool("x") }));
    assert!(matches!(&error, EncodeError::Unsupported { field, .. } if field == "tools[0]"));
    let error = refusal(&with(tool(JSON_TOOL)));
    assert!(
        matches!(&error, EncodeError::Invalid { field, .. } if field == "tools[0].function.name")
    );
    let parameters = Some(JsonText::from_valid("[]"));
    let error = refusal(&with(Tool { parameters, ..tool("x") }));
    assert!(
        matches!(&error, EncodeError::Invalid { field, .. } if field == "tools[0].function.parameters")
    );
}

#[test]
fn choices() {
    let named = || Some(ToolChoice::Named("f".to_owned()));
    for (choice, parallel, expected) in [
        (None, None, Value::Null),
        (None, Some(true), Value::Null),
        (None, Some(false), json!({"type": "auto", "disable_parallel_tool_use": true})),
        (Some(ToolChoice::Auto), None, json!({"type": "auto"})),
        (Some(ToolChoice::None), Some(false), json!({"type": "none"})),
        (Some(ToolChoice::Required), None, json!({"type": "any"})),
        (named(), None, json!({"type": "tool", "name": "f"})),
        (
            named(),
            Some(false),
            json!({"type": "tool", "name": "f", "disable_parallel_tool_use": true}),
        ),
    ] {
        let (body, lost) = body_of(&with_tools(choice, parallel));
        assert_eq!(at(&body, "tool_choice"), expected);
        assert!(lost.is_empty());
    }
}

#[test]
fn a_forced_choice_yields_to_models_and_to_thinking() {
    let forced = with_tools(Some(ToolChoice::Required), Some(false));
    let auto = json!({"type": "auto", "disable_parallel_tool_use": true});
    let (body, lost) = body_for(&forced, &quirky(|quirks| quirks.no_forced_tools = true));
    assert_eq!((at(&body, "tool_choice"), lost), (auto.clone(), vec!["~tool_choice".to_owned()]));

    let reasoning = Reasoning { effort: Some("low".to_owned()), ..Reasoning::default() };
    let thinking =
        ChatRequest { reasoning: Some(reasoning), max_output_tokens: Some(4000), ..forced };
    let (body, lost) = body_of(&thinking);
    assert_eq!(body["thinking"]["budget_tokens"], 1024);
    assert_eq!((at(&body, "tool_choice"), lost), (auto, vec!["~tool_choice".to_owned()]));
}

#[test]
fn without_tools_there_is_no_choice() {
    let asked = |choice| ChatRequest { tool_choice: choice, ..hello() };
    for (choice, lost) in [
        (ToolChoice::Auto, vec![]),
        (ToolChoice::None, vec![]),
        (ToolChoice::Required, vec!["-tool_choice"]),
    ] {
        let (body, said) = body_of(&asked(Some(choice)));
        assert_eq!((at(&body, "tools"), at(&body, "tool_choice")), (Value::Null, Value::Null));
        assert_eq!(said, lost);
    }
}

#[test]
fn past_calls_are_declared_and_not_offered() {
    let (body, _) = body_of(&chat(vec![
        said(Role::User, "q"),
        message(Role::Assistant, vec![call("1", "g", ""), call("2", "f", ""), call("3", "g", "")]),
        message(Role::Tool, vec![result("1", "r"), result("2", "r"), result("3", "r")]),
    ]));
    assert_eq!(
        at(&body, "tools"),
        json!([
            {"name": "f", "input_schema": {"type": "object"}},
            {"name": "g", "input_schema": {"type": "object"}},
        ])
    );
    assert_eq!(at(&body, "tool_choice"), json!({"type": "none"}));
}

fn schema(schema: &str) -> ResponseFormat {
    ResponseFormat::JsonSchema {
        name: "n".to_owned(),
        description: Some("what for".to_owned()),
        schema: JsonText::from_valid(schema),
        strict: Some(true),
    }
}

const OPEN: &str = r#"{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"object","additionalProperties":false}}}"#;

#[test]
fn a_schema_is_native_and_closed() {
    let asked = ChatRequest { response_format: Some(schema(OPEN)), ..hello() };
    let encoded = encode(&asked, &target("m")).unwrap();
    let text = std::str::from_utf8(encoded.request.body()).unwrap();
    let closed = OPEN.strip_suffix('}').unwrap();
    let expected = format!(
        r#""output_config":{{"format":{{"type":"json_schema","schema":{closed},"additionalProperties":false}}}}}}"#
    );
    assert!(text.contains(&expected), "{text}");
    assert_eq!(
        lost(&encoded.lost),
        ["~response_format.json_schema.schema", "-response_format.json_schema.description"]
    );
    let error = refusal(&ChatRequest { response_format: Some(schema("true")), ..hello() });
    assert!(matches!(error, EncodeError::Invalid { .. }), "{error}");
}

#[test]
fn an_old_model_answers_through_a_tool() {
    let old = quirky(|quirks| quirks.no_native_schema = true);
    let mut asked = ChatRequest { response_format: Some(schema(OPEN)), ..hello() };
    let (body, lost) = body_for(&asked, &old);
    let json_tool = json!({"name": JSON_TOOL, "description": "what for", "input_schema": serde_json::from_str::<Value>(OPEN).unwrap()});
    assert_eq!(at(&body, "tools"), json!([json_tool]));
    let forced = json!({"type": "tool", "name": JSON_TOOL, "disable_parallel_tool_use": true});
    assert_eq!(at(&body, "tool_choice"), forced);
    assert!(lost.is_empty());

    // Beside the client's own tools any may be called, and the answer is one of them.
    asked.tools = vec![tool("f")];
    let (body, _) = body_for(&asked, &old);
    assert_eq!(at(&body, "tool_choice"), json!({"type": "any", "disable_parallel_tool_use": true}));
    assert_eq!(body["tools"][1]["name"], JSON_TOOL);
    asked.tool_choice = Some(ToolChoice::None);
    assert_eq!(at(&body_for(&asked, &old).0, "tool_choice"), forced);
    asked.tool_choice = Some(ToolChoice::Named("f".to_owned()));
    let (body, lost) = body_for(&asked, &old);
    assert_eq!(at(&body, "tool_choice"), json!({"type": "tool", "name": "f"}));
    assert_eq!(
        (body["tools"].as_array().unwrap().len(), lost),
        (1, vec!["~response_format".to_owned()])
    );
}

#[test]
fn a_form_excludes_thinking_only_where_a_tool_carries_it() {
    let reasoning = Some(Reasoning { effort: Some("low".to_owned()), ..Reasoning::default() });
    let asked = |response_format| ChatRequest {
        reasoning: reasoning.clone(),
        response_format: Some(response_format),
        max_output_tokens: Some(4000),
        ..hello()
    };
    let old = quirky(|quirks| quirks.no_native_schema = true);
    let (body, lost) = body_for(&asked(schema(OPEN)), &old);
    assert_eq!(at(&body, "thinking"), Value::Null);
    assert_eq!(lost, ["-reasoning_effort"]);
    let (body, _) = body_of(&asked(schema(OPEN)));
    assert_eq!(body["thinking"]["type"], "enabled");
}

#[test]
fn any_object_is_a_tool_or_a_word() {
    let mut asked = ChatRequest { response_format: Some(ResponseFormat::JsonObject), ..hello() };
    let (body, lost) = body_of(&asked);
    assert_eq!(body["tools"][0]["input_schema"], json!({"type": "object"}));
    assert_eq!(body["tool_choice"]["name"], JSON_TOOL);
    assert!(lost.is_empty());
    let (body, lost) = body_for(&asked, &quirky(|quirks| quirks.no_forced_tools = true));
    assert_eq!(at(&body, "tools"), Value::Null);
    assert!(body["system"][0]["text"].as_str().unwrap().contains("JSON object"));
    assert_eq!(lost, ["~response_format"]);
    asked.response_format = Some(ResponseFormat::Text);
    assert_eq!(body_of(&asked), body_of(&hello()));
}
