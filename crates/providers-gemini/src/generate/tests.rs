//! Recorded answers read whole and streamed, whatever their cuts, and bytes that are no answers.

mod client;

use super::*;
use proptest::prelude::*;
use tollgate_core_types::chat::{ReasoningPart, ToolCall};
use tollgate_core_types::reply::{FinishReason, ReplyPart};
use tollgate_core_types::{ChatEvent, ErrorClass, Usage};
use tollgate_providers_common::testkit;

const OWN: Generate = Generate { reader: Reader::Own };
const OTHER: Generate = Generate { reader: Reader::Other };

/// A stream of thoughts, text, two calls of which the first is signed, and usage in every chunk.
const STREAM: &str = concat!(
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hm. \",\"thought\":true}]},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":9,\"totalTokenCount\":9},\"modelVersion\":\"gemini-3-flash\",\"responseId\":\"r1\"}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Looké \"},{\"text\":\"ing.\"}]}}],\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":3,\"totalTokenCount\":12},\"modelVersion\":\"gemini-3-flash\",\"responseId\":\"r1\"}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"functionCall\":{\"name\":\"f\",\"args\":{\"a\":1.50}},\"thoughtSignature\":\"U0lH\"},{\"functionCall\":{\"id\":\"c9\",\"name\":\"g\"}}]}}],\"responseId\":\"r1\"}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"\"}]},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":5,\"thoughtsTokenCount\":4,\"cachedContentTokenCount\":2,\"totalTokenCount\":18}}\r\n\r\n",
);

const WHOLE: &str = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hm. ","thought":true},{"text":"Looké "},{"text":"ing."},{"functionCall":{"name":"f","args":{"a":1.50}},"thoughtSignature":"U0lH"},{"functionCall":{"id":"c9","name":"g"}}]},"finishReason":"STOP","index":0,"safetyRatings":[]}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":5,"thoughtsTokenCount":4,"cachedContentTokenCount":2,"totalTokenCount":18},"modelVersion":"gemini-3-flash","responseId":"r1"}"#;

fn usage() -> Usage {
    Usage {
        input_tokens: Some(9),
        output_tokens: Some(9),
        cache_read_tokens: Some(2),
        cache_write_tokens: None,
        reasoning_tokens: Some(4),
        ..Usage::default()
    }
}

fn decoder() -> Box<dyn StreamDecoder> {
    OTHER.stream()
}

#[test]
fn a_stream_says_the_same_however_it_is_cut() {
    testkit::every_cut(STREAM.as_bytes(), decoder);
}

#[test]
fn a_stream_without_its_finish_is_truncated() {
    testkit::truncations(STREAM.as_bytes(), decoder);
}

#[test]
fn any_error_answer_is_classified() {
    testkit::error_matrix(&OTHER);
}

#[test]
fn whole_and_streamed_answers_are_the_same_reply() {
    let reply = OTHER.decode(WHOLE.as_bytes()).unwrap();
    let events = testkit::events_of(STREAM.as_bytes(), decoder());
    let folded = tollgate_providers_common::fold(Dialect::GEMINI_GENERATE, events).unwrap();
    assert_eq!(reply, folded);
    let reasoning = ReasoningPart {
        text: "Hm. ".to_owned(),
        signature: None,
        redacted: None,
        issuer: Dialect::GEMINI_GENERATE,
    };
    let signed = ReasoningPart {
        text: String::new(),
        signature: Some("U0lH".to_owned()),
        ..reasoning.clone()
    };
    let call = |id: &str, name: &str, arguments: &str| {
        let (id, name) = (id.to_owned(), name.to_owned());
        ReplyPart::ToolCall(ToolCall { id, name, arguments: arguments.to_owned() })
    };
    assert_eq!(
        reply.parts,
        [
            ReplyPart::Reasoning(reasoning),
            ReplyPart::Text("Looké ing.".to_owned()),
            ReplyPart::Reasoning(signed),
            call("call_r1_0", "f", "{\"a\":1.50}"),
            call("c9", "g", "{}"),
        ]
    );
    assert_eq!(reply.finish.reason, FinishReason::ToolCalls);
    assert_eq!((reply.id.as_str(), reply.model.as_str()), ("r1", "gemini-3-flash"));
    assert_eq!(reply.usage, usage());
}

#[test]
fn both_body_paths_account_alike() {
    let account = testkit::replies_alike(WHOLE.as_bytes(), &OTHER);
    assert_eq!(account.usage, usage());
    assert_eq!(OWN.account(WHOLE.as_bytes()).unwrap(), account);
    let streamed = testkit::accounts_alike(STREAM.as_bytes(), OWN.stream(), OTHER.stream());
    assert_eq!(streamed, account);
}

const BLOCKED: &str = r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3},"modelVersion":"m"}"#;

#[test]
fn a_refused_prompt_is_an_answer_to_its_own_clients_and_an_error_to_others() {
    let account = OWN.account(BLOCKED.as_bytes()).unwrap();
    let finish = account.finish.unwrap();
    assert_eq!(finish.reason, FinishReason::ContentFilter);
    assert_eq!(finish.detail.as_deref(), Some("PROHIBITED_CONTENT"));
    let Err(DecodeError::Upstream(error)) = OTHER.decode(BLOCKED.as_bytes()) else { panic!() };
    assert_eq!(error.class, ErrorClass::ContentPolicy);
    assert_eq!(error.code.as_deref(), Some("PROHIBITED_CONTENT"));
    let frame = format!("data: {BLOCKED}\n\n");
    let said = testkit::read([frame.as_bytes()], OTHER.stream());
    let Some(Ok(ChatEvent::Error(error))) = said.last() else { panic!("{said:?}") };
    assert_eq!(error.class, ErrorClass::ContentPolicy);
    assert!(!testkit::events_of(frame.as_bytes(), OWN.stream()).is_empty());
}

