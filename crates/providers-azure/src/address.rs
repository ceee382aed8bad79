//! Where requests go: the three surfaces of a resource, below whatever of its address was given.
//!
//! People paste the resource's address, the one of a deployment, or a whole endpoint; all of them
//! name one resource. Pure text; no credentials.

use http::Uri;
use http::uri::PathAndQuery;
use std::fmt::Write as _;

/// The part of the vendor's API that serves a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surface {
    /// `/openai/deployments/{deployment}/…?api-version=…`
    Deployments,
    /// `/openai/v1/…`
    V1,
    /// `/anthropic/v1/…`
    Claude,
}

/// Where OpenAI's models alone are served; Claude of the same resource is at the other name.
const OPENAI_HOST: &str = ".openai.azure.com";
const FOUNDRY_HOST: &str = ".services.ai.azure.com";

/// Whether an address is of the v1 path itself.
pub(crate) fn is_v1(given: &Uri) -> bool {
    let path = given.path().trim_end_matches('/');
    path.ends_with("/openai/v1") || path.contains("/openai/v1/")
}

/// The base of `surface` for `deployment`, below the address that was given.
pub(crate) fn base(given: &Uri, surface: Surface, deployment: &str) -> Result<Uri, http::Error> {
    let mut path = root(given.path()).to_owned();
    match surface {
        Surface::Deployments => {
            path.push_str("/openai/deployments/");
            push_segment(&mut path, deployment);
        }
        Surface::V1 => path.push_str("/openai/v1"),
        Surface::Claude => path.push_str("/anthropic"),
    }
    let mut parts = given.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path)?);
    let elsewhere = match surface {
        Surface::Claude => given.host().and_then(|host| host.strip_suffix(OPENAI_HOST)),
        Surface::Deployments | Surface::V1 => None,
    };
    if let (Some(resource), Some(authority)) = (elsewhere, parts.authority.as_ref()) {
        let port = authority.port().map(|port| format!(":{port}")).unwrap_or_default();
        parts.authority = Some(format!("{resource}{FOUNDRY_HOST}{port}").parse()?);
    }
    Ok(Uri::from_parts(parts)?)
}

/// What stands before the vendor's own paths.
fn root(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    let mut end = path.len();
    let mut at = 0;
    for segment in path.split('/') {
        if matches!(segment, "openai" | "anthropic") {
            end = at;
        }
        at += segment.len() + 1;
    }
    path.get(..end).unwrap_or(path).trim_end_matches('/')
}

/// A name as one segment of a path.
fn push_segment(path: &mut String, name: &str) {
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
}

/// A request's address with the API version behind its query. What is no deployment's own stands
/// beside them all.
pub(crate) fn finished(uri: &Uri, version: &str) -> Result<Uri, http::Error> {
    let path = uri.path();
    let beside =
        path.strip_suffix("/responses").and_then(|front| front.rsplit_once("/deployments/"));
    let mut whole = match beside {
        Some((front, _)) => format!("{front}/responses?"),
        None => format!("{path}?"),
    };
    if let Some(query) = uri.query() {
        whole.push_str(query);
        whole.push('&');
    }
    whole.push_str("api-version=");
    push_segment(&mut whole, version);
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(whole)?);
    Ok(Uri::from_parts(parts)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(given: &str, surface: Surface, deployment: &str) -> String {
        base(&given.parse().unwrap(), surface, deployment).unwrap().to_string()
    }

    #[test]
    fn whatever_of_a_resources_address_is_given_names_it() {
        const HOST: &str = "https://r.openai.azure.com";
        for end in [
            "",
            "/",
            "/openai",
            "/openai/",
            "/openai/v1",
            "/openai/v1/",
            "/openai/v1/chat/completions",
            "/openai/deployments/d/chat/completions",
        ] {
            let given = format!("{HOST}{end}");
            let classic = format!("{HOST}/openai/deployments/d");
            assert_eq!(at(&given, Surface::Deployments, "d"), classic, "{end}");
            assert_eq!(at(&given, Surface::V1, "d"), format!("{HOST}/openai/v1"), "{end}");
        }
        for (given, surface, want) in [
            (
                "https://r.services.ai.azure.com/anthropic/v1/messages",
                Surface::Claude,
                "https://r.services.ai.azure.com/anthropic",
            ),
            (HOST, Surface::Claude, "https://r.services.ai.azure.com/anthropic"),
            (
                "https://r.openai.azure.com:8443/openai/v1",
                Surface::Claude,
                "https://r.services.ai.azure.com:8443/anthropic",
            ),
            (
                "https://r.services.ai.azure.com/api/projects/p/openai/v1",
                Surface::V1,
                "https://r.services.ai.azure.com/api/projects/p/openai/v1",
            ),
            ("http://127.0.0.1:9/proxy", Surface::V1, "http://127.0.0.1:9/proxy/openai/v1"),
            (
                "https://gate.azure-api.net/my-openai/openai",
                Surface::Deployments,
                "https://gate.azure-api.net/my-openai/openai/deployments/d",
            ),
        ] {
            assert_eq!(at(given, surface, "d"), want, "{given}");
        }
        assert!(at(HOST, Surface::Deployments, "a b/ü?").ends_with("/a%20b%2F%C3%BC%3F"));
    }

    #[test]
    fn the_version_is_the_last_of_the_query() {
        for (given, want) in [
            (
                "https://h/openai/deployments/d/embeddings",
                "/openai/deployments/d/embeddings?api-version=2024-10-21",
            ),
            (
                "https://h/p/openai/deployments/d/responses",
                "/p/openai/responses?api-version=2024-10-21",
            ),
            (
                "https://h/openai/v1/chat/completions?a=b",
                "/openai/v1/chat/completions?a=b&api-version=2024-10-21",
            ),
        ] {
            let uri = finished(&given.parse().unwrap(), "2024-10-21").unwrap();
            assert_eq!(uri.to_string(), format!("https://h{want}"));
        }
    }

    #[test]
    fn the_v1_path_is_known_where_it_is_given() {
        for (given, v1) in [
            ("https://h/openai/v1", true),
            ("https://h/openai/v1/chat/completions", true),
            ("https://h/openai/v10", false),
            ("https://h/openai", false),
            ("https://h", false),
        ] {
            assert_eq!(is_v1(&given.parse().unwrap()), v1, "{given}");
        }
    }

    proptest! {
        /// Naming a base twice is naming it once, whatever the deployment is called.
        #[test]
        fn a_base_is_its_own_base(name in "\\PC{0,24}", prefix in "(/[a-z0-9-]{1,8}){0,3}") {
            for surface in [Surface::Deployments, Surface::V1, Surface::Claude] {
                let given: Uri = format!("https://h.example{prefix}").parse().unwrap();
                let once = base(&given, surface, &name).unwrap();
                prop_assert_eq!(&base(&once, surface, &name).unwrap(), &once);
            }
        }
    }
}
