//! The shared kit's rules, and random bytes where a vendor or client could send anything.

use bytes::Bytes;
use proptest::prelude::*;
use tollgate_core_types::{ChatEvent, Dialect, ErrorClass};
use tollgate_providers_common::{DecodeError, Frame, FrameKind, testkit};

use super::support::{chat_codec, client, codec, fixtures};

const DIALECTS: [Dialect; 3] =
    [Dialect::OPENAI_CHAT, Dialect::OPENAI_COMPLETIONS, Dialect::OPENAI_EMBEDDINGS];

#[test]
fn any_error_answer_is_classified() {
    for dialect in DIALECTS {
        testkit::error_matrix(codec(dialect).as_ref());
    }
}

#[test]
fn a_truncated_stream_is_never_complete() {
    for name in ["openai", "tools", "deepseek", "groq", "refusal", "two-choices", "audio"] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/streams");
        let stream = std::fs::read(format!("{folder}/{name}.sse")).unwrap();
        testkit::truncations(&stream, || codec(Dialect::OPENAI_CHAT).stream());
    }
}

#[test]
fn a_truncated_answer_is_never_an_answer() {
    for fixture in fixtures("replies", ".json") {
        let body = std::fs::read(&fixture).unwrap();
        let body = body.trim_ascii_end();
        for cut in 0..body.len() {
            let (codec, part) = (chat_codec(), &body[..cut]);
            assert!(matches!(codec.account(part), Err(DecodeError::Malformed(_))), "{cut}");
            assert!(matches!(codec.decode(part), Err(DecodeError::Malformed(_))), "{cut}");
        }
    }
}

