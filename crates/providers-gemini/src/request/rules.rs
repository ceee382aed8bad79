//! A deployment's parameter rules, in the words of the common dialects or of this one, put where
//! this dialect has them: at the top level or in `generationConfig`.
//!
//! The vendor refuses a request with a field that it does not know, so a parameter that is neither
//! is left out.

use bytes::Bytes;
use tollgate_core_types::JsonText;
use tollgate_providers_common::ParamRules;
use tollgate_providers_common::scan::{self, Layout};
use tollgate_providers_common::splice::Edits;

/// The vendor's top-level fields, in both of its spellings.
const FIELDS: [&str; 16] = [
    "cachedContent",
    "cached_content",
    "contents",
    "generationConfig",
    "generation_config",
    "labels",
    "modelArmorConfig",
    "safetySettings",
    "safety_settings",
    "serviceTier",
    "service_tier",
    "store",
    "systemInstruction",
    "system_instruction",
    "toolConfig",
    "tools",
];

/// Parameters as the common dialects call them, and their names in `generationConfig`.
const CONFIG: [(&str, &str); 10] = [
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("top_k", "topK"),
    ("max_tokens", "maxOutputTokens"),
    ("max_completion_tokens", "maxOutputTokens"),
    ("max_output_tokens", "maxOutputTokens"),
    ("presence_penalty", "presencePenalty"),
    ("frequency_penalty", "frequencyPenalty"),
    ("seed", "seed"),
    ("candidate_count", "candidateCount"),
];

/// The two spellings of a key are one.
const SYNONYMS: &[&[&str]] = &[
    &["topP", "top_p"],
    &["topK", "top_k"],
    &["maxOutputTokens", "max_output_tokens"],
    &["presencePenalty", "presence_penalty"],
    &["frequencyPenalty", "frequency_penalty"],
    &["candidateCount", "candidate_count"],
];
const TOP_SYNONYMS: &[&[&str]] = &[
    &["cachedContent", "cached_content"],
    &["generationConfig", "generation_config"],
    &["safetySettings", "safety_settings"],
    &["serviceTier", "service_tier"],
    &["systemInstruction", "system_instruction"],
];

const SAMPLING: [&str; 3] = ["temperature", "topP", "topK"];

/// The one key of a body that is the gateway's own.
const STRATEGY: &str = "load_balance_strategy";

/// Whether the vendor has this top-level field.
pub(crate) fn is_field(key: &str) -> bool {
    FIELDS.contains(&key)
}

/// The body with the rules applied; bytes that none of them names stay.
pub(super) fn apply(body: &Bytes, layout: &Layout, rules: &ParamRules, no_sampling: bool) -> Bytes {
    let (top, config) = split(rules, no_sampling);
    let top_level = Edits::new().remove(STRATEGY).rules(&top, TOP_SYNONYMS);
    if config.is_empty() {
        return top_level.apply(body, layout);
    }
    let body = top_level.apply(body, layout);
    let Ok(layout) = scan::layout(&body) else { return body };
    let found = ["generationConfig", "generation_config"]
        .into_iter()
        .find_map(|key| Some((key, layout.value(&body, key)?)));
    let (key, before) = found.unwrap_or(("generationConfig", "{}"));
    let inner = Bytes::copy_from_slice(before.as_bytes());
    let after = Edits::new().rules(&config, SYNONYMS).apply(&inner, &Layout::default());
    match std::str::from_utf8(&after) {
        Ok(after) if after != before => {
            Edits::new().set(key, after.to_owned()).apply(&body, &layout)
        }
        Ok(_) | Err(_) => body,
    }
}

/// The rules for the top level, and those for `generationConfig`.
fn split(rules: &ParamRules, no_sampling: bool) -> (ParamRules, ParamRules) {
    let ParamRules { defaults, remove, rename, set } = rules;
    let mut top = ParamRules { rename: rename.clone(), ..ParamRules::default() };
    let mut config = ParamRules::default();
    let allowed = |name: &str| !(no_sampling && SAMPLING.contains(&name));
    for (key, value) in defaults {
        match config_name(key).filter(|name| allowed(name)) {
            Some(name) => add(&mut config.defaults, name, value),
            None if is_field(key) => top.defaults.push((key.clone(), value.clone())),
            None => {}
        }
    }
    for (key, value) in set {
        match config_name(key).filter(|name| allowed(name)) {
            Some(name) => add(&mut config.set, name, value),
            None if is_field(key) => top.set.push((key.clone(), value.clone())),
            None => {}
        }
    }
    for key in remove {
        match config_name(key) {
            Some(name) => {
                config.remove.push(name.to_owned());
                config.remove.extend((name != key).then(|| key.clone()));
            }
            None => top.remove.push(key.clone()),
        }
    }
    (top, config)
}

/// Adds a parameter, unless it is there under another of its names.
fn add(list: &mut Vec<(String, JsonText)>, name: &str, value: &JsonText) {
    if !list.iter().any(|(known, _)| known == name) {
        list.push((name.to_owned(), value.clone()));
    }
}

fn config_name(key: &str) -> Option<&'static str> {
    CONFIG.iter().find(|(common, own)| key == *common || key == *own).map(|(_, own)| *own)
}
