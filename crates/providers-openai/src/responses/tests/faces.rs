//! The client face: what is refused with which words, how a stream breaks, and the rules of a target.

use super::*;
use tollgate_core_types::JsonText;
use tollgate_core_types::chat::{ChatRequest, Message, Part, Role};
use tollgate_providers_common::{EncodeError, ErrorReport, ParamRules};

fn report() -> ErrorReport {
    ErrorReport {
        status: 502,
        code: "upstream_error".to_owned(),
        param: None,
        message: "it broke".to_owned(),
        retry_after: None,
        should_retry: Some(false),
        request_id: "req_1".to_owned(),
    }
}

#[test]
fn what_only_openai_has_may_be_known_elsewhere() {
    for (more, field) in [
        (r#","previous_response_id":"r""#, "previous_response_id"),
        (r#","conversation":{"id":"c"}"#, "conversation"),
        (r#","prompt":{"id":"p"}"#, "prompt"),
        (r#","background":true"#, "background"),
        (r#","tools":[{"type":"mcp"}]"#, "tools[0].type"),
        (r#","tool_choice":{"type":"file_search"}"#, "tool_choice.type"),
    ] {
        let body = format!(r#"{{"input":"hi"{more}}}"#);
        let bad = ResponsesDialect.parse(&inbound(body.as_bytes())).unwrap_err();
        assert_eq!(bad.param.as_deref(), Some(field));
        let error = EncodeError::from(bad);
        assert!(matches!(error, EncodeError::Unsupported { .. }), "{error}");
    }
}

#[test]
fn facts_are_read_in_one_pass() {
    let body = br#"{"model":"m","input":[{},{}],"stream":true,"max_output_tokens":9,"user":"u",
        "tools":[{}],"load_balance_strategy":"random"}"#;
    let facts = ResponsesDialect.facts(body).unwrap();
    assert!(facts.stream && facts.include_usage && facts.has_tools);
    assert_eq!((facts.items, facts.max_output_tokens), (2, Some(9)));
    assert_eq!((facts.user.as_deref(), facts.strategy.as_deref()), (Some("u"), Some("random")));
    let kept = ResponsesDialect.facts(br#"{"previous_response_id":"r"}"#);
    assert_eq!(kept.unwrap().items, 0);
}

#[test]
fn a_broken_stream_ends_with_the_next_number() {
    let mut encoder = ResponsesDialect.stream_encoder(context(true));
    let mut out = BytesMut::new();
    encoder.event(&ChatEvent::Text("a".to_owned()), &mut out);
    let number = out.windows(15).filter(|window| *window == b"sequence_number").count();
    let told = String::from_utf8(encoder.broken(&report()).unwrap().to_vec()).unwrap();
    assert_eq!(
        told,
        format!(
            "event: error\ndata: {{\"type\":\"error\",\"code\":\"upstream_error\",\"message\":\"it broke\",\"param\":null,\"sequence_number\":{number},\"error\":{{\"message\":\"it broke\",\"type\":\"server_error\",\"param\":null,\"code\":\"upstream_error\"}}}}\n\n"
        )
    );
    let mut decoder = codec().stream();
    let data = r#"{"type":"response.output_text.delta","sequence_number":41,"delta":"a"}"#;
    decoder.frame(&frame("", data.into()), &mut Vec::new()).unwrap();
    let told = decoder.broken(&report()).unwrap();
    assert!(String::from_utf8(told.to_vec()).unwrap().contains(r#""sequence_number":42"#));
}

#[test]
fn an_answer_that_cannot_be_kept_ends_as_failed() {
    let mut encoder = ResponsesDialect.stream_encoder(context(true));
    let mut out = BytesMut::new();
    let piece = ChatEvent::Text("x".repeat(1 << 20));
    for _ in 0..33 {
        out.clear();
        encoder.event(&piece, &mut out);
        assert!(out.len() > 1 << 20, "what comes is told");
    }
    out.clear();
    encoder.event(&ChatEvent::End, &mut out);
    let told = String::from_utf8(out.to_vec()).unwrap();
    assert!(told.starts_with("event: response.failed\n"), "{}", &told[..40]);
    assert!(told.contains("too large to be told whole"));
}

#[test]
fn rules_are_said_in_this_dialects_words() {
    let json = |text: &str| JsonText::from_valid(text);
    let params = ParamRules {
        defaults: vec![
            ("max_tokens".to_owned(), json("5")),
            ("reasoning_effort".to_owned(), json("\"low\"")),
            ("stop".to_owned(), json("[\"x\"]")),
            ("temperature".to_owned(), json("0.5")),
        ],
        remove: vec!["user".to_owned()],
        rename: Vec::new(),
        set: vec![("metadata".to_owned(), json("{}"))],
    };
    let target = UpstreamTarget { params, ..reasoner() };
    let body = br#"{"model":"m","input":"hi","user":"u","load_balance_strategy":"random"}"#;
    let sent = OpenAiResponses::default().splice(&inbound(body), &target).unwrap();
    assert_eq!(
        std::str::from_utf8(sent.request.body()).unwrap(),
        r#"{"model":"gpt-5.4","input":"hi","max_output_tokens":5,"reasoning":{"effort":"low"},"metadata":{}}"#
    );
    let given = br#"{"model":"gpt-5.4","input":"hi","max_output_tokens":9}"#;
    let sent = OpenAiResponses::default().splice(&inbound(given), &target).unwrap();
    assert!(std::str::from_utf8(sent.request.body()).unwrap().contains(r#""max_output_tokens":9"#));
}

#[test]
fn what_cannot_stand_in_a_message_is_refused() {
    let said = |role: Role, part: Part| ChatRequest {
        messages: vec![Message { role, parts: vec![part], name: None }],
        ..ChatRequest::default()
    };
    let sound = Part::Audio { data: String::new(), format: "wav".to_owned() };
    let json = JsonText::from_valid("{}");
    let odd = Part::Foreign { dialect: Dialect::OPENAI_CHAT, kind: "custom".to_owned(), json };
    for chat in [
        said(Role::User, sound.clone()),
        said(Role::System, sound.clone()),
        said(Role::Assistant, sound),
        said(Role::Assistant, odd),
    ] {
        let error = OpenAiResponses::default().encode(&chat, &reasoner()).unwrap_err().to_string();
        assert!(error.contains("messages[0].content[0]"), "{error}");
    }
}
