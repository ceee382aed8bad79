//! Clients' requests beside what they mean.

use super::*;
use crate::testing::json;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{
    CacheMarker, MediaSource, Reasoning, ReasoningMode, ReasoningPart, ResponseFormat, ToolCall,
    ToolChoice,
};

fn read(body: &str) -> ChatRequest {
    parse(body.as_bytes(), Of::Messages).unwrap_or_else(|bad| panic!("{bad}: {body}"))
}

fn refused(body: &str) -> BadRequest {
    parse(body.as_bytes(), Of::Messages).expect_err(body)
}

/// A request that says `a` and has these fields too.
fn with(fields: &str) -> String {
    format!(
        r#"{{"model":"m","max_tokens":5,"messages":[{{"role":"user","content":"a"}}],{fields}}}"#
    )
}

/// A request of one message with this role and these blocks.
fn blocks(role: &str, blocks: &str) -> String {
    format!(r#"{{"max_tokens":5,"messages":[{{"role":"{role}","content":[{blocks}]}}]}}"#)
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, name: None }
}

fn cached(text: &str, ttl: Option<&str>) -> Part {
    let cache = Some(CacheMarker { ttl: ttl.map(str::to_owned) });
    Part::Text { text: text.to_owned(), cache }
}

fn foreign(kind: &str, text: &str) -> Part {
    let dialect = Dialect::ANTHROPIC_MESSAGES;
    Part::Foreign { dialect, kind: kind.to_owned(), json: json(text) }
}

