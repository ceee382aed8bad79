//! The vendor's request around a body: address, headers, API version, and a deployment's parameter
//! rules as far as the version and the model allow them. No credentials.

mod billing;
mod resumed;
mod unsigned;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use tollgate_core_types::{JsonText, Lost};
use tollgate_providers_common::scan::Layout;
use tollgate_providers_common::splice::{Edits, quote};
use tollgate_providers_common::{EncodeError, Encoded, Inbound, ParamRules, UpstreamTarget};

use crate::models::is_claude;

/// The path of messages below the base.
pub(crate) const MESSAGES_PATH: &str = "/v1/messages";
/// The path of token counting below the base.
pub(crate) const COUNT_TOKENS_PATH: &str = "/v1/messages/count_tokens";

const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// The version of translated traffic: it takes sampling parameters wherever the model does.
const DEFAULT_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");
/// From this version on, sampling parameters are refused whatever their value.
const NO_SAMPLING_SINCE: &str = "2026-10-21";

/// Parameters that the newer versions and models refuse.
const SAMPLING: [&str; 3] = ["temperature", "top_p", "top_k"];

/// The one key of a body that is the gateway's own.
const STRATEGY: &str = "load_balance_strategy";

/// The client's request edited for the vendor: every byte that no edit names stays. Claude is spared
/// reasoning that it did not sign, and other models its client's accounting line.
pub(crate) fn splice(
    inbound: &Inbound,
    target: &UpstreamTarget,
    path: &str,
    rules: &ParamRules,
) -> Result<Encoded, EncodeError> {
    let headers = headers(target, Some(&inbound.headers));
    let rules = allowed(rules, target.quirks.no_sampling || version_refuses_sampling(&headers));
    let mut edits =
        Edits::new().set("model", quote(&target.model)).remove(STRATEGY).rules(&rules, &[]);
    let (body, layout) = (&inbound.body, &inbound.facts.layout);
    let mut lost = Vec::new();
    let mut mended = None;
    if is_claude(&target.model)
        && unsigned::may_be_in(body)
        && let Some((rest, withheld)) = layout.value(body, "messages").and_then(unsigned::without)
    {
        edits = edits.set("messages", rest.clone());
        mended = Some(rest);
        lost = withheld;
    }
    if is_claude(&target.model)
        && layout.value(body, "thinking").is_some_and(resumed::is_budget)
        && resumes_unreasoned_calls(body, layout, mended.as_deref())
    {
        edits = edits.remove("thinking");
        lost.push(Lost::dropped("thinking"));
        // What clears thinking is refused without any.
        let managed = layout.value(body, "context_management");
        if managed.is_some_and(|edits| edits.contains("clear_thinking")) {
            edits = edits.remove("context_management");
            lost.push(Lost::dropped("context_management"));
        }
    }
    if !is_claude(&target.model)
        && billing::may_be_in(body)
        && let Some(rest) = layout.value(body, "system").and_then(billing::without)
    {
        edits = match rest {
            Some(system) => edits.set("system", system),
            None => edits.remove("system"),
        };
    }
    let body = edits.apply(body, layout);
    let request = finish(target, path, inbound.query.as_deref(), headers, body)?;
    Ok(Encoded { request, lost })
}

fn resumes_unreasoned_calls(body: &[u8], layout: &Layout, mended: Option<&str>) -> bool {
    mended.or_else(|| layout.value(body, "messages")).is_some_and(resumed::calls_unreasoned)
}

/// What of a client's request decides which of a deployment's defaults go into the body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unread<'a> {
    /// The fields that the client's dialect could not read. The defaults were put into the client's
    /// request, so that only those among them are still to be said, in the vendor's words.
    pub(crate) fields: &'a [(String, JsonText)],
    /// Keeps sampling defaults away.
    pub(crate) no_sampling: bool,
}

