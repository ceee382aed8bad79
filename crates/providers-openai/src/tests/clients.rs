//! The client face: what is refused with which words, and what clients of other vendors get.

use bytes::Bytes;
use tollgate_core_types::chat::ReasoningPart;
use tollgate_core_types::reply::{ChatReply, Finish, FinishReason, ReplyPart};
use tollgate_core_types::{ChatEvent, Dialect, Usage};
use tollgate_providers_common::{BadRequest, ErrorReport, Inbound};

use super::support::{client, context, encode_stream, inbound};

fn parse_error(dialect: Dialect, body: &str) -> BadRequest {
    let inbound = inbound(dialect, body.as_bytes());
    client(dialect).parse(&inbound).expect_err(body)
}

fn chat_error(rest: &str) -> BadRequest {
    let body = format!(r#"{{"messages":[{{"role":"user","content":"q"}}]{rest}}}"#);
    parse_error(Dialect::OPENAI_CHAT, &body)
}

#[test]
fn parsing_names_the_place_of_what_cannot_be_read() {
    let part = |json: &str| format!(r#"{{"messages":[{{"role":"user","content":[{json}]}}]}}"#);
    let message = |json: &str| format!(r#"{{"messages":[{json}]}}"#);
    let table = [
        (part(r#"{"text":"x"}"#), "messages[0].content[0].type"),
        (part(r#"{"type":"text"}"#), "messages[0].content[0].text"),
        (part(r#"{"type":"text","text":1}"#), "messages[0].content[0].text"),
        (part(r#"{"type":"image_url"}"#), "messages[0].content[0].image_url"),
        (part(r#"{"type":"image_url","image_url":{}}"#), "messages[0].content[0].image_url.url"),
        (
            part(r#"{"type":"image_url","image_url":{"url":"ftp://x"}}"#),
            "messages[0].content[0].image_url.url",
        ),
        (
            part(r#"{"type":"image_url","image_url":{"url":"data:image/png,abc"}}"#),
            "messages[0].content[0].image_url.url",
        ),
        (part(r#"{"type":"image_url","image_url":"data:x"}"#), "messages[0].content[0].image_url"),
        (part(r#"{"type":"file","file":{}}"#), "messages[0].content[0].file"),
        (
            part(r#"{"type":"input_audio","input_audio":{"data":""}}"#),
            "messages[0].content[0].input_audio.format",
        ),
        (message(r#"{"role":"user"}"#), "messages[0].content"),
        (message(r#"{"role":"system","content":null}"#), "messages[0].content"),
        (
            message(r#"{"role":"system","content":[{"type":"image_url","image_url":"http://x"}]}"#),
            "messages[0].content[0]",
        ),
        (
            message(r#"{"role":"assistant","tool_calls":[{"id":"a"}]}"#),
            "messages[0].tool_calls[0].function",
        ),
        (
            message(
                r#"{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":{}}}]}"#,
            ),
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            message(r#"{"role":"assistant","thinking_blocks":[{"type":"thought"}]}"#),
            "messages[0].thinking_blocks[0].type",
        ),
        (message(r#"{"role":"function","content":"x"}"#), "messages[0].name"),
        (message(r#"{"role":"function","name":"f","content":"x"}"#), "messages[0].name"),
    ];
    for (body, param) in table {
        let bad = parse_error(Dialect::OPENAI_CHAT, &body);
        assert_eq!(bad.param.as_deref(), Some(param), "{body}");
        assert!(bad.message.starts_with(&format!("`{param}` ")), "{}", bad.message);
    }
    let table = [
        (r#","tools":[{"type":"function"}]"#, "tools[0].function"),
        (r#","tools":[{"type":"function","function":{}}]"#, "tools[0].function.name"),
        (
            r#","tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#,
            "tools[0].function.parameters",
        ),
        (r#","tool_choice":"sometimes""#, "tool_choice"),
        (r#","tool_choice":{"type":"custom","custom":{"name":"c"}}"#, "tool_choice"),
        (
            r#","tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}"#,
            "tool_choice.allowed_tools.tools",
        ),
        (r#","response_format":{"type":"grammar"}"#, "response_format.type"),
        (r#","response_format":{"type":"json_schema"}"#, "response_format.json_schema"),
        (
            r#","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":1}}"#,
            "response_format.json_schema.schema",
        ),
        (r#","thinking":{"type":"perhaps"}"#, "thinking.type"),
        (r#","thinking":true"#, "thinking"),
    ];
    for (rest, param) in table {
        assert_eq!(chat_error(rest).param.as_deref(), Some(param), "{rest}");
    }
}

#[test]
fn a_chat_model_refuses_a_raw_models_work() {
    for (rest, param) in [
        (r#""prompt":["a","b"]"#, "prompt"),
        (r#""prompt":[1,2,3]"#, "prompt"),
        (r#""prompt":[[1,2,3]]"#, "prompt"),
        (r#""prompt":[7]"#, "prompt"),
        (r#""prompt":"a","echo":true"#, "echo"),
        (r#""prompt":"a","suffix":"z""#, "suffix"),
        (r#""prompt":"a","logprobs":0"#, "logprobs"),
        (r#""prompt":"a","best_of":3"#, "best_of"),
    ] {
        let bad = parse_error(Dialect::OPENAI_COMPLETIONS, &format!("{{{rest}}}"));
        assert_eq!(bad.param.as_deref(), Some(param), "{rest}");
        assert!(bad.message.contains("chat model"), "{}", bad.message);
    }
}

#[test]
fn completions_and_embeddings_name_wrong_fields() {
    for (dialect, body, param) in [
        (Dialect::OPENAI_COMPLETIONS, r#"{"model":"m"}"#, "prompt"),
        (Dialect::OPENAI_COMPLETIONS, r#"{"prompt":null}"#, "prompt"),
        (Dialect::OPENAI_COMPLETIONS, r#"{"prompt":{}}"#, "prompt"),
        (Dialect::OPENAI_COMPLETIONS, r#"{"prompt":["a",1]}"#, "prompt[1]"),
        (Dialect::OPENAI_COMPLETIONS, r#"{"prompt":"a","max_tokens":"x"}"#, "max_tokens"),
        (Dialect::OPENAI_COMPLETIONS, r#"{"prompt":"a","logprobs":true}"#, "logprobs"),
        (
            Dialect::OPENAI_COMPLETIONS,
            r#"{"prompt":"a","stream_options":{"include_usage":"x"}}"#,
            "stream_options.include_usage",
        ),
        (Dialect::OPENAI_EMBEDDINGS, "{}", "input"),
        (Dialect::OPENAI_EMBEDDINGS, r#"{"input":[]}"#, "input"),
        (Dialect::OPENAI_EMBEDDINGS, r#"{"input":[null]}"#, "input[0]"),
        (Dialect::OPENAI_EMBEDDINGS, r#"{"input":"a","dimensions":-1}"#, "dimensions"),
        (Dialect::OPENAI_EMBEDDINGS, r#"{"input":"a","encoding_format":1}"#, "encoding_format"),
    ] {
        let bad = client(dialect).facts(body.as_bytes()).expect_err(body);
        assert_eq!(bad.param.as_deref(), Some(param), "{body}");
    }
    let facts = client(Dialect::OPENAI_EMBEDDINGS)
        .facts(br#"{"input":["a","b"],"model":"e","user":"u","load_balance_strategy":"random"}"#)
        .unwrap();
    assert_eq!((facts.items, facts.model.as_deref()), (2, Some("e")));
    assert_eq!((facts.user.as_deref(), facts.strategy.as_deref()), (Some("u"), Some("random")));
    let facts = client(Dialect::OPENAI_COMPLETIONS)
        .facts(br#"{"prompt":[[1],[2]],"stream":true,"max_tokens":9,"stream_options":{"include_usage":true}}"#)
        .unwrap();
    assert!(facts.stream && facts.include_usage);
    assert_eq!((facts.items, facts.max_output_tokens), (2, Some(9)));
}

#[test]
fn embeddings_are_not_read_as_a_conversation() {
    let inbound: Inbound = inbound(Dialect::OPENAI_EMBEDDINGS, br#"{"input":"a"}"#);
    let dialect = client(Dialect::OPENAI_EMBEDDINGS);
    let bad = dialect.parse(&inbound).unwrap_err();
    assert!(bad.message.contains("no conversation"), "{}", bad.message);
    assert_eq!(dialect.terminator(), None);
    let mut decoder = super::support::codec(Dialect::OPENAI_EMBEDDINGS).stream();
    assert!(decoder.end(&mut Vec::new()).is_err());
}

#[test]
fn embeddings_are_accounted() {
    let codec = super::support::codec(Dialect::OPENAI_EMBEDDINGS);
    let body = br#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-0.2]}],"model":"e3","usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    let account = codec.account(body).unwrap();
    assert_eq!(account.model.as_deref(), Some("e3"));
    assert_eq!(account.usage, Usage { input_tokens: Some(8), ..Usage::default() });
    assert_eq!(account.finish, None);
    for bad in ["{}", "[]", r#"{"data":null}"#, r#"{"data":[1]"#, "", "<html>"] {
        assert!(codec.account(bad.as_bytes()).is_err(), "{bad}");
    }
}

/// An answer with everything that Anthropic signs.
fn signed() -> ChatReply {
    let reasoning = |text: &str, signature: Option<&str>, redacted: Option<&str>| {
        ReplyPart::Reasoning(ReasoningPart {
            text: text.to_owned(),
            signature: signature.map(str::to_owned),
            redacted: redacted.map(str::to_owned),
            issuer: Dialect::ANTHROPIC_MESSAGES,
        })
    };
    ChatReply {
        id: "msg_1".to_owned(),
        model: "claude".to_owned(),
        created: None,
        parts: vec![
            reasoning("first", Some("sig1"), None),
            reasoning("", None, Some("sealed")),
            reasoning("second", Some("sig2"), None),
            ReplyPart::Text("done".to_owned()),
        ],
        finish: Finish::new(FinishReason::Stop),
        usage: Usage::default(),
        service_tier: Some("standard".to_owned()),
    }
}

#[test]
fn signed_reasoning_survives_a_round_through_the_client() {
    let dialect = client(Dialect::OPENAI_CHAT);
    let body: serde_json::Value =
        serde_json::from_slice(&dialect.render(&signed(), &context(false))).unwrap();
    let message = &body["choices"][0]["message"];
    assert_eq!(message["reasoning_content"], "firstsecond");
    assert_eq!(body["service_tier"], "default");
    let next = serde_json::json!({"messages": [message, {"role": "user", "content": "go on"}]});
    let next = Bytes::from(next.to_string());
    let chat = dialect.parse(&inbound(Dialect::OPENAI_CHAT, &next)).unwrap();
    let parts: Vec<String> =
        chat.messages[0].parts.iter().map(|part| format!("{part:?}")).collect();
    let expected: Vec<String> = signed()
        .parts
        .into_iter()
        .map(|part| match part {
            ReplyPart::Reasoning(part) => {
                format!("{:?}", tollgate_core_types::chat::Part::Reasoning(part))
            }
            ReplyPart::Text(text) => format!("{:?}", tollgate_core_types::chat::Part::text(text)),
            ReplyPart::ToolCall(_) | ReplyPart::Refusal(_) => unreachable!(),
        })
        .collect();
    assert_eq!(parts, expected);
}

#[test]
fn a_streamed_signature_brings_its_whole_text() {
    let anthropic = Dialect::ANTHROPIC_MESSAGES;
    let events = [
        ChatEvent::Reasoning("a".to_owned()),
        ChatEvent::Reasoning("b".to_owned()),
        ChatEvent::ReasoningSignature { signature: "s".to_owned(), issuer: anthropic },
        ChatEvent::ReasoningRedacted { data: "x".to_owned(), issuer: anthropic },
        ChatEvent::Reasoning("c".to_owned()),
        ChatEvent::ReasoningSignature { signature: "t".to_owned(), issuer: anthropic },
        ChatEvent::Reasoning("d".to_owned()),
        ChatEvent::ReasoningSignature {
            signature: "u".to_owned(),
            issuer: Dialect::named("other"),
        },
        ChatEvent::Reasoning("y".repeat(2 << 20)),
        ChatEvent::ReasoningSignature { signature: "v".to_owned(), issuer: anthropic },
    ];
    let stream = encode_stream(Dialect::OPENAI_CHAT, &events, false);
    let blocks: Vec<&str> = stream
        .split("\"thinking_blocks\":")
        .skip(1)
        .map(|rest| rest.split("},\"logprobs\"").next().unwrap())
        .collect();
    assert_eq!(
        blocks,
        [
            r#"[{"type":"thinking","index":0,"thinking":"ab","signature":"s"}]"#,
            r#"[{"type":"redacted_thinking","index":1,"data":"x"}]"#,
            r#"[{"type":"thinking","index":2,"thinking":"c","signature":"t"}]"#,
        ]
    );
}

#[test]
fn a_call_without_arguments_streams_an_empty_object() {
    let start = |index, name: &str| ChatEvent::ToolCallStart {
        index,
        id: format!("c{index}"),
        name: name.to_owned(),
    };
    let events = [
        start(0, "a"),
        start(1, "b"),
        ChatEvent::ToolCallArguments { index: 1, fragment: "{\"k\":1}".to_owned() },
        ChatEvent::Finish(Finish::new(FinishReason::ToolCalls)),
        ChatEvent::End,
    ];
    let stream = encode_stream(Dialect::OPENAI_CHAT, &events, false);
    let empty = r#"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#;
    assert_eq!(stream.matches(empty).count(), 1, "{stream}");
    assert_eq!(stream.matches(r#""arguments":"{}""#).count(), 1, "{stream}");
    assert!(stream.find(empty) < stream.find("finish_reason\":\"tool_calls"), "{stream}");
}

#[test]
fn errors_and_frames_have_openais_form() {
    let report = ErrorReport {
        status: 404,
        code: "model_not_found".to_owned(),
        param: Some("model".to_owned()),
        message: "no such model".to_owned(),
        retry_after: None,
        should_retry: Some(false),
        request_id: "r".to_owned(),
    };
    let body = r#"{"error":{"message":"no such model","type":"not_found_error","param":"model","code":"model_not_found"}}"#;
    for dialect in crate::client_dialects() {
        assert_eq!(dialect.render_error(&report), body);
        let frame = dialect.render_stream_error(&report);
        if dialect.dialect() == Dialect::OPENAI_RESPONSES {
            // Named and numbered; SDKs raise for the same object under the same key.
            let inner = &body[1..];
            assert!(frame.starts_with(b"event: error\ndata: {") && frame.ends_with(b"}\n\n"));
            assert!(String::from_utf8_lossy(&frame).contains(inner));
        } else {
            assert_eq!(frame, format!("data: {body}\n\n"));
        }
        assert_eq!(dialect.keep_alive(), ": keep-alive\n\n");
    }
    for dialect in [Dialect::OPENAI_CHAT, Dialect::OPENAI_COMPLETIONS] {
        assert_eq!(client(dialect).terminator().unwrap(), "data: [DONE]\n\n");
    }
}
