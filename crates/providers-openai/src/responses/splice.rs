//! The verbatim path's requests: the client's body edited for a vendor of the same dialect.
//!
//! Model and parameter rules change; beyond that only what was made with other vendors, which OpenAI
//! would refuse: reasoning that it did not seal. Rules are written in the words of chat, which
//! configuration knows, and said here in this dialect's.

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::{JsonText, Lost};
use tollgate_providers_common::scan::{self, Layout};
use tollgate_providers_common::splice::{Edits, quote};
use tollgate_providers_common::{EncodeError, Encoded, Inbound, ParamRules, UpstreamTarget};

use super::sealed;
use crate::splice::request;

/// Where its requests go.
pub(super) const PATH: &str = "/responses";
/// The gateway's own field, never for vendors.
const STRATEGY: &str = "load_balance_strategy";

/// Parameters that a model without sampling refuses.
const SAMPLING: &[&str] = &["temperature", "top_p", "top_logprobs"];

/// Words of chat that this dialect has no word for.
const UNKNOWN: &[&str] = &[
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "logprobs",
    "n",
    "seed",
    "stop",
    "stream_options",
];

/// A client's request with the target's model and parameters.
pub(super) fn relay(inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
    let facts = &inbound.facts;
    let mut edits = Edits::new();
    if facts.model.as_deref() != Some(target.model.as_str()) {
        edits = edits.set("model", quote(&target.model));
    }
    if facts.layout.has(&inbound.body, STRATEGY) {
        edits = edits.remove(STRATEGY);
    }
    let mut lost = Vec::new();
    if let Some((input, withheld)) = mended(&inbound.body, &facts.layout) {
        lost = withheld;
        edits = edits.set("input", input);
    }
    let rules = rules(target);
    if !rules.is_empty() {
        edits = edits.rules(&rules, &[]);
    }
    let body = edits.apply(&inbound.body, &facts.layout);
    Ok(Encoded { request: request(target, PATH, body, &inbound.headers)?, lost })
}

/// A body of our own making with the target's rules applied. Its defaults were put into the client's
/// request, so that only those are added that the client's dialect could not read.
pub(super) fn with_rules(
    body: Bytes,
    target: &UpstreamTarget,
    unread: &[(String, JsonText)],
) -> Result<Bytes, EncodeError> {
    if target.params.is_empty() {
        return Ok(body);
    }
    let layout = scan::layout(&body).map_err(|bad| EncodeError::Build(bad.message))?;
    let mut params = target.params.clone();
    params.defaults.retain(|default| unread.contains(default));
    let rules = in_words(&params, target.quirks.no_sampling);
    Ok(Edits::new().rules(&rules, &[]).apply(&body, &layout))
}

fn rules(target: &UpstreamTarget) -> Cow<'_, ParamRules> {
    if target.params.is_empty() {
        return Cow::Borrowed(&target.params);
    }
    Cow::Owned(in_words(&target.params, target.quirks.no_sampling))
}

/// The same rules in this dialect's words. A default that it has no word for is left out; what
/// configuration always sets or removes is taken at its word.
fn in_words(params: &ParamRules, no_sampling: bool) -> ParamRules {
    let ParamRules { defaults, remove, rename, set } = params;
    let default = |(key, _): &&(String, JsonText)| {
        let refused = no_sampling && SAMPLING.contains(&key.as_str());
        !refused && !UNKNOWN.contains(&key.as_str())
    };
    ParamRules {
        defaults: defaults.iter().filter(default).map(|(key, json)| word(key, json)).collect(),
        remove: remove.iter().map(|key| key_of(key).to_owned()).collect(),
        rename: rename.clone(),
        set: set.iter().map(|(key, json)| word(key, json)).collect(),
    }
}

fn key_of(key: &str) -> &str {
    match key {
        "max_tokens" | "max_completion_tokens" => "max_output_tokens",
        "reasoning_effort" => "reasoning",
        other => other,
    }
}

fn word(key: &str, json: &JsonText) -> (String, JsonText) {
    let json = match key {
        "reasoning_effort" => JsonText::from_valid(format!("{{\"effort\":{}}}", json.as_str())),
        _ => json.clone(),
    };
    (key_of(key).to_owned(), json)
}

/// The input without what other vendors made, and what was withheld; `None` where nothing is to be
/// changed, which is nearly always and costs one search.
fn mended(body: &Bytes, layout: &Layout) -> Option<(String, Vec<Lost>)> {
    let input = layout.value(body, "input").filter(|input| input.starts_with('['))?;
    if !input.contains(sealed::WORD) {
        return None;
    }
    let items: Vec<&RawValue> = serde_json::from_str(input).ok()?;
    let mut kept: Vec<Cow<'_, str>> = Vec::with_capacity(items.len());
    let mut lost = Vec::new();
    let mut changed = false;
    for (index, item) in items.iter().enumerate() {
        match mend(item.get()) {
            Mended::Kept => kept.push(Cow::Borrowed(item.get())),
            Mended::Restored(item) => {
                changed = true;
                kept.push(Cow::Owned(item));
            }
            Mended::Withheld => {
                changed = true;
                lost.push(Lost::dropped(format!("input[{index}]")));
            }
        }
    }
    changed.then(|| (format!("[{}]", kept.join(",")), lost))
}

/// What becomes of an item.
enum Mended {
    Kept,
    /// OpenAI's own, which a client kept under our mark.
    Restored(String),
    Withheld,
}

fn mend(item: &str) -> Mended {
    if !item.contains(sealed::MARK) && !item.contains(sealed::ID_MARK) {
        return Mended::Kept;
    }
    let Ok(mut value) = serde_json::from_str::<Value>(item) else { return Mended::Kept };
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, id, encrypted) = (text("type"), text("id"), text("encrypted_content"));
    if kind != "reasoning" || !sealed::is_foreign(&id, &encrypted) {
        return Mended::Kept;
    }
    let Some((id, encrypted)) = sealed::ours(&encrypted) else { return Mended::Withheld };
    if let Some(fields) = value.as_object_mut() {
        fields.insert("id".to_owned(), Value::from(id));
        fields.insert("encrypted_content".to_owned(), Value::from(encrypted));
    }
    Mended::Restored(value.to_string())
}
