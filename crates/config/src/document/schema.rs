//! The tables as a JSON Schema (draft 7, which editors know best), for completion while writing.
//!
//! It accepts what the reader accepts and may accept more: names that must exist and values that
//! must fit together are the reader's to judge. Every scalar may be a reference (`${VAR}`), and
//! every value `null`, which takes an earlier file's value back.

use serde_json::{Map, Value, json};

use super::{Default, Key, Shape, Table, tables};

/// What a text looks like whose value is only known when it is loaded.
const REFERENCE: &str = r"\$\{|^file:/|^os\.environ/";

/// The JSON Schema of a configuration, ending with a line end.
#[must_use]
pub fn json_schema() -> String {
    let root = tables::root();
    let Value::Object(body) = table(&root) else { return String::new() };
    let mut all = Map::new();
    all.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    all.insert("title".to_owned(), json!("Tollgate"));
    all.extend(body);
    let definitions: Map<String, Value> = tables::SHARED
        .iter()
        .map(|(name, shared)| ((*name).to_owned(), nullable(table(&shared()))))
        .collect();
    all.insert("definitions".to_owned(), Value::Object(definitions));
    format!("{:#}\n", Value::Object(all))
}

fn table(table: &Table) -> Value {
    let mut properties = Map::new();
    for key in &table.keys {
        for (n, name) in key.names.iter().enumerate() {
            // A name of several tables that are one map: the first says what it means.
            if !properties.contains_key(*name) {
                properties.insert((*name).to_owned(), property(key, n > 0));
            }
        }
    }
    json!({
        "type": "object",
        "description": table.about,
        "properties": properties,
        "additionalProperties": false,
    })
}

fn property(key: &Key, other_name: bool) -> Value {
    let mut schema = nullable(shape(&key.shape));
    let about = match (&key.default, other_name) {
        (_, true) => format!("The same as `{}`.", key.name()),
        (Default::None, false) => sentence(&key.about),
        (Default::Value(value), false) => {
            format!("{} Default: {value}.", sentence(&key.about))
        }
        (Default::Words(words), false) => format!("{} Default: {words}.", sentence(&key.about)),
    };
    if let Value::Object(schema) = &mut schema {
        // What stands beside a reference is not read.
        if let Some(reference) = schema.remove("$ref") {
            schema.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
        }
        schema.insert("description".to_owned(), json!(about));
    }
    schema
}

/// `text` with a capital at its beginning and a full stop at its end.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    let whole: String = first.into_iter().chain(chars).collect();
    if whole.ends_with('.') { whole } else { format!("{whole}.") }
}

fn shape(shape: &Shape) -> Value {
    match shape {
        Shape::Text | Shape::Url | Shape::Address | Shape::Secret => text(),
        Shape::Bool => or_reference(json!({ "enum": [true, false, "true", "false"] })),
        Shape::Whole(low, high) => {
            or_reference(json!({ "type": "integer", "minimum": low, "maximum": high }))
        }
        Shape::Positive => or_reference(json!({ "type": "number", "exclusiveMinimum": 0 })),
        Shape::Number => or_reference(json!({ "type": "number", "minimum": 0 })),
        Shape::Ratio => or_reference(json!({ "type": "number", "minimum": 0, "maximum": 1 })),
        Shape::Duration => json!({ "anyOf": [
            { "type": "number", "minimum": 0, "maximum": 604_800 },
            { "type": "string", "pattern": pattern("[0-9.]+ *(ms|s|sec|m|min|h|d)?") },
        ] }),
        Shape::Size => json!({ "anyOf": [
            { "type": "integer", "minimum": 1 },
            { "type": "string", "pattern": pattern("[0-9.]+ *([kKmMgG]?[bB]|[kKmMgG]([iI][bB])?)?") },
        ] }),
        Shape::AddressOrOff => json!({ "anyOf": [text(), { "enum": [false] }] }),
        Shape::TextOrFalse => json!({ "anyOf": [text(), { "enum": [false] }] }),
        Shape::Choice(words) => or_reference(json!({ "enum": words })),
        Shape::Texts => json!({ "anyOf": [text(), { "type": "array", "items": text() }] }),
        Shape::Named => json!({ "type": "object", "additionalProperties": text() }),
        Shape::NamedChoice(words) => {
            let one = or_reference(json!({ "enum": words }));
            json!({ "type": "object", "additionalProperties": one })
        }
        Shape::Values => json!({ "type": "object" }),
        Shape::Table(table) | Shape::See(table) => refer(*table),
        Shape::Each(table) => json!({ "type": "object", "additionalProperties": refer(*table) }),
        Shape::List(table) => json!({ "type": "array", "items": refer(*table) }),
        Shape::Keys => {
            let one = [text(), refer(tables::key)];
            let many = json!({ "type": "array", "minItems": 1, "items": { "anyOf": one } });
            json!({ "anyOf": [text(), many] })
        }
        Shape::Either(shapes) => {
            json!({ "anyOf": shapes.iter().map(self::shape).collect::<Vec<_>>() })
        }
        Shape::Foreign => json!({ "type": "object" }),
        Shape::ForeignList => json!({ "type": "array", "items": { "type": "object" } }),
    }
}

/// A reference to a table that is used in several places, or the table itself.
fn refer(wanted: fn() -> Table) -> Value {
    let about = wanted().about;
    match tables::SHARED.iter().find(|(_, shared)| shared().about == about) {
        Some((name, _)) => json!({ "$ref": format!("#/definitions/{name}") }),
        None => table(&wanted()),
    }
}

fn text() -> Value {
    json!({ "type": "string", "pattern": r"\S" })
}

fn or_reference(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "string", "pattern": REFERENCE }] })
}

fn pattern(form: &str) -> String {
    format!("^ *{form} *$|{REFERENCE}")
}

/// The same, or `null`.
fn nullable(mut schema: Value) -> Value {
    let Value::Object(map) = &mut schema else { return schema };
    let types = map.get("type").cloned();
    if let Some(Value::String(only)) = types {
        map.insert("type".to_owned(), json!([only, "null"]));
    } else if let Some(Value::Array(types)) = map.get_mut("type") {
        types.push(json!("null"));
    } else if let Some(Value::Array(any)) = map.get_mut("anyOf") {
        any.push(json!({ "type": "null" }));
    }
    schema
}
