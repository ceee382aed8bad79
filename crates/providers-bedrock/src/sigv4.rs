//! AWS Signature Version 4: a request, keys and a time into an `authorization` header.
//!
//! Pure: the time is an argument, and nothing here finds keys. A signature holds for five minutes
//! around its time, so a request that is sent again must be signed again. Written here, because the
//! vendor's crate brings its HTTP and runtime types along for what are two hundred lines.

mod hmac;
mod time;
mod uri;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::fmt::Write as _;

use hmac::{hex, hmac, sha256};
pub use time::Stamp;
pub use uri::encode_segment;

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Keys that sign, borrowed for the moment of signing. Their debug output shows none of them.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    /// The access key's id, which is sent.
    pub access_key_id: &'a str,
    /// The access key, which is not.
    pub secret_access_key: &'a str,
    /// The token of temporary keys.
    pub session_token: Option<&'a str>,
}

impl std::fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// For where a signature holds.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The region, for example `eu-central-1`.
    pub region: &'a str,
    /// The service's name, for example `bedrock`.
    pub service: &'a str,
}

/// A request that cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignError {
    /// Its address has no host.
    NoHost,
    /// Keys, token or region hold what no header can carry.
    Unsendable,
}

impl std::fmt::Display for SignError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoHost => "the request has no host to sign",
            Self::Unsendable => "the AWS keys hold characters that no HTTP header can carry",
        })
    }
}

impl std::error::Error for SignError {}

/// Signs a request: adds `x-amz-date`, `authorization` and, for temporary keys, their token.
///
/// Signed are the method, the address, the body and those headers that say what is asked: `host`,
/// `content-type` and AWS's own. Others may be added on the way without breaking the signature.
///
/// # Errors
/// See [`SignError`]; the request is unchanged then, but for the headers of the date and the token.
pub fn sign(
    request: &mut http::Request<Bytes>,
    keys: Keys<'_>,
    scope: Scope<'_>,
    at: Stamp,
) -> Result<(), SignError> {
    let host = host(request.uri()).ok_or(SignError::NoHost)?;
    let headers = request.headers_mut();
    headers.insert(DATE, sendable(&at.to_string(), false)?);
    headers.remove(TOKEN);
    if let Some(token) = keys.session_token {
        headers.insert(TOKEN, sendable(token, true)?);
    }
    let signed = signed_headers(request.headers(), host);
    let ask = Ask {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers: &signed,
        payload: request.body(),
    };
    let authorization = sendable(&authorization(&ask, keys, scope, at), true)?;
    request.headers_mut().insert(header::AUTHORIZATION, authorization);
    Ok(())
}

fn sendable(text: &str, sensitive: bool) -> Result<HeaderValue, SignError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| SignError::Unsendable)?;
    value.set_sensitive(sensitive);
    Ok(value)
}

/// The host as the client will send it: with its port, unless it is the scheme's own.
fn host(uri: &http::Uri) -> Option<String> {
    let authority = uri.authority()?;
    let usual = match uri.scheme_str() {
        Some("https") => 443,
        Some(_) | None => 80,
    };
    Some(match authority.port_u16().filter(|port| *port != usual) {
        Some(port) => format!("{}:{port}", authority.host()),
        None => authority.host().to_owned(),
    })
}

/// Name and value, sorted by name.
type Signed = (String, String);

fn signed_headers(headers: &HeaderMap, host: String) -> Vec<Signed> {
    let mut signed = vec![("host".to_owned(), host)];
    for name in headers.keys() {
        let text = name.as_str();
        let ours = text == "content-type"
            || text.starts_with("x-amz-")
            || text.starts_with("x-amzn-bedrock-");
        if ours {
            let values = headers.get_all(name).iter().map(|value| trimmed(value.as_bytes()));
            signed.push((text.to_owned(), values.collect::<Vec<_>>().join(",")));
        }
    }
    signed.sort_unstable();
    signed
}

/// A value without outer white space, and with one space for each run inside.
fn trimmed(value: &[u8]) -> String {
    String::from_utf8_lossy(value).split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is signed.
struct Ask<'a> {
    method: &'a str,
    /// As it goes over the wire, percent-encoded once.
    path: &'a str,
    query: &'a str,
    headers: &'a [Signed],
    payload: &'a [u8],
}

fn authorization(ask: &Ask<'_>, keys: Keys<'_>, scope: Scope<'_>, at: Stamp) -> String {
    let names = names(ask.headers);
    let range = format!("{}/{}/{}/aws4_request", at.date(), scope.region, scope.service);
    let canonical = hex(&sha256(canonical(ask, &names).as_bytes()));
    let to_sign = format!("{ALGORITHM}\n{at}\n{range}\n{canonical}");
    let secret = format!("AWS4{}", keys.secret_access_key);
    let steps =
        [at.date().as_str(), scope.region, scope.service, "aws4_request"].map(str::to_owned);
    let key =
        steps.iter().fold(secret.into_bytes(), |key, step| hmac(&key, step.as_bytes()).to_vec());
    let signature = hex(&hmac(&key, to_sign.as_bytes()));
    let id = keys.access_key_id;
    format!("{ALGORITHM} Credential={id}/{range}, SignedHeaders={names}, Signature={signature}")
}

fn names(headers: &[Signed]) -> String {
    headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";")
}

/// The canonical request. The path is encoded once more than it is sent, as every service but S3
/// reads it.
fn canonical(ask: &Ask<'_>, names: &str) -> String {
    let mut out = format!("{}\n{}\n", ask.method, uri::canonical_path(ask.path));
    out.push_str(&uri::canonical_query(ask.query));
    out.push('\n');
    for (name, value) in ask.headers {
        let _ = writeln!(out, "{name}:{value}");
    }
    let _ = write!(out, "\n{names}\n{}", hex(&sha256(ask.payload)));
    out
}

#[cfg(test)]
mod tests;
