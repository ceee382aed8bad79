//! A tree as JSON text: parameters go to vendors in the words of the configuration.

use tollgate_core_types::JsonText;

use crate::tree::{Node, Text, Value, Written};

/// The value as JSON; `None` where a part of it was reported as broken.
pub(super) fn from_node(node: &Node) -> Option<JsonText> {
    if contains_broken(node) {
        return None;
    }
    let mut out = String::new();
    write_json(node, &mut out);
    Some(JsonText::from_valid(out))
}

fn contains_broken(node: &Node) -> bool {
    match &node.value {
        Value::Broken => true,
        Value::List(items) => items.iter().any(contains_broken),
        Value::Map(entries) => entries.iter().any(|entry| contains_broken(&entry.node)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => false,
    }
}

fn write_json(node: &Node, out: &mut String) {
    match &node.value {
        Value::Null | Value::Broken => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::Text(text) => write_text(text, out),
        Value::List(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write_json(item, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (n, entry) in entries.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write_quoted(&entry.key, out);
                out.push(':');
                write_json(&entry.node, out);
            }
            out.push('}');
        }
    }
}

fn write_text(text: &Text, out: &mut String) {
    let scalar = match text.written {
        Written::InEnvironment => serde_json::from_str::<serde_json::Value>(text.text.trim()).ok(),
        Written::Literally | Written::Expanded => None,
    };
    match scalar {
        Some(value) if value.is_number() || value.is_boolean() => out.push_str(text.text.trim()),
        Some(_) | None => write_quoted(&text.text, out),
    }
}

fn write_quoted(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}
