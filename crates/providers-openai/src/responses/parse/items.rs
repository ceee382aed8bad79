//! The input: a text, or items that become the turns of a conversation.
//!
//! What the model made between two turns of others (reasoning, text, calls) is one turn of its own, in
//! the order of the items; results of calls that follow one another are one turn as well.

use tollgate_core_types::JsonText;
use tollgate_core_types::chat::{Message, Part, Role, ToolCall};
use tollgate_providers_common::BadRequest;

use super::parts;
use crate::reader::{Fields, Path, Place};
use crate::responses::sealed;

/// Fields of an item that clients send back, or that say nothing about the conversation.
const ECHOED: &[&str] = &["id", "type", "status", "phase", "caller"];

/// Reads the input and appends its turns.
pub(super) fn read(
    place: &Place<'_, '_>,
    messages: &mut Vec<Message>,
    unknown: &mut Vec<(String, JsonText)>,
) -> Result<(), BadRequest> {
    if place.is_text() {
        let parts = vec![Part::text(place.text()?)];
        messages.push(Message { role: Role::User, parts, name: None });
        return Ok(());
    }
    let items = place.list()?;
    if items.is_empty() {
        return Err(place.invalid("must hold at least one item"));
    }
    let first = messages.len();
    let mut turns = Turns { messages, first };
    for (index, raw) in items.into_iter().enumerate() {
        let item = place.item(index, raw);
        one(&item, &mut turns, unknown)?;
    }
    if turns.messages.len() == first {
        return Err(place.invalid("must say something"));
    }
    Ok(())
}

struct Turns<'m> {
    messages: &'m mut Vec<Message>,
    /// Where the input's own turns begin.
    first: usize,
}

impl Turns<'_> {
    /// Adds to the turn of `role` that is the last one, or begins it.
    fn add(&mut self, role: Role, mut parts: Vec<Part>) {
        let own = self.messages.len() > self.first;
        match self.messages.last_mut().filter(|last| own && last.role == role) {
            Some(last) => last.parts.append(&mut parts),
            None => self.messages.push(Message { role, parts, name: None }),
        }
    }
}

fn one(
    place: &Place<'_, '_>,
    turns: &mut Turns<'_>,
    unknown: &mut Vec<(String, JsonText)>,
) -> Result<(), BadRequest> {
    let mut fields = place.object()?;
    let path = &place.path;
    let kind = fields.take(path, "type").map(|kind| kind.text()).transpose()?;
    match kind.as_deref() {
        None | Some("message") => message(&mut fields, path, turns)?,
        Some("function_call") => {
            let call = call(&mut fields, path)?;
            turns.add(Role::Assistant, vec![Part::ToolCall(call)]);
        }
        Some("function_call_output") => {
            let result = result(&mut fields, path)?;
            turns.add(Role::Tool, vec![result]);
        }
        Some("reasoning") => {
            let thought = reasoning(&mut fields, path)?;
            if let Some(thought) = thought {
                turns.add(Role::Assistant, vec![thought]);
            }
        }
        Some("item_reference") => {
            let why = "refers to an item that only the vendor which made it has";
            return Err(BadRequest::unsupported(path.to_string(), why));
        }
        Some(other) => {
            let other = tollgate_core_types::error::clean(other, 48);
            let why = format!("is of the type `{other}`, which only OpenAI's models know");
            return Err(BadRequest::unsupported(Path::Key(path, "type").to_string(), why));
        }
    }
    fields.forget(ECHOED);
    unknown.append(&mut fields.rest(path));
    Ok(())
}

fn message(
    fields: &mut Fields<'_>,
    path: &Path<'_>,
    turns: &mut Turns<'_>,
) -> Result<(), BadRequest> {
    let role = fields.need(path, "role")?;
    let content = fields.need(path, "content")?;
    match role.text()?.as_str() {
        "system" => turns.add(Role::System, parts::instructions(&content)?),
        "developer" => turns.add(Role::Developer, parts::instructions(&content)?),
        // Two messages of a user stay two, as the client wrote them.
        "user" => turns.messages.push(Message {
            role: Role::User,
            parts: parts::said(&content)?,
            name: None,
        }),
        "assistant" => turns.add(Role::Assistant, parts::said(&content)?),
        other => {
            let got = crate::shape::describe(&serde_json::Value::from(other));
            let known = "user, assistant, system, developer";
            return Err(role.invalid(&format!("must be one of {known}, got {got}")));
        }
    }
    Ok(())
}

fn call(fields: &mut Fields<'_>, path: &Path<'_>) -> Result<ToolCall, BadRequest> {
    let id = fields.need(path, "call_id")?.text()?;
    let name = fields.need(path, "name")?.text()?;
    let arguments = match fields.take(path, "arguments") {
        Some(arguments) => arguments.text()?,
        None => String::new(),
    };
    Ok(ToolCall { id, name, arguments })
}

fn result(fields: &mut Fields<'_>, path: &Path<'_>) -> Result<Part, BadRequest> {
    let call_id = fields.need(path, "call_id")?.text()?;
    let parts = parts::said(&fields.need(path, "output")?)?;
    Ok(Part::ToolResult { call_id, parts, is_error: false, cache: None })
}

fn reasoning(fields: &mut Fields<'_>, path: &Path<'_>) -> Result<Option<Part>, BadRequest> {
    let id = fields.take(path, "id").map(|id| id.text()).transpose()?.unwrap_or_default();
    let encrypted = fields.take(path, "encrypted_content");
    let encrypted = encrypted.map(|content| content.text()).transpose()?;
    let summary = texts(fields.take(path, "summary"))?;
    let content = texts(fields.take(path, "content"))?;
    let text = if summary.is_empty() { content } else { summary };
    Ok(sealed::read(text, &id, encrypted.as_deref()).map(Part::Reasoning))
}

/// The texts of a list of parts, which stand apart.
fn texts(place: Option<Place<'_, '_>>) -> Result<String, BadRequest> {
    let Some(place) = place else { return Ok(String::new()) };
    let mut texts = Vec::new();
    for (index, raw) in place.list()?.into_iter().enumerate() {
        let part = place.item(index, raw);
        let text = part.object()?.need(&part.path, "text")?.text()?;
        if !text.is_empty() {
            texts.push(text);
        }
    }
    Ok(texts.join("\n\n"))
}
