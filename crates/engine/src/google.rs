//! Tokens of Google Cloud: what is asked for one, and what the answer says.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use serde_json::{Value, json};
use std::time::Duration;
use tollgate_config::{GoogleAuth, Secret};
use tollgate_core_types::UpstreamError;
use tollgate_transport::{JwtError, JwtKey};

use crate::bearer::{self, address, failure, form, refused};

/// What a token is for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Where a machine's own account is asked for a token.
const METADATA_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
/// How long our word for an account holds: as long as the vendor lets it.
const WORD_LIFE: u64 = 3600;
/// The life of a token that does not say it.
const LIFE: Duration = Duration::from_secs(3600);

/// Where tokens come from.
pub(crate) enum Google {
    /// A key signs for them.
    Account { email: String, key: Box<JwtKey>, uri: String },
    /// A refresh token stands for them.
    User { id: String, secret: Secret, refresh: Secret, uri: String },
    /// The machine gives them out.
    Machine { host: String },
}

impl Google {
    /// Reads the key, where there is one.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(crate) fn try_new(auth: &GoogleAuth) -> Result<Self, JwtError> {
        Ok(match auth.clone() {
            GoogleAuth::ServiceAccount { email, key_id, key, token_uri } => {
                let key = Box::new(JwtKey::from_pem(key.expose(), key_id)?);
                Self::Account { email, key, uri: token_uri }
            }
            GoogleAuth::AuthorizedUser { client_id, client_secret, refresh_token, token_uri } => {
                Self::User {
                    id: client_id,
                    secret: client_secret,
                    refresh: refresh_token,
                    uri: token_uri,
                }
            }
            GoogleAuth::Metadata { host } => Self::Machine { host },
        })
    }
}

impl bearer::Source for Google {
    fn request(&self, now: u64) -> Result<Request<Bytes>, UpstreamError> {
        match self {
            Self::Account { email, key, uri } => {
                let end = now.saturating_add(WORD_LIFE);
                let claims = json!({
                    "iss": email, "scope": SCOPE, "aud": uri, "iat": now, "exp": end,
                });
                let word = key.sign(&claims.to_string());
                let word = word.map_err(|error| refused(&error.to_string()))?;
                let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
                form(uri, &[("grant_type", grant), ("assertion", &word)])
            }
            Self::User { id, secret, refresh, uri } => form(
                uri,
                &[
                    ("grant_type", "refresh_token"),
                    ("client_id", id),
                    ("client_secret", secret.expose()),
                    ("refresh_token", refresh.expose()),
                ],
            ),
            Self::Machine { host } => {
                let mut request = Request::new(Bytes::new());
                *request.uri_mut() = address(&format!("http://{host}{METADATA_PATH}"))?;
                let flavor = HeaderName::from_static("metadata-flavor");
                request.headers_mut().insert(flavor, HeaderValue::from_static("Google"));
                Ok(request)
            }
        }
    }

    fn read(&self, status: u16, body: &[u8], _: u64) -> Result<(String, Duration), UpstreamError> {
        read(status, body)
    }
}

fn read(status: u16, body: &[u8]) -> Result<(String, Duration), UpstreamError> {
    let answer: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    if !(200..300).contains(&status) {
        return Err(failure(status, &answer));
    }
    let token = answer.get("access_token").and_then(Value::as_str).filter(|it| !it.is_empty());
    let token = token.ok_or_else(|| refused("the answer holds no token"))?;
    let life = answer.get("expires_in").and_then(Value::as_u64).map_or(LIFE, Duration::from_secs);
    Ok((token.to_owned(), life.min(LIFE * 12)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core_types::ErrorClass;

    #[test]
    fn answers_are_read_and_a_refusal_names_its_reason() {
        const ONE: &[u8] = br#"{"access_token":"one","expires_in":3600}"#;
        let (token, life) = read(200, ONE).unwrap();
        assert_eq!((token.as_str(), life), ("one", Duration::from_secs(3600)));
        for (status, body, class) in [
            (200, "{}", ErrorClass::Auth),
            (200, "<html>", ErrorClass::Auth),
            (401, "", ErrorClass::Auth),
            (500, "", ErrorClass::Overload),
        ] {
            assert_eq!(read(status, body.as_bytes()).unwrap_err().class, class, "{body}");
        }
        let error = read(400, br#"{"error":"invalid_grant","error_description":"Bad."}"#);
        assert!(error.unwrap_err().message.ends_with("invalid_grant Bad."));
    }
}
