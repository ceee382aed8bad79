//! Tools, their choice, and the form of the answer.

use tollgate_core_types::Dialect;
use tollgate_core_types::chat as domain;
use tollgate_providers_common::EncodeError;
use tollgate_providers_common::target::Quirks;

use super::Losses;
use super::body::{Function, JsonSchema, Named, ResponseFormat, Tool, ToolChoice, raw};

pub(super) fn list<'a>(
    tools: &'a [domain::Tool],
    losses: &mut Losses,
) -> Result<Vec<Tool<'a>>, EncodeError> {
    tools.iter().enumerate().map(|(index, tool)| one(tool, index, losses)).collect()
}

fn one<'a>(
    tool: &'a domain::Tool,
    index: usize,
    losses: &mut Losses,
) -> Result<Tool<'a>, EncodeError> {
    let domain::Tool { name, description, parameters, strict, cache, foreign } = tool;
    losses.cache(cache.as_ref());
    if let Some((dialect, json)) = foreign {
        let field = format!("tools[{index}]");
        if *dialect == Dialect::OPENAI_CHAT {
            return raw(json, &field).map(Tool::Raw);
        }
        return Err(EncodeError::Unsupported {
            field,
            reason: format!("`{name}` is a tool of {dialect} alone"),
        });
    }
    let field = || format!("tools[{index}].parameters");
    let parameters = match parameters {
        Some(json) => Some(raw(json, &field())?),
        None => None,
    };
    let function =
        Function { name, description: description.as_deref(), parameters, strict: *strict };
    Ok(Tool::Function { kind: "function", function })
}

/// The choice of a tool. Vendors refuse one without tools.
pub(super) fn choice<'a>(
    choice: Option<&'a domain::ToolChoice>,
    no_tools: bool,
    quirks: &Quirks,
    losses: &mut Losses,
) -> Option<ToolChoice<'a>> {
    let choice = choice?;
    if no_tools {
        // Without tools nothing can be called, which is what these two ask for.
        if !matches!(choice, domain::ToolChoice::None | domain::ToolChoice::Auto) {
            losses.dropped("tool_choice");
        }
        return None;
    }
    Some(match choice {
        domain::ToolChoice::Auto => ToolChoice::Word("auto"),
        domain::ToolChoice::None => ToolChoice::Word("none"),
        domain::ToolChoice::Required | domain::ToolChoice::Named(_) if quirks.no_forced_tools => {
            losses.approximated("tool_choice");
            ToolChoice::Word("auto")
        }
        domain::ToolChoice::Required => ToolChoice::Word("required"),
        domain::ToolChoice::Named(name) => {
            ToolChoice::Named { kind: "function", function: Named { name } }
        }
    })
}

/// The form of the answer; a server without schemas is asked for any JSON object.
pub(super) fn format<'a>(
    format: Option<&'a domain::ResponseFormat>,
    quirks: &Quirks,
    losses: &mut Losses,
) -> Result<Option<ResponseFormat<'a>>, EncodeError> {
    Ok(match format {
        None => None,
        Some(domain::ResponseFormat::Text) => Some(ResponseFormat::Text),
        Some(domain::ResponseFormat::JsonObject) => Some(ResponseFormat::JsonObject),
        Some(domain::ResponseFormat::JsonSchema { .. }) if quirks.no_native_schema => {
            losses.approximated("response_format");
            Some(ResponseFormat::JsonObject)
        }
        Some(domain::ResponseFormat::JsonSchema { name, description, schema, strict }) => {
            let schema = raw(schema, "response_format.json_schema.schema")?;
            let description = description.as_deref();
            let json_schema = JsonSchema { name, description, schema, strict: *strict };
            Some(ResponseFormat::JsonSchema { json_schema })
        }
    })
}
