//! Fields that the domain has no word for: the vendor's own go to it, others are named as lost.

use serde_json::value::RawValue;
use tollgate_core_types::JsonText;
use tollgate_providers_common::EncodeError;

use super::{Context, raw, unsupported};
use crate::request;

/// The vendor's own fields, in both of its spellings: a client that names one means it.
const OWN: [(&str, &str); 4] = [
    ("safetySettings", "safety_settings"),
    ("cachedContent", "cached_content"),
    ("labels", "labels"),
    ("modelArmorConfig", "model_armor_config"),
];

/// The vendor's own fields of `extra`; every other one is named as lost, except a configured default
/// in the vendor's words, which is written where the deployment's rules are applied.
pub(super) fn own<'a>(
    extra: &'a [(String, JsonText)],
    cx: &mut Context<'_>,
) -> Result<Vec<(&'static str, &'a RawValue)>, EncodeError> {
    let mut own: Vec<(&'static str, &RawValue)> = Vec::new();
    for (key, value) in extra {
        let value = raw(value.as_str(), key)?;
        // What says "not wanted" loses nothing.
        if matches!(value.get(), "null" | "false") {
            continue;
        }
        if key == "modalities" && value.get().contains("\"audio\"") {
            return Err(unsupported(key.as_str(), "the gateway takes no audio from this vendor"));
        }
        let default =
            |(name, json): &(String, JsonText)| name == key && json.as_str() == value.get();
        let known = OWN.iter().find(|(ours, theirs)| key == ours || key == theirs);
        match known {
            Some((name, _)) if own.iter().any(|(given, _)| given == name) => {
                cx.dropped(key.clone());
            }
            Some((name, _)) => own.push((name, value)),
            None if request::is_field(key) && cx.target.params.defaults.iter().any(default) => {}
            None => cx.dropped(key.clone()),
        }
    }
    Ok(own)
}
