//! Tokens of Entra ID: what is asked for one, and what the answers of its four sources say.
//!
//! A cluster's token is read from its file each time, for the cluster replaces it. It must never
//! print a token or a secret.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tollgate_config::{Entra, EntraApp, EntraSource};
use tollgate_core_types::{ErrorClass, UpstreamError};

use crate::bearer::{PATIENCE, Source, address, escaped, failure, form, refused};

/// The life of a token that does not say it.
const LIFE: Duration = Duration::from_secs(3600);
/// Longest life believed.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// How long a machine's service may take: where there is none, nothing answers.
const NEAR: Duration = Duration::from_secs(3);
/// Largest token's file.
const MAX_TOKEN: u64 = 64 << 10;

const METADATA: HeaderName = HeaderName::from_static("metadata");
const SERVICE: HeaderName = HeaderName::from_static("x-identity-header");

/// What an application shows that a cluster vouches for.
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl Source for Entra {
    fn request(&self, _: u64) -> Result<Request<Bytes>, UpstreamError> {
        let scope = self.scope.as_str();
        match &self.source {
            EntraSource::Secret { app, secret } => {
                granted(app, scope, &[("client_secret", secret.expose())])
            }
            EntraSource::Workload { app, token_file } => {
                let token = file(token_file)?;
                let word = [("client_assertion_type", ASSERTION), ("client_assertion", &token)];
                granted(app, scope, &word)
            }
            EntraSource::Service { endpoint, header, client_id } => {
                let query = asked(scope, client_id.as_deref(), "2019-08-01");
                let mark = if endpoint.contains('?') { '&' } else { '?' };
                let mut request = get(&format!("{endpoint}{mark}{query}"))?;
                let mut value = HeaderValue::try_from(header.expose())
                    .map_err(|_| refused("IDENTITY_HEADER is nothing that a header can carry"))?;
                value.set_sensitive(true);
                request.headers_mut().insert(SERVICE, value);
                Ok(request)
            }
            EntraSource::Machine { host, client_id } => {
                let query = asked(scope, client_id.as_deref(), "2018-02-01");
                let mut request =
                    get(&format!("http://{host}/metadata/identity/oauth2/token?{query}"))?;
                request.headers_mut().insert(METADATA, HeaderValue::from_static("true"));
                Ok(request)
            }
        }
    }

    fn patience(&self) -> Duration {
        match self.source {
            EntraSource::Machine { .. } => NEAR,
            EntraSource::Secret { .. }
            | EntraSource::Workload { .. }
            | EntraSource::Service { .. } => PATIENCE,
        }
    }

    fn read(
        &self,
        status: u16,
        body: &[u8],
        now: u64,
    ) -> Result<(String, Duration), UpstreamError> {
        let answer: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        if !(200..300).contains(&status) {
            return Err(failed(&self.source, status, &answer));
        }
        let token = answer.get("access_token").and_then(Value::as_str).filter(|it| !it.is_empty());
        let token = token.ok_or_else(|| refused("the answer holds no token"))?;
        let number = |key: &str| answer.get(key).and_then(number);
        let life = number("expires_in").or_else(|| {
            // Some say when it ends instead.
            number("expires_on").map(|end| end.saturating_sub(now))
        });
        Ok((token.to_owned(), life.map_or(LIFE, Duration::from_secs).min(LONGEST)))
    }
}

/// Whose fault it is that there is no token. Right after its start a machine's service knows no
/// identity yet; what the others refuse stays refused.
fn failed(source: &EntraSource, status: u16, answer: &Value) -> UpstreamError {
    let error = failure(status, answer);
    let passing = match source {
        EntraSource::Machine { .. } => matches!(status, 404 | 410),
        EntraSource::Secret { .. } | EntraSource::Workload { .. } | EntraSource::Service { .. } => {
            false
        }
    };
    if passing { UpstreamError { class: ErrorClass::Overload, ..error } } else { error }
}

/// The request of an application for a token of its own.
fn granted(
    app: &EntraApp,
    scope: &str,
    word: &[(&str, &str)],
) -> Result<Request<Bytes>, UpstreamError> {
    let uri = format!("{}/{}/oauth2/v2.0/token", app.authority, app.tenant);
    let mut fields =
        vec![("grant_type", "client_credentials"), ("client_id", &app.client_id), ("scope", scope)];
    fields.extend_from_slice(word);
    form(&uri, &fields)
}

/// The query for an identity's token: these services name what it is for without `/.default`.
fn asked(scope: &str, client_id: Option<&str>, version: &str) -> String {
    let resource = scope.strip_suffix("/.default").unwrap_or(scope);
    let mut query = format!("api-version={version}&resource={}", escaped(resource));
    if let Some(client_id) = client_id {
        query.push_str("&client_id=");
        query.push_str(&escaped(client_id));
    }
    query
}

fn get(uri: &str) -> Result<Request<Bytes>, UpstreamError> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = address(uri)?;
    Ok(request)
}

/// A token's file. Small and local, so that it is read without leaving the thread.
fn file(path: &Path) -> Result<String, UpstreamError> {
    let small = std::fs::metadata(path).is_ok_and(|about| about.len() <= MAX_TOKEN);
    let text = if small { std::fs::read_to_string(path).ok() } else { None };
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    text.ok_or_else(|| {
        let message = format!("no token could be had: {} holds none", path.display());
        UpstreamError::new(ErrorClass::Connect, message)
    })
}

/// A number, which some of these services write as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests;
