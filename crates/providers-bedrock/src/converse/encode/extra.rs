//! Fields that the domain has no word for.

use serde_json::Value;
use tollgate_core_types::JsonText;
use tollgate_providers_common::EncodeError;

use super::{Context, invalid, raw, unsupported};
use crate::wire::body::Own;

/// The guardrail's field; a client that names one means it.
pub(super) const GUARDRAIL: &str = "guardrailConfig";
/// What the model itself takes.
const ADDITIONAL: &str = "additionalModelRequestFields";

/// The vendor's own fields: a client that names one means it.
const OWN: [&str; 5] = [
    GUARDRAIL,
    "additionalModelResponseFieldPaths",
    "performanceConfig",
    "promptVariables",
    "requestMetadata",
];

/// Fields of the vendor that a configured default may set in its words.
const FIELDS: [&str; 6] =
    ["inferenceConfig", "outputConfig", "serviceTier", "system", "toolConfig", ADDITIONAL];

/// Whether the vendor has this field; it refuses a request with any other.
pub(super) fn is_field(key: &str) -> bool {
    FIELDS.contains(&key) || OWN.contains(&key)
}

/// The vendor's own fields of `extra`; every other one is named as lost, except a configured default
/// in the vendor's words, which is written where the deployment's rules are applied.
pub(super) fn own<'a>(
    extra: &'a [(String, JsonText)],
    cx: &mut Context<'a>,
) -> Result<Own<'a>, EncodeError> {
    let mut own = Vec::new();
    for (key, json) in extra {
        let value = raw(json.as_str(), key)?;
        // What says "not wanted" loses nothing.
        if matches!(value.get(), "null" | "false") {
            continue;
        }
        if key == "modalities" && value.get().contains("\"audio\"") {
            return Err(unsupported(key.as_str(), "this vendor cannot answer with audio"));
        }
        let default = |(name, said): &(String, JsonText)| name == key && said == json;
        if key == ADDITIONAL {
            let Ok(Value::Object(fields)) = serde_json::from_str(value.get()) else {
                return Err(invalid(key.as_str(), "must be an object"));
            };
            cx.additional.extend(fields);
        } else if OWN.contains(&key.as_str()) {
            own.push((key.as_str(), value));
        } else if !(is_field(key) && cx.target.params.defaults.iter().any(default)) {
            cx.dropped(key.clone());
        }
    }
    Ok(Own(own))
}
