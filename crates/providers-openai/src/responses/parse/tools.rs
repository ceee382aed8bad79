//! Tools and their choice, and the form of the answer: the same things as in chat, written flat.

use tollgate_core_types::chat::{ChatRequest, ResponseFormat, Tool, ToolChoice};
use tollgate_providers_common::BadRequest;

use crate::chat::parse::tools::{choice_word, function, json_schema};
use crate::reader::{Fields, Path, Place};
use crate::shape::Kinds;

/// Reads everything about tools.
pub(super) fn read(fields: &mut Fields<'_>, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let body = &Path::Body;
    if let Some(place) = fields.take(body, "tools") {
        for (index, raw) in place.list()?.into_iter().enumerate() {
            chat.tools.push(tool(&place.item(index, raw))?);
        }
    }
    if let Some(place) = fields.take(body, "tool_choice") {
        chat.tool_choice = Some(choice(&place, &mut chat.tools)?);
    }
    let parallel = fields.take(body, "parallel_tool_calls");
    chat.parallel_tool_calls = parallel.map(|place| place.flag()).transpose()?;
    Ok(())
}

fn tool(place: &Place<'_, '_>) -> Result<Tool, BadRequest> {
    let mut fields = place.object()?;
    let kind = fields.need(&place.path, "type")?;
    match kind.text()?.as_str() {
        "function" => function(&mut fields, &place.path),
        other => Err(hosted(&kind, other)),
    }
}

fn hosted(place: &Place<'_, '_>, kind: &str) -> BadRequest {
    let kind = tollgate_core_types::error::clean(kind, 48);
    let why = format!("`{kind}` is a tool that only OpenAI has; other vendors take functions");
    BadRequest::unsupported(place.path.to_string(), why)
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
        "function" => Ok(ToolChoice::Named(fields.need(&place.path, "name")?.text()?)),
        "allowed_tools" => {
            let mode = choice_word(&fields.need(&place.path, "mode")?)?;
            allowed(&fields.need(&place.path, "tools")?, tools)?;
            Ok(mode)
        }
        other => Err(hosted(&kind, other)),
    }
}

/// A choice among some of the tools is the same choice with only those offered.
fn allowed(list: &Place<'_, '_>, tools: &mut Vec<Tool>) -> Result<(), BadRequest> {
    let mut names = Vec::new();
    for (index, raw) in list.list()?.into_iter().enumerate() {
        let item = list.item(index, raw);
        let mut fields = item.object()?;
        let kind = fields.need(&item.path, "type")?;
        match kind.text()?.as_str() {
            "function" => names.push(fields.need(&item.path, "name")?.text()?),
            other => return Err(hosted(&kind, other)),
        }
    }
    tools.retain(|tool| names.contains(&tool.name));
    if tools.is_empty() {
        return Err(list.invalid("must name at least one of `tools`"));
    }
    Ok(())
}

/// The form of the answer.
pub(super) fn format(place: &Place<'_, '_>) -> Result<ResponseFormat, BadRequest> {
    let kind = place.object()?.need(&place.path, "type")?;
    match kind.text()?.as_str() {
        "text" => Ok(ResponseFormat::Text),
        "json_object" => Ok(ResponseFormat::JsonObject),
        "json_schema" => json_schema(place),
        _ => Err(kind.invalid("must be one of text, json_object, json_schema")),
    }
}
