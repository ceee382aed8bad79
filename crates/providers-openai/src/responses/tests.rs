//! Responses in both directions: recorded input beside what we make of it, and the rules that no
//! dialect may break.

mod carried;
mod faces;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use tollgate_core_types::{ChatEvent, Dialect, ErrorClass, Operation, ProviderName};
use tollgate_providers_common::{
    ChatCodec, ClientDialect as _, Codec, DecodeError, Frame, FrameKind, Inbound, Provider as _,
    UpstreamTarget, fold, testkit, unfold,
};

use super::{OpenAiResponses, ResponsesDialect};
use crate::tests::support::{context, fixtures, golden, pretty, target};
use crate::{Api, OpenAi};

fn codec() -> Arc<dyn Codec> {
    let vendor = OpenAi::new(ProviderName::new("openai")).speaking(Api::Both);
    vendor.codec(Dialect::OPENAI_RESPONSES).unwrap()
}

fn inbound(body: &[u8]) -> Inbound {
    Inbound {
        dialect: Dialect::OPENAI_RESPONSES,
        operation: Operation::Chat,
        facts: ResponsesDialect.facts(body).unwrap(),
        body: Bytes::copy_from_slice(body),
        headers: HeaderMap::new(),
        query: None,
    }
}

fn reasoner() -> UpstreamTarget {
    UpstreamTarget { quirks: crate::quirks_for("gpt-5.4"), ..target("gpt-5.4") }
}

fn streamed(events: &[ChatEvent], inbound: &Inbound) -> String {
    let mut encoder = ResponsesDialect.stream_encoder_to(context(true), inbound);
    let mut out = BytesMut::new();
    for event in events {
        encoder.event(event, &mut out);
    }
    String::from_utf8(out.to_vec()).unwrap()
}

/// What of a request is lost, and its body, at an own model and at one that reasons.
fn encoded(fixture: &Path, chat: &tollgate_core_types::chat::ChatRequest) -> String {
    let mut said = Vec::new();
    for target in [target("own"), reasoner()] {
        let text = match OpenAiResponses::default().encode(chat, &target) {
            Ok(encoded) => {
                assert_eq!(encoded.request.uri().path(), "/v1/responses", "{}", fixture.display());
                let lost = encoded.lost.iter().map(|lost| format!("{} {:?}", lost.field, lost.how));
                let lost: Vec<String> = lost.collect();
                format!("{}\n// lost: {}", pretty(encoded.request.body()), lost.join(", "))
            }
            Err(error) => format!("// {error}"),
        };
        said.push(text);
    }
    said.join("\n")
}

#[test]
fn requests_are_read_and_written() {
    for fixture in fixtures("responses/requests", ".json") {
        let chat = ResponsesDialect.parse(&inbound(&std::fs::read(&fixture).unwrap())).unwrap();
        golden(&fixture, "domain.txt", &format!("{chat:#?}"));
        golden(&fixture, "encoded.txt", &encoded(&fixture, &chat));
    }
}

#[test]
fn chat_requests_are_written() {
    for fixture in fixtures("requests", ".json") {
        let body = std::fs::read(&fixture).unwrap();
        let inbound = crate::tests::support::inbound(Dialect::OPENAI_CHAT, &body);
        let client = crate::tests::support::client(Dialect::OPENAI_CHAT);
        let chat = client.parse(&inbound).unwrap();
        golden(&fixture, "responses.txt", &encoded(&fixture, &chat));
    }
}

