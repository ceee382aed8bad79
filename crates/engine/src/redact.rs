//! Keeping a vendor's key out of what its vendor says: some quote the key that they refuse.
//!
//! Messages reach clients, logs and status pages, so the key is taken out where the message comes
//! in. It must never be the last line of defence: nothing else of ours prints a key at all.

use std::borrow::Cow;
use tollgate_config::{Deployment, Secret};
use tollgate_core_types::UpstreamError;

/// What stands where a key stood.
const MARK: &str = "[redacted]";
/// Keys shorter than this are no secrets worth the damage to ordinary words.
const SHORTEST: usize = 6;

/// Headers' words shorter than this are names of teams and the like, not credentials.
const SHORTEST_IN_HEADERS: usize = 16;

/// How vendors' keys and tokens begin: OpenAI's, Anthropic's and those of many who copied them, Groq's,
/// xAI's, Hugging Face's, NVIDIA's, Google's keys and tokens, AWS' key ids, signed tokens (a JSON object
/// in base64).
const CREDENTIALS: [&str; 10] =
    ["sk-", "gsk_", "xai-", "hf_", "nvapi-", "AIza", "ya29.", "AKIA", "ASIA", "eyJ"];
/// Words with such a front that are shorter may be anything; AWS' key ids have this length.
const SHORTEST_BY_SHAPE: usize = 20;

/// Everything of a deployment that its vendor could quote: its keys, and what looks like a credential
/// in its headers. A reload that changes one of them has a new credential.
pub(crate) fn secrets(deployment: &Deployment) -> Vec<Secret> {
    let key = deployment.credential.iter().map(|credential| credential.secret.clone());
    let words = deployment.headers.iter().flat_map(|header| header.value.expose().split(' '));
    let amazons = deployment.aws.iter().filter_map(|aws| aws.sources.keys.as_ref());
    let amazons = amazons.flat_map(|keys| {
        std::iter::once(&keys.secret_access_key).chain(&keys.session_token).cloned()
    });
    key.chain(amazons)
        .chain(words.filter(|word| word.len() >= SHORTEST_IN_HEADERS).map(Secret::new))
        .collect()
}

/// The error without any of the secrets, wherever the vendor put them, and without what only looks
/// like one: another deployment's key, a token that was fetched an hour ago.
pub(crate) fn without(secrets: &[Secret], error: UpstreamError) -> UpstreamError {
    let error = secrets
        .iter()
        .map(Secret::expose)
        .filter(|secret| secret.len() >= SHORTEST)
        .fold(error, without_one);
    UpstreamError {
        message: without_credentials(error.message),
        code: error.code.map(without_credentials),
        param: error.param.map(without_credentials),
        ..error
    }
}

/// The text with a mark for each word that has a credential's front and length.
fn without_credentials(text: String) -> String {
    if !CREDENTIALS.iter().any(|front| text.contains(front)) {
        return text;
    }
    text.split_inclusive(|c: char| !in_credential(c))
        .map(|piece| {
            let word = piece.trim_end_matches(|c| !in_credential(c));
            match is_credential(word) {
                true => {
                    Cow::Owned(format!("{MARK}{}", piece.get(word.len()..).unwrap_or_default()))
                }
                false => Cow::Borrowed(piece),
            }
        })
        .collect()
}

fn is_credential(word: &str) -> bool {
    word.len() >= SHORTEST_BY_SHAPE && CREDENTIALS.iter().any(|front| word.starts_with(front))
}

fn in_credential(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~')
}

fn without_one(error: UpstreamError, key: &str) -> UpstreamError {
    let clean = |text: String| if may_hold(&text, key) { taken_out(&text, key) } else { text };
    UpstreamError {
        message: clean(error.message),
        code: error.code.map(clean),
        param: error.param.map(clean),
        ..error
    }
}

/// Whether a piece of the key could be in the text: a cheap look that spares the rest the work.
fn may_hold(text: &str, key: &str) -> bool {
    key.get(..SHORTEST).is_some_and(|front| text.contains(front))
}

fn taken_out(text: &str, key: &str) -> String {
    let mut clean = text.replace(key, MARK);
    // Long texts are cut before they come here, perhaps in the middle of the key.
    let fronts = (SHORTEST..key.len()).rev().filter_map(|length| key.get(..length));
    for front in fronts {
        if let Some(rest) = clean.strip_suffix(front) {
            clean = format!("{rest}{MARK}");
            break;
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core_types::ErrorClass;

    fn told(message: &str) -> String {
        let secrets = [Secret::new("other-key"), Secret::new("sk-canary-0123456789")];
        let error = UpstreamError::new(ErrorClass::Auth, message).with_code(Some(message));
        let clean = without(&secrets, error);
        assert_eq!(clean.code.as_deref(), Some(clean.message.as_str()));
        clean.message
    }

    #[test]
    fn credentials_in_headers_are_secrets_and_other_words_are_not() {
        let text = "models: { m: { provider: openai, api_base: 'http://h', api_key: the-key, headers: \
                    { x-team: search, authorization: Bearer 0123456789abcdef } } }";
        let config = tollgate_config::parse(text, &crate::vendors()).unwrap();
        let secrets = secrets(&config.models[0].deployments[0]);
        let told: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        assert_eq!(told, ["the-key", "0123456789abcdef"]);
    }

    #[test]
    fn what_looks_like_a_credential_is_taken_out_as_well() {
        for (said, clean) in [
            ("token ya29.a0AfH6SMBx-1234567890 has ended", "token [redacted] has ended"),
            ("'sk-ant-api03-aaaaaaaaaaaaaaaa', again", "'[redacted]', again"),
            ("AKIAIOSFODNN7EXAMPLE", "[redacted]"),
            ("Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln\u{e9}", "Bearer [redacted]\u{e9}"),
            (
                "the model asia-north-and-more-words is unknown",
                "the model asia-north-and-more-words is unknown",
            ),
        ] {
            assert_eq!(told(said), clean);
        }
    }

    #[test]
    fn a_key_is_taken_out_whole_or_cut() {
        assert_eq!(told("bad key sk-canary-0123456789!"), "bad key [redacted]!");
        assert_eq!(told("bad key sk-canary-0123"), "bad key [redacted]");
        assert_eq!(told("sk-canary-0123456789 sk-canary-0123456789"), "[redacted] [redacted]");
        assert_eq!(told("no such key: sk-0123...6789"), "no such key: sk-0123...6789");
        assert_eq!(told("an ordinary text about keys"), "an ordinary text about keys");
    }
}
