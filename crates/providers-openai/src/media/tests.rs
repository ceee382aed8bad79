//! Facts, edits, accounts and streams of the relayed endpoints.

use super::*;
use tollgate_core_types::ChatEvent;
use tollgate_core_types::{ErrorClass, Usage};
use tollgate_providers_common::{ClientDialect, Framer, Framing};

fn inbound(kind: Kind, body: &'static str) -> Inbound {
    let client = MediaDialect(kind);
    Inbound {
        dialect: client.dialect(),
        operation: client.operation(),
        facts: client.facts(body.as_bytes()).unwrap(),
        body: Bytes::from_static(body.as_bytes()),
        headers: HeaderMap::new(),
        query: None,
    }
}

fn target() -> UpstreamTarget {
    UpstreamTarget::new("https://v.example/v1".parse().unwrap(), "up-1")
}

#[test]
fn only_the_model_of_a_body_changes_and_it_goes_to_its_path() {
    let body = r#"{"prompt":"a  cat","model":"alias","n":1.0,"odd":[null]}"#;
    let paths = [
        (Kind::Images, "/v1/images/generations"),
        (Kind::ImageEdits, "/v1/images/edits"),
        (Kind::ImageVariations, "/v1/images/variations"),
        (Kind::Transcriptions, "/v1/audio/transcriptions"),
        (Kind::Translations, "/v1/audio/translations"),
        (Kind::Speech, "/v1/audio/speech"),
        (Kind::Moderations, "/v1/moderations"),
        (Kind::Rerank, "/v1/rerank"),
    ];
    for (kind, path) in paths {
        let encoded = Media(kind).splice(&inbound(kind, body), &target()).unwrap();
        assert_eq!(encoded.request.uri().path(), path);
        assert_eq!(
            encoded.request.body(),
            r#"{"prompt":"a  cat","model":"up-1","n":1.0,"odd":[null]}"#
        );
        assert_eq!(Kind::of(Media(kind).dialect()), Some(kind));
        assert_eq!(media_codec(Media(kind).dialect()).unwrap().operation(), kind.operation());
        assert!(kind.operation().is_media());
    }
    assert!(media_codec(Dialect::OPENAI_CHAT).is_none());
}

#[test]
fn facts_are_few_and_wrong_types_are_named() {
    let client = MediaDialect(Kind::Speech);
    let facts = client.facts(br#"{"model":"m","stream_format":"sse","user":"u"}"#).unwrap();
    assert_eq!((facts.model.as_deref(), facts.stream), (Some("m"), true));
    assert_eq!(facts.user.as_deref(), Some("u"));
    let plain = client.facts(br#"{"input":"hi","stream_format":"audio"}"#).unwrap();
    assert_eq!((plain.model, plain.stream), (None, false));
    let bad = client.facts(br#"{"model":7}"#).unwrap_err();
    assert_eq!(bad.param.as_deref(), Some("model"));
    assert_eq!(client.facts(b"[]").unwrap_err().param, None);
}

#[test]
fn usage_is_read_in_every_shape_that_is_about() {
    let used = |input, output, cached| Usage {
        input_tokens: input,
        output_tokens: output,
        cache_read_tokens: cached,
        ..Usage::default()
    };
    let table = [
        (
            r#"{"data":[{"b64_json":"QQ=="}],"usage":{"input_tokens":5,"output_tokens":9,"total_tokens":14,"input_tokens_details":{"cached_tokens":2}}}"#,
            used(Some(5), Some(9), Some(2)),
        ),
        (r#"{"text":"hi","usage":{"type":"duration","seconds":3}}"#, Usage::default()),
        (
            r#"{"text":"hi","usage":{"prompt_tokens":4,"completion_tokens":6}}"#,
            used(Some(4), Some(6), None),
        ),
        (r#"{"results":[],"usage":{"total_tokens":7}}"#, used(Some(7), None, None)),
        (
            r#"{"results":[],"meta":{"billed_units":{"search_units":1},"tokens":{"input_tokens":8,"output_tokens":0}}}"#,
            used(Some(8), Some(0), None),
        ),
        (r#"{"results":[{"flagged":false}],"model":"omni","usage":"odd"}"#, Usage::default()),
        (r#"[{"index":0,"score":0.5}]"#, Usage::default()),
    ];
    for (body, usage) in table {
        assert_eq!(Media(Kind::Rerank).account(body.as_bytes()).unwrap().usage, usage, "{body}");
    }
    let named = Media(Kind::Moderations).account(br#"{"model":"omni","results":[]}"#).unwrap();
    assert_eq!(named.model.as_deref(), Some("omni"));
}

#[test]
fn what_is_no_answer_is_said_to_be_none() {
    let account = |body: &[u8]| Media(Kind::Images).account(body).unwrap_err();
    for body in [&b""[..], b"<html>", b"{\"data\":", b"\"text\"", b"[1,"] {
        assert!(matches!(account(body), DecodeError::Malformed(_)), "{body:?}");
    }
    let DecodeError::Upstream(error) =
        account(br#"{"error":{"message":"no","code":"rate_limit_exceeded"}}"#)
    else {
        panic!("an error within a success");
    };
    assert_eq!(error.class, ErrorClass::Throttle);
}

/// What a stream says, cut at `cut`.
fn events(stream: &str, cut: usize) -> (Vec<ChatEvent>, Result<(), DecodeError>) {
    let mut decoder = Media(Kind::Images).stream();
    let mut framer = Framing::Sse.framer(Framer::DEFAULT_MAX);
    let mut out = Vec::new();
    for piece in [&stream[..cut], &stream[cut..]] {
        framer.push(Bytes::copy_from_slice(piece.as_bytes()));
        while let Some(frame) = framer.next_frame().unwrap() {
            decoder.frame(&frame, &mut out).unwrap();
        }
    }
    let end = decoder.end(&mut out);
    (out, end)
}

#[test]
fn streams_are_read_however_they_are_cut_and_end_when_they_say_so() {
    let stream = "event: image_generation.partial_image\ndata: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"QQ==\"}\n\n\
        data: {\"type\":\"image_generation.completed\",\"b64_json\":\"QUE=\",\"usage\":{\"input_tokens\":5,\"output_tokens\":9}}\n\n";
    let whole = events(stream, 0);
    assert_eq!(whole.1, Ok(()));
    assert_eq!(whole.0.len(), 5, "{:?}", whole.0);
    assert_eq!(whole.0.last(), Some(&ChatEvent::End));
    for cut in 0..stream.len() {
        assert_eq!(events(stream, cut), whole, "cut at {cut}");
    }
    let first = stream.split_inclusive("\n\n").next().unwrap();
    assert_eq!(events(first, 0).1, Err(DecodeError::Truncated));
    assert_eq!(events(&format!("{first}data: [DONE]\n\n"), 0).1, Ok(()));
    let failed = events(
        "data: {\"type\":\"error\",\"error\":{\"message\":\"busy\",\"type\":\"server_error\"}}\n\n",
        0,
    );
    assert!(matches!(&failed.0[0], ChatEvent::Error(error) if error.class == ErrorClass::Server));
}