#[test]
fn replies_are_read_and_rendered() {
    let asked = inbound(br#"{"input":"hi","temperature":0.50,"tools":[]}"#);
    for fixture in fixtures("responses/replies", ".json") {
        let body = std::fs::read(&fixture).unwrap();
        let reply = OpenAiResponses::default().decode(&body).unwrap();
        golden(&fixture, "domain.txt", &format!("{reply:#?}"));
        let rendered = ResponsesDialect.render_to(&reply, &context(false), &asked);
        golden(&fixture, "rendered.txt", &pretty(&rendered));
        testkit::replies_alike(&body, &OpenAiResponses::default());
    }
}

#[test]
fn streams_are_read_and_rendered() {
    let asked = inbound(br#"{"input":"hi"}"#);
    for fixture in fixtures("responses/streams", ".sse") {
        let stream = std::fs::read(&fixture).unwrap();
        let read = testkit::read([stream.as_slice()], codec().stream());
        let lines: Vec<String> = read.iter().map(|said| format!("{said:?}")).collect();
        golden(&fixture, "events.txt", &lines.join("\n"));
        let events: Vec<_> = read.into_iter().filter_map(Result::ok).collect();
        golden(&fixture, "rendered.txt", &streamed(&events, &asked));
    }
}

#[test]
fn streams_say_the_same_however_they_are_cut() {
    for name in ["everything", "refusal", "custom", "empty"] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/responses/streams");
        let stream = std::fs::read(format!("{folder}/{name}.sse")).unwrap();
        testkit::every_cut(&stream, || codec().stream());
    }
}

#[test]
fn truncated_streams_and_answers_are_none() {
    for name in ["everything", "refusal", "incomplete", "custom", "hosted", "end-alone", "empty"] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/responses/streams");
        let stream = std::fs::read(format!("{folder}/{name}.sse")).unwrap();
        testkit::truncations(&stream, || codec().stream());
    }
    for fixture in fixtures("responses/replies", ".json") {
        let body = std::fs::read(&fixture).unwrap();
        let body = body.trim_ascii_end();
        for part in (0..body.len()).map(|cut| &body[..cut]) {
            assert!(matches!(codec().account(part), Err(DecodeError::Malformed(_))));
            assert!(matches!(
                OpenAiResponses::default().decode(part),
                Err(DecodeError::Malformed(_))
            ));
        }
    }
}

#[test]
fn any_error_answer_is_classified() {
    testkit::error_matrix(codec().as_ref());
}

#[test]
fn a_stream_says_what_the_whole_answer_says() {
    for fixture in fixtures("responses/streams", ".sse") {
        let name = fixture.file_stem().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("bad-") {
            continue;
        }
        let stream = std::fs::read(&fixture).unwrap();
        let text = String::from_utf8(stream.clone()).unwrap();
        let last = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().unwrap();
        let whole: serde_json::Value = serde_json::from_str(last).unwrap();
        let body = whole["response"].to_string();
        let reply = OpenAiResponses::default().decode(body.as_bytes()).unwrap();
        let events = testkit::events_of(&stream, codec().stream());
        let folded = fold(Dialect::OPENAI_RESPONSES, events).unwrap();
        assert_eq!(folded.parts, reply.parts, "{name}");
        assert_eq!((folded.finish, folded.usage), (reply.finish, reply.usage), "{name}");
    }
}