#[test]
fn answers_that_end_oddly() {
    let whole = |finish: &str, parts: &str| {
        let candidate = format!(r#"{{"content":{{"parts":[{parts}]}},"finishReason":"{finish}"}}"#);
        OTHER.decode(format!(r#"{{"candidates":[{candidate}]}}"#).as_bytes())
    };
    let text = r#"{"text":"a"}"#;
    let reason = |finish, parts| whole(finish, parts).map(|reply| reply.finish.reason);
    assert_eq!(reason("MAX_TOKENS", text), Ok(FinishReason::Length));
    assert_eq!(reason("SAFETY", ""), Ok(FinishReason::ContentFilter));
    assert_eq!(reason("", text), Ok(FinishReason::Stop));
    assert_eq!(reason("MALFORMED_FUNCTION_CALL", text), Ok(FinishReason::Stop));
    // The model spoilt it: another attempt may do better.
    let Err(DecodeError::Upstream(error)) = whole("MALFORMED_FUNCTION_CALL", "") else { panic!() };
    assert_eq!(error.class, ErrorClass::Malformed);
    // Its own clients see what the vendor said.
    let body = r#"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]}"#;
    assert!(OWN.account(body.as_bytes()).is_ok());
}

#[test]
fn what_is_no_answer_is_said_to_be_none() {
    for body in [
        "",
        "<html>",
        "null",
        "[]",
        "{}",
        "[{}]",
        r#"{"candidates":[]}"#,
        r#"{"candidates":[{}]}"#,
        r#"{"choices":[{"message":{"content":"a"}}]}"#,
        r#"{"candidates":7}"#,
        r#"{"responseId":"r"}"#,
    ] {
        let error = OTHER.decode(body.as_bytes()).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed(_)), "{body}: {error:?}");
        assert!(OWN.account(body.as_bytes()).is_err(), "{body}");
    }
    for end in 0..WHOLE.len() {
        if WHOLE.is_char_boundary(end) {
            assert!(OTHER.decode(&WHOLE.as_bytes()[..end]).is_err(), "cut at {end}");
        }
    }
}

#[test]
fn an_error_inside_a_200_is_the_vendors_error() {
    for body in [
        r#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#,
        r#"[{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}]"#,
    ] {
        let Err(DecodeError::Upstream(error)) = OTHER.decode(body.as_bytes()) else {
            panic!("{body}")
        };
        assert_eq!((error.class, error.status), (ErrorClass::Overload, Some(503)));
        let said = testkit::read([format!("data: {body}\n\n").as_bytes()], decoder());
        assert!(matches!(said.as_slice(), [Ok(ChatEvent::Error(_))]), "{said:?}");
    }
}

#[test]
fn what_the_domain_has_no_word_for_is_named() {
    let body = r#"data: {"candidates":[{"content":{"parts":[{"executableCode":{}},{"text":"a"},{"inlineData":{}}]},"groundingMetadata":{"x":1},"citationMetadata":{}},{"index":1,"content":{"parts":[{"text":"b"}]}}]}"#;
    let said = testkit::read([format!("{body}\n\n").as_bytes()], decoder());
    let kinds: Vec<_> = said
        .iter()
        .filter_map(|said| match said {
            Ok(ChatEvent::Other { kind }) => Some(*kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, ["executableCode", "inlineData", "groundingMetadata", "candidate"]);
    assert!(said.contains(&Ok(ChatEvent::Text("a".to_owned()))));
    assert!(!said.contains(&Ok(ChatEvent::Text("b".to_owned()))));
}

/// Bytes near an answer: pieces of one in any order, cut and mixed with noise.
fn near_answers() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        (0..WHOLE.len(), 0..200_usize).prop_map(|(at, len)| {
            let bytes = WHOLE.as_bytes();
            bytes[at..(at + len).min(bytes.len())].to_vec()
        }),
        proptest::collection::vec(any::<u8>(), 0..8),
        Just(b"data: ".to_vec()),
        Just(b"\n\n".to_vec()),
        Just(br#"{"candidates":[{"content":{"parts":["#.to_vec()),
        Just(br#"{"text":"a"}]}}]}"#.to_vec()),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_vendor_bytes_panic(body in near_answers(), status in any::<u16>()) {
        let _ = OTHER.decode(&body);
        let _ = OWN.account(&body);
        let _ = OTHER.decode_error(status, &HeaderMap::new(), &body);
        let said = testkit::read([body.as_slice()], OTHER.stream());
        let ended = said.iter().any(|said| matches!(said, Ok(ChatEvent::End)));
        let failed = said.iter().any(|said| matches!(said, Ok(ChatEvent::Error(_)) | Err(_)));
        prop_assert!(ended || failed);
    }

    #[test]
    fn no_client_bytes_panic(body in near_answers()) {
        let client = GenerateClient;
        if let Ok(facts) = client.facts(&body) {
            let inbound = Inbound {
                dialect: Dialect::GEMINI_GENERATE,
                operation: Operation::Chat,
                facts,
                body: Bytes::from(body),
                headers: HeaderMap::new(),
                query: None,
            };
            let _ = client.parse(&inbound);
        }
    }
}
