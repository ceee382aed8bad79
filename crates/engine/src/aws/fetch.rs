//! Keys from services: a role's by a token, a container's agent, an instance's metadata.
//!
//! Every exchange is short and bounded. No text of an answer goes into an error but the service's
//! code, for answers hold keys.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tollgate_config::{AwsContainer, AwsWebIdentity, Secret};
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_bedrock::sigv4::encode_segment;
use tollgate_transport::Control;

use super::Found;
use super::chain::Fetched;

/// Largest answer that is read.
const MAX_ANSWER: usize = 256 << 10;
/// How long a service may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an instance's metadata service may take: where there is none, nothing answers.
const SHORT: Duration = Duration::from_secs(1);
/// Largest token's file.
const MAX_TOKEN: u64 = 64 << 10;

const METADATA_TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const METADATA_TTL: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// A failure that may pass: nothing was sent to a vendor.
pub(super) fn unreachable(what: impl std::fmt::Display) -> UpstreamError {
    UpstreamError::new(ErrorClass::Connect, format!("no AWS keys could be fetched: {what}"))
}

/// A refusal: asking again does not help.
pub(super) fn refused(what: impl std::fmt::Display) -> UpstreamError {
    UpstreamError::new(ErrorClass::Auth, format!("no AWS keys could be had: {what}"))
}

/// A role's keys, by a token that the cluster gives.
pub(super) async fn web_identity(
    role: &AwsWebIdentity,
    sts: &str,
    control: &Control,
) -> Result<Fetched, UpstreamError> {
    let token = file(&role.token_file)?;
    let form = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", &role.role_arn),
        ("RoleSessionName", &role.session_name),
        ("WebIdentityToken", &token),
    ];
    let form: Vec<String> =
        form.iter().map(|(name, value)| format!("{name}={}", encode_segment(value))).collect();
    let request = Request::post(format!("{sts}/"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
        .header(header::ACCEPT, "application/xml")
        .body(Bytes::from(form.join("&")));
    let answer = ask(request, control, PATIENCE, "the token service").await?;
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    let tag = |name: &str| element(&text, name);
    if !answer.status().is_success() {
        let code = tag("Code").unwrap_or_default();
        let message = format!("the token service answered {} {code}", answer.status().as_u16());
        // An expired token is replaced by the cluster soon; a role that may not be taken is not.
        let passing = answer.status().is_server_error()
            || matches!(
                code.as_str(),
                "ExpiredTokenException" | "IDPCommunicationError" | "Throttling"
            );
        return Err(if passing { unreachable(message) } else { refused(message) });
    }
    let keys = tag("AccessKeyId").zip(tag("SecretAccessKey")).zip(tag("SessionToken"));
    let ((access_key_id, secret), token) =
        keys.ok_or_else(|| unreachable("the token service's answer has no keys"))?;
    let keys = Found {
        access_key_id,
        secret_access_key: Secret::new(secret),
        session_token: Some(Secret::new(token)),
    };
    Ok(Fetched { keys, expires: tag("Expiration").as_deref().and_then(moment), reread: None })
}

/// The text of an element; names of elements are unique in this answer.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = text.trim();
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    let text = plain.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    (!text.is_empty()).then_some(text)
}

/// The keys that an agent beside the container gives.
pub(super) async fn container(
    agent: &AwsContainer,
    control: &Control,
) -> Result<Fetched, UpstreamError> {
    let uri: http::Uri =
        agent.uri.parse().map_err(|_| refused("the container's agent has no usable address"))?;
    if !may_be_asked(&uri) {
        return Err(refused("the container's agent is neither on this machine nor behind https"));
    }
    let mut request = Request::get(uri);
    let token = match &agent.token_file {
        Some(path) => Some(file(path)?),
        None => agent.token.as_ref().map(|token| token.expose().to_owned()),
    };
    if let Some(token) = token {
        let mut value = HeaderValue::from_str(&token)
            .map_err(|_| refused("the token for the container's agent cannot be sent"))?;
        value.set_sensitive(true);
        request = request.header(header::AUTHORIZATION, value);
    }
    let request = request.body(Bytes::new());
    let answer = ask(request, control, PATIENCE, "the container's agent").await?;
    documented(&answer, "the container's agent")
}

/// A token goes to an agent of this machine or its link alone, or over TLS.
fn may_be_asked(uri: &http::Uri) -> bool {
    if uri.scheme_str() == Some("https") {
        return true;
    }
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => ip.is_loopback() || ip.is_link_local(),
        Ok(std::net::IpAddr::V6(ip)) => {
            ip.is_loopback() || ip == std::net::Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)
        }
        Err(_) => host == "localhost",
    }
}

