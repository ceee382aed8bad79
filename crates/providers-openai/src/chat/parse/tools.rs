//! Tools and their choice, old style and new, and the form of the answer.

use tollgate_core_types::chat::{ChatRequest, ResponseFormat, Tool, ToolChoice};
use tollgate_core_types::{Dialect, JsonText};
use tollgate_providers_common::BadRequest;

use super::parts;
use crate::reader::{Fields, Path, Place};
use crate::shape::Kinds;

/// Reads everything about tools, and the response format.
pub(super) fn read(fields: &mut Fields<'_>, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let body = &Path::Body;
    if let Some(place) = fields.take(body, "tools") {
        for (index, raw) in place.list()?.into_iter().enumerate() {
            chat.tools.push(tool(&place.item(index, raw))?);
        }
    }
    if let Some(place) = fields.take(body, "functions") {
        for (index, raw) in place.list()?.into_iter().enumerate() {
            let place = place.item(index, raw);
            chat.tools.push(function(&mut place.object()?, &place.path)?);
        }
    }
    let newer = fields.take(body, "tool_choice");
    let older = fields.take(body, "function_call");
    if let Some(place) = newer {
        chat.tool_choice = Some(choice(&place, &mut chat.tools)?);
    } else if let Some(place) = older {
        chat.tool_choice = Some(function_choice(&place)?);
    }
    let parallel = fields.take(body, "parallel_tool_calls");
    chat.parallel_tool_calls = parallel.map(|place| place.flag()).transpose()?;
    let format = fields.take(body, "response_format");
    chat.response_format = format.map(|place| response_format(&place)).transpose()?;
    Ok(())
}

fn tool(place: &Place<'_, '_>) -> Result<Tool, BadRequest> {
    let mut fields = place.object()?;
    let path = &place.path;
    let kind = fields.take(path, "type").map(|kind| kind.text()).transpose()?;
    match kind.as_deref() {
        None | Some("function") => {
            let cache = parts::cache(&mut fields, path)?;
            let place = fields.need(path, "function")?;
            let tool = function(&mut place.object()?, &place.path)?;
            Ok(Tool { cache: cache.or(tool.cache), ..tool })
        }
        Some(kind) => Ok(Tool {
            name: foreign_name(&mut fields, path, kind)?,
            description: None,
            parameters: None,
            strict: None,
            cache: None,
            foreign: Some((Dialect::OPENAI_CHAT, place.json())),
        }),
    }
}

/// The name of a tool that only this dialect knows, or its type where it has none.
fn foreign_name(
    fields: &mut Fields<'_>,
    path: &Path<'_>,
    kind: &str,
) -> Result<String, BadRequest> {
    let Some(inner) = fields.take(path, kind).filter(|inner| inner.is_object()) else {
        return Ok(kind.to_owned());
    };
    let name = inner.object()?.take(&inner.path, "name").map(|name| name.text()).transpose()?;
    Ok(name.unwrap_or_else(|| kind.to_owned()))
}

pub(crate) fn function(fields: &mut Fields<'_>, path: &Path<'_>) -> Result<Tool, BadRequest> {
    let name = fields.need(path, "name")?.text()?;
    let description = fields.take(path, "description").map(|text| text.text()).transpose()?;
    let parameters = match fields.take(path, "parameters") {
        Some(schema) if schema.is_object() => Some(schema.json()),
        Some(schema) => return Err(schema.wrong(Kinds::OBJECT)),
        None => None,
    };
    let strict = fields.take(path, "strict").map(|strict| strict.flag()).transpose()?;
    let cache = parts::cache(fields, path)?;
    Ok(Tool { name, description, parameters, strict, cache, foreign: None })
}

fn choice(place: &Place<'_, '_>, tools: &mut Vec<Tool>) -> Result<ToolChoice, BadRequest> {
    if place.is_text() {
        return choice_word(place);
    }
    if !place.is_object() {
        return Err(place.wrong(Kinds::STRING.or(Kinds::OBJECT)));
    }
    let mut fields = place.object()?;
    let kind = fields.need(&place.path, "type")?;
    match kind.text()?.as_str() {
        "function" => named(&fields.need(&place.path, "function")?),
        "allowed_tools" => allowed(&fields.need(&place.path, "allowed_tools")?, tools),
        "custom" => Err(place.invalid("forces a custom tool, which the target does not know")),
        _ => Err(kind.invalid("must be one of function, allowed_tools, custom")),
    }
}

pub(crate) fn choice_word(place: &Place<'_, '_>) -> Result<ToolChoice, BadRequest> {
    match place.text()?.as_str() {
        "auto" => Ok(ToolChoice::Auto),
        "none" => Ok(ToolChoice::None),
        // Mistral's word.
        "required" | "any" => Ok(ToolChoice::Required),
        _ => Err(place.invalid("must be one of none, auto, required, or an object")),
    }
}

fn named(place: &Place<'_, '_>) -> Result<ToolChoice, BadRequest> {
    let name = place.object()?.need(&place.path, "name")?.text()?;
    Ok(ToolChoice::Named(name))
}

/// A choice among some of the tools is the same choice with only those offered.
fn allowed(place: &Place<'_, '_>, tools: &mut Vec<Tool>) -> Result<ToolChoice, BadRequest> {
    let mut fields = place.object()?;
    let mode = choice_word(&fields.need(&place.path, "mode")?)?;
    let list = fields.need(&place.path, "tools")?;
    let mut names = Vec::new();
    for (index, raw) in list.list()?.into_iter().enumerate() {
        let item = list.item(index, raw);
        let mut fields = item.object()?;
        let function = fields.need(&item.path, "function")?;
        names.push(function.object()?.need(&function.path, "name")?.text()?);
    }
    tools.retain(|tool| names.contains(&tool.name));
    if tools.is_empty() {
        return Err(list.invalid("must name at least one of `tools`"));
    }
    Ok(mode)
}

fn function_choice(place: &Place<'_, '_>) -> Result<ToolChoice, BadRequest> {
    if place.is_text() { choice_word(place) } else { named(place) }
}

fn response_format(place: &Place<'_, '_>) -> Result<ResponseFormat, BadRequest> {
    let mut fields = place.object()?;
    let kind = fields.need(&place.path, "type")?;
    match kind.text()?.as_str() {
        "text" => Ok(ResponseFormat::Text),
        "json_object" => Ok(ResponseFormat::JsonObject),
        "json_schema" => json_schema(&fields.need(&place.path, "json_schema")?),
        _ => Err(kind.invalid("must be one of text, json_object, json_schema")),
    }
}

pub(crate) fn json_schema(place: &Place<'_, '_>) -> Result<ResponseFormat, BadRequest> {
    let mut fields = place.object()?;
    let path = &place.path;
    let name = fields.need(path, "name")?.text()?;
    let description = fields.take(path, "description").map(|text| text.text()).transpose()?;
    let schema = match fields.take(path, "schema") {
        Some(schema) if schema.is_object() => schema.json(),
        Some(schema) => return Err(schema.wrong(Kinds::OBJECT)),
        None => JsonText::from_valid("{}"),
    };
    let strict = fields.take(path, "strict").map(|strict| strict.flag()).transpose()?;
    Ok(ResponseFormat::JsonSchema { name, description, schema, strict })
}
