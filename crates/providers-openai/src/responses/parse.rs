//! A client's request of this dialect read into the domain: the stateless part of it.
//!
//! What only OpenAI has (stored conversations, its own tools, background work) is refused with the
//! field's name as something that another deployment may know; fields without a word in the domain go
//! into `extra`, under the name that Chat Completions has for the same thing where it has one.

mod items;
mod parts;
mod tools;

use tollgate_core_types::JsonText;
use tollgate_core_types::chat::{ChatRequest, Message, Part, Reasoning, Role};
use tollgate_providers_common::BadRequest;

use crate::chat::parse::{says_nothing, settings};
use crate::reader::{self, Fields, Path};

/// Fields that are read elsewhere, or say nothing to another vendor's model.
const HANDLED: &[&str] = &["model", "stream_options", "load_balance_strategy"];

/// What OpenAI keeps or does by itself, and nobody else, and what is said of it.
const STATEFUL: &[(&str, &str)] = &[
    ("previous_response_id", "refers to a response that only the vendor which made it has"),
    ("conversation", "refers to a conversation that only OpenAI keeps"),
    ("prompt", "refers to a template that only OpenAI keeps"),
];

/// Reads a body that passed the facts.
pub(super) fn request(body: &[u8]) -> Result<ChatRequest, BadRequest> {
    let mut fields = reader::body(body)?;
    fields.forget(HANDLED);
    refuse_stateful(&mut fields)?;
    let mut chat = ChatRequest::default();
    let mut unknown = Vec::new();
    instructions(&mut fields, &mut chat)?;
    let input = fields.need(&Path::Body, "input")?;
    items::read(&input, &mut chat.messages, &mut unknown)?;
    tools::read(&mut fields, &mut chat)?;
    text(&mut fields, &mut chat, &mut unknown)?;
    chat.reasoning = reasoning(&mut fields, &mut unknown)?;
    let bound = fields.take(&Path::Body, "max_output_tokens");
    let bound = bound.map(|place| place.count()).transpose()?;
    settings(&mut fields, &mut chat)?;
    chat.max_output_tokens = bound.or(chat.max_output_tokens);
    include(&mut fields, &mut unknown)?;
    chat.extra = fields.rest(&Path::Body);
    chat.extra.append(&mut unknown);
    chat.extra.retain(|(name, json)| !is_default(name, json.as_str()));
    Ok(chat)
}

fn refuse_stateful(fields: &mut Fields<'_>) -> Result<(), BadRequest> {
    for (field, why) in STATEFUL {
        if fields.take(&Path::Body, field).is_some() {
            return Err(BadRequest::unsupported(*field, *why));
        }
    }
    let background = fields.take(&Path::Body, "background");
    if background.map(|place| place.flag()).transpose()? == Some(true) {
        let why = "only OpenAI answers in the background; leave it out and wait, or stream";
        return Err(BadRequest::unsupported("background", why));
    }
    Ok(())
}

/// Whether a field asks for what happens unasked.
fn is_default(name: &str, json: &str) -> bool {
    (name == "truncation" && json == r#""disabled""#) || says_nothing(name, json)
}

/// Instructions stand before the conversation.
fn instructions(fields: &mut Fields<'_>, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let Some(place) = fields.take(&Path::Body, "instructions") else { return Ok(()) };
    let text = place.text()?;
    if !text.is_empty() {
        let parts = vec![Part::text(text)];
        chat.messages.push(Message { role: Role::System, parts, name: None });
    }
    Ok(())
}

/// The form of the answer, and how many words it may have.
fn text(
    fields: &mut Fields<'_>,
    chat: &mut ChatRequest,
    unknown: &mut Vec<(String, JsonText)>,
) -> Result<(), BadRequest> {
    let Some(place) = fields.take(&Path::Body, "text") else { return Ok(()) };
    let path = &place.path;
    let mut inner = place.object()?;
    if let Some(format) = inner.take(path, "format") {
        chat.response_format = Some(tools::format(&format)?);
    }
    if let Some(verbosity) = inner.take(path, "verbosity") {
        unknown.push(("verbosity".to_owned(), verbosity.json()));
    }
    unknown.append(&mut inner.rest(path));
    Ok(())
}

/// `reasoning`, or the chat word of a configured default.
fn reasoning(
    fields: &mut Fields<'_>,
    unknown: &mut Vec<(String, JsonText)>,
) -> Result<Option<Reasoning>, BadRequest> {
    let chat_word = fields.take(&Path::Body, "reasoning_effort");
    let chat_word = chat_word.map(|place| place.text()).transpose()?;
    let mut effort = None;
    let mut display = None;
    if let Some(place) = fields.take(&Path::Body, "reasoning") {
        let path = &place.path;
        let mut inner = place.object()?;
        effort = inner.take(path, "effort").map(|effort| effort.text()).transpose()?;
        let newer = inner.take(path, "summary").map(|summary| summary.text()).transpose()?;
        let older = inner.take(path, "generate_summary").map(|word| word.text()).transpose()?;
        display = newer.or(older).map(|_| "summarized".to_owned());
        unknown.append(&mut inner.rest(path));
    }
    let effort = effort.or(chat_word);
    let given = effort.is_some() || display.is_some();
    Ok(given.then_some(Reasoning { mode: None, effort, display }))
}

/// Sealed reasoning comes with every answer; nothing else can be included.
fn include(
    fields: &mut Fields<'_>,
    unknown: &mut Vec<(String, JsonText)>,
) -> Result<(), BadRequest> {
    let Some(place) = fields.take(&Path::Body, "include") else { return Ok(()) };
    if place.texts()?.iter().any(|wanted| wanted != "reasoning.encrypted_content") {
        unknown.push(("include".to_owned(), place.json()));
    }
    Ok(())
}
