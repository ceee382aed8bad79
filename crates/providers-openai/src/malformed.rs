//! What is said of vendor bytes that are not what they should be.
//!
//! The text goes to logs and perhaps to a client, and the bytes may be hostile or secret: it must
//! never hold more of them than a short escaped excerpt, and nothing at all of an HTML page.

use tollgate_core_types::error::clean;
use tollgate_providers_common::DecodeError;

/// Longest excerpt, in bytes.
const EXCERPT_MAX: usize = 48;

/// An answer with a fault that is said in our own words.
pub(crate) fn malformed(what: impl Into<String>) -> DecodeError {
    DecodeError::Malformed(what.into())
}

/// Why `body` is not the JSON that `expected` names. The reader's own text is not repeated, since
/// it quotes values.
pub(crate) fn not_json(expected: &str, body: &[u8], error: &serde_json::Error) -> DecodeError {
    let trimmed = body.trim_ascii();
    if trimmed.is_empty() {
        return malformed(format!("an empty body instead of {expected}"));
    }
    if looks_like_html(trimmed) {
        return malformed(format!("an HTML page instead of {expected}"));
    }
    if error.is_eof() {
        return malformed(format!("{expected} that breaks off after {} bytes", body.len()));
    }
    let fault = if error.is_data() { "with an unexpected type" } else { "that is no valid JSON" };
    malformed(format!(
        "{expected} {fault} at line {} column {}; it begins {:?}",
        error.line(),
        error.column(),
        excerpt(trimmed)
    ))
}

/// Whether a body is a web page, a proxy's or a captive portal's, and no JSON.
pub(crate) fn looks_like_html(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

/// The beginning of `body`, escaped and cut.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let head = body.get(..EXCERPT_MAX).unwrap_or(body);
    clean(&String::from_utf8_lossy(head), EXCERPT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(body: &[u8]) -> String {
        let error = serde_json::from_slice::<std::collections::BTreeMap<String, u8>>(body);
        not_json("a chat completion", body, &error.unwrap_err()).to_string()
    }

    #[test]
    fn each_fault_is_named_and_nothing_long_is_repeated() {
        assert!(text_of(b" \r\n").contains("an empty body instead of a chat completion"));
        let page = text_of(b"\n<html><script>alert(1)</script></html>");
        assert!(page.contains("an HTML page") && !page.contains("alert"), "{page}");
        assert!(text_of(br#"{"a":1"#).contains("breaks off after 6 bytes"));
        let long = format!("{{\"a\":\"{}\"}}", "secret ".repeat(500));
        let said = text_of(long.as_bytes());
        assert!(said.contains("unexpected type") && said.len() < 200, "{said}");
        let escaped = text_of(b"\x1b[31mred\xff");
        assert!(escaped.contains("no valid JSON") && !escaped.contains('\x1b'), "{escaped}");
    }
}
