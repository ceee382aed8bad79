//! What is asked for a token, and what the answer says.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, header};
use serde_json::{Value, json};
use std::time::Duration;
use tollgate_config::{GoogleAuth, Secret};
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_transport::{JwtError, JwtKey};

use super::refused;

/// What a token is for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Where a machine's own account is asked for a token.
const METADATA_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
/// How long our word for an account holds: as long as the vendor lets it.
const WORD_LIFE: u64 = 3600;
/// The life of a token that does not say it.
const LIFE: Duration = Duration::from_secs(3600);

/// Where tokens come from.
pub(super) enum Source {
    /// A key signs for them.
    Account { email: String, key: Box<JwtKey>, uri: String },
    /// A refresh token stands for them.
    User { id: String, secret: Secret, refresh: Secret, uri: String },
    /// The machine gives them out.
    Machine { host: String },
}

impl Source {
    /// Reads the key, where there is one.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(super) fn try_new(auth: &GoogleAuth) -> Result<Self, JwtError> {
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

    /// The request for a token; `now` in seconds since 1970.
    ///
    /// # Errors
    /// When it cannot be put together.
    pub(super) fn request(&self, now: u64) -> Result<Request<Bytes>, UpstreamError> {
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
}

fn form(uri: &str, fields: &[(&str, &str)]) -> Result<Request<Bytes>, UpstreamError> {
    let pairs: Vec<String> =
        fields.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect();
    let mut request = Request::new(Bytes::from(pairs.join("&")));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = address(uri)?;
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(request)
}

fn address(uri: &str) -> Result<http::Uri, UpstreamError> {
    uri.parse().map_err(|_| refused("the address for tokens is none"))
}

/// A value of a form.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The token of an answer, and how long it lives.
///
/// # Errors
/// Whose fault it is that there is none: the credential's, or nobody's.
pub(super) fn read(status: u16, body: &[u8]) -> Result<(String, Duration), UpstreamError> {
    let answer: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let text = |key: &str| answer.get(key).and_then(Value::as_str);
    if !(200..300).contains(&status) {
        let class =
            if status == 429 || status >= 500 { ErrorClass::Overload } else { ErrorClass::Auth };
        let word = text("error").unwrap_or("no reason");
        let why = text("error_description").unwrap_or_default();
        let message = format!("no token was given out (HTTP {status}): {word} {why}");
        return Err(UpstreamError::new(class, message.trim_end()));
    }
    let token = text("access_token").filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| refused("the answer holds no token"))?;
    let life = answer.get("expires_in").and_then(Value::as_u64).map_or(LIFE, Duration::from_secs);
    Ok((token.to_owned(), life.min(LIFE * 12)))
}
