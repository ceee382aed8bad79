//! A client's options that say more than one value: tool choice, thinking, output, metadata.

use serde_json::value::RawValue;
use tollgate_core_types::JsonText;
use tollgate_core_types::chat::{
    ChatRequest, Reasoning, ReasoningMode, ResponseFormat, ToolChoice,
};
use tollgate_core_types::error::clean;
use tollgate_providers_common::BadRequest;

use super::blocks::{missing, wrong};
use super::kept;
use super::tools::field;
use crate::wire::ask::{Entries, Format, Thinking, ToolChoice as Choice};

/// The name that a schema is given, for dialects that want one; this one has none.
const SCHEMA_NAME: &str = "response";

/// Reads one option into the request.
pub(super) fn read(
    option: &'static str,
    value: &RawValue,
    chat: &mut ChatRequest,
) -> Result<(), BadRequest> {
    match option {
        "tool_choice" => tool_choice(value, chat),
        "thinking" => thinking(value, chat),
        "output_config" => output_config(value, chat),
        "output_format" => format(option, value, chat),
        _ => metadata(value, chat),
    }
}

fn tool_choice(value: &RawValue, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let Choice { kind, name, disable_parallel_tool_use } = field("tool_choice", value)?;
    chat.tool_choice = Some(match &*kind {
        "auto" => ToolChoice::Auto,
        "none" => ToolChoice::None,
        "any" => ToolChoice::Required,
        "tool" => {
            ToolChoice::Named(name.ok_or_else(|| missing("tool_choice", "name"))?.into_owned())
        }
        other => return Err(unknown("tool_choice.type", other)),
    });
    // Parallel calls are every vendor's default; only their refusal says something.
    chat.parallel_tool_calls = disable_parallel_tool_use.filter(|disable| *disable).map(|_| false);
    Ok(())
}

fn thinking(value: &RawValue, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let Thinking { kind, budget_tokens, display } = field("thinking", value)?;
    let mode = match &*kind {
        "enabled" => {
            let budget = budget_tokens.ok_or_else(|| missing("thinking", "budget_tokens"))?;
            ReasoningMode::Budget(budget)
        }
        "adaptive" => ReasoningMode::Adaptive,
        "disabled" => ReasoningMode::Disabled,
        // `between_tools` and whatever follows it: no other vendor has it.
        _ => {
            chat.extra.extend(kept("thinking".to_owned(), value));
            return Ok(());
        }
    };
    let reasoning = chat.reasoning.get_or_insert_with(Reasoning::default);
    reasoning.mode = Some(mode);
    reasoning.display = display.map(crate::wire::Str::into_owned);
    Ok(())
}

fn output_config(value: &RawValue, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let Entries(entries) = field("output_config", value)?;
    for (key, value) in entries {
        let at = format!("output_config.{}", &*key);
        match &*key {
            "effort" => {
                if let Some(effort) = field::<Option<String>>(&at, value)? {
                    let reasoning = chat.reasoning.get_or_insert_with(Reasoning::default);
                    reasoning.effort = Some(effort);
                }
            }
            "format" => format(&at, value, chat)?,
            _ => chat.extra.extend(kept(at, value)),
        }
    }
    Ok(())
}

fn format(path: &str, value: &RawValue, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let Some(Format { kind, schema }) = field(path, value)? else { return Ok(()) };
    if &*kind != "json_schema" {
        return Err(unknown(&format!("{path}.type"), &kind));
    }
    let schema = schema.ok_or_else(|| missing(path, "schema"))?;
    chat.response_format = Some(ResponseFormat::JsonSchema {
        name: SCHEMA_NAME.to_owned(),
        description: None,
        schema: JsonText::from_valid(schema.get()),
        // This vendor always holds the model to the schema.
        strict: Some(true),
    });
    Ok(())
}

fn metadata(value: &RawValue, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let Entries(entries) = field("metadata", value)?;
    for (key, value) in entries {
        let at = format!("metadata.{}", &*key);
        match &*key {
            "user_id" => chat.user = field(&at, value)?,
            _ => chat.extra.extend(kept(at, value)),
        }
    }
    Ok(())
}

fn unknown(path: &str, got: &str) -> BadRequest {
    wrong(path, &format!("has the unknown value `{}`", clean(got, 64)))
}