/// The keys of the instance's role, by IMDSv2.
pub(super) async fn instance(base: &str, control: &Control) -> Result<Fetched, UpstreamError> {
    const WHO: &str = "the instance's metadata service";
    let session = Request::put(format!("{base}/latest/api/token"))
        .header(METADATA_TTL, "300")
        .body(Bytes::new());
    let session = ask(session, control, SHORT, WHO).await?;
    let session = text(&session, WHO)?;
    let with_session = |path: String| {
        Request::builder()
            .method(Method::GET)
            .uri(format!("{base}{path}"))
            .header(METADATA_TOKEN, session.as_str())
            .body(Bytes::new())
    };
    let roles = ask(with_session(ROLES.to_owned()), control, SHORT, WHO).await?;
    if roles.status().as_u16() == 404 {
        return Err(refused("the instance has no role"));
    }
    let roles = text(&roles, WHO)?;
    let role = roles.lines().next().unwrap_or_default().trim();
    let path = format!("{ROLES}{}", encode_segment(role));
    documented(&ask(with_session(path), control, PATIENCE, WHO).await?, WHO)
}

fn text(answer: &Response<Bytes>, who: &str) -> Result<String, UpstreamError> {
    if !answer.status().is_success() {
        return Err(unreachable(format!("{who} answered {}", answer.status().as_u16())));
    }
    Ok(String::from_utf8_lossy(answer.body()).trim().to_owned())
}

/// Keys as a document of JSON.
fn documented(answer: &Response<Bytes>, who: &str) -> Result<Fetched, UpstreamError> {
    let text = text(answer, who)?;
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let field = |name: &str| {
        json.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let (Some(access_key_id), Some(secret)) = (field("AccessKeyId"), field("SecretAccessKey"))
    else {
        return Err(unreachable(format!("{who} answered without keys")));
    };
    let keys = Found {
        access_key_id,
        secret_access_key: Secret::new(secret),
        session_token: field("Token").map(Secret::new),
    };
    let expires = field("Expiration").as_deref().and_then(moment);
    // Without an end they are looked at again soon: the agent knows when they change.
    let reread = expires.is_none().then_some(super::chain::REREAD);
    Ok(Fetched { keys, expires, reread })
}

async fn ask(
    request: Result<Request<Bytes>, http::Error>,
    control: &Control,
    patience: Duration,
    who: &str,
) -> Result<Response<Bytes>, UpstreamError> {
    let request = request.map_err(|_| refused(format!("{who} has no usable address")))?;
    let answer = control.exchange(request, MAX_ANSWER, patience).await;
    answer.map_err(|error| unreachable(format!("{who}: {error}")))
}

/// A token's file. Small and local, so that it is read without leaving the thread.
fn file(path: &Path) -> Result<String, UpstreamError> {
    let about = std::fs::metadata(path);
    let small = about.is_ok_and(|about| about.len() <= MAX_TOKEN);
    let text = if small { std::fs::read_to_string(path).ok() } else { None };
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    text.ok_or_else(|| unreachable(format!("{} holds no token", path.display())))
}

/// A moment as AWS writes it: `2026-11-20T20:00:00Z`, perhaps with a fraction, or an offset of zero.
fn moment(text: &str) -> Option<SystemTime> {
    let (date, time) = text.trim().split_once('T')?;
    let time = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00"))?;
    let number = |text: &str| text.parse::<u64>().ok();
    let mut date = date.splitn(3, '-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.split('.').next()?.splitn(3, ':').map(number);
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let fits = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    fits.then(|| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))?
}

/// Days since 1970, by Howard Hinnant's `days_from_civil`; years begin in March.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year.saturating_sub(1) } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let shifted = (month + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day.saturating_sub(1);
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).saturating_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_aws_writes_them() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2015-08-30T12:36:00Z", Some(1_440_938_160)),
            ("2015-08-30T12:36:00.123Z", Some(1_440_938_160)),
            ("2024-02-29T23:59:59+00:00", Some(1_709_251_199)),
            ("2015-08-30 12:36:00", None),
            ("2015-13-30T12:36:00Z", None),
            ("99999999999999999999-01-01T00:00:00Z", None),
            ("", None),
        ] {
            let want = seconds.map(|n| SystemTime::UNIX_EPOCH + Duration::from_secs(n));
            assert_eq!(moment(text), want, "{text}");
        }
    }

    #[test]
    fn elements_are_found_and_unescaped() {
        let xml = "<R><Code> A </Code><AccessKeyId>a&amp;lt;b</AccessKeyId><Empty></Empty></R>";
        assert_eq!(element(xml, "Code").as_deref(), Some("A"));
        assert_eq!(element(xml, "AccessKeyId").as_deref(), Some("a&lt;b"));
        assert_eq!(element(xml, "Empty"), None);
        assert_eq!(element("<Code>", "Code"), None);
    }

    #[test]
    fn a_token_leaves_the_machine_over_tls_alone() {
        for (uri, may) in [
            ("http://127.0.0.1:9/x", true),
            ("http://169.254.170.23/v1/credentials", true),
            ("http://[fd00:ec2::23]/v1/credentials", true),
            ("http://localhost/x", true),
            ("https://agent.example/x", true),
            ("http://10.0.0.1/x", false),
            ("http://agent.example/x", false),
        ] {
            assert_eq!(may_be_asked(&uri.parse().unwrap()), may, "{uri}");
        }
    }
}