#[test]
fn what_we_render_we_read_back() {
    let asked = inbound(br#"{"input":"hi"}"#);
    for fixture in fixtures("responses/replies", ".json") {
        let name = fixture.display().to_string();
        let reply = OpenAiResponses::default().decode(&std::fs::read(&fixture).unwrap()).unwrap();
        let whole = ResponsesDialect.render_to(&reply, &context(false), &asked);
        let again = OpenAiResponses::default().decode(&whole).unwrap();
        let stream = streamed(&unfold(reply.clone()), &asked);
        let events = testkit::events_of(stream.as_bytes(), codec().stream());
        let told = fold(Dialect::OPENAI_RESPONSES, events).unwrap();
        let text = |parts: &[tollgate_core_types::reply::ReplyPart]| {
            use tollgate_core_types::reply::ReplyPart;
            let mut said = String::new();
            for part in parts {
                match part {
                    ReplyPart::Text(text) | ReplyPart::Refusal(text) => said.push_str(text),
                    ReplyPart::Reasoning(part) => said.push_str(&part.text),
                    ReplyPart::ToolCall(call) => said.push_str(&format!("{call:?}")),
                }
            }
            said
        };
        assert_eq!(text(&again.parts), text(&reply.parts), "{name}");
        assert_eq!(text(&told.parts), text(&reply.parts), "{name}");
        assert_eq!(again.finish.reason, told.finish.reason, "{name}");
        let sum = reply.usage.total();
        assert!(sum.is_none() || sum == again.usage.total(), "{name}");
    }
}

#[test]
fn what_is_no_answer_is_said_to_be_none() {
    for (body, said) in [
        ("", "an empty body"),
        ("<html>", "an HTML page"),
        ("null", "unexpected type"),
        ("[]", "a list"),
        ("{}", "without output"),
        (r#"{"output":null,"id":"x"}"#, "without output"),
        (r#"{"output":{},"id":"x"}"#, "unexpected type"),
        (r#"{"output":[],"status":"resting"}"#, "unknown status \"resting\""),
    ] {
        for error in [
            OpenAiResponses::default().account(body.as_bytes()).unwrap_err(),
            OpenAiResponses::default().decode(body.as_bytes()).unwrap_err(),
        ] {
            let DecodeError::Malformed(text) = &error else { panic!("{body}: {error}") };
            assert!(text.contains(said), "{body}: {text}");
        }
    }
    let waits = br#"{"output":[],"status":"queued","id":"x"}"#;
    assert_eq!(OpenAiResponses::default().account(waits).unwrap().finish, None);
    assert!(
        OpenAiResponses::default()
            .decode(waits)
            .unwrap_err()
            .to_string()
            .contains("still `queued`")
    );
}

#[test]
fn a_failure_inside_a_200_has_its_class() {
    let failed = |error: &str| format!(r#"{{"status":"failed","output":[],"error":{error}}}"#);
    for (body, class) in [
        (failed(r#"{"code":"server_error","message":"m"}"#), ErrorClass::Server),
        (failed(r#"{"code":"rate_limit_exceeded","message":"m"}"#), ErrorClass::Throttle),
        (failed(r#"{"code":"context_length_exceeded","message":"m"}"#), ErrorClass::ContextWindow),
        (failed(r#"{"code":"invalid_image_url","message":"m"}"#), ErrorClass::Client),
        (
            failed(r#"{"code":"image_content_policy_violation","message":"m"}"#),
            ErrorClass::ContentPolicy,
        ),
        (failed("null"), ErrorClass::Server),
        (
            r#"{"error":{"message":"m","code":"insufficient_quota"}}"#.to_owned(),
            ErrorClass::Billing,
        ),
        (
            r#"{"output":[],"error":{"message":"m","code":"server_error"}}"#.to_owned(),
            ErrorClass::Server,
        ),
    ] {
        for error in [
            OpenAiResponses::default().account(body.as_bytes()).unwrap_err(),
            OpenAiResponses::default().decode(body.as_bytes()).unwrap_err(),
        ] {
            let DecodeError::Upstream(error) = error else { panic!("{body}: {error}") };
            assert_eq!(error.class, class, "{body}");
        }
    }
}

#[test]
fn items_are_bounded() {
    let mut decoder = codec().stream();
    let mut last = Ok(());
    for index in 0..=1024 {
        let data = format!(
            r#"{{"type":"response.output_item.added","output_index":{index},"item":{{"type":"function_call","call_id":"c","name":"f"}}}}"#
        );
        last = decoder.frame(&frame("", data.into()), &mut Vec::new());
    }
    assert!(last.unwrap_err().to_string().contains("1024 items"));
}

fn frame(event: &str, data: Bytes) -> Frame {
    let event = Bytes::copy_from_slice(event.as_bytes());
    Frame { raw: data.clone(), kind: FrameKind::Event, event, data: Some(data) }
}

/// A real body with one byte changed.
fn mutated(folder: &'static str, extension: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let bodies: Vec<Vec<u8>> =
        fixtures(folder, extension).iter().map(|path| std::fs::read(path).unwrap()).collect();
    (prop::sample::select(bodies), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut body, at, byte)| {
            let at = at.index(body.len());
            body[at] = byte;
            body
        },
    )
}

/// Events of an answer in any order that a decoder can give.
fn events() -> impl Strategy<Value = Vec<ChatEvent>> {
    let text = prop_oneof![Just(String::new()), Just("a\"\u{0}é\n".to_owned())];
    let event = (0_u8..9, text, 0_usize..3).prop_map(|(kind, text, index)| match kind {
        0 => ChatEvent::Text(text),
        1 => ChatEvent::Refusal(text),
        2 => ChatEvent::Reasoning(text),
        3 => ChatEvent::ReasoningSignature { signature: text, issuer: Dialect::ANTHROPIC_MESSAGES },
        4 => ChatEvent::ReasoningRedacted { data: text, issuer: Dialect::OPENAI_RESPONSES },
        5 => ChatEvent::ToolCallStart { index, id: format!("c{index}"), name: text },
        6 => ChatEvent::ToolCallArguments { index, fragment: text },
        7 => ChatEvent::Other { kind: "x" },
        _ => ChatEvent::Usage(tollgate_core_types::Usage::default()),
    });
    prop::collection::vec(event, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_vendor_bytes_panic(
        body in mutated("responses/replies", ".json"),
        stream in mutated("responses/streams", ".sse"),
    ) {
        let account = OpenAiResponses::default().account(&body);
        let decoded = OpenAiResponses::default().decode(&body);
        if let (Ok(account), Ok(reply)) = (&account, &decoded) {
            prop_assert_eq!(&account.usage, &reply.usage);
            prop_assert_eq!(account.finish.as_ref(), Some(&reply.finish));
        }
        prop_assert!(account.is_ok() || decoded.is_err());
        let read = testkit::read([stream.as_slice()], codec().stream());
        let ends = read.iter().filter(|said| matches!(said, Ok(ChatEvent::End))).count();
        prop_assert!(ends <= 1);
    }

    #[test]
    fn no_client_bytes_panic(body in mutated("responses/requests", ".json")) {
        match ResponsesDialect.facts(&body) {
            Ok(_) => {
                let inbound = inbound(&body);
                if let Ok(chat) = ResponsesDialect.parse(&inbound) {
                    let _ = OpenAiResponses::default().encode(&chat, &reasoner());
                }
                let _ = OpenAiResponses::default().splice(&inbound, &reasoner());
            }
            Err(bad) => prop_assert!(bad.code != "invalid_request" || bad.param.is_some()),
        }
    }

    #[test]
    fn whatever_is_said_is_told_in_order(events in events()) {
        use tollgate_core_types::reply::{Finish, FinishReason};
        let finish = ChatEvent::Finish(Finish::new(FinishReason::Stop));
        let all: Vec<_> = events.into_iter().chain([finish, ChatEvent::End]).collect();
        let told = streamed(&all, &inbound(br#"{"input":"hi"}"#));
        let mut open = std::collections::BTreeSet::new();
        let mut kinds = Vec::new();
        for (number, data) in told.lines().filter_map(|line| line.strip_prefix("data: ")).enumerate() {
            let event: serde_json::Value = serde_json::from_str(data).unwrap();
            prop_assert_eq!(event["sequence_number"].as_u64(), Some(number as u64));
            let at = event["output_index"].as_u64();
            match event["type"].as_str().unwrap() {
                "response.output_item.added" => prop_assert!(open.insert(at)),
                "response.output_item.done" => prop_assert!(open.remove(&at)),
                kind => prop_assert!(at.is_none() || open.contains(&at), "{} {:?}", kind, at),
            }
            kinds.push(event["type"].as_str().unwrap().to_owned());
        }
        prop_assert!(open.is_empty());
        prop_assert_eq!(kinds.first().map(String::as_str), Some("response.created"));
        prop_assert_eq!(kinds.last().map(String::as_str), Some("response.completed"));
    }
}
