//! Requests: putting one together, and editing a client's body for the verbatim path.
//!
//! Only what must change changes: every other byte goes to the vendor as the client wrote it, and a
//! body that needs no edit is not copied. What the client said is never judged here.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request};
use std::borrow::Cow;
use tollgate_core_types::JsonText;
use tollgate_providers_common::scan::Layout;
use tollgate_providers_common::splice::{Edits, quote};
use tollgate_providers_common::{EncodeError, Encoded, Inbound, ParamRules, UpstreamTarget, scan};

/// The gateway's own field, never for vendors.
const STRATEGY: &str = "load_balance_strategy";
const MAX_TOKENS: &str = "max_tokens";
const MAX_COMPLETION_TOKENS: &str = "max_completion_tokens";

/// Parameters that models without sampling refuse.
const SAMPLING: &[&str] = &[
    "temperature",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
];

/// Keys that mean the same in these dialects.
const SYNONYMS: &[&[&str]] = &[&[MAX_TOKENS, MAX_COMPLETION_TOKENS]];

/// Headers of every request: type, encoding, credential, agent, `via`, host and length.
const HEADERS: usize = 7;

/// Where a dialect's requests go, and what its bodies know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint {
    /// Path below a deployment's base address.
    pub(crate) path: &'static str,
    /// Whether it streams, and has usage in streams on request.
    pub(crate) streams: bool,
    /// Whether it knows `max_completion_tokens`.
    pub(crate) newer_bound: bool,
}

/// A client's request with the target's model and parameters, otherwise verbatim.
pub(crate) fn relay(
    inbound: &Inbound,
    target: &UpstreamTarget,
    endpoint: Endpoint,
) -> Result<Encoded, EncodeError> {
    let facts = &inbound.facts;
    let mut edits = Edits::new();
    if facts.model.as_deref() != Some(target.model.as_str()) {
        edits = edits.set("model", quote(&target.model));
    }
    if facts.layout.has(&inbound.body, STRATEGY) {
        edits = edits.remove(STRATEGY);
    }
    if endpoint.streams && facts.stream && target.stream_usage && !facts.include_usage {
        edits = edits.set("stream_options", stream_options(inbound)?);
    }
    let rules = if endpoint.newer_bound {
        rules_for(target, &inbound.body, &facts.layout)
    } else {
        Cow::Borrowed(&target.params)
    };
    if !rules.is_empty() {
        edits = edits.rules(&rules, SYNONYMS);
    }
    let body = edits.apply(&inbound.body, &facts.layout);
    Ok(Encoded {
        request: request(target, endpoint.path, body, &inbound.headers)?,
        lost: Vec::new(),
    })
}

/// A translated body with the target's parameter rules applied. Its defaults were put into the
/// client's request, so that only those are added here that the client's dialect has no word for:
/// `unread` holds what it could not read.
pub(crate) fn with_rules(
    body: Bytes,
    target: &UpstreamTarget,
    unread: &[(String, JsonText)],
) -> Result<Bytes, EncodeError> {
    if target.params.is_empty() {
        return Ok(body);
    }
    let layout = scan::layout(&body).map_err(|bad| EncodeError::Build(bad.message))?;
    let mut rules = rules_for(target, &body, &layout);
    let unknown = |default: &(String, JsonText)| unread.contains(default);
    if !rules.defaults.iter().all(unknown) {
        rules.to_mut().defaults.retain(unknown);
    }
    Ok(Edits::new().rules(&rules, SYNONYMS).apply(&body, &layout))
}

/// The request for `path` below the target's base.
pub(crate) fn request(
    target: &UpstreamTarget,
    path: &str,
    body: Bytes,
    client_headers: &HeaderMap,
) -> Result<Request<Bytes>, EncodeError> {
    let build = |error: http::Error| EncodeError::Build(error.to_string());
    let uri = target.uri(path, None).map_err(build)?;
    let mut request = Request::builder().method(Method::POST).uri(uri).body(body).map_err(build)?;
    let headers = request.headers_mut();
    // Room for these, and for what is added on the way, in one allocation.
    headers.reserve(client_headers.len() + target.headers.len() + HEADERS);
    headers.extend(client_headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    for (name, value) in &target.headers {
        headers.insert(name.clone(), value.clone());
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(request)
}

/// The client's stream options with usage asked for; its other options stay.
fn stream_options(inbound: &Inbound) -> Result<String, EncodeError> {
    let given = inbound.facts.layout.value(&inbound.body, "stream_options");
    let Some(given) = given.filter(|text| text.starts_with('{')) else {
        return Ok(r#"{"include_usage":true}"#.to_owned());
    };
    let options = Bytes::copy_from_slice(given.as_bytes());
    let invalid = |reason: String| EncodeError::Invalid { field: "stream_options".into(), reason };
    let layout = scan::layout(&options).map_err(|bad| invalid(bad.message))?;
    let edited = Edits::new().set("include_usage", "true").apply(&options, &layout);
    String::from_utf8(edited.into()).map_err(|error| invalid(error.to_string()))
}

/// The target's rules as far as the model allows them. Where it knows `max_completion_tokens` alone,
/// a bound under the older name, the client's or a configured one, goes under the newer one; where
/// it refuses sampling parameters, defaults of them stay away.
fn rules_for<'t>(target: &'t UpstreamTarget, body: &[u8], layout: &Layout) -> Cow<'t, ParamRules> {
    let mut rules = Cow::Borrowed(&target.params);
    let sampling = |(key, _): &(String, JsonText)| SAMPLING.contains(&key.as_str());
    if target.quirks.no_sampling && rules.defaults.iter().any(sampling) {
        rules.to_mut().defaults.retain(|default| !sampling(default));
    }
    let configured = |list: &[(String, JsonText)]| list.iter().any(|(key, _)| key == MAX_TOKENS);
    let in_body = layout.has(body, MAX_TOKENS) && !layout.has(body, MAX_COMPLETION_TOKENS);
    let concerned = in_body || configured(&rules.defaults) || configured(&rules.set);
    if !target.quirks.max_completion_tokens || !concerned {
        return rules;
    }
    let ParamRules { defaults, remove: _, rename, set } = rules.to_mut();
    for (key, _) in defaults.iter_mut().chain(set) {
        if key == MAX_TOKENS {
            MAX_COMPLETION_TOKENS.clone_into(key);
        }
    }
    if in_body && !rename.iter().any(|(from, _)| from == MAX_TOKENS) {
        rename.push((MAX_TOKENS.to_owned(), MAX_COMPLETION_TOKENS.to_owned()));
    }
    rules
}

#[cfg(test)]
mod tests;
