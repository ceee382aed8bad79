//! `google`: a place at Vertex AI, as project and location, and where its tokens come from.

use serde_json::{Map, Value};

use crate::read::{At, Section};
use crate::report::Report;
use crate::secret::Secret;
use crate::types::{BaseUrl, GoogleAuth};

use super::missing;

/// Where tokens are given out unless the credentials say otherwise.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
/// The metadata server's name on every machine that has one.
const METADATA_HOST: &str = "metadata.google.internal";

/// A place and how it is shown who asks.
#[derive(Debug)]
pub(super) struct GoogleRead {
    pub(super) base: BaseUrl,
    pub(super) auth: GoogleAuth,
}

/// Reads the section of a provider; `None` where there is none, or where it has a problem. An
/// address that is given beside it stands for Google's own, and its path, if it has one, for all.
pub(super) fn read(
    given: &mut Section<'_>,
    base: Option<&BaseUrl>,
    report: &mut Report,
) -> Option<GoogleRead> {
    let mut google = super::section(given, &["google"], report)?;
    let project = google.take(&["project"], report);
    let location = google.take(&["location", "region"], report);
    let credentials = google.take(&["credentials"], report);
    let host = google.take(&["metadata_host"], report);
    let location = match location {
        Some(at) => name(&at, report),
        None => Some("global".to_owned()),
    };
    let host = match host {
        Some(at) => name(&at, report),
        None => Some(METADATA_HOST.to_owned()),
    };
    let known = match &credentials {
        Some(at) => Some(self::credentials(at, report)?),
        None => None,
    };
    let project = match project {
        Some(at) => name(&at, report),
        None => {
            let own = known.as_ref().and_then(|(project, _)| project.clone());
            if own.is_none() {
                missing(&google, "project", "name the Google Cloud project", report);
            }
            own
        }
    };
    google.finish(report);
    let auth = match known {
        Some((_, auth)) => auth,
        None => GoogleAuth::Metadata { host: host? },
    };
    Some(GoogleRead { base: address(&project?, &location?, base), auth })
}

/// A name that stands in an address.
fn name(at: &At<'_>, report: &mut Report) -> Option<String> {
    let text = at.text(report)?.trim();
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    if !text.is_empty() && text.len() <= 128 && text.chars().all(legal) {
        return Some(text.to_owned());
    }
    at.problem_hint(report, "is not a name of Google's", "letters, digits and - _ . :");
    None
}

fn address(project: &str, location: &str, given: Option<&BaseUrl>) -> BaseUrl {
    let origin = match (given, location) {
        (Some(given), _) => given.as_str().to_owned(),
        (None, "global") => "https://aiplatform.googleapis.com".to_owned(),
        (None, "us" | "eu") => format!("https://aiplatform.{location}.rep.googleapis.com"),
        (None, _) => format!("https://{location}-aiplatform.googleapis.com"),
    };
    let has_path = origin.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    if has_path {
        return BaseUrl(origin);
    }
    let place = format!("v1/projects/{project}/locations/{location}/publishers/google");
    BaseUrl(format!("{origin}/{place}"))
}

/// Reads the JSON of a credentials file. Nothing of it is repeated in a problem.
fn credentials(at: &At<'_>, report: &mut Report) -> Option<(Option<String>, GoogleAuth)> {
    let text = at.text(report)?;
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
        let hint = "write `file:/path/to/credentials.json`; without it the machine's metadata \
                    server is asked";
        at.problem_hint(report, "is not the JSON of a credentials file", hint);
        return None;
    };
    match of(&fields) {
        Ok(found) => Some(found),
        Err(message) => {
            at.problem(report, message);
            None
        }
    }
}

fn of(fields: &Map<String, Value>) -> Result<(Option<String>, GoogleAuth), String> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let need = |key: &str| {
        text(key).map(str::to_owned).ok_or_else(|| format!("has no `{key}`, which its type needs"))
    };
    let token_uri = text("token_uri").unwrap_or(TOKEN_URI).to_owned();
    let secure = token_uri.starts_with("https://") || super::base::is_near(&token_uri);
    if !secure {
        return Err("has a `token_uri` that is neither https nor on this network".to_owned());
    }
    let project = text("project_id").or_else(|| text("quota_project_id")).map(str::to_owned);
    let auth = match text("type") {
        Some("service_account") => GoogleAuth::ServiceAccount {
            email: need("client_email")?,
            key_id: text("private_key_id").map(str::to_owned),
            key: Secret::new(need("private_key")?),
            token_uri,
        },
        Some("authorized_user") => GoogleAuth::AuthorizedUser {
            client_id: need("client_id")?,
            client_secret: Secret::new(need("client_secret")?),
            refresh_token: Secret::new(need("refresh_token")?),
            token_uri,
        },
        _ => {
            let known = "`service_account` and `authorized_user`";
            return Err(format!("has a `type` that is not known here; {known} are"));
        }
    };
    Ok((project, auth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_their_address() {
        const END: &str = "publishers/google";
        for (location, given, want) in [
            ("global", None, "https://aiplatform.googleapis.com/v1/projects/p/locations/global"),
            (
                "europe-west1",
                None,
                "https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1",
            ),
            ("eu", None, "https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu"),
            (
                "global",
                Some("http://localhost:1"),
                "http://localhost:1/v1/projects/p/locations/global",
            ),
        ] {
            let given = given.map(|text: &str| BaseUrl(text.to_owned()));
            let address = address("p", location, given.as_ref());
            assert_eq!(address.as_str(), format!("{want}/{END}"));
        }
        let whole = BaseUrl("https://proxy.example/vertex".to_owned());
        assert_eq!(address("p", "l", Some(&whole)), whole);
    }

    #[test]
    fn credentials_are_understood_or_refused_without_being_shown() {
        let read = |json: &str| {
            let Ok(Value::Object(fields)) = serde_json::from_str(json) else { panic!("{json}") };
            of(&fields)
        };
        let (project, auth) = read(
            r#"{"type":"service_account","project_id":"p","client_email":"e","private_key":"k"}"#,
        )
        .unwrap();
        assert_eq!(project.as_deref(), Some("p"));
        assert!(matches!(auth, GoogleAuth::ServiceAccount { .. }));
        assert!(!format!("{auth:?}").contains("\"k\""));
        for (json, problem) in [
            (r#"{"type":"service_account","client_email":"e"}"#, "has no `private_key`"),
            (r#"{"type":"external_account"}"#, "has a `type` that is not known here"),
            ("{}", "has a `type` that is not known here"),
            (
                r#"{"type":"authorized_user","token_uri":"http://evil.example"}"#,
                "has a `token_uri` that is neither",
            ),
        ] {
            let message = read(json).unwrap_err();
            assert!(message.starts_with(problem), "{json}: {message}");
        }
    }
}
