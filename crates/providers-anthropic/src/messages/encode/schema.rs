//! JSON Schemas as the vendor takes them: every object closed.
//!
//! Rewritten as text with its keys in order, for the order of properties is the order in which the
//! model writes them.

use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Write;

use crate::wire::ask::Entries;

/// Keywords whose value is a schema.
const ONE: [&str; 8] =
    ["items", "additionalItems", "contains", "not", "if", "then", "else", "additionalProperties"];
/// Keywords whose value is a list of schemas.
const LIST: [&str; 5] = ["anyOf", "oneOf", "allOf", "prefixItems", "items"];
/// Keywords whose value names schemas.
const NAMED: [&str; 5] =
    ["properties", "$defs", "definitions", "patternProperties", "dependentSchemas"];

/// Deepest nesting looked into, far beyond what the vendor takes; each level reads its text again.
const DEPTH_MAX: usize = 32;

/// The schema with every object closed that was left open, and whether that changed anything.
/// `None` where it is no schema object.
pub(super) fn closed(schema: &str) -> Option<(Cow<'_, RawValue>, bool)> {
    let original: &RawValue = serde_json::from_str(schema).ok()?;
    if !original.get().starts_with('{') {
        return None;
    }
    let mut out = String::with_capacity(schema.len() + 64);
    let mut changed = false;
    write_schema(original.get(), DEPTH_MAX, &mut out, &mut changed)?;
    if !changed {
        return Some((Cow::Borrowed(original), false));
    }
    let owned = RawValue::from_string(out).ok()?;
    Some((Cow::Owned(owned), true))
}

/// Writes one schema; a value that is no object is written as it is.
fn write_schema(json: &str, depth: usize, out: &mut String, changed: &mut bool) -> Option<()> {
    if depth == 0 || !json.starts_with('{') {
        out.push_str(json);
        return Some(());
    }
    let Entries(entries) = serde_json::from_str(json).ok()?;
    let has = |name: &str| entries.iter().any(|(key, _)| &**key == name);
    let object = has("properties")
        || entries
            .iter()
            .any(|(key, value)| &**key == "type" && value.get().contains("\"object\""));
    out.push('{');
    for (i, (key, value)) in entries.iter().enumerate() {
        key_of(i, key, out);
        let value = value.get();
        let list = LIST.contains(&&**key) && value.starts_with('[');
        if list {
            let items: Vec<&RawValue> = serde_json::from_str(value).ok()?;
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_schema(item.get(), depth - 1, out, changed)?;
            }
            out.push(']');
        } else if NAMED.contains(&&**key) && value.starts_with('{') {
            let Entries(named) = serde_json::from_str(value).ok()?;
            out.push('{');
            for (i, (name, schema)) in named.iter().enumerate() {
                key_of(i, name, out);
                write_schema(schema.get(), depth - 1, out, changed)?;
            }
            out.push('}');
        } else if ONE.contains(&&**key) {
            write_schema(value, depth - 1, out, changed)?;
        } else {
            out.push_str(value);
        }
    }
    if object && !has("additionalProperties") {
        *changed = true;
        key_of(entries.len(), "additionalProperties", out);
        out.push_str("false");
    }
    out.push('}');
    Some(())
}

fn key_of(index: usize, key: &str, out: &mut String) {
    let comma = if index > 0 { "," } else { "" };
    // Writing to a string cannot fail.
    let _ = write!(out, "{comma}{}:", serde_json::Value::from(key));
}

/// The schema of a tool's arguments: the vendor wants an object that says so. `None` where it is no
/// schema object.
pub(super) fn of_arguments(schema: Option<&str>) -> Option<Cow<'_, RawValue>> {
    let Some(schema) = schema.filter(|schema| schema.trim() != "null") else {
        return RawValue::from_string(r#"{"type":"object","properties":{}}"#.to_owned())
            .ok()
            .map(Cow::Owned);
    };
    let original: &RawValue = serde_json::from_str(schema).ok()?;
    let rest = original.get().strip_prefix('{')?;
    let Entries(entries) = serde_json::from_str(original.get()).ok()?;
    if entries.iter().any(|(key, _)| &**key == "type") {
        return Some(Cow::Borrowed(original));
    }
    let comma = if entries.is_empty() { "" } else { "," };
    RawValue::from_string(format!("{{\"type\":\"object\"{comma}{rest}")).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_objects_are_closed_in_place_and_order_is_kept() {
        let schema = r#"{"type":"object","properties":{"z":{"type":"string"},"type":{"type":["object","null"],"properties":{"b":{"items":{"properties":{}}}}}},"$defs":{"d":{"type":"object","additionalProperties":false}},"anyOf":[{"type":"object"},true]}"#;
        let (closed, changed) = closed(schema).unwrap();
        assert!(changed);
        assert_eq!(
            closed.get(),
            r#"{"type":"object","properties":{"z":{"type":"string"},"type":{"type":["object","null"],"properties":{"b":{"items":{"properties":{},"additionalProperties":false}}},"additionalProperties":false}},"$defs":{"d":{"type":"object","additionalProperties":false}},"anyOf":[{"type":"object","additionalProperties":false},true],"additionalProperties":false}"#
        );
    }

    #[test]
    fn a_closed_schema_is_left_alone() {
        let schema =
            r#"{ "type": "object", "additionalProperties": false, "enum": [ {"type":"object"} ] }"#;
        let (same, changed) = closed(schema).unwrap();
        assert!(!changed);
        assert_eq!(same.get(), schema);
        assert!(closed("[]").is_none() && closed("nonsense").is_none());
    }

    #[test]
    fn arguments_are_always_an_object() {
        let read = |schema| of_arguments(schema).map(|raw| raw.get().to_owned());
        let empty = Some(r#"{"type":"object","properties":{}}"#.to_owned());
        assert_eq!(read(None), empty);
        assert_eq!(read(Some("null")), empty);
        assert_eq!(read(Some("{}")).as_deref(), Some(r#"{"type":"object"}"#));
        let added = Some(r#"{"type":"object","properties":{"a":{}}}"#);
        assert_eq!(read(Some(r#"{"properties":{"a":{}}}"#)).as_deref(), added);
        let kept = r#"{"properties":{},"type":"object"}"#;
        assert_eq!(read(Some(kept)).as_deref(), Some(kept));
        assert_eq!(read(Some("true")), None);
    }

    proptest::proptest! {
        /// Closing closes once, and what comes out is JSON.
        #[test]
        fn closing_is_idempotent(value in crate::testing::json_object()) {
            let text = value.to_string();
            let (once, _) = closed(&text).unwrap();
            let (twice, changed) = closed(once.get()).unwrap();
            proptest::prop_assert!(!changed);
            proptest::prop_assert_eq!(once.get(), twice.get());
        }
    }
}
