//! Which JSON Schemas this dialect can hold a model to: OpenAI refuses `strict` for any other.
//!
//! Every object must be closed and require all of its properties, and some keywords are unknown
//! there. It only looks; a schema is never changed.

use serde_json::{Map, Value};
use tollgate_core_types::JsonText;

/// Keywords that strict schemas may not use.
const UNKNOWN: &[&str] = &[
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
    "propertyNames",
    "prefixItems",
    "contains",
    "unevaluatedProperties",
    "default",
];

/// Whether the model can be held to `schema`, that of an object.
pub(super) fn fits(schema: &JsonText) -> bool {
    let Ok(Value::Object(root)) = serde_json::from_str(schema.as_str()) else { return false };
    root.get("type").and_then(Value::as_str) == Some("object") && closed(&root)
}

fn closed(schema: &Map<String, Value>) -> bool {
    if UNKNOWN.iter().any(|keyword| schema.contains_key(*keyword)) {
        return false;
    }
    let object = schema.get("type").is_some_and(|kind| match kind {
        Value::String(kind) => kind == "object",
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "object"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    });
    if (object || schema.contains_key("properties")) && !complete(schema) {
        return false;
    }
    let named = ["properties", "$defs", "definitions"].iter().filter_map(|key| schema.get(*key));
    let within = named.filter_map(Value::as_object).flat_map(Map::values);
    let listed = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    within.chain(listed).chain(schema.get("items")).all(|inner| match inner {
        Value::Object(inner) => closed(inner),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            false
        }
    })
}

/// Whether an object allows its properties alone, and requires each of them.
fn complete(schema: &Map<String, Value>) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    let requires = |name: &String| {
        required.is_some_and(|list| list.iter().any(|one| one.as_str() == Some(name)))
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    schema.get("additionalProperties") == Some(&Value::Bool(false))
        && properties.is_none_or(|properties| properties.keys().all(requires))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_closed_and_complete_objects_fit() {
        let object = |inner: &str, required: &str| {
            format!(
                r#"{{"type":"object","properties":{{{inner}}},"required":[{required}],"additionalProperties":false}}"#
            )
        };
        let nested = format!(r##""a":{{"$ref":"#/$defs/n"}},"b":{}"##, object("", ""));
        for (schema, expected) in [
            (object(r#""a":{"type":"string"}"#, r#""a""#), true),
            (object("", ""), true),
            (object(&nested, r#""a","b""#), true),
            (object(r#""a":{"anyOf":[{"type":"string"},{"type":"null"}]}"#, r#""a""#), true),
            (object(r#""a":{"anyOf":[{"type":"object"}]}"#, r#""a""#), false),
            (object(r#""a":{"type":"string"}"#, ""), false),
            (object(r#""a":{"type":["object","null"]}"#, r#""a""#), false),
            (object(r#""a":{"type":"array","items":{"type":"object"}}"#, r#""a""#), false),
            (object(r#""a":{"oneOf":[]}"#, r#""a""#), false),
            (object(r#""a":true"#, r#""a""#), false),
            (r#"{"type":"object","properties":{"a":{}},"required":["a"]}"#.to_owned(), false),
            (r#"{"type":"array"}"#.to_owned(), false),
            ("true".to_owned(), false),
            ("{".to_owned(), false),
        ] {
            assert_eq!(fits(&JsonText::from_valid(schema.as_str())), expected, "{schema}");
        }
    }
}
