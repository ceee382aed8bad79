//! Requests: putting one together, and editing a client's body for the verbatim path.
//!
//! Only what must change changes: every other byte goes to the vendor as the client wrote it, and a
//! body that needs no edit is not copied. What the client said is never judged here.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request};
use std::borrow::Cow;
use tollgate_core_types::JsonText;
use tollgate_core_types::custom::StreamOnly;
use tollgate_providers_common::scan::Layout;
use tollgate_providers_common::splice::{Edits, quote};
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{EncodeError, Encoded, Inbound, ParamRules, UpstreamTarget, scan};

use crate::{control, respell};

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
    let mut rules = Cow::Borrowed(&target.params);
    if endpoint.newer_bound {
        edits = respell::edits(edits, inbound, target);
        rules = rules_for(target, &inbound.body, &facts.layout);
        spelled(&mut rules, &target.quirks);
    }
    if !rules.is_empty() {
        edits = edits.rules(&rules, SYNONYMS);
    }
    let mut body = edits.apply(&inbound.body, &facts.layout);
    if endpoint.newer_bound && !facts.stream {
        body = streamed(body, target)?;
    }
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
    let Quirks { renames, adds, .. } = &target.quirks;
    if target.params.is_empty() && renames.is_empty() && adds.is_empty() {
        return streamed(body, target);
    }
    let layout = scan::layout(&body).map_err(|bad| EncodeError::Build(bad.message))?;
    let mut rules = rules_for(target, &body, &layout);
    let unknown = |default: &(String, JsonText)| unread.contains(default);
    if !rules.defaults.iter().all(unknown) {
        rules.to_mut().defaults.retain(unknown);
    }
    spelled(&mut rules, &target.quirks);
    streamed(Edits::new().rules(&rules, SYNONYMS).apply(&body, &layout), target)
}

/// Adds what the server calls otherwise and what it needs; configuration's own word wins.
fn spelled(rules: &mut Cow<'_, ParamRules>, quirks: &Quirks) {
    for (from, to) in quirks.renames {
        if !rules.rename.iter().any(|(known, _)| known == from) {
            rules.to_mut().rename.push(((*from).to_owned(), (*to).to_owned()));
        }
    }
    for (key, json) in quirks.adds {
        let known = |list: &[(String, JsonText)]| list.iter().any(|(known, _)| known == key);
        if !known(&rules.defaults) && !known(&rules.set) && !rules.remove.iter().any(|k| k == key) {
            rules.to_mut().defaults.push(((*key).to_owned(), JsonText::from_valid(*json)));
        }
    }
}

/// The body with a stream asked for, where the server gives the answer in no other way; it is made
/// whole again when it comes.
fn streamed(body: Bytes, target: &UpstreamTarget) -> Result<Bytes, EncodeError> {
    if target.quirks.stream_only == StreamOnly::Never {
        return Ok(body);
    }
    let layout = scan::layout(&body).map_err(|bad| EncodeError::Build(bad.message))?;
    let value = |key: &str| layout.value(&body, key);
    let alone = match target.quirks.stream_only {
        StreamOnly::Never => false,
        StreamOnly::Thinking => control::asked(value) == Some(true),
        StreamOnly::Always => true,
    };
    if !alone || value("stream") == Some("true") {
        return Ok(body);
    }
    let mut edits = Edits::new().set("stream", "true");
    if target.stream_usage {
        edits = edits.set("stream_options", r#"{"include_usage":true}"#);
    }
    Ok(edits.apply(&body, &layout))
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

/// The target's rules as far as the model allows them. Where it knows one name of the bound of
/// generated tokens alone, a bound under the other, the client's or a configured one, goes under that
/// one; where it refuses sampling parameters, defaults of them stay away.
fn rules_for<'t>(target: &'t UpstreamTarget, body: &[u8], layout: &Layout) -> Cow<'t, ParamRules> {
    let mut rules = Cow::Borrowed(&target.params);
    let sampling = |(key, _): &(String, JsonText)| SAMPLING.contains(&key.as_str());
    if target.quirks.no_sampling && rules.defaults.iter().any(sampling) {
        rules.to_mut().defaults.retain(|default| !sampling(default));
    }
    let (other, known) = match &target.quirks {
        Quirks { max_completion_tokens: true, .. } => (MAX_TOKENS, MAX_COMPLETION_TOKENS),
        Quirks { no_max_completion_tokens: true, .. } => (MAX_COMPLETION_TOKENS, MAX_TOKENS),
        _ => return rules,
    };
    let configured = |list: &[(String, JsonText)]| list.iter().any(|(key, _)| key == other);
    let in_body = layout.has(body, other) && !layout.has(body, known);
    if !in_body && !configured(&rules.defaults) && !configured(&rules.set) {
        return rules;
    }
    let ParamRules { defaults, remove: _, rename, set } = rules.to_mut();
    for (key, _) in defaults.iter_mut().chain(set) {
        if key == other {
            known.clone_into(key);
        }
    }
    if in_body && !rename.iter().any(|(from, _)| from == other) {
        rename.push((other.to_owned(), known.to_owned()));
    }
    rules
}

#[cfg(test)]
mod tests;
