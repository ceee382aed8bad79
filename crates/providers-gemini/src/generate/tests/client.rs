//! The clients' half: what is read, what is refused, and that what we write reads as it was.

use super::*;
use crate::testing::{context, inbound};
use bytes::BytesMut;
use tollgate_core_types::chat::{
    MediaSource, Part, Reasoning, ReasoningMode, ResponseFormat, Role, ToolChoice,
};
use tollgate_core_types::reply::Finish;
use tollgate_providers_common::fold::unfold;

fn parsed(body: &str) -> Result<ChatRequest, BadRequest> {
    let client = GenerateClient;
    client.facts(body.as_bytes())?;
    client.parse(&inbound(&client, body))
}

fn reasoning(text: &str, signature: Option<&str>, issuer: Dialect) -> ReasoningPart {
    let signature = signature.map(str::to_owned);
    ReasoningPart { text: text.to_owned(), signature, redacted: None, issuer }
}

const CONVERSATION: &str = r#"{
  "system_instruction": {"parts": [{"text": "be kind"}]},
  "contents": [
    {"parts": [{"text": "look"}, {"inline_data": {"mime_type": "image/png", "data": "_-8"}}]},
    {"role": "model", "parts": [
      {"text": "hm", "thought": true},
      {"functionCall": {"name": "f", "args": {"a": 1.50}}, "thoughtSignature": "U0lH"},
      {"functionCall": {"name": "f", "args": {}}}
    ]},
    {"role": "user", "parts": [
      {"functionResponse": {"name": "f", "response": {"result": "one"}}},
      {"functionResponse": {"name": "f", "response": {"error": "no"}}},
      {"text": "go on"}
    ]}
  ],
  "tools": [{"functionDeclarations": [{"name": "f", "parameters":
    {"type": "OBJECT", "properties": {"type": {"type": "STRING", "nullable": true}}}}]}],
  "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
  "generationConfig": {"temperature": 0.5, "maxOutputTokens": 99, "topK": 3.0,
    "stopSequences": ["x"], "thinkingConfig": {"thinkingLevel": "LOW", "includeThoughts": true},
    "responseMimeType": "application/json", "mediaResolution": "MEDIA_RESOLUTION_LOW"},
  "safetySettings": [{"category": "c", "threshold": "t"}]
}"#;

#[test]
fn a_conversation_is_read() {
    let chat = parsed(CONVERSATION).unwrap();
    let roles: Vec<Role> = chat.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::System, Role::User, Role::Assistant, Role::Tool, Role::User]);
    let parts = |at: usize| &chat.messages[at].parts;
    let source = MediaSource::Base64 { media_type: "image/png".into(), data: "/+8=".into() };
    assert_eq!(parts(1)[1], Part::Image { source, detail: None, cache: None });
    let call = |id: &str, arguments: &str| {
        let (id, name) = (id.to_owned(), "f".to_owned());
        Part::ToolCall(ToolCall { id, name, arguments: arguments.to_owned() })
    };
    assert_eq!(
        *parts(2),
        [
            Part::Reasoning(reasoning("hm", None, Dialect::GEMINI_GENERATE)),
            Part::Reasoning(reasoning("", Some("U0lH"), Dialect::GEMINI_GENERATE)),
            call("call_0", "{\"a\": 1.50}"),
            call("call_1", "{}"),
        ]
    );
    let result = |id: &str, text: &str, is_error| Part::ToolResult {
        call_id: id.to_owned(),
        parts: vec![Part::text(text)],
        is_error,
        cache: None,
    };
    assert_eq!(*parts(3), [result("call_0", "one", false), result("call_1", "no", true)]);
    assert_eq!(chat.tool_choice, Some(ToolChoice::Named("f".to_owned())));
    let schema = chat.tools[0].parameters.as_ref().unwrap().as_str();
    assert_eq!(schema, r#"{"properties":{"type":{"type":["string","null"]}},"type":"object"}"#);
    assert_eq!(
        (chat.temperature, chat.max_output_tokens, chat.top_k),
        (Some(0.5), Some(99), Some(3))
    );
    assert_eq!(chat.response_format, Some(ResponseFormat::JsonObject));
    let effort = Some("low".to_owned());
    let display = Some("summarized".to_owned());
    assert_eq!(chat.reasoning, Some(Reasoning { mode: None, effort, display }));
    let lost: Vec<&str> = chat.extra.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(lost, ["generationConfig.mediaResolution", "safetySettings"]);
}

