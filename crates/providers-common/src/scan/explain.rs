//! Sentences for bodies that are no JSON object. Runs only after something went wrong.

use serde::de::IgnoredAny;
use std::str::Utf8Error;
use tollgate_core_types::error::clean;

use super::MAX_DEPTH;
use crate::client::BadRequest;

const INVALID_JSON: &str = "invalid_json";
/// Longest piece of the client's text repeated in a message, in bytes.
const QUOTED_MAX: usize = 64;
/// Longest explanation of serde_json's repeated in a message, in bytes.
const MESSAGE_MAX: usize = 256;

/// Bytes that are no UTF-8.
pub(super) fn utf8(body: &[u8], error: Utf8Error) -> BadRequest {
    let at = error.valid_up_to();
    let before = body.get(..at).unwrap_or_default();
    let line = 1 + memchr::memchr_iter(b'\n', before).count();
    let column = at - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1) + 1;
    let byte = body.get(at).copied().unwrap_or_default();
    BadRequest::body(
        "invalid_utf8",
        format!("body is not valid UTF-8: byte 0x{byte:02x} at line {line} column {column}"),
    )
}

/// Nested too deeply.
pub(super) fn depth() -> BadRequest {
    BadRequest::body("too_deep", format!("body is nested more than {MAX_DEPTH} levels deep"))
}

/// A key that stands there twice.
pub(super) fn duplicate(key: &str) -> BadRequest {
    let key = clean(key, QUOTED_MAX);
    BadRequest {
        message: format!("body has the key `{key}` more than once"),
        param: Some(key),
        code: INVALID_JSON,
    }
}

/// A body that one reader refused and another took.
pub(super) fn unread() -> BadRequest {
    BadRequest::body(INVALID_JSON, "body is not a JSON object that can be read")
}

/// What the reader says, or a plainer word for the usual mistakes.
pub(super) fn json(text: &str, error: &serde_json::Error) -> BadRequest {
    let start = text.trim_start_matches([' ', '\n', '\r', '\t']);
    if start.is_empty() {
        return BadRequest::body(INVALID_JSON, "body is empty; a JSON object is required");
    }
    if start.starts_with('\u{feff}') {
        return BadRequest::body(
            INVALID_JSON,
            "body is not valid JSON: it starts with a byte order mark at line 1 column 1",
        );
    }
    if !start.starts_with('{')
        && let Some(kind) = kind(start)
    {
        return BadRequest::body(INVALID_JSON, format!("body must be a JSON object, got {kind}"));
    }
    if error.is_data() && start.starts_with('{') {
        return BadRequest::body("invalid_request", clean(&error.to_string(), MESSAGE_MAX));
    }
    // A reader of objects says of anything else that its type is wrong, not where it is broken.
    let plain = if error.is_data() { serde_json::from_str::<IgnoredAny>(text).err() } else { None };
    let error = plain.as_ref().unwrap_or(error).to_string();
    BadRequest::body(
        INVALID_JSON,
        format!("body is not valid JSON: {}", clean(&error, MESSAGE_MAX)),
    )
}

/// What a valid value is, with its article; `None` where it is none.
fn kind(text: &str) -> Option<&'static str> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    Some(match text.as_bytes().first()? {
        b'[' => "an array",
        b'"' => "a string",
        b't' | b'f' => "a boolean",
        b'n' => "null",
        _ => "a number",
    })
}
