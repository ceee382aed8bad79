//! Reasoning on its way through clients: to its issuer again, and to nobody else.

use super::*;
use tollgate_core_types::chat::{ChatRequest, Message, Part, ReasoningPart, Role};
use tollgate_core_types::reply::{ChatReply, Finish, FinishReason, ReplyPart};

fn thought(signature: &str, issuer: Dialect) -> ReasoningPart {
    let signature = Some(signature.to_owned());
    ReasoningPart { text: "Hm.".to_owned(), signature, redacted: None, issuer }
}

fn reply(part: ReasoningPart) -> ChatReply {
    ChatReply {
        id: "r".to_owned(),
        model: String::new(),
        created: None,
        parts: vec![ReplyPart::Reasoning(part), ReplyPart::Text("a".to_owned())],
        finish: Finish::new(FinishReason::Stop),
        usage: tollgate_core_types::Usage::default(),
        service_tier: None,
    }
}

/// What a client sends back of an answer, read.
fn returned(output: &serde_json::Value) -> (Inbound, Vec<Part>) {
    let body = serde_json::json!({ "input": output }).to_string();
    let inbound = inbound(body.as_bytes());
    let chat = ResponsesDialect.parse(&inbound).unwrap();
    (inbound, chat.messages.into_iter().next().unwrap().parts)
}

fn last_response(stream: &str) -> serde_json::Value {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().unwrap();
    serde_json::from_str::<serde_json::Value>(data).unwrap()["response"].take()
}

#[test]
fn reasoning_comes_back_as_it_went_whoever_issued_it() {
    let asked = inbound(br#"{"input":"hi"}"#);
    for issuer in [
        Dialect::ANTHROPIC_MESSAGES,
        Dialect::GEMINI_GENERATE,
        Dialect::BEDROCK_CONVERSE,
        Dialect::OPENAI_RESPONSES,
    ] {
        let part = thought("rs_9:s/i+g==", issuer);
        let whole = ResponsesDialect.render_to(&reply(part.clone()), &context(false), &asked);
        let whole: serde_json::Value = serde_json::from_slice(&whole).unwrap();
        let stream = streamed(&unfold(reply(part.clone())), &asked);
        for answer in [whole, last_response(&stream)] {
            let (inbound, parts) = returned(&answer["output"]);
            assert_eq!(parts.first(), Some(&Part::Reasoning(part.clone())), "{issuer}");
            // What is relayed to OpenAI has what it sealed, as it sealed it, and nothing else.
            let sent = OpenAiResponses::default().splice(&inbound, &reasoner()).unwrap();
            let body: serde_json::Value = serde_json::from_slice(sent.request.body()).unwrap();
            let first = &body["input"][0];
            if issuer == Dialect::OPENAI_RESPONSES {
                assert_eq!(first["id"], "rs_9");
                assert_eq!(first["encrypted_content"], "s/i+g==");
                assert_eq!(sent.lost, []);
            } else {
                assert_eq!(first["type"], "message", "{issuer}");
                assert_eq!(sent.lost, [tollgate_core_types::Lost::dropped("input[0]")]);
            }
        }
    }
}

#[test]
fn a_conversation_with_openai_alone_is_not_touched() {
    let body = br#"{"model":"gpt-5.4", "input":[ {"type":"reasoning","id":"rs_1","summary":[],
        "encrypted_content":"gAAA"} , {"role":"user","content":"tollgate: rs_tollgate_?"}]}"#;
    let sent = OpenAiResponses::default().splice(&inbound(body), &reasoner()).unwrap();
    assert_eq!(sent.request.body().as_ref(), body);
}

#[test]
fn only_what_openai_sealed_goes_to_it() {
    let said = |part: ReasoningPart| ChatRequest {
        messages: vec![Message {
            role: Role::Assistant,
            parts: vec![Part::Reasoning(part), Part::text("a")],
            name: None,
        }],
        ..ChatRequest::default()
    };
    let ours = said(thought("rs_1:gAAA", Dialect::OPENAI_RESPONSES));
    let sent = OpenAiResponses::default().encode(&ours, &reasoner()).unwrap();
    let body: serde_json::Value = serde_json::from_slice(sent.request.body()).unwrap();
    assert_eq!(body["input"][0]["encrypted_content"], "gAAA");
    for issuer in [Dialect::ANTHROPIC_MESSAGES, Dialect::OPENAI_CHAT, Dialect::GEMINI_GENERATE] {
        let theirs = said(thought("rs_1:gAAA", issuer));
        let sent = OpenAiResponses::default().encode(&theirs, &reasoner()).unwrap();
        let text = String::from_utf8(sent.request.body().to_vec()).unwrap();
        assert!(!text.contains("gAAA") && !text.contains("Hm."), "{text}");
        assert!(sent.lost.iter().any(|lost| lost.field == "messages[0].thinking"));
    }
}

#[test]
fn what_openai_sealed_is_kept_by_clients_of_chat() {
    let chat = crate::tests::support::client(Dialect::OPENAI_CHAT);
    let part = thought("rs_1:gAAA", Dialect::OPENAI_RESPONSES);
    let answer = chat.render(&reply(part.clone()), &context(false));
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    let message = &answer["choices"][0]["message"];
    let body = serde_json::json!({ "messages": [message] }).to_string();
    let inbound = crate::tests::support::inbound(Dialect::OPENAI_CHAT, body.as_bytes());
    let back = chat.parse(&inbound).unwrap();
    assert_eq!(back.messages[0].parts[0], Part::Reasoning(part));
    assert_eq!(back.extra, []);
    // Details of other gateways say nothing here, whatever they look like.
    for odd in [r#"[{"type":"reasoning.text","text":"x"}]"#, "7", r#""x""#, "[7]"] {
        let body = format!(
            r#"{{"messages":[{{"role":"assistant","content":"a","reasoning_details":{odd}}}]}}"#
        );
        let inbound = crate::tests::support::inbound(Dialect::OPENAI_CHAT, body.as_bytes());
        assert_eq!(chat.parse(&inbound).unwrap().messages[0].parts, [Part::text("a")], "{odd}");
    }
}
