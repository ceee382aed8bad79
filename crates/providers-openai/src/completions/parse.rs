//! A text completion for a chat model: the prompt becomes a user message.
//!
//! What only a raw model can do (continuing several prompts, token lists, echoing, filling in,
//! ranking) is refused: a chat model would quietly do something else.

use tollgate_core_types::chat::{ChatRequest, Message, Part, Role};
use tollgate_providers_common::BadRequest;

use crate::chat::parse::settings;
use crate::reader::{self, Fields, Path, Place};
use crate::shape::Kinds;

/// Fields that are read elsewhere.
const HANDLED: &[&str] = &["model", "stream_options", "load_balance_strategy"];

/// Reads a body that passed the facts.
pub(super) fn request(body: &[u8]) -> Result<ChatRequest, BadRequest> {
    let mut fields = reader::body(body)?;
    fields.forget(HANDLED);
    let text = prompt(&fields.need(&Path::Body, "prompt")?)?;
    let message = Message { role: Role::User, parts: vec![Part::text(text)], name: None };
    let mut chat = ChatRequest { messages: vec![message], ..ChatRequest::default() };
    refuse_raw(&mut fields)?;
    settings(&mut fields, &mut chat)?;
    chat.extra = fields.rest(&Path::Body);
    Ok(chat)
}

fn prompt(place: &Place<'_, '_>) -> Result<String, BadRequest> {
    if place.is_text() {
        return place.text();
    }
    if !place.raw.get().starts_with('[') {
        return Err(place.wrong(Kinds::STRING.or(Kinds::LIST)));
    }
    match place.list()?.as_slice() {
        [one] if one.get().starts_with('"') => place.item(0, one).text(),
        [one] if !one.get().starts_with('[') && !one.get().starts_with('{') => {
            Err(cannot(place, "read tokens"))
        }
        [first, ..] if first.get().starts_with('"') => Err(cannot(place, "take several prompts")),
        _ => Err(cannot(place, "read tokens")),
    }
}

/// Refuses settings that ask a raw model's work; those that ask nothing are forgotten.
fn refuse_raw(fields: &mut Fields<'_>) -> Result<(), BadRequest> {
    let body = &Path::Body;
    if let Some(place) = fields.take(body, "echo").filter(|place| place.raw.get() != "false") {
        place.flag()?;
        return Err(cannot(&place, "echo a prompt"));
    }
    if let Some(place) = fields.take(body, "suffix")
        && !place.text()?.is_empty()
    {
        return Err(cannot(&place, "fill in before a suffix"));
    }
    if let Some(place) = fields.take(body, "logprobs") {
        return Err(cannot(&place, "give log probabilities"));
    }
    if let Some(place) = fields.take(body, "best_of")
        && place.count()? > 1
    {
        return Err(cannot(&place, "rank several answers"));
    }
    Ok(())
}

fn cannot(place: &Place<'_, '_>, what: &str) -> BadRequest {
    place.invalid(&format!("cannot be served: the target is a chat model, which cannot {what}"))
}