#[test]
fn what_is_no_answer_is_said_to_be_none() {
    let secret = "sk-secret ".repeat(100);
    let quoting = format!(r#"{{"choices":"{secret}"}}"#);
    let table: &[(&str, &str)] = &[
        ("", "an empty body"),
        (" \r\n", "an empty body"),
        ("<!doctype html><script>x</script>", "an HTML page"),
        ("null", "unexpected type"),
        ("[]", "a list"),
        ("[1,2]", "a list"),
        ("7", "unexpected type"),
        ("{}", "without choices"),
        (r#"{"choices":[]}"#, "without choices"),
        (r#"{"choices":null,"id":"x"}"#, "without choices"),
        (r#"{"choices":[{}]}"#, "no message"),
        (r#"{"choices":[{"message":null,"finish_reason":"stop"}]}"#, "no message"),
        (r#"{"choices":[{"message":{"content":"a"}}]} x"#, "no valid JSON"),
        (r#"{"choices":[{"message":{"content":NaN}}]}"#, "no valid JSON"),
        (&quoting, "unexpected type"),
    ];
    for (body, said) in table {
        for error in [
            chat_codec().account(body.as_bytes()).unwrap_err(),
            chat_codec().decode(body.as_bytes()).unwrap_err(),
        ] {
            let DecodeError::Malformed(text) = &error else { panic!("{body}: {error}") };
            assert!(text.contains(said) && text.len() < 200, "{body}: {text}");
        }
    }
}

#[test]
fn an_error_inside_a_200_is_the_vendors_error() {
    for (body, class) in [
        (r#"{"error":{"message":"slow down","code":429}}"#, ErrorClass::Throttle),
        (r#"{"error":"boom"}"#, ErrorClass::Server),
        (r#"[{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}]"#, ErrorClass::Overload),
        (r#"{"code":"429","message":"busy"}"#, ErrorClass::Throttle),
        (r#"{"choices":[{"error":{"code":502,"message":"m"},"message":{}}]}"#, ErrorClass::Server),
        (
            r#"{"choices":[{"message":{"content":"half"},"finish_reason":"error"}]}"#,
            ErrorClass::Server,
        ),
        (
            r#"{"choices":[],"error":{"message":"m","code":"insufficient_quota"}}"#,
            ErrorClass::Billing,
        ),
    ] {
        for error in [
            chat_codec().account(body.as_bytes()).unwrap_err(),
            chat_codec().decode(body.as_bytes()).unwrap_err(),
        ] {
            let DecodeError::Upstream(error) = error else { panic!("{body}: {error}") };
            assert_eq!(error.class, class, "{body}");
        }
    }
    let embeddings = codec(Dialect::OPENAI_EMBEDDINGS);
    let error = embeddings.account(br#"{"error":{"message":"m","code":429}}"#).unwrap_err();
    assert!(matches!(error, DecodeError::Upstream(_)));
}

#[test]
fn calls_are_bounded() {
    let mut decoder = codec(Dialect::OPENAI_CHAT).stream();
    let mut last = Ok(());
    for index in 0..=512 {
        let chunk = format!(
            r#"{{"choices":[{{"delta":{{"tool_calls":[{{"index":{index},"id":"c{index}","function":{{"name":"f"}}}}]}}}}]}}"#
        );
        last = decoder.frame(&frame("", chunk.into()), &mut Vec::new());
        assert_eq!(last.is_err(), index == 512);
    }
    assert!(last.unwrap_err().to_string().contains("512 tool calls"));
    let far = r#"{"choices":[{"index":128,"delta":{"content":"x"}}]}"#;
    assert!(decoder.frame(&frame("", far.into()), &mut Vec::new()).is_err());
}

fn frame(event: &str, data: Bytes) -> Frame {
    let event = Bytes::copy_from_slice(event.as_bytes());
    Frame { raw: data.clone(), kind: FrameKind::Event, event, data: Some(data) }
}

/// JSON-like bytes: fragments of real answers put together at random reach deeper than noise.
fn fragments() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "1",
        "-2.5",
        "\"stop\"",
        "\"x\"",
        "\"choices\"",
        "\"delta\"",
        "\"message\"",
        "\"content\"",
        "\"tool_calls\"",
        "\"function\"",
        "\"index\"",
        "\"error\"",
        "\"usage\"",
        "\"finish_reason\"",
        "\"data\"",
        "\"arguments\"",
        "\\u",
        "\"",
        "{\"choices\":[{\"delta\":{",
        "}}]}",
        "{\"error\":",
        "\u{0}",
        "é",
    ]);
    let joined = prop::collection::vec(pieces, 0..24).prop_map(|list| list.concat().into_bytes());
    prop_oneof![joined, prop::collection::vec(any::<u8>(), 0..64)]
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_vendor_bytes_panic(body in fragments(), status in any::<u16>()) {
        for dialect in DIALECTS {
            let codec = codec(dialect);
            let _ = codec.account(&body);
            let error = codec.decode_error(status, &http::HeaderMap::new(), &body);
            prop_assert!(!error.message.is_empty());
            let mut decoder = codec.stream();
            let mut out = Vec::new();
            for event in ["", "error"] {
                let _ = decoder.frame(&frame(event, body.clone().into()), &mut out);
            }
            let _ = decoder.end(&mut out);
            let ends = out.iter().filter(|event| matches!(event, ChatEvent::End)).count();
            prop_assert!(ends <= 1);
        }
        let account = chat_codec().account(&body).is_ok();
        prop_assert!(account || chat_codec().decode(&body).is_err());
    }

    #[test]
    fn account_and_decode_agree_on_broken_answers(body in mutated("replies", ".json")) {
        let account = chat_codec().account(&body);
        let decoded = chat_codec().decode(&body);
        // Content that only decoding reads may be broken where accounting does not look.
        if let (Ok(account), Ok(reply)) = (&account, &decoded) {
            prop_assert_eq!(&account.usage, &reply.usage);
            prop_assert_eq!(account.finish.as_ref(), Some(&reply.finish));
        }
        prop_assert!(account.is_ok() || decoded.is_err());
    }

    #[test]
    fn no_client_bytes_panic(body in fragments()) {
        for dialect in DIALECTS {
            let _ = client(dialect).facts(&body);
        }
    }

    #[test]
    fn every_refusal_of_a_readable_body_names_a_field(body in mutated("requests", ".json")) {
        if let Err(bad) = client(Dialect::OPENAI_CHAT).facts(&body)
            && bad.code == "invalid_request"
        {
            prop_assert!(bad.param.is_some(), "{bad:?}");
        }
    }
}
