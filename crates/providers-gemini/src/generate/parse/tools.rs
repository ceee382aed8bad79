//! Tools and which of them must be called.

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tollgate_core_types::chat::{ChatRequest, Tool, ToolChoice};
use tollgate_core_types::{Dialect, JsonText};
use tollgate_providers_common::BadRequest;

use super::contents::others;
use super::{typed, wrong};
use crate::wire::ask::{Calling, Entries, Function, ToolConfig};

/// Fields of a function that the domain carries; all others are named as lost.
const OF_FUNCTION: [&str; 5] =
    ["name", "description", "parameters", "parametersJsonSchema", "parameters_json_schema"];

/// Reads all tools: functions one by one, the vendor's own whole.
pub(super) fn read(tools: &[&RawValue], chat: &mut ChatRequest) -> Result<(), BadRequest> {
    for (i, raw) in tools.iter().enumerate() {
        let path = format!("tools[{i}]");
        let Entries(entries) = typed(&path, raw)?;
        for (key, value) in entries {
            match key.as_str() {
                "functionDeclarations" | "function_declarations" => {
                    let path = format!("{path}.{key}");
                    let functions: Vec<&RawValue> =
                        typed::<Option<_>>(&path, value)?.unwrap_or_default();
                    for (j, declared) in functions.into_iter().enumerate() {
                        let path = format!("{path}[{j}]");
                        others(&path, declared, &OF_FUNCTION, &mut chat.extra);
                        chat.tools.push(function(&path, typed(&path, declared)?)?);
                    }
                }
                _ if value.get() == "null" => {}
                _ => {
                    let json = format!("{{{}:{}}}", Value::from(key.as_str()), value.get());
                    chat.tools.push(Tool {
                        name: key,
                        description: None,
                        parameters: None,
                        strict: None,
                        cache: None,
                        foreign: Some((Dialect::GEMINI_GENERATE, JsonText::from_valid(json))),
                    });
                }
            }
        }
    }
    Ok(())
}

fn function(path: &str, function: Function<'_>) -> Result<Tool, BadRequest> {
    let Function { name, description, parameters, parameters_json_schema } = function;
    let name = name.filter(|name| !name.is_empty());
    let own_words = parameters.map(json_schema);
    let schema = parameters_json_schema.map(|schema| JsonText::from_valid(schema.get()));
    Ok(Tool {
        name: name.ok_or_else(|| wrong(&format!("{path}.name"), "is required"))?,
        description,
        parameters: schema.or(own_words),
        strict: None,
        cache: None,
        foreign: None,
    })
}

/// Reads how tools are to be used: which functions must be called; what else is asked is named.
pub(super) fn config(value: &RawValue, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    const CALLING: [&str; 2] = ["functionCallingConfig", "function_calling_config"];
    const OF_CALLING: [&str; 3] = ["mode", "allowedFunctionNames", "allowed_function_names"];
    let path = "toolConfig";
    others(path, value, &CALLING, &mut chat.extra);
    let Entries(entries) = typed::<Option<_>>(path, value)?.unwrap_or_default();
    for (key, value) in entries.iter().filter(|(key, _)| CALLING.contains(&key.as_str())) {
        others(&format!("{path}.{key}"), value, &OF_CALLING, &mut chat.extra);
    }
    choice(typed(path, value)?, chat)
}

/// Which functions must or may be called.
fn choice(config: ToolConfig, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let Some(Calling { mode, allowed_function_names }) = config.function_calling_config else {
        return Ok(());
    };
    let path = "toolConfig.functionCallingConfig";
    let allowed = allowed_function_names.unwrap_or_default();
    chat.tool_choice = match mode.map(|mode| mode.to_ascii_uppercase()).as_deref() {
        None | Some("MODE_UNSPECIFIED" | "") => None,
        Some("AUTO") => Some(ToolChoice::Auto),
        Some("NONE") => Some(ToolChoice::None),
        Some("VALIDATED") => {
            for tool in chat.tools.iter_mut().filter(|tool| tool.foreign.is_none()) {
                tool.strict = Some(true);
            }
            Some(ToolChoice::Auto)
        }
        Some("ANY") => match allowed.as_slice() {
            [] => Some(ToolChoice::Required),
            [one] => Some(ToolChoice::Named(one.clone())),
            several => {
                // Any of several: no other may be called, so no other is offered.
                chat.tools.retain(|tool| several.contains(&tool.name));
                Some(ToolChoice::Required)
            }
        },
        Some(_) => {
            return Err(wrong(&format!("{path}.mode"), "must be AUTO, ANY, NONE or VALIDATED"));
        }
    };
    Ok(())
}

/// Types as this dialect's own schemas spell them.
const TYPES: [&str; 7] = ["STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"];

/// One of this dialect's own schemas, which are OpenAPI's with types in capitals, as JSON Schema.
pub(super) fn json_schema(schema: &RawValue) -> JsonText {
    match serde_json::from_str::<Value>(schema.get()) {
        Ok(value) => JsonText::from_valid(converted(value).to_string()),
        Err(_) => JsonText::from_valid(schema.get()),
    }
}

/// Recursion is bounded by the nesting that bodies may have.
fn converted(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let nullable = fields.get("nullable") == Some(&Value::Bool(true));
    let mut out = Map::new();
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("type", Value::String(kind)) => {
                out.extend(of_type(&kind, nullable).map(|kind| (key, kind)));
            }
            // Numbers that the dialect writes as text.
            (
                "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties"
                | "maxProperties",
                Value::String(text),
            ) => {
                let number = text.parse::<u64>().map_or(Value::String(text), Value::from);
                out.insert(key, number);
            }
            ("nullable" | "propertyOrdering" | "property_ordering", _) => {}
            ("properties", Value::Object(properties)) => {
                let properties =
                    properties.into_iter().map(|(name, schema)| (name, converted(schema)));
                out.insert(key, Value::Object(properties.collect()));
            }
            ("anyOf" | "any_of", Value::Array(any)) => {
                let any = any.into_iter().map(converted).collect();
                out.insert("anyOf".to_owned(), Value::Array(any));
            }
            ("items", schema) => {
                out.insert(key, converted(schema));
            }
            (_, value) => {
                out.insert(key, value);
            }
        }
    }
    Value::Object(out)
}

fn of_type(kind: &str, nullable: bool) -> Option<Value> {
    let upper = kind.to_ascii_uppercase();
    if upper == "TYPE_UNSPECIFIED" {
        return None;
    }
    let kind =
        if TYPES.contains(&upper.as_str()) { upper.to_ascii_lowercase() } else { kind.to_owned() };
    Some(if nullable && kind != "null" {
        Value::from(vec![kind, "null".to_owned()])
    } else {
        Value::from(kind)
    })
}
