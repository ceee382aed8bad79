//! Recorded input beside what we make of it. A difference is a change that someone must want.

use std::path::Path;
use tollgate_core_types::{ChatEvent, Dialect};
use tollgate_providers_common::testkit;

use super::support::{
    chat_codec, client, codec, context, encode_stream, fixtures, golden, inbound, pretty, target,
};

fn translate(fixture: &Path, dialect: Dialect) {
    let body = std::fs::read(fixture).unwrap();
    let inbound = inbound(dialect, &body);
    let chat = client(dialect).parse(&inbound).unwrap();
    golden(fixture, "domain.txt", &format!("{chat:#?}"));
    let encoded = chat_codec().encode(&chat, &target("upstream-model")).unwrap();
    let lost: Vec<String> =
        encoded.lost.iter().map(|lost| format!("{} {:?}", lost.field, lost.how)).collect();
    let text = format!("{}\n// lost: {}", pretty(encoded.request.body()), lost.join(", "));
    golden(fixture, "encoded.txt", &text);
}

#[test]
fn chat_requests_are_read_and_written() {
    for fixture in fixtures("requests", ".json") {
        translate(&fixture, Dialect::OPENAI_CHAT);
    }
}

#[test]
fn prompts_become_chat_requests() {
    for fixture in fixtures("prompts", ".json") {
        translate(&fixture, Dialect::OPENAI_COMPLETIONS);
    }
}

#[test]
fn replies_are_read_and_rendered() {
    for fixture in fixtures("replies", ".json") {
        let body = std::fs::read(&fixture).unwrap();
        let reply = chat_codec().decode(&body).unwrap();
        golden(&fixture, "domain.txt", &format!("{reply:#?}"));
        let chat = client(Dialect::OPENAI_CHAT).render(&reply, &context(false));
        let text = client(Dialect::OPENAI_COMPLETIONS).render(&reply, &context(false));
        golden(&fixture, "rendered.txt", &format!("{}\n{}", pretty(&chat), pretty(&text)));
    }
}

#[test]
fn streams_are_read_and_rendered() {
    for fixture in fixtures("streams", ".sse") {
        let stream = std::fs::read(&fixture).unwrap();
        let read = testkit::read([stream.as_slice()], chat_codec().stream());
        let lines: Vec<String> = read.iter().map(|said| format!("{said:?}")).collect();
        golden(&fixture, "events.txt", &lines.join("\n"));
        let events: Vec<_> = read.into_iter().filter_map(Result::ok).collect();
        let chat = encode_stream(Dialect::OPENAI_CHAT, &events, true);
        golden(&fixture, "rendered.txt", &chat);
        let text = encode_stream(Dialect::OPENAI_COMPLETIONS, &events, false);
        golden(&fixture, "completions.txt", &text);
    }
}

#[test]
fn recorded_streams_say_the_same_however_they_are_cut() {
    for fixture in fixtures("streams", ".sse") {
        let stream = std::fs::read(&fixture).unwrap();
        testkit::every_cut(&stream, || codec(Dialect::OPENAI_CHAT).stream());
        let crlf = String::from_utf8(stream).unwrap().replace('\n', "\r\n");
        testkit::every_cut(crlf.as_bytes(), || codec(Dialect::OPENAI_COMPLETIONS).stream());
    }
}

#[test]
fn a_stream_that_breaks_off_is_no_answer() {
    const TEXT: &str = concat!(
        "data: {\"id\":\"c\",\"object\":\"text_completion\",\"model\":\"m\",\"choices\":[{\"index\":0,\"text\":\"H\u{e9}\"}]}\n\n",
        ": a ping\n\n",
        "data: {\"id\":\"c\",\"object\":\"text_completion\",\"model\":\"m\",\"choices\":[{\"index\":0,\"text\":\"!\",\"finish_reason\":\"stop\"}]}\n\n",
        "data: [DONE]\n\n",
    );
    breaks_off(TEXT, Dialect::OPENAI_COMPLETIONS);
    let mut complete = 0;
    for fixture in fixtures("streams", ".sse") {
        let stream = std::fs::read(&fixture).unwrap();
        let read = testkit::read([stream.as_slice()], chat_codec().stream());
        if read.iter().all(Result::is_ok) && matches!(read.last(), Some(Ok(ChatEvent::End))) {
            complete += 1;
            breaks_off(&String::from_utf8(stream).unwrap(), Dialect::OPENAI_CHAT);
        }
    }
    assert!(complete > 5, "{complete}");
}

/// A stream that breaks off before its first word on the finish fails, and never ends. A frame without
/// its end is read where its JSON is whole, so only what stands before that word is cut.
fn breaks_off(stream: &str, dialect: Dialect) {
    let finish = stream.find("\"finish_reason\":\"").or(stream.find("\"finish_reason\": \""));
    for cut in 0..finish.unwrap_or_default() {
        let read = testkit::read([&stream.as_bytes()[..cut]], codec(dialect).stream());
        let failed = read.iter().any(|said| matches!(said, Err(_) | Ok(ChatEvent::Error(_))));
        let ended = read.iter().any(|said| matches!(said, Ok(ChatEvent::End)));
        assert!(failed && !ended, "cut at {cut}: {read:?}");
    }
}
