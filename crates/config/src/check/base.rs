//! Addresses: absolute, `http` or `https`, nothing secret in them.

use http::Uri;
use std::net::IpAddr;

use super::Own;
use crate::read::At;
use crate::report::Report;
use crate::types::BaseUrl;

/// Reads an address. The value is never repeated: a key pasted into the wrong field stays unseen.
pub(super) fn read(at: &At<'_>, report: &mut Report) -> Option<BaseUrl> {
    let text = at.text(report)?.trim();
    match parse(text) {
        Ok(base) => Some(base),
        Err((message, hint)) => {
            at.problem_hint(report, message, hint);
            None
        }
    }
}

/// Reads a vendor's address, which may not be the gateway's own.
pub(super) fn vendor(at: &At<'_>, own: Own, report: &mut Report) -> Option<BaseUrl> {
    let base = read(at, report)?;
    match refuse_own(&base, own) {
        None => Some(base),
        Some((message, hint)) => {
            at.problem_hint(report, message, hint);
            None
        }
    }
}

/// Message and hint where `base` leads back to this gateway: every request would go round in it. A
/// shell that has `OPENAI_BASE_URL` set for its clients is enough for that.
pub(super) fn refuse_own(base: &BaseUrl, Own(listen): Own) -> Option<(String, String)> {
    let uri: Uri = base.as_str().parse().ok()?;
    let authority = uri.authority()?;
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let port = authority.port_u16().unwrap_or(usual);
    if port == 0 || port != listen.port() || !reaches(authority.host(), listen.ip()) {
        return None;
    }
    let shown = format!("{}:{port}", authority.host());
    let message = format!("{shown} is this gateway itself, which listens on {listen}");
    let hint = "name the vendor's address, or listen elsewhere with `server.listen` or --listen";
    Some((message, hint.to_owned()))
}

/// Whether a call of `host` from this machine is answered by a listener on `listen`.
fn reaches(host: &str, listen: IpAddr) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let called = match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical(),
        Err(_) if name == "localhost" || name.ends_with(".localhost") => {
            return listen.is_unspecified() || listen.is_loopback();
        }
        Err(_) => return false,
    };
    // Calling the unspecified address is calling this machine.
    let here = called.is_loopback() || called.is_unspecified();
    called == listen || here && (listen.is_unspecified() || listen.is_loopback())
}

fn parse(text: &str) -> Result<BaseUrl, (&'static str, &'static str)> {
    const EXAMPLE: &str = "write it like https://api.example.com/v1";
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(("is not an absolute http or https address", EXAMPLE));
    };
    if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        return Err(("is not an absolute http or https address", EXAMPLE));
    }
    if rest.contains(['?', '#']) {
        return Err(("has a query or fragment", "end it with the path"));
    }
    if rest.split('/').next().unwrap_or_default().contains('@') {
        return Err(("holds a user name or password", "put the credential into `api_key`"));
    }
    let uri: Uri = text.parse().map_err(|_| ("is not a valid address", EXAMPLE))?;
    let authority = uri.authority().ok_or(("has no host", EXAMPLE))?;
    if authority.host().is_empty() {
        return Err(("has no host", EXAMPLE));
    }
    let colon = authority.as_str().rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
    if colon.is_some() && authority.port_u16().is_none() {
        return Err(("has a port that is none", "a port is a number from 0 to 65535"));
    }
    Ok(BaseUrl(text.trim_end_matches('/').to_owned()))
}

/// Whether a plain `http` address is on this machine or network.
pub(super) fn is_near(address: &str) -> bool {
    address.starts_with("http://") && !is_exposed(&BaseUrl(address.to_owned()))
}

/// Whether what is sent there leaves this machine or network without encryption.
pub(super) fn is_exposed(base: &BaseUrl) -> bool {
    let Some(rest) = base.as_str().strip_prefix("http://") else { return false };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    // Names without a dot are of this network (`localhost`, a container's, a Kubernetes service's).
    let near = !host.contains('.')
        || [".local", ".internal", ".svc", ".localhost", ".lan"]
            .iter()
            .any(|end| host.ends_with(end))
        || host.contains(".svc.");
    let private = match host.parse::<std::net::Ipv4Addr>() {
        Ok(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Err(_) => near,
    };
    !private
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_and_without_path() {
        let table = [
            ("https://api.openai.com/v1", Some("https://api.openai.com/v1")),
            ("https://api.openai.com/v1/", Some("https://api.openai.com/v1")),
            ("http://localhost:11434", Some("http://localhost:11434")),
            ("http://[::1]:8000/v1", Some("http://[::1]:8000/v1")),
            ("http://[::1]/v1", Some("http://[::1]/v1")),
            ("HTTP://host", Some("HTTP://host")),
            ("api.openai.com/v1", None),
            ("ftp://host", None),
            ("https://", None),
            ("https:///v1", None),
            ("https://:8000", None),
            ("https://host:99999", None),
            ("https://host:port", None),
            ("https://user:pass@host", None),
            ("https://host/v1?key=1", None),
            ("https://host/v1#top", None),
            ("https://ho st", None),
            ("https://host/a b", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).ok().as_ref().map(BaseUrl::as_str), expected, "{text}");
        }
    }

    #[test]
    fn the_gateway_itself_is_no_vendor() {
        let table = [
            ("http://127.0.0.1:8000/v1", "127.0.0.1:8000", true),
            ("http://localhost:8000/v1", "127.0.0.1:8000", true),
            ("http://LocalHost.:8000", "[::1]:8000", true),
            ("http://[::1]:8000", "0.0.0.0:8000", true),
            ("http://[::ffff:127.0.0.1]:8000", "127.0.0.1:8000", true),
            ("http://0.0.0.0:8000", "127.0.0.1:8000", true),
            ("http://10.0.0.7:8000", "10.0.0.7:8000", true),
            ("https://localhost", "0.0.0.0:443", true),
            ("http://localhost", "0.0.0.0:80", true),
            ("http://localhost:8001", "127.0.0.1:8000", false),
            ("http://localhost:8000", "10.0.0.7:8000", false),
            ("http://10.0.0.8:8000", "10.0.0.7:8000", false),
            ("http://10.0.0.7:8000", "127.0.0.1:8000", false),
            ("http://vllm:8000", "0.0.0.0:8000", false),
            ("http://localhost:0", "127.0.0.1:0", false),
        ];
        for (base, listen, own) in table {
            let said = refuse_own(&BaseUrl(base.to_owned()), Own(listen.parse().unwrap()));
            assert_eq!(said.is_some(), own, "{base} {listen}");
        }
    }

    #[test]
    fn plain_http_is_exposed_beyond_the_own_network() {
        for (text, exposed) in [
            ("http://localhost:1", false),
            ("http://vllm:8000/v1", false),
            ("http://10.1.2.3", false),
            ("http://vllm.llm.svc.cluster.local", false),
            ("http://api.example.com/v1", true),
            ("http://8.8.8.8", true),
            ("https://api.example.com", false),
        ] {
            assert_eq!(is_exposed(&BaseUrl(text.to_owned())), exposed, "{text}");
        }
    }
}
