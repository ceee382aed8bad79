//! An assistant's message: reasoning, text, refusal and calls, in the order in which models make
//! them.

use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{Part, ReasoningPart, ToolCall};
use tollgate_providers_common::BadRequest;

use super::messages::Memory;
use super::parts;
use crate::chat::{details, google};
use crate::reader::{Fields, Path, Place};

/// Fields of an answer that clients send back and that say nothing about the next one.
const ECHOED: &[&str] = &["annotations", "images"];

/// Reads the parts of the message at `path`, which is the conversation's `index`-th.
pub(super) fn parts(
    fields: &mut Fields<'_>,
    path: &Path<'_>,
    index: usize,
    memory: &mut Memory,
) -> Result<Vec<Part>, BadRequest> {
    let mut parts = reasoning(fields, path)?;
    parts.extend(google::take(fields, path));
    if let Some(content) = fields.take(path, "content") {
        // Clients send back the empty text that stood beside tool calls.
        let said = parts::content(&content)?;
        parts.extend(said.into_iter().filter(|part| *part != Part::text("")));
    }
    if let Some(refusal) = fields.take(path, "refusal") {
        parts.push(Part::Refusal { text: refusal.text()? });
    }
    if let Some(calls) = fields.take(path, "tool_calls") {
        for (call_index, raw) in calls.list()?.into_iter().enumerate() {
            parts.extend(tool_call(&calls.item(call_index, raw))?);
        }
    }
    if let Some(call) = fields.take(path, "function_call") {
        parts.push(function_call(&call, index, memory)?);
    }
    if let Some(audio) = fields.take(path, "audio") {
        let json = audio.json();
        parts.push(Part::Foreign { dialect: Dialect::OPENAI_CHAT, kind: "audio".into(), json });
    }
    fields.forget(ECHOED);
    Ok(parts)
}

/// Signed blocks where there are any: they hold the same text as the plain field.
fn reasoning(fields: &mut Fields<'_>, path: &Path<'_>) -> Result<Vec<Part>, BadRequest> {
    let newer = fields.take(path, "reasoning_content");
    let plain = match (newer, fields.take(path, "reasoning")) {
        (Some(place), _) => place.text()?,
        // OpenRouter's field; some clients keep an object in it.
        (None, Some(place)) if place.is_text() => place.text()?,
        (None, _) => String::new(),
    };
    if let Some(blocks) = fields.take(path, "thinking_blocks") {
        let mut parts = Vec::new();
        for (index, raw) in blocks.list()?.into_iter().enumerate() {
            parts.push(Part::Reasoning(thinking_block(&blocks.item(index, raw))?));
        }
        if !parts.is_empty() {
            return Ok(parts);
        }
    }
    let sealed = fields.take(path, details::FIELD).map(|place| details::read(&place));
    if let Some(parts) = sealed.map(|sealed| details::with_text(sealed, &plain))
        && !parts.is_empty()
    {
        return Ok(parts);
    }
    if plain.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Part::Reasoning(ReasoningPart {
        text: plain,
        signature: None,
        redacted: None,
        issuer: Dialect::OPENAI_CHAT,
    })])
}

/// Our extension for reasoning that must be replayed to Anthropic with its signature.
fn thinking_block(place: &Place<'_, '_>) -> Result<ReasoningPart, BadRequest> {
    let mut fields = place.object()?;
    let path = &place.path;
    let kind = fields.need(path, "type")?;
    let issuer = Dialect::ANTHROPIC_MESSAGES;
    match kind.text()?.as_str() {
        "thinking" => {
            let text = fields.need(path, "thinking")?.text()?;
            let signature = fields.take(path, "signature").map(|place| place.text());
            let signature = signature.transpose()?.filter(|signature| !signature.is_empty());
            Ok(ReasoningPart { text, signature, redacted: None, issuer })
        }
        "redacted_thinking" => {
            let redacted = Some(fields.need(path, "data")?.text()?);
            Ok(ReasoningPart { text: String::new(), signature: None, redacted, issuer })
        }
        _ => Err(kind.invalid("must be one of thinking, redacted_thinking")),
    }
}

/// A call, behind the signature that it bears.
fn tool_call(place: &Place<'_, '_>) -> Result<Vec<Part>, BadRequest> {
    let mut fields = place.object()?;
    let path = &place.path;
    if let Some(kind) = fields.take(path, "type") {
        let kind = kind.text()?;
        if kind != "function" {
            let json = place.json();
            return Ok(vec![Part::Foreign { dialect: Dialect::OPENAI_CHAT, kind, json }]);
        }
    }
    let mut parts: Vec<Part> = google::take(&mut fields, path).into_iter().collect();
    let id = fields.need(path, "id")?.text()?;
    let (name, arguments) = function(&fields.need(path, "function")?)?;
    parts.push(Part::ToolCall(ToolCall { id, name, arguments }));
    Ok(parts)
}

/// A legacy call has no id; one is made of its place in the conversation, for its result to repeat.
fn function_call(
    place: &Place<'_, '_>,
    index: usize,
    memory: &mut Memory,
) -> Result<Part, BadRequest> {
    let (name, arguments) = function(place)?;
    let id = format!("call_function_{index}");
    memory.functions.push((name.clone(), id.clone()));
    Ok(Part::ToolCall(ToolCall { id, name, arguments }))
}

fn function(place: &Place<'_, '_>) -> Result<(String, String), BadRequest> {
    let mut fields = place.object()?;
    let name = fields.need(&place.path, "name")?.text()?;
    let arguments = match fields.take(&place.path, "arguments") {
        Some(arguments) => arguments.text()?,
        None => String::new(),
    };
    Ok((name, arguments))
}
