//! JSON Schemas as the vendor takes them: every object closed, and no keyword that it cannot hold
//! the model to.
//!
//! Rewritten as text with its keys in order, for the order of properties is the order in which the
//! model writes them. A constraint that the vendor would refuse goes into the description, where the
//! model reads it, as the vendor's own SDKs do.

use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Write;

use crate::wire::Str;
use crate::wire::ask::Entries;

/// Keywords whose value is a schema.
const ONE: [&str; 3] = ["items", "additionalItems", "not"];
/// Keywords whose value is a list of schemas.
const LIST: [&str; 3] = ["anyOf", "oneOf", "allOf"];
/// Keywords whose value names schemas.
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];
/// Keywords that bind nothing and are left out, for the vendor may refuse them; nothing is lost.
const IDLE: [&str; 4] = ["$schema", "$id", "$comment", "examples"];
/// Keywords that the vendor refuses.
const UNHELD: [&str; 24] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "prefixItems",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "if",
    "then",
    "else",
    "unevaluatedProperties",
];
/// The formats of a text that the vendor holds the model to.
const FORMATS: [&str; 10] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

/// Deepest nesting looked into, far beyond what the vendor takes; each level reads its text again.
const DEPTH_MAX: usize = 32;

/// The schema as the vendor takes it, and whether that says less or other than the client's. `None`
/// where it is no schema object.
#[must_use]
pub fn closed(schema: &str) -> Option<(Cow<'_, RawValue>, bool)> {
    let original: &RawValue = serde_json::from_str(schema).ok()?;
    if !original.get().starts_with('{') {
        return None;
    }
    let out = String::with_capacity(schema.len() + 64);
    let mut writer = Writer { out, changed: false, tidied: false };
    writer.schema(original.get(), DEPTH_MAX)?;
    let Writer { out, changed, tidied } = writer;
    if !changed && !tidied {
        return Some((Cow::Borrowed(original), false));
    }
    let owned = RawValue::from_string(out).ok()?;
    Some((Cow::Owned(owned), changed))
}

struct Writer {
    out: String,
    /// Whether it says something else now.
    changed: bool,
    /// Whether it says the same in fewer words.
    tidied: bool,
}

impl Writer {
    /// Writes one schema; a value that is no object is written as it is.
    fn schema(&mut self, json: &str, depth: usize) -> Option<()> {
        if depth == 0 || !json.starts_with('{') {
            self.out.push_str(json);
            return Some(());
        }
        let Entries(entries) = serde_json::from_str(json).ok()?;
        let has = |name: &str| entries.iter().any(|(key, _)| &**key == name);
        let object = has("properties")
            || entries
                .iter()
                .any(|(key, value)| &**key == "type" && value.get().contains("\"object\""));
        let notes = notes(&entries);
        self.changed |= notes.is_some();
        self.out.push('{');
        let mut first = true;
        for (key, value) in &entries {
            if IDLE.contains(&&**key) {
                self.tidied = true;
                continue;
            }
            if unheld(key, value) {
                continue;
            }
            let name = if &**key == "oneOf" && !has("anyOf") { "anyOf" } else { &**key };
            self.changed |= name != &**key;
            self.key(&mut first, name);
            match (name, &notes) {
                ("description", Some(notes)) => self.described(value, notes),
                ("additionalProperties", _) if object => {
                    self.changed |= value.get() != "false";
                    self.out.push_str("false");
                }
                _ => self.value(key, value.get(), depth)?,
            }
        }
        if object && !has("additionalProperties") {
            self.changed = true;
            self.key(&mut first, "additionalProperties");
            self.out.push_str("false");
        }
        if let Some(notes) = notes.filter(|_| !has("description")) {
            self.key(&mut first, "description");
            self.text(&notes);
        }
        self.out.push('}');
        Some(())
    }