#[test]
fn every_option() {
    let chat = read(
        r#"{"model":"m","max_tokens":1024.0,"stream":true,"temperature":1,"top_p":0.5,"top_k":4,
        "load_balance_strategy":"random",
        "stop_sequences":["x","y"],"service_tier":"standard_only","metadata":{"user_id":"u","k":1},
        "tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true},
        "thinking":{"type":"adaptive","display":"omitted"},
        "output_config":{"effort":"max","format":{"type":"json_schema","schema":{"type": "object"}},"task_budget":9},
        "context_management":{"edits":[ ]},"container":null,"cache_control":{"type":"ephemeral"},
        "messages":[{"role":"user","content":"a"}]}"#,
    );
    let extra = |key: &str, value: &str| (key.to_owned(), json(value));
    assert_eq!(
        chat,
        ChatRequest {
            messages: vec![message(Role::User, vec![Part::text("a")])],
            tool_choice: Some(ToolChoice::Named("f".to_owned())),
            parallel_tool_calls: Some(false),
            response_format: Some(ResponseFormat::JsonSchema {
                name: "response".to_owned(),
                description: None,
                schema: json(r#"{"type": "object"}"#),
                strict: Some(true),
            }),
            reasoning: Some(Reasoning {
                mode: Some(ReasoningMode::Adaptive),
                effort: Some("max".to_owned()),
                display: Some("omitted".to_owned()),
            }),
            max_output_tokens: Some(1024),
            temperature: Some(1.0),
            top_p: Some(0.5),
            top_k: Some(4),
            stop: vec!["x".to_owned(), "y".to_owned()],
            user: Some("u".to_owned()),
            service_tier: Some("default".to_owned()),
            stream: true,
            extra: vec![
                extra("context_management", r#"{"edits":[ ]}"#),
                extra("cache_control", r#"{"type":"ephemeral"}"#),
                extra("metadata.k", "1"),
                extra("output_config.task_budget", "9"),
            ],
            ..ChatRequest::default()
        }
    );
}

#[test]
fn nulls_say_nothing() {
    let fields = r#""system":null,"tools":null,"tool_choice":null,"thinking":null,"output_config":null,
        "metadata":null,"stop_sequences":null,"temperature":null,"top_k":null,"stream":null,"betas":null"#;
    assert_eq!(read(&with(fields)), read(&with("\"model2\":null")));
}

#[test]
fn ways_of_thinking() {
    for (thinking, mode) in [
        (r#"{"type":"enabled","budget_tokens":2048}"#, Some(ReasoningMode::Budget(2048))),
        (r#"{"type":"adaptive"}"#, Some(ReasoningMode::Adaptive)),
        (r#"{"type":"disabled"}"#, Some(ReasoningMode::Disabled)),
        (r#"{"type":"between_tools"}"#, None),
    ] {
        let chat = read(&with(&format!(r#""thinking":{thinking}"#)));
        assert_eq!(chat.reasoning.and_then(|reasoning| reasoning.mode), mode, "{thinking}");
        assert_eq!(chat.extra.is_empty(), mode.is_some(), "{thinking}");
    }
}

#[test]
fn choices() {
    for (choice, expected, parallel) in [
        (r#"{"type":"auto"}"#, ToolChoice::Auto, None),
        (r#"{"type":"auto","disable_parallel_tool_use":false}"#, ToolChoice::Auto, None),
        (r#"{"type":"any","disable_parallel_tool_use":true}"#, ToolChoice::Required, Some(false)),
        (r#"{"type":"none"}"#, ToolChoice::None, None),
    ] {
        let chat = read(&with(&format!(r#""tool_choice":{choice}"#)));
        assert_eq!((chat.tool_choice, chat.parallel_tool_calls), (Some(expected), parallel));
    }
}

#[test]
fn the_system_prompt_comes_first_without_the_accounting_line() {
    let header = "x-anthropic-billing-header: cc_version=2; cch=ab12;";
    let system = |system: &str| read(&with(&format!(r#""system":{system}"#))).messages;
    let user = message(Role::User, vec![Part::text("a")]);
    let text = |text: &str| vec![message(Role::System, vec![Part::text(text)]), user.clone()];
    assert_eq!(system("\"be kind\""), text("be kind"));
    assert_eq!(system(&format!(r#""{header}\n\nbe kind""#)), text("be kind"));
    assert_eq!(system(&format!("\"{header}\"")), vec![user.clone()]);
    assert_eq!(system("[]"), vec![user.clone()]);
    let blocks = format!(
        r#"[{{"type":"text","text":"{header}"}},
            {{"type":"text","text":"You are","cache_control":{{"type":"ephemeral","ttl":"1h"}}}},
            {{"type":"text","text":"kind to {header}","cache_control":{{"type":"ephemeral"}}}}]"#
    );
    let kind = format!("kind to {header}");
    let parts = vec![cached("You are", Some("1h")), cached(&kind, None)];
    assert_eq!(system(&blocks), vec![message(Role::System, parts), user]);
}

#[test]
fn a_conversation_with_tools() {
    let chat = read(
        r#"{"max_tokens":5,"messages":[
        {"role":"user","content":[{"type":"text","text":"q"}]},
        {"role":"assistant","content":[
            {"type":"thinking","thinking":"hm","signature":"sig"},
            {"type":"thinking","thinking":"other","signature":""},
            {"type":"redacted_thinking","data":"sealed"},
            {"type":"tool_use","id":"t1","name":"f","input":{"b": 1.0, "a":"\u00e9"}},
            {"type":"tool_use","id":"t2","name":"g","input":{}}]},
        {"role":"user","content":[
            {"type":"tool_result","tool_use_id":"t1","content":"one"},
            {"type":"text","text":"and"},
            {"type":"tool_result","tool_use_id":"t2","is_error":true,"cache_control":{"type":"ephemeral"},
             "content":[{"type":"text","text":"bad"},{"type":"image","source":{"type":"url","url":"http://e.org"}},
                        {"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"found"},
                            {"type":"text","text":"more"}]}]}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t3"}]},
        {"role":"system","content":"mind"}]}"#,
    );
    let issuer = Dialect::ANTHROPIC_MESSAGES;
    let thought = |text: &str, signature: Option<&str>, redacted: Option<&str>| {
        Part::Reasoning(ReasoningPart {
            text: text.to_owned(),
            signature: signature.map(str::to_owned),
            redacted: redacted.map(str::to_owned),
            issuer,
        })
    };
    let call = |id: &str, name: &str, arguments: &str| {
        let own = str::to_owned;
        Part::ToolCall(ToolCall { id: own(id), name: own(name), arguments: own(arguments) })
    };
    let result = |id: &str, parts, is_error, cache| Part::ToolResult {
        call_id: id.to_owned(),
        parts,
        is_error,
        cache,
    };
    let image = Part::Image {
        source: MediaSource::Url("http://e.org".to_owned()),
        detail: None,
        cache: None,
    };
    let search = Part::text("t\ns\n\nfound\n\nmore");
    assert_eq!(
        chat.messages,
        vec![
            message(Role::User, vec![Part::text("q")]),
            message(
                Role::Assistant,
                vec![
                    thought("hm", Some("sig"), None),
                    thought("other", None, None),
                    thought("", None, Some("sealed")),
                    call("t1", "f", r#"{"b": 1.0, "a":"\u00e9"}"#),
                    call("t2", "g", "{}"),
                ]
            ),
            message(
                Role::Tool,
                vec![
                    result("t1", vec![Part::text("one")], false, None),
                    result(
                        "t2",
                        vec![Part::text("bad"), image, search],
                        true,
                        Some(CacheMarker { ttl: None })
                    ),
                ]
            ),
            message(Role::User, vec![Part::text("and")]),
            message(Role::Tool, vec![result("t3", vec![], false, None)]),
            message(Role::System, vec![Part::text("mind")]),
        ]
    );
}

#[test]
fn pictures_and_documents() {
    let chat = read(&blocks(
        "user",
        r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"QQ=="}},
           {"type":"image","source":{"type":"file","file_id":"file_1"}},
           {"type":"document","source":{"type":"text","media_type":"text/plain","data":"t"},"title":"T",
            "context":"c","citations":{"enabled":true},"cache_control":{"type":"ephemeral"}},
           {"type":"document","source":{"type":"url","url":"http://e.org"},"citations":{"enabled": false}},
           {"type":"document","source":{"type":"content","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}},
           {"type":"document","source":{"type":"content","content":[{"type":"image"}]}}"#,
    ));
    let image = |source| Part::Image { source, detail: None, cache: None };
    let document = |source, title: Option<&str>, cache| Part::Document {
        source,
        title: title.map(str::to_owned),
        cache,
    };
    let base64 =
        MediaSource::Base64 { media_type: "image/png".to_owned(), data: "QQ==".to_owned() };
    assert_eq!(
        chat.messages[0].parts,
        vec![
            image(base64),
            image(MediaSource::FileId("file_1".to_owned())),
            document(MediaSource::Text("t".to_owned()), Some("T"), Some(CacheMarker { ttl: None })),
            document(MediaSource::Url("http://e.org".to_owned()), None, None),
            document(MediaSource::Text("x\n\ny".to_owned()), None, None),
            foreign(
                "document",
                r#"{"type":"document","source":{"type":"content","content":[{"type":"image"}]}}"#
            ),
        ]
    );
    let lost: Vec<&str> = chat.extra.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(lost, ["messages[0].content[2].context", "messages[0].content[2].citations"]);
}

#[test]
fn what_the_domain_has_no_word_for_travels_whole() {
    for block in [
        r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{"query": "q"}}"#,
        r#"{"type":"web_fetch_tool_result","tool_use_id":"s","content":{"type":"x"}}"#,
        r#"{"type":"search_result","source":"https://e.org","title":"t","content":[{"type":"brand_new"}]}"#,
        r#"{"type":"tool_use","id":"t","name":"click","input":{},"toolset_name":"browser"}"#,
        r#"{"type":"brand_new","text":{"a":1}}"#,
    ] {
        let kind = block.split('"').nth(3).unwrap();
        let chat = read(&blocks("assistant", block));
        assert_eq!(chat.messages[0].parts, vec![foreign(kind, block)]);
        assert!(chat.extra.is_empty());
    }
}

#[test]
fn what_asks_for_what_happens_unasked_is_not_kept() {
    let chat = read(&with(
        r#""speed":"standard","mcp_servers":[],"container":null,"context_management":{},"brand_new":false"#,
    ));
    assert_eq!(chat.extra, []);
    let chat = read(&with(r#""speed":"fast","mcp_servers":[{}]"#));
    assert_eq!(chat.extra.len(), 2);
}

#[test]
fn tools_of_the_client_and_of_the_vendor() {
    let chat = read(&with(
        r#""tools":[
        {"name":"f","description":"d","input_schema":{"type": "object"},"strict":true,
         "cache_control":{"type":"ephemeral","ttl":"5m"},"eager_input_streaming":true,"defer_loading":false},
        {"type":"custom","name":"g","input_schema":{}},
        {"type":"web_search_20260318","name":"web_search","max_uses": 3},
        {"type":"mcp_toolset","mcp_server_name":"s"}]"#,
    ));
    let names: Vec<&str> = chat.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["f", "g", "web_search", "mcp_toolset"]);
    let f = &chat.tools[0];
    assert_eq!(f.description.as_deref(), Some("d"));
    assert_eq!(f.parameters, Some(json(r#"{"type": "object"}"#)));
    assert_eq!(f.strict, Some(true));
    assert_eq!(f.cache, Some(CacheMarker { ttl: Some("5m".to_owned()) }));
    assert_eq!(f.foreign, None);
    let hosted = json(r#"{"type":"web_search_20260318","name":"web_search","max_uses": 3}"#);
    assert_eq!(chat.tools[2].foreign, Some((Dialect::ANTHROPIC_MESSAGES, hosted)));
    let lost: Vec<&str> = chat.extra.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(lost, ["tools[0].eager_input_streaming"]);
}

#[test]
fn the_wrong_field_is_named() {
    for (body, param) in [
        (blocks("user", r#"{"type":"text"}"#), "messages[0].content[0].text"),
        (blocks("user", r#"{"type":"text","text":7}"#), "messages[0].content[0].text"),
        (blocks("user", r#"{"type":"image"}"#), "messages[0].content[0].source"),
        (
            blocks("user", r#"{"type":"image","source":{"type":"base64","data":"x"}}"#),
            "messages[0].content[0].source.media_type",
        ),
        (blocks("user", r#"{"type":"image","source":"x"}"#), "messages[0].content[0]"),
        (
            blocks("user", r#"{"type":"tool_result","content":"x"}"#),
            "messages[0].content[0].tool_use_id",
        ),
        (
            blocks(
                "user",
                r#"{"type":"tool_result","tool_use_id":"t","content":[{"type":"text"}]}"#,
            ),
            "messages[0].content[0].content[0].text",
        ),
        (
            blocks("assistant", r#"{"type":"tool_use","id":"t","input":{}}"#),
            "messages[0].content[0].name",
        ),
        (
            blocks("assistant", r#"{"type":"tool_use","id":"t","name":"n"}"#),
            "messages[0].content[0].input",
        ),
        (
            blocks(
                "assistant",
                r#"{"type":"text","text":"a"},{"type":"thinking","signature":"s"}"#,
            ),
            "messages[0].content[1].thinking",
        ),
        (with(r#""system":[{"type":"text"}]"#), "system[0].text"),
        (with(r#""tools":[{"input_schema":{}}]"#), "tools[0].name"),
        (with(r#""tools":[{"name":7}]"#), "tools[0].name"),
        (with(r#""tools":[{"name":"n","input_schema":[]}]"#), "tools[0].input_schema"),
        (with(r#""tool_choice":{"type":"tool"}"#), "tool_choice.name"),
        (with(r#""tool_choice":{"type":"maybe"}"#), "tool_choice.type"),
        (with(r#""tool_choice":{}"#), "tool_choice"),
        (with(r#""thinking":{"type":"enabled"}"#), "thinking.budget_tokens"),
        (with(r#""output_config":{"effort":3}"#), "output_config.effort"),
        (with(r#""output_config":{"format":{"type":"xml"}}"#), "output_config.format.type"),
        (
            with(r#""output_config":{"format":{"type":"json_schema"}}"#),
            "output_config.format.schema",
        ),
        (with(r#""stream":"yes""#), "stream"),
        (with("").replace(",}", "}").replace("\"user\"", "\"tool\""), "messages[0].role"),
    ] {
        let bad = refused(&body);
        assert_eq!(bad.param.as_deref(), Some(param), "{body}: {bad}");
        assert!(bad.message.contains(param), "{body}: {bad}");
    }
}

#[test]
fn a_count_parses_too() {
    let body = br#"{"model":"m","system":"s","messages":[{"role":"user","content":"a"}]}"#;
    let chat = parse(body, Of::CountTokens).unwrap();
    assert_eq!((chat.messages.len(), chat.max_output_tokens), (2, None));
}

proptest::proptest! {
    /// Any object with any blocks is a request or a named error, never a panic.
    #[test]
    fn any_request_is_answered(
        body in crate::testing::json_object(),
        content in proptest::collection::vec(crate::testing::json_object(), 0..4),
    ) {
        let mut body = body;
        body["messages"] = serde_json::json!([{"role": "user", "content": content}]);
        if let Err(bad) = parse(body.to_string().as_bytes(), Of::Messages) {
            proptest::prop_assert!(!bad.message.is_empty());
        }
    }
}

#[test]
fn what_a_block_holds_and_the_domain_does_not_is_named() {
    let chat = read(
        r#"{"max_tokens":5,"messages":[
        {"role":"user","content":[{"type":"image","source":{"type":"url","url":"http://e.org"},
            "transformations":[{"type":"crop"}]}]},
        {"role":"assistant","content":[
            {"type":"tool_use","id":"t1","name":"f","input":{},"caller":{"type":"direct"}},
            {"type":"tool_use","id":"t2","name":"f","input":{},"caller":{"type":"code"},
             "cache_control":{"type":"ephemeral"}}]}]}"#,
    );
    let named: Vec<&str> = chat.extra.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        named,
        [
            "messages[0].content[0].transformations",
            "messages[1].content[1].caller",
            "messages[1].content[1].cache_control",
        ]
    );
}
