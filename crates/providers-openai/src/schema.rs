//! JSON Schemas without the keywords that some servers refuse. Everything else keeps its text to the
//! byte, and the names of properties are never taken for keywords.

use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_providers_common::splice::quote;

use crate::reader::Fields;

/// What describes a schema and not what it describes.
const REFUSED: &[&str] = &["$schema", "$id", "strict"];

/// Keywords whose values are schemas by name.
const BY_NAME: &[&str] =
    &["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];

/// Keywords whose values are schemas, or lists of them.
const NESTED: &[&str] = &[
    "items",
    "prefixItems",
    "additionalProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "propertyNames",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "anyOf",
    "oneOf",
    "allOf",
];

/// `schema` without them; borrowed where it has none. What is no schema stays as it is. Bodies are
/// bounded in depth where they are read, and so is this.
pub(crate) fn plain(schema: &str) -> Cow<'_, str> {
    let Ok(fields) = serde_json::from_str::<Fields<'_>>(schema) else {
        return Cow::Borrowed(schema);
    };
    let mut changed = false;
    let mut out: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
    for (key, raw) in fields.entries() {
        if REFUSED.contains(&key.as_ref()) {
            changed = true;
            continue;
        }
        let value = if BY_NAME.contains(&key.as_ref()) {
            named(raw.get())
        } else if NESTED.contains(&key.as_ref()) {
            nested(raw.get())
        } else {
            Cow::Borrowed(raw.get())
        };
        changed |= matches!(value, Cow::Owned(_));
        out.push((key, value));
    }
    if changed { Cow::Owned(object(&out)) } else { Cow::Borrowed(schema) }
}

/// Schemas by the names of what they describe.
fn named(json: &str) -> Cow<'_, str> {
    let Ok(fields) = serde_json::from_str::<Fields<'_>>(json) else { return Cow::Borrowed(json) };
    let out: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        fields.entries().map(|(key, raw)| (key, plain(raw.get()))).collect();
    let changed = out.iter().any(|(_, value)| matches!(value, Cow::Owned(_)));
    if changed { Cow::Owned(object(&out)) } else { Cow::Borrowed(json) }
}

/// One schema, or a list of them.
fn nested(json: &str) -> Cow<'_, str> {
    if !json.starts_with('[') {
        return plain(json);
    }
    let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(json) else { return Cow::Borrowed(json) };
    let out: Vec<Cow<'_, str>> = list.iter().map(|raw| plain(raw.get())).collect();
    if out.iter().any(|value| matches!(value, Cow::Owned(_))) {
        Cow::Owned(format!("[{}]", out.join(",")))
    } else {
        Cow::Borrowed(json)
    }
}

/// An object of these fields.
pub(crate) fn object(fields: &[(Cow<'_, str>, Cow<'_, str>)]) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(key, value)| format!("{}:{value}", quote(key))).collect();
    format!("{{{}}}", fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_go_at_every_depth_and_names_stay() {
        for (given, left) in [
            (r#"{"$schema":"x","type":"object"}"#, r#"{"type":"object"}"#),
            (
                r#"{"properties":{"$id":{"type":"string"},"strict":{"$id":"y","type":"null"}}}"#,
                r#"{"properties":{"$id":{"type":"string"},"strict":{"type":"null"}}}"#,
            ),
            (
                r#"{"items":{"$id":"a"},"anyOf":[{"strict":true},{"const":{"$id":1.50}}]}"#,
                r#"{"items":{},"anyOf":[{},{"const":{"$id":1.50}}]}"#,
            ),
            (
                r#"{"$defs":{"d":{"$schema":"x","minimum":1e2}}}"#,
                r#"{"$defs":{"d":{"minimum":1e2}}}"#,
            ),
        ] {
            assert_eq!(plain(given), left);
        }
        for same in [r#"{ "type" : "object" }"#, "true", r#"{"additionalProperties":false}"#, "7"] {
            assert!(matches!(plain(same), Cow::Borrowed(text) if text == same), "{same}");
        }
    }
}
