//! Schemas and the values that are made for them.

use super::*;
use serde_json::json;

#[test]
fn values_meet_the_keywords_that_tools_use() {
    for (schema, value) in [
        (json!({"type": "string"}), json!("Paris")),
        (json!({"type": ["null", "string"]}), json!("Paris")),
        (json!({"type": "string", "enum": ["c", "f"]}), json!("c")),
        (json!({"const": 7}), json!(7)),
        (json!({"type": "integer", "default": 3}), json!(3)),
        (json!({"type": "integer", "minimum": 5}), json!(5)),
        (json!({"type": "number", "maximum": 0.5}), json!(0.5)),
        (json!({"type": "number", "exclusiveMinimum": 1}), json!(2)),
        (json!({"type": "boolean"}), json!(true)),
        (json!({"type": "null"}), json!(null)),
        (json!({"type": "string", "format": "date"}), json!("2026-01-31")),
        (json!({"type": "string", "minLength": 7}), json!("Parisxx")),
        (json!({"type": "string", "maxLength": 3}), json!("Par")),
        (json!({"type": "array", "items": {"type": "integer"}, "minItems": 2}), json!([1, 1])),
        (json!({"anyOf": [{"type": "null"}, {"type": "integer"}]}), json!(1)),
        (json!({"oneOf": [{"type": "boolean"}, {"type": "integer"}]}), json!(true)),
        (json!({}), json!("Paris")),
        (json!(true), json!("Paris")),
    ] {
        assert_eq!(example(&schema, "Paris"), value, "{schema}");
    }
}

#[test]
fn objects_hold_what_is_required_or_everything() {
    let properties = json!({"a": {"type": "string"}, "b": {"type": "integer"}});
    let some = json!({"type": "object", "properties": properties, "required": ["b"]});
    assert_eq!(example(&some, "x"), json!({"b": 1}));
    let all = json!({"properties": properties});
    assert_eq!(example(&all, "x"), json!({"a": "x", "b": 1}));
    assert_eq!(example(&json!({"type": "object"}), "x"), json!({}));
}

#[test]
fn references_and_parts_are_followed() {
    let schema = json!({
        "type": "object",
        "properties": {"p": {"$ref": "#/$defs/point"}},
        "required": ["p"],
        "$defs": {"point": {"allOf": [
            {"type": "object", "properties": {"x": {"type": "integer"}}},
            {"type": "object", "properties": {"y": {"type": "integer"}}}
        ]}}
    });
    assert_eq!(example(&schema, "x"), json!({"p": {"x": 1, "y": 1}}));
}

#[test]
fn hostile_schemas_stay_small() {
    let endless = json!({
        "type": "object",
        "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}},
        "required": ["a", "b"]
    });
    let text = example(&endless, "x").to_string();
    assert!(text.len() < 100_000);
    assert!(serde_json::from_str::<Value>(&text).is_ok(), "too deep to be read: {text}");
    let wide = json!({"type": "array", "minItems": 1_000_000_000, "items": {
        "type": "array", "minItems": 1_000_000_000, "items": {"type": "string"}
    }});
    assert!(example(&wide, "x").to_string().len() < 100_000);
    let loops = json!({"$ref": "#"});
    assert_eq!(example(&loops, "x"), Value::Null);
}
