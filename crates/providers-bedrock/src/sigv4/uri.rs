//! Percent-encoding as AWS has it: only letters, digits and `-._~` stay.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A text as one segment of a path, for example a model's id or ARN with its `:` and `/`.
#[must_use]
pub fn encode_segment(text: &str) -> String {
    encode(text, false)
}

fn encode(text: &str, keep_slash: bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if plain || (keep_slash && byte == b'/') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A path as it is signed: what is sent, encoded once more, without `.` and empty segments.
pub(super) fn canonical_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let slash = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{slash}", encode(&segments.join("/"), true))
}

/// A query as it is signed: names and values encoded, sorted.
pub(super) fn canonical_query(query: &str) -> String {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        format!("{}={}", encode(&decoded(name), false), encode(&decoded(value), false))
    };
    let mut pairs: Vec<String> =
        query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
    pairs.sort_unstable();
    pairs.join("&")
}

/// A text without its percent-encoding, so that it is encoded once and in AWS's way.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = |digit: &u8| char::from(*digit).to_digit(16);
        let escaped = match (byte, after) {
            (b'%', [high, low, ..]) => hex(high).zip(hex(low)),
            _ => None,
        };
        let escaped = escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        out.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_arns_are_one_segment_and_are_signed_encoded_twice() {
        let id = encode_segment("anthropic.claude-v2:1");
        assert_eq!(id, "anthropic.claude-v2%3A1");
        assert_eq!(
            canonical_path(&format!("/model/{id}/converse")),
            "/model/anthropic.claude-v2%253A1/converse"
        );
        let arn = encode_segment("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.a.b-v1:0");
        assert_eq!(arn, "arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.a.b-v1%3A0");
    }

    #[test]
    fn paths_and_queries_are_brought_to_one_form() {
        for (path, canonical) in
            [("/", "/"), ("", "/"), ("/a/../b//c/.", "/b/c"), ("/a/", "/a/"), ("/é", "/%C3%A9")]
        {
            assert_eq!(canonical_path(path), canonical, "{path}");
        }
        for (query, canonical) in [
            ("", ""),
            ("b=2&a=1&a=0", "a=0&a=1&b=2"),
            ("flag", "flag="),
            ("k=%2f%zz%4", "k=%2F%25zz%254"),
            ("k=a%20b", "k=a%20b"),
        ] {
            assert_eq!(canonical_query(query), canonical, "{query}");
        }
    }
}
