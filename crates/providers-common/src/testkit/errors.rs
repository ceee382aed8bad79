//! Every error status with every kind of body: the answer is always a sane, bounded error.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;
use tollgate_core_types::{ErrorClass, UpstreamError};

use crate::codec::Codec;

/// Bodies that come from no dialect: proxies, crashes, cut connections. They say nothing, so the
/// status alone decides.
const MUTE: &[(&str, &[u8])] = &[
    ("empty", b""),
    ("white space", b" \r\n"),
    ("HTML", b"<!DOCTYPE html><html><head><title>502</title></head><body>nginx</body></html>"),
    ("text", b"upstream connect error or disconnect/reset before headers"),
    ("control characters", b"\x1b[31mred\x1b[0m\0\x07\x7f\xc2\x85"),
    ("invalid UTF-8", b"\xff\xfe{\"error\":\"\xf0\x9f\"}"),
    ("truncated JSON", b"{\"error\":{\"message\":\"The server had an err"),
    ("null", b"null"),
    ("number", b"0"),
    ("string", b"\"no\""),
    ("empty string", b"\"\""),
    ("blank message", b"{\"error\":{\"message\":\" \"},\"message\":\"\"}"),
    ("empty object", b"{}"),
    ("empty array", b"[]"),
    ("array", b"[1,null,{}]"),
    ("error null", b"{\"error\":null}"),
    ("error list", b"{\"error\":[],\"message\":{}}"),
    (
        "types swapped",
        b"{\"type\":1,\"error\":{\"message\":7,\"type\":[],\"code\":{},\"param\":0}}",
    ),
];

/// Bodies of common dialects, some of them hostile; a codec may read a class of its own from them.
const SPEAKING: &[(&str, &[u8])] = &[
    ("envelope", b"{\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"param\":null,\"code\":null}}"),
    ("code number", b"{\"error\":{\"message\":\"m\",\"type\":\"t\",\"param\":\"p\",\"code\":429}}"),
    ("typed", b"{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"},\"request_id\":\"r\"}"),
    ("array of one", b"[{\"error\":{\"code\":503,\"message\":\"m\",\"status\":\"UNAVAILABLE\"}}]"),
    ("flat", b"{\"code\":\"Throttling\",\"message\":\"m\",\"request_id\":\"r\"}"),
    ("error string", b"{\"error\":\"m\"}"),
    ("detail", b"{\"detail\":\"m\"}"),
    ("escapes", b"{\"error\":{\"message\":\"a\\u001b[2J\\u0000\\u0085b\",\"type\":\"\\u001b\",\"code\":\"\\u0007\",\"param\":\"\\u0008\"}}"),
];

/// A codec makes a sane error of any status from 400 to 599 with any bytes.
///
/// Sane: the class is one that an answer can have, the status is kept, texts are bounded and free
/// of control characters, and where the body says nothing the status decides. A `retry-after` is
/// read.
///
/// # Panics
/// When an error is not sane.
pub fn error_matrix(codec: &dyn Codec) {
    let huge = huge_bodies();
    for status in 400..=599 {
        for (name, body) in MUTE {
            let error = classify(codec, status, name, body);
            let allowed = by_status(status);
            assert!(
                allowed.is_empty() || allowed.contains(&error.class),
                "status {status} with body {name}: class {:?}, not of {allowed:?}",
                error.class
            );
        }
        for (name, body) in SPEAKING {
            classify(codec, status, name, body);
        }
        if matches!(status, 400 | 401 | 429 | 500 | 503) {
            for (name, body) in &huge {
                classify(codec, status, name, body);
            }
        }
    }
    retry_after_is_read(codec);
}

/// Reads one error and checks what holds for every one.
fn classify(codec: &dyn Codec, status: u16, name: &str, body: &[u8]) -> UpstreamError {
    let error = codec.decode_error(status, &HeaderMap::new(), body);
    let place = format!("status {status} with body {name}: {error:?}");
    let UpstreamError { class, status: kept, code, param, message, retry_after } = &error;
    assert!(of_an_answer(*class), "a class that no answer has, {place}");
    assert_eq!(*kept, Some(status), "another status, {place}");
    assert!(!message.is_empty(), "no message, {place}");
    assert!(message.len() <= UpstreamError::MESSAGE_MAX, "a long message, {place}");
    assert_eq!(*retry_after, None, "an invented pause, {place}");
    for text in [Some(message), code.as_ref(), param.as_ref()].into_iter().flatten() {
        let hostile = |c: char| c.is_control() && c != '\n' && c != '\t';
        assert!(!text.contains(hostile), "control characters, {place}");
    }
    for text in [code, param].into_iter().flatten() {
        assert!(text.len() <= UpstreamError::CODE_MAX, "a long code or parameter, {place}");
    }
    error
}

fn retry_after_is_read(codec: &dyn Codec) {
    let name = HeaderName::from_static("retry-after");
    let headers: HeaderMap = [(name, HeaderValue::from_static("7"))].into_iter().collect();
    for status in [429, 503, 529] {
        let error = codec.decode_error(status, &headers, b"");
        let wait = Some(Duration::from_secs(7));
        assert_eq!(error.retry_after, wait, "status {status} with `retry-after: 7`: {error:?}");
    }
}

/// Whether an answer with an error status can mean this class; the others are for what happens
/// without an answer, after its start, or to ourselves.
fn of_an_answer(class: ErrorClass) -> bool {
    match class {
        ErrorClass::Client
        | ErrorClass::ContextWindow
        | ErrorClass::ContentPolicy
        | ErrorClass::Auth
        | ErrorClass::Billing
        | ErrorClass::ModelMissing
        | ErrorClass::Throttle
        | ErrorClass::Overload
        | ErrorClass::Server
        | ErrorClass::Malformed
        | ErrorClass::FirstTokenTimeout => true,
        ErrorClass::Unsupported
        | ErrorClass::Connect
        | ErrorClass::Transport
        | ErrorClass::BrokenStream
        | ErrorClass::Deadline
        | ErrorClass::Cancelled
        | ErrorClass::Stopping
        | ErrorClass::Internal => false,
    }
}

/// The classes that a status can have where the body says nothing; empty where dialects differ.
fn by_status(status: u16) -> &'static [ErrorClass] {
    use ErrorClass as C;
    match status {
        400 | 405 | 415 | 422 => &[C::Client],
        401 | 403 => &[C::Auth],
        402 => &[C::Billing],
        404 => &[C::Client, C::ModelMissing],
        413 => &[C::Client, C::ContextWindow],
        429 => &[C::Throttle],
        503 | 529 => &[C::Overload],
        504 => &[C::Server, C::Overload, C::FirstTokenTimeout],
        500..=599 => &[C::Server, C::Overload],
        _ => &[],
    }
}

/// Bodies of a megabyte, one message and one nesting.
fn huge_bodies() -> [(&'static str, Vec<u8>); 3] {
    const SIZE: usize = 1 << 20;
    let letters = "é".repeat(SIZE / 2);
    let message = format!(
        "{{\"error\":{{\"message\":\"{letters}\",\"type\":\"{letters}\",\"code\":\"{letters}\",\"param\":\"{letters}\"}}}}"
    );
    [
        ("huge message", message.into_bytes()),
        ("huge text", letters.into_bytes()),
        ("deep nesting", b"[".repeat(SIZE)),
    ]
}