/// A request with a body of our own making.
pub(crate) fn translated(
    target: &UpstreamTarget,
    body: Bytes,
    unread: Unread<'_>,
    lost: Vec<Lost>,
) -> Result<Encoded, EncodeError> {
    let headers = headers(target, None);
    let Unread { fields, no_sampling } = unread;
    let mut rules = allowed(&target.params, no_sampling || version_refuses_sampling(&headers));
    let said = |default: &(String, JsonText)| fields.contains(default) && is_field(&default.0);
    if !rules.defaults.iter().all(said) {
        rules.to_mut().defaults.retain(said);
    }
    let body = if rules.is_empty() {
        body
    } else {
        // An empty layout does not fit the body, so that `apply` reads the body's own.
        Edits::new().rules(&rules, &[]).apply(&body, &Layout::default())
    };
    let request = finish(target, MESSAGES_PATH, None, headers, body)?;
    Ok(Encoded { request, lost })
}

/// Fields of the vendor that a configured default may set in its words.
const FIELDS: [&str; 18] = [
    "cache_control",
    "container",
    "context_management",
    "diagnostics",
    "inference_geo",
    "max_tokens",
    "mcp_servers",
    "output_config",
    "service_tier",
    "speed",
    "stop_sequences",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
];

/// Whether the vendor has this field; it refuses a request with any other.
pub(crate) fn is_field(key: &str) -> bool {
    FIELDS.contains(&key)
}

fn finish(
    target: &UpstreamTarget,
    path: &str,
    query: Option<&str>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<http::Request<Bytes>, EncodeError> {
    let uri = target
        .uri(below(target, path), query)
        .map_err(|error| EncodeError::Build(error.to_string()))?;
    let mut request = http::Request::new(body);
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

/// `path` without its `/v1` where the base already ends in it.
fn below<'p>(target: &UpstreamTarget, path: &'p str) -> &'p str {
    let base = target.base.path().trim_end_matches('/');
    if base.ends_with("/v1") { path.strip_prefix("/v1").unwrap_or(path) } else { path }
}

/// The headers: the client's own `anthropic-*` ones on the verbatim path, then the deployment's,
/// which win, except that both sides' beta switches are kept.
fn headers(target: &UpstreamTarget, client: Option<&HeaderMap>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8 + target.headers.len());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(VERSION, DEFAULT_VERSION);
    let own = client.into_iter().flat_map(HeaderMap::keys);
    for name in own.filter(|name| name.as_str().starts_with("anthropic-")) {
        headers.remove(name);
        for value in client.into_iter().flat_map(|client| client.get_all(name)) {
            headers.append(name.clone(), value.clone());
        }
    }
    for (name, value) in &target.headers {
        if *name == BETA {
            headers.append(BETA, value.clone());
        } else {
            headers.insert(name.clone(), value.clone());
        }
    }
    join_betas(&mut headers);
    headers
}

/// Writes all beta switches as one comma list, each once: some servers read one header line only.
fn join_betas(headers: &mut HeaderMap) {
    if headers.get_all(BETA).iter().count() < 2 {
        return;
    }
    let mut seen: Vec<&str> = Vec::new();
    for beta in headers.get_all(BETA).iter().filter_map(|value| value.to_str().ok()) {
        for one in beta.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            if !seen.contains(&one) {
                seen.push(one);
            }
        }
    }
    if let Ok(joined) = HeaderValue::from_str(&seen.join(",")) {
        headers.insert(BETA, joined);
    }
}

/// Whether the version that a deployment's own headers ask for refuses sampling parameters.
pub(crate) fn refuses_sampling(target: &UpstreamTarget) -> bool {
    let own = target.headers.iter().rev().find(|(name, _)| *name == VERSION);
    own.is_some_and(|(_, value)| is_newer(value))
}

fn version_refuses_sampling(headers: &HeaderMap) -> bool {
    headers.get(VERSION).is_some_and(is_newer)
}

fn is_newer(version: &HeaderValue) -> bool {
    // Versions are ISO dates, whose order is that of their text.
    version.to_str().is_ok_and(|version| version.trim() >= NO_SAMPLING_SINCE)
}

/// The rules without sampling defaults where those would be refused. What the client itself sent
/// and what the operator sets by force stay.
fn allowed(rules: &ParamRules, no_sampling: bool) -> Cow<'_, ParamRules> {
    let sampling = |key: &str| SAMPLING.contains(&key);
    if !no_sampling || !rules.defaults.iter().any(|(key, _)| sampling(key)) {
        return Cow::Borrowed(rules);
    }
    let mut rules = rules.clone();
    rules.defaults.retain(|(key, _)| !sampling(key));
    Cow::Owned(rules)
}

#[cfg(test)]
mod tests;
