//! Base addresses as people write them, brought to the form that the codecs expect.
//!
//! With or without `/v1`, with the whole endpoint pasted: all of these are met in the wild, and all
//! of them name one server unambiguously.

use http::Uri;
use tollgate_core_types::Dialect;

/// Endpoints that people paste behind the base.
const ENDPOINTS: [&str; 6] =
    ["/chat/completions", "/completions", "/embeddings", "/v1/messages", "/messages", "/models"];

/// A base address that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{given}\" is not a usable base address: {reason}")]
pub(crate) struct BadAddress {
    given: String,
    reason: String,
}

/// The base for a codec of `chat`. `default_path` is the vendor's own (`/v1` where none is known)
/// and is used where `given` has no path.
pub(crate) fn normalise(given: &str, chat: Dialect, default_path: &str) -> Result<Uri, BadAddress> {
    let bad = |reason: String| BadAddress { given: given.to_owned(), reason };
    let uri: Uri = given.parse().map_err(|error| bad(format!("{error}")))?;
    let scheme = uri.scheme_str().ok_or_else(|| bad("it has no scheme".to_owned()))?;
    let authority = uri.authority().ok_or_else(|| bad("it has no host".to_owned()))?;
    let mut path = uri.path().trim_end_matches('/');
    for endpoint in ENDPOINTS {
        if let Some(front) = path.strip_suffix(endpoint) {
            path = front;
            break;
        }
    }
    let path = if chat == Dialect::ANTHROPIC_MESSAGES {
        path.strip_suffix("/v1").unwrap_or(path)
    } else if chat == Dialect::BEDROCK_CONVERSE {
        path
    } else if path.is_empty() {
        default_path
    } else {
        path
    };
    Uri::builder()
        .scheme(scheme)
        .authority(authority.clone())
        .path_and_query(if path.is_empty() { "/" } else { path })
        .build()
        .map_err(|error| bad(error.to_string()))
}

/// The path of a vendor's own base address.
pub(crate) fn path_of(base: &str) -> String {
    base.parse::<Uri>()
        .map_or_else(|_| String::new(), |uri| uri.path().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_understood_with_and_without_version_and_endpoint() {
        for (given, want) in [
            ("http://localhost:8080", "http://localhost:8080/v1"),
            ("http://localhost:8080/", "http://localhost:8080/v1"),
            ("http://localhost:8080/v1", "http://localhost:8080/v1"),
            ("http://localhost:8080/v1/", "http://localhost:8080/v1"),
            ("https://x.example/v1/chat/completions", "https://x.example/v1"),
            ("https://x.example/api/paas/v4", "https://x.example/api/paas/v4"),
        ] {
            let base = normalise(given, Dialect::OPENAI_CHAT, "/v1").unwrap();
            assert_eq!(base.to_string(), want, "{given}");
        }
        for (given, want) in [
            ("https://api.anthropic.com", "https://api.anthropic.com/"),
            ("https://api.anthropic.com/v1", "https://api.anthropic.com/"),
            ("https://api.anthropic.com/v1/messages", "https://api.anthropic.com/"),
            ("https://x.example/anthropic/v1/", "https://x.example/anthropic"),
        ] {
            let base = normalise(given, Dialect::ANTHROPIC_MESSAGES, "").unwrap();
            assert_eq!(base.to_string(), want, "{given}");
        }
        for (given, want) in [
            ("https://g.example", "https://g.example/v1"),
            ("https://g.example/v1beta", "https://g.example/v1beta"),
            ("https://g.example/v1beta/models/", "https://g.example/v1beta"),
            (
                "https://g.example/v1/projects/p/locations/l/publishers/google",
                "https://g.example/v1/projects/p/locations/l/publishers/google",
            ),
        ] {
            let base = normalise(given, Dialect::GEMINI_GENERATE, "/v1").unwrap();
            assert_eq!(base.to_string(), want, "{given}");
        }
    }

    #[test]
    fn an_address_without_a_host_says_so() {
        let error = normalise("/v1", Dialect::OPENAI_CHAT, "/v1").unwrap_err();
        assert!(error.to_string().contains("no scheme"), "{error}");
    }
}