#[test]
fn thinking_is_read() {
    let mode = |config: &str| {
        let body = format!(
            r#"{{"contents":[{{"parts":[{{"text":"a"}}]}}],"generationConfig":{{"thinkingConfig":{config}}}}}"#
        );
        let reasoning = parsed(&body).unwrap().reasoning?;
        Some((reasoning.mode, reasoning.effort))
    };
    assert_eq!(mode("{}"), None);
    assert_eq!(mode(r#"{"thinkingBudget":0}"#), Some((Some(ReasoningMode::Disabled), None)));
    assert_eq!(mode(r#"{"thinkingBudget":-1}"#), Some((Some(ReasoningMode::Adaptive), None)));
    assert_eq!(mode(r#"{"thinking_budget":512}"#), Some((Some(ReasoningMode::Budget(512)), None)));
    assert_eq!(mode(r#"{"thinkingLevel":"HIGH"}"#), Some((None, Some("high".to_owned()))));
    assert_eq!(mode(r#"{"includeThoughts":true}"#), Some((Some(ReasoningMode::Adaptive), None)));
}

#[test]
fn defaults_of_the_common_dialects_give_way_to_the_clients_own() {
    let body = r#"{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"temperature":1.5},"temperature":0.1,"max_tokens":7}"#;
    let chat = parsed(body).unwrap();
    assert_eq!((chat.temperature, chat.max_output_tokens), (Some(1.5), Some(7)));
    assert_eq!(chat.extra, []);
}

#[test]
fn what_is_wrong_is_named() {
    let contents = |parts: &str| format!(r#"{{"contents":[{{"parts":[{parts}]}}]}}"#);
    let with = |more: &str| format!(r#"{{"contents":[{{"parts":[{{"text":"a"}}]}}],{more}}}"#);
    for (body, field) in [
        ("{}".to_owned(), "contents"),
        (r#"{"contents":[]}"#.to_owned(), "contents"),
        (r#"{"contents":"a"}"#.to_owned(), "contents"),
        (r#"{"contents":["a"]}"#.to_owned(), "contents[0]"),
        (r#"{"contents":[{"role":7}]}"#.to_owned(), "contents[0].role"),
        (r#"{"contents":[{"parts":{}}]}"#.to_owned(), "contents[0].parts"),
        (r#"{"contents":[{"parts":[]}]}"#.to_owned(), "contents"),
        (r#"{"contents":[{"role":"bot","parts":[{"text":"a"}]}]}"#.to_owned(), "contents[0].role"),
        (contents("7"), "contents[0].parts[0]"),
        (contents(r#"{"text":7}"#), "contents[0].parts[0]"),
        (contents(r#"{"functionCall":{}}"#), "contents[0].parts[0].functionCall.name"),
        (contents(r#"{"functionResponse":{"name":"f"}}"#), "contents[0].parts[0].functionResponse"),
        (contents(r#"{"inlineData":{"data":""}}"#), "contents[0].parts[0].inlineData.mimeType"),
        (with(r#""tools":{}"#), "tools"),
        (
            with(r#""tools":[{"functionDeclarations":[{}]}]"#),
            "tools[0].functionDeclarations[0].name",
        ),
        (with(r#""generationConfig":{"maxOutputTokens":"9"}"#), "generationConfig.maxOutputTokens"),
        (with(r#""generationConfig":{"topK":1.5}"#), "generationConfig.topK"),
        (with(r#""generationConfig":{"stopSequences":"x"}"#), "generationConfig.stopSequences"),
        (
            with(r#""generationConfig":{"responseModalities":["IMAGE"]}"#),
            "generationConfig.responseModalities",
        ),
        (
            with(r#""toolConfig":{"functionCallingConfig":{"mode":"MAYBE"}}"#),
            "toolConfig.functionCallingConfig.mode",
        ),
        (with(r#""cachedContent":"cachedContents/x""#), "cachedContent"),
    ] {
        let bad = parsed(&body).unwrap_err();
        assert_eq!(bad.param.as_deref(), Some(field), "{body}: {bad}");
        assert!(bad.message.contains('`'), "{bad}");
    }
}

fn reply() -> ChatReply {
    let call = ToolCall { id: "c1".into(), name: "f".into(), arguments: "{\"a\":1}".into() };
    let claude = Dialect::ANTHROPIC_MESSAGES;
    ChatReply {
        id: "msg_1".into(),
        model: "m".into(),
        created: None,
        parts: vec![
            ReplyPart::Reasoning(reasoning("why", Some("sig"), claude)),
            ReplyPart::Text("text".into()),
            ReplyPart::Reasoning(reasoning("", Some("U0lH"), Dialect::GEMINI_GENERATE)),
            ReplyPart::ToolCall(call),
        ],
        finish: Finish::new(FinishReason::ToolCalls),
        usage: usage(),
        service_tier: None,
    }
}

#[test]
fn an_answer_is_written_as_the_vendor_would() {
    let body = GenerateClient.render(&reply(), &context());
    let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let parts = &value["candidates"][0]["content"]["parts"];
    assert_eq!(parts[0]["thought"], true);
    assert!(crate::signature::is_foreign(parts[0]["thoughtSignature"].as_str().unwrap()));
    assert_eq!(parts[1], serde_json::json!({"text": "text"}));
    assert_eq!(parts[2]["thoughtSignature"], "U0lH");
    assert_eq!(value["candidates"][0]["finishReason"], "STOP");
    assert_eq!(value["usageMetadata"]["totalTokenCount"], 18);
    assert_eq!(value["modelVersion"], "m");
    let read = OTHER.decode(&body).unwrap();
    assert_eq!((read.usage, read.finish, read.id), (reply().usage, reply().finish, reply().id));
}

/// What a stream's encoder writes of these events.
fn written(events: &[ChatEvent]) -> Vec<u8> {
    let mut out = BytesMut::new();
    let mut encoder = GenerateClient.stream_encoder(context());
    for event in events {
        encoder.event(event, &mut out);
    }
    out.to_vec()
}

#[test]
fn a_stream_that_we_write_reads_as_it_was() {
    let text = |text: &str| ChatEvent::Text(text.to_owned());
    let mut events = unfold(reply());
    events.insert(1, ChatEvent::Reasoning("first".to_owned()));
    events.insert(2, text("a"));
    let stream = written(&events);
    let read = testkit::events_of(&stream, decoder());
    let folded = tollgate_providers_common::fold(Dialect::GEMINI_GENERATE, read).unwrap();
    assert_eq!(folded.usage, reply().usage);
    assert_eq!(folded.finish, reply().finish);
    let calls: Vec<_> =
        folded.parts.iter().filter(|part| matches!(part, ReplyPart::ToolCall(_))).collect();
    assert_eq!(calls, [reply().parts.last().unwrap()]);
    testkit::every_cut(&stream, decoder);
    testkit::truncations(&stream, decoder);
}

#[test]
fn calls_are_whole_however_their_arguments_come() {
    let start = |index: usize| ChatEvent::ToolCallStart {
        index,
        id: format!("c{index}"),
        name: "f".to_owned(),
    };
    let more = |index, fragment: &str| ChatEvent::ToolCallArguments {
        index,
        fragment: fragment.to_owned(),
    };
    let stream = written(&[
        start(0),
        more(0, "{\"a\""),
        start(1),
        more(1, "not json"),
        more(0, ":1}"),
        ChatEvent::Finish(Finish::new(FinishReason::ToolCalls)),
        ChatEvent::Usage(usage()),
        ChatEvent::End,
    ]);
    let text = String::from_utf8(stream).unwrap();
    assert!(text.contains(r#"{"id":"c0","name":"f","args":{"a":1}}"#), "{text}");
    assert!(text.contains(r#"{"id":"c1","name":"f","args":{"_raw":"not json"}}"#), "{text}");
    let last = text.trim_end().rsplit("\n\n").next().unwrap();
    assert!(last.contains("\"finishReason\":\"STOP\"") && last.contains("usageMetadata"), "{last}");
}

#[test]
fn endless_arguments_end_the_answer_with_an_error() {
    let mut events =
        vec![ChatEvent::ToolCallStart { index: 0, id: "c".to_owned(), name: "f".to_owned() }];
    let fragment = "x".repeat(1 << 20);
    events.extend(
        (0..6).map(|_| ChatEvent::ToolCallArguments { index: 0, fragment: fragment.clone() }),
    );
    events.push(ChatEvent::Finish(Finish::new(FinishReason::Stop)));
    events.push(ChatEvent::End);
    let text = String::from_utf8(written(&events)).unwrap();
    assert_eq!(text.matches("data: ").count(), 1, "one error and nothing else");
    assert!(text.contains("\"code\":502"));
}

#[test]
fn what_stands_within_a_part_a_tool_or_a_setting_and_is_not_carried_is_named() {
    let chat = parsed(
        r#"{"contents": [
        {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA==", "displayName": "p"}},
          {"fileData": {"mimeType": "application/pdf", "fileUri": "http://e.org/a", "displayName": "d"}}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}, "willContinue": true}}]},
        {"parts": [{"functionResponse": {"name": "f", "response": {"result": "r"}, "willContinue": false,
          "scheduling": "SILENT", "parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="},
            "mediaResolution": {"level": "l"}}]}}]}],
      "tools": [{"functionDeclarations": [{"name": "f", "behavior": "BLOCKING", "response": null}]}],
      "toolConfig": {"retrievalConfig": {"languageCode": "de"},
        "functionCallingConfig": {"mode": "AUTO", "streamFunctionCallArguments": true}},
      "generationConfig": {"thinkingConfig": {"thinkingBudget": 5, "other": 1}}}"#,
    );
    let chat = chat.unwrap();
    let named: Vec<&str> = chat.extra.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        named,
        [
            "contents[0].parts[0].inlineData.displayName",
            "contents[1].parts[0].functionCall.willContinue",
            "contents[2].parts[0].functionResponse.scheduling",
            "contents[2].parts[0].functionResponse.parts[0].mediaResolution",
            "tools[0].functionDeclarations[0].behavior",
            "toolConfig.retrievalConfig",
            "toolConfig.functionCallingConfig.streamFunctionCallArguments",
            "generationConfig.thinkingConfig.other",
        ]
    );
    let Part::Document { title, .. } = &chat.messages[0].parts[1] else { panic!("no document") };
    assert_eq!(title.as_deref(), Some("d"));
}