    /// Writes the value of a keyword, with the schemas in it.
    fn value(&mut self, key: &str, value: &str, depth: usize) -> Option<()> {
        if LIST.contains(&key) && value.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(value).ok()?;
            self.out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    self.out.push(',');
                }
                self.schema(item.get(), depth - 1)?;
            }
            self.out.push(']');
        } else if NAMED.contains(&key) && value.starts_with('{') {
            let Entries(named) = serde_json::from_str(value).ok()?;
            self.out.push('{');
            let mut first = true;
            for (name, schema) in &named {
                self.key(&mut first, name);
                self.schema(schema.get(), depth - 1)?;
            }
            self.out.push('}');
        } else if ONE.contains(&key) {
            self.schema(value, depth - 1)?;
        } else {
            self.out.push_str(value);
        }
        Some(())
    }

    /// The client's description with what the vendor does not hold the model to.
    fn described(&mut self, description: &RawValue, notes: &str) {
        match serde_json::from_str::<Str<'_>>(description.get()) {
            Ok(text) if !text.is_empty() => self.text(&format!("{}\n\n{notes}", &*text)),
            Ok(_) | Err(_) => self.text(notes),
        }
    }

    fn key(&mut self, first: &mut bool, key: &str) {
        if !std::mem::take(first) {
            self.out.push(',');
        }
        self.text(key);
        self.out.push(':');
    }

    fn text(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{}", serde_json::Value::from(text));
    }
}

/// Whether the vendor refuses a keyword, at least with this value.
fn unheld(key: &str, value: &RawValue) -> bool {
    match key {
        "minItems" => !matches!(value.get(), "0" | "1"),
        "format" => {
            let format = serde_json::from_str::<Str<'_>>(value.get());
            format.is_ok_and(|format| !FORMATS.contains(&&*format))
        }
        _ => UNHELD.contains(&key),
    }
}

/// The constraints of a schema that the vendor would refuse, in words.
fn notes(entries: &[(Str<'_>, &RawValue)]) -> Option<String> {
    let refused = entries.iter().filter(|(key, value)| unheld(key, value));
    let notes: Vec<String> =
        refused.map(|(key, value)| format!("{}: {}", &**key, value.get())).collect();
    (!notes.is_empty()).then(|| format!("{{{}}}", notes.join(", ")))
}

/// The schema of a tool's arguments: the vendor wants an object that says so. `None` where it is no
/// schema object.
#[must_use]
pub fn of_arguments(schema: Option<&str>) -> Option<Cow<'_, RawValue>> {
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
    fn what_the_vendor_cannot_hold_goes_into_the_description() {
        let open = r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"n":{"type":"integer","minimum":1,"maximum":9,"description":"A \"number\""},"s":{"type":"string","minLength":2,"format":"regex"},"e":{"type":"string","format":"email"},"l":{"type":"array","items":{"type":"number","multipleOf":2},"minItems":2},"one":{"type":"array","minItems":1},"m":{"type":"object","additionalProperties":{"type":"string"}}},"oneOf":[{"pattern":"x"}],"additionalProperties":false}"#;
        let (closed, changed) = closed(open).unwrap();
        assert!(changed);
        assert_eq!(
            closed.get(),
            r#"{"type":"object","properties":{"n":{"type":"integer","description":"A \"number\"\n\n{minimum: 1, maximum: 9}"},"s":{"type":"string","description":"{minLength: 2, format: \"regex\"}"},"e":{"type":"string","format":"email"},"l":{"type":"array","items":{"type":"number","description":"{multipleOf: 2}"},"description":"{minItems: 2}"},"one":{"type":"array","minItems":1},"m":{"type":"object","additionalProperties":false}},"anyOf":[{"description":"{pattern: \"x\"}"}],"additionalProperties":false}"#
        );
    }

    #[test]
    fn a_keyword_that_binds_nothing_is_no_change_to_speak_of() {
        let (tidied, changed) = closed(r#"{"$schema":"x","type":"string"}"#).unwrap();
        assert!(!changed);
        assert_eq!(tidied.get(), r#"{"type":"string"}"#);
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
