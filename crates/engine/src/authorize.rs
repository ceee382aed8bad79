//! Credentials as headers: what most vendors want. Never logged, never in an error.

use futures_core::future::BoxFuture;
use http::{HeaderName, HeaderValue, header};
use tollgate_core_types::UpstreamError;
use tollgate_providers_common::Authorizer;

/// How a deployment's key is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `authorization: Bearer <key>`.
    Bearer,
    /// The bare key in this header.
    Header(HeaderName),
}

/// Sends one fixed key, or nothing for servers that need none.
pub(crate) struct KeyAuthorizer {
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A key that cannot be sent: it holds line breaks or other control characters.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key holds characters that no HTTP header can carry")]
pub(crate) struct BadKey;

impl KeyAuthorizer {
    /// An authorizer for `key`, marked sensitive so that no library prints it.
    pub(crate) fn try_new(scheme: &Scheme, key: Option<&str>) -> Result<Self, BadKey> {
        let Some(key) = key else { return Ok(Self { headers: Vec::new() }) };
        let (name, text) = match scheme {
            Scheme::Bearer => (header::AUTHORIZATION, format!("Bearer {key}")),
            Scheme::Header(name) => (name.clone(), key.to_owned()),
        };
        Ok(Self { headers: vec![(name, sensitive(text)?)] })
    }

    /// An authorizer that sends the bare key in each of `names`.
    pub(crate) fn in_headers(names: &[HeaderName], key: Option<&str>) -> Result<Self, BadKey> {
        let Some(key) = key else { return Ok(Self { headers: Vec::new() }) };
        let value = sensitive(key.to_owned())?;
        Ok(Self { headers: names.iter().map(|name| (name.clone(), value.clone())).collect() })
    }
}

fn sensitive(text: String) -> Result<HeaderValue, BadKey> {
    let mut value = HeaderValue::try_from(text).map_err(|_| BadKey)?;
    value.set_sensitive(true);
    Ok(value)
}

impl Authorizer for KeyAuthorizer {
    fn authorize_now(&self, request: &mut http::Request<bytes::Bytes>) -> bool {
        for (name, value) in &self.headers {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        true
    }

    fn authorize<'a>(
        &'a self,
        request: &'a mut http::Request<bytes::Bytes>,
    ) -> BoxFuture<'a, Result<(), UpstreamError>> {
        self.authorize_now(request);
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_sent_as_its_scheme_says_and_never_printed() {
        for (scheme, name, want) in [
            (Scheme::Bearer, "authorization", "Bearer k-1"),
            (Scheme::Header(HeaderName::from_static("x-api-key")), "x-api-key", "k-1"),
        ] {
            let authorizer = KeyAuthorizer::try_new(&scheme, Some("k-1")).unwrap();
            let mut request = http::Request::new(bytes::Bytes::new());
            authorizer.authorize(&mut request).await.unwrap();
            assert_eq!(request.headers()[name], want);
            assert!(!format!("{request:?}").contains("k-1"));
        }
    }

    #[test]
    fn a_key_may_go_into_several_headers() {
        let names = ["x-api-key", "api-key"].map(HeaderName::from_static);
        let authorizer = KeyAuthorizer::in_headers(&names, Some("k-1")).unwrap();
        let mut request = http::Request::new(bytes::Bytes::new());
        assert!(authorizer.authorize_now(&mut request));
        assert!(names.iter().all(|name| request.headers()[name] == "k-1"));
        assert!(!format!("{request:?}").contains("k-1"));
        assert!(KeyAuthorizer::in_headers(&names, Some("a\nb")).is_err());
    }

    #[test]
    fn a_key_with_a_line_break_is_refused() {
        assert!(KeyAuthorizer::try_new(&Scheme::Bearer, Some("a\r\nx: y")).is_err());
    }
}
