//! Makes a small JSON value that a JSON schema accepts, for tool arguments and structured output.
//!
//! It knows what such schemas use: types, enum, const, default, required, anyOf/oneOf/allOf, local
//! references, and the bounds of numbers, strings and arrays. It is bounded in depth and size
//! whatever the schema says; formats and patterns it does not try to meet.

use serde_json::{Map, Number, Value};

/// Deepest value made; deeper ones become null.
const MAX_DEPTH: usize = 16;
/// Most items or characters that a schema can make us produce.
const MAX_SIZE: u64 = 64;
/// Most properties of all objects of one value together.
const MAX_PROPERTIES: usize = 512;

/// A value for `schema`. Strings that the schema leaves free become `hint`.
pub(crate) fn example(schema: &Value, hint: &str) -> Value {
    Maker { root: schema, hint, left: MAX_PROPERTIES }.make(schema, 0)
}

struct Maker<'a> {
    root: &'a Value,
    hint: &'a str,
    left: usize,
}

impl<'a> Maker<'a> {
    fn make(&mut self, schema: &'a Value, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return Value::Null;
        }
        if let Some(target) = self.reference(schema) {
            return self.make(target, depth + 1);
        }
        for fixed in ["const", "default"] {
            if let Some(value) = schema.get(fixed) {
                return value.clone();
            }
        }
        if let Some(value) = first(schema, "enum").or_else(|| first(schema, "examples")) {
            return value.clone();
        }
        if let Some(choice) = first(schema, "anyOf").or_else(|| first(schema, "oneOf")) {
            return self.make(choice, depth + 1);
        }
        match kind(schema) {
            Some("object") => self.object(schema, depth),
            Some("array") => self.array(schema, depth),
            Some("string") => Value::String(self.string(schema)),
            Some("integer" | "number") => number(schema),
            Some("boolean") => Value::Bool(true),
            Some(_) => Value::Null,
            None => self.untyped(schema, depth),
        }
    }

    /// What a local `$ref` points to.
    fn reference(&self, schema: &Value) -> Option<&'a Value> {
        let path = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
        self.root.pointer(path)
    }

    fn untyped(&mut self, schema: &'a Value, depth: usize) -> Value {
        match schema.get("allOf").and_then(Value::as_array) {
            Some(parts) => self.merged(parts, depth),
            None if schema.get("items").is_some() => self.array(schema, depth),
            None => Value::String(self.hint.to_owned()),
        }
    }

    /// The parts' objects in one; the first part's value where they are no objects.
    fn merged(&mut self, parts: &'a [Value], depth: usize) -> Value {
        let mut merged = Map::new();
        for part in parts {
            let value = self.make(part, depth + 1);
            if let Value::Object(object) = value {
                merged.extend(object);
            } else if merged.is_empty() {
                return value;
            }
        }
        Value::Object(merged)
    }

    /// The required properties; all of them where none is required.
    fn object(&mut self, schema: &'a Value, depth: usize) -> Value {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return Value::Object(Map::new());
        };
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let mut object = Map::new();
        for (name, property) in properties {
            let wanted = required.is_empty() || required.contains(&name.as_str());
            if wanted && self.left > 0 {
                self.left -= 1;
                object.insert(name.clone(), self.make(property, depth + 1));
            }
        }
        Value::Object(object)
    }

    fn array(&mut self, schema: &'a Value, depth: usize) -> Value {
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        let count = bound("minItems").unwrap_or(1).min(bound("maxItems").unwrap_or(MAX_SIZE));
        let mut items = Vec::new();
        for _ in 0..count.min(MAX_SIZE) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            items.push(match schema.get("items") {
                Some(item) => self.make(item, depth + 1),
                None => Value::String(self.hint.to_owned()),
            });
        }
        Value::Array(items)
    }

    fn string(&self, schema: &Value) -> String {
        let text = match schema.get("format").and_then(Value::as_str) {
            Some("date") => "2026-01-31",
            Some("date-time") => "2026-01-31T12:00:00Z",
            Some("time") => "12:00:00Z",
            Some("email") => "mock@example.com",
            Some("uri") => "https://example.com/",
            Some("uuid") => "00000000-0000-4000-8000-000000000000",
            Some(_) | None => self.hint,
        };
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        let least = usize::try_from(bound("minLength").unwrap_or(0).min(MAX_SIZE)).unwrap_or(0);
        let most = bound("maxLength").and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
        let filled = text.chars().chain(std::iter::repeat('x'));
        filled.take(text.chars().count().max(least).min(most)).collect()
    }
}

/// A number within the schema's bounds; 1 where they allow it.
fn number(schema: &Value) -> Value {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let above = bound("exclusiveMinimum").map(|least| least + 1.0);
    let below = bound("exclusiveMaximum").map(|most| most - 1.0);
    let least = bound("minimum").or(above).unwrap_or(f64::MIN);
    let most = bound("maximum").or(below).unwrap_or(f64::MAX);
    let value = 1.0_f64.min(most).max(least);
    let whole = i64_of(value).map(Number::from);
    whole.or_else(|| Number::from_f64(value)).map_or(Value::Null, Value::Number)
}

/// `value` as an integer where it is one and is small enough to be exact.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and far below i64::MAX")]
fn i64_of(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
}

/// The first of a list under `name`; of choices, the first that is not null.
fn first<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let list = schema.get(name)?.as_array()?;
    let is_null = |value: &&Value| {
        value.is_null() || value.get("type").and_then(Value::as_str) == Some("null")
    };
    list.iter().find(|value| !is_null(value)).or_else(|| list.first())
}

/// The type, the first that is not null where several are allowed.
fn kind(schema: &Value) -> Option<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => Some(kind),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null")
        }
        Some(_) => None,
        None => schema.get("properties").map(|_| "object"),
    }
}

#[cfg(test)]
mod tests;
