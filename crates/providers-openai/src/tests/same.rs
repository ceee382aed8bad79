//! The verbatim path and the translated path account alike, on one corpus.

use tollgate_core_types::reply::ReplyPart;
use tollgate_core_types::{ChatEvent, Dialect, Usage};
use tollgate_providers_common::{fold, testkit, unfold};

use super::support::{chat_codec, client, codec, context, encode_stream, fixtures};

#[test]
fn whole_answers_account_as_they_decode() {
    for fixture in fixtures("replies", ".json") {
        let body = std::fs::read(&fixture).unwrap();
        let account = testkit::replies_alike(&body, chat_codec().as_ref());
        assert!(account.finish.is_some(), "{}", fixture.display());
    }
}

#[test]
fn streams_account_as_the_answers_that_they_make() {
    for fixture in fixtures("streams", ".sse") {
        let name = fixture.file_name().unwrap().to_str().unwrap();
        if name.starts_with("bad-") {
            continue;
        }
        let stream = std::fs::read(&fixture).unwrap();
        let codec = codec(Dialect::OPENAI_CHAT);
        let account = testkit::accounts_alike(&stream, codec.stream(), chat_codec().stream());
        let events = testkit::events_of(&stream, codec.stream());
        let reply = fold(Dialect::OPENAI_CHAT, events).unwrap();
        let body = client(Dialect::OPENAI_CHAT).render(&reply, &context(true));
        let whole = codec.account(&body).unwrap();
        assert_eq!(account.usage, whole.usage, "{name}");
        let reason = |account: &tollgate_providers_common::Account| {
            account.finish.as_ref().map(|finish| finish.reason)
        };
        assert_eq!(reason(&account), reason(&whole), "{name}");
    }
}

#[test]
fn what_we_render_we_read_back() {
    for fixture in fixtures("replies", ".json") {
        let reply = chat_codec().decode(&std::fs::read(&fixture).unwrap()).unwrap();
        let name = fixture.display();
        let whole = client(Dialect::OPENAI_CHAT).render(&reply, &context(false));
        let again = chat_codec().decode(&whole).unwrap();
        assert_eq!(joined(&again.parts), joined(&reply.parts), "{name}");
        assert_eq!(again.usage.input_tokens, reply.usage.input_tokens, "{name}");

        let events = unfold(reply.clone());
        let stream = encode_stream(Dialect::OPENAI_CHAT, &events, true);
        let read = testkit::events_of(stream.as_bytes(), chat_codec().stream());
        let streamed = fold(Dialect::OPENAI_CHAT, read).unwrap();
        assert_eq!(joined(&streamed.parts), joined(&reply.parts), "{name}");
        assert_eq!(streamed.finish.reason, again.finish.reason, "{name}");
        if reply.usage.total().is_some() {
            // A stream that we write names no terms: the domain's has no place for them.
            let detail = streamed.usage.detail;
            assert_eq!(streamed.usage, Usage { detail, ..again.usage }, "{name}");
        }
    }
}

/// Parts with neighbours of one kind put together and ordered by kind, as one message holds them.
fn joined(parts: &[ReplyPart]) -> (String, String, String, Vec<String>) {
    let (mut thought, mut text, mut refusal, mut calls) =
        (String::new(), String::new(), String::new(), Vec::new());
    for part in parts {
        match part {
            ReplyPart::Reasoning(part) => thought.push_str(&part.text),
            ReplyPart::Text(piece) => text.push_str(piece),
            ReplyPart::Refusal(piece) => refusal.push_str(piece),
            ReplyPart::ToolCall(call) => {
                // No arguments are rendered as an empty object.
                let arguments = if call.arguments.is_empty() { "{}" } else { &call.arguments };
                calls.push(format!("{} {} {arguments}", call.id, call.name));
            }
        }
    }
    (thought, text, refusal, calls)
}

#[test]
fn a_client_without_usage_gets_no_usage_chunk() {
    let events = [
        ChatEvent::Text("hi".to_owned()),
        ChatEvent::Usage(Usage {
            input_tokens: Some(1),
            output_tokens: Some(1),
            ..Usage::default()
        }),
        ChatEvent::End,
    ];
    for dialect in [Dialect::OPENAI_CHAT, Dialect::OPENAI_COMPLETIONS] {
        assert!(!encode_stream(dialect, &events, false).contains("usage"), "{dialect}");
        let asked = encode_stream(dialect, &events, true);
        assert!(asked.contains(r#""choices":[],"usage":{"prompt_tokens":1"#), "{asked}");
        assert!(asked.contains(r#""usage":null"#), "{asked}");
        assert!(asked.ends_with("data: [DONE]\n\n"), "{asked}");
    }
}
