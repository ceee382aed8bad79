//! Takes credentials out of error texts.
//!
//! Vendors repeat the key that they refuse ("Incorrect API key provided: sk-..."), and URLs in
//! errors may carry one. This is the last net, not the first: secrets have a type that cannot be
//! printed. It must never run on anything but error texts, where a false alarm costs a word.

use std::borrow::Cow;

/// What credentials look like: the shape of their beginning, within a word of their own.
const PREFIXES: [&str; 14] = [
    "sk-", "sk_", "rk-", "pk-", "gsk_", "xai-", "pplx-", "hf_", "nvapi-", "fw_", "AIza", "AKIA",
    "ASIA", "eyJ",
];
/// The word after which the next word is a credential, compared without case.
const INTRODUCER: &str = "bearer";
/// Names whose value is a credential, in URLs, JSON and headers; compared without case.
const NAMES: [&str; 8] = [
    "key",
    "api_key",
    "api-key",
    "apikey",
    "x-api-key",
    "x-goog-api-key",
    "access_token",
    "signature",
];
/// Shorter words are no credentials: `sk-` alone, `key=id`.
const SHORTEST: usize = 8;
/// What stands in a credential's place.
const MARK: &str = "[redacted]";

/// `text` with everything that looks like a credential replaced by `[redacted]`.
pub(crate) fn redact(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut before: (&str, Option<char>) = ("", None);
    let mut rest = 0;
    while let Some((start, word)) = next_word(text, rest) {
        rest = start + word.len();
        if is_secret(word, before) {
            out.push_str(text.get(copied..start).unwrap_or_default());
            out.push_str(MARK);
            copied = rest;
        }
        let separator = text.get(rest..).and_then(|rest| rest.chars().find(|c| !is_quote(*c)));
        before = (word, separator);
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// The next run of characters that a credential may consist of, at or after byte `from`.
fn next_word(text: &str, from: usize) -> Option<(usize, &str)> {
    let rest = text.get(from..)?;
    let start = rest.find(is_word)?;
    let word = rest.get(start..)?;
    let end = word.find(|c| !is_word(c)).unwrap_or(word.len());
    Some((from + start, word.get(..end)?))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '.' | '+' | '/' | '~')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'')
}

/// Whether a word is a credential by its own looks or by what stands before it.
fn is_secret(word: &str, (previous, separator): (&str, Option<char>)) -> bool {
    if word.len() < SHORTEST {
        return false;
    }
    if PREFIXES.iter().any(|prefix| word.starts_with(prefix)) {
        return true;
    }
    let introduced = previous.eq_ignore_ascii_case(INTRODUCER);
    let named = matches!(separator, Some('=' | ':'))
        && NAMES.iter().any(|name| previous.eq_ignore_ascii_case(name));
    // "Invalid value for key: temperature" names a field; a credential has a digit somewhere.
    (introduced || named) && word.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_taken_out() {
        for (text, clean) in [
            (
                "Incorrect API key provided: sk-proj-abc123DEF456.",
                "Incorrect API key provided: [redacted]",
            ),
            ("key sk-ab****************wxyz refused", "key [redacted] refused"),
            (
                "https://h/v1?alt=sse&key=AIzaSyA1234567 failed",
                "https://h/v1?alt=sse&key=[redacted] failed",
            ),
            ("https://h/v1?key=0123456789abcdef", "https://h/v1?key=[redacted]"),
            (
                "header Authorization: Bearer abcdefgh12345678",
                "header Authorization: Bearer [redacted]",
            ),
            (r#"{"x-api-key": "0123456789"}"#, r#"{"x-api-key": "[redacted]"}"#),
            (
                r#"{"api_key":"0123456789"}, then 'AKIAIOSFODNN7EXAMPLE'"#,
                r#"{"api_key":"[redacted]"}, then '[redacted]'"#,
            ),
        ] {
            assert_eq!(redact(text), clean);
        }
    }

    #[test]
    fn other_words_stay() {
        for text in [
            "",
            "The model `gpt-4o` does not exist (request req_011CSHoEeqs5C35K2UUqR7Fy)",
            "Invalid value for key: temperature",
            "Bearer authentication is required",
            "Use a key of 2026-11-20 or later",
            "naïve ключ: значение 🦀",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
