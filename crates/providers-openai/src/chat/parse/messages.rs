//! The conversation: each message of the client becomes one of the domain, at the same index.

use tollgate_core_types::JsonText;
use tollgate_core_types::chat::{Message, Part, Role};
use tollgate_providers_common::BadRequest;

use super::{assistant, parts};
use crate::reader::{Fields, Path, Place};

/// What the reading of one message hands to the next.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Names and made-up ids of legacy function calls that wait for their result.
    pub(super) functions: Vec<(String, String)>,
    /// Fields without a word in the domain, by path.
    pub(super) unknown: Vec<(String, JsonText)>,
}

/// Reads all messages.
pub(super) fn all(
    place: &Place<'_, '_>,
    unknown: &mut Vec<(String, JsonText)>,
) -> Result<Vec<Message>, BadRequest> {
    let list = place.list()?;
    if list.is_empty() {
        return Err(place.invalid("must hold at least one message"));
    }
    let mut memory = Memory::default();
    let read = |(index, raw)| one(&place.item(index, raw), index, &mut memory);
    let messages = list.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
    unknown.append(&mut memory.unknown);
    Ok(messages)
}

fn one(place: &Place<'_, '_>, index: usize, memory: &mut Memory) -> Result<Message, BadRequest> {
    let mut fields = place.object()?;
    let path = &place.path;
    let role = fields.need(path, "role")?;
    let mut name = fields.take(path, "name").map(|name| name.text()).transpose()?;
    let (role, parts) = match role.text()?.as_str() {
        "system" => (Role::System, instructions(&mut fields, path)?),
        "developer" => (Role::Developer, instructions(&mut fields, path)?),
        "user" => (Role::User, parts::content(&fields.need(path, "content")?)?),
        "assistant" => (Role::Assistant, assistant::parts(&mut fields, path, index, memory)?),
        "tool" => {
            // The tool's name, which its call says already.
            name = None;
            (Role::Tool, vec![tool_result(&mut fields, path)?])
        }
        "function" => (Role::Tool, vec![function_result(&mut fields, path, name.take(), memory)?]),
        other => {
            let got = crate::shape::describe(&serde_json::Value::from(other));
            let known = "system, developer, user, assistant, tool, function";
            return Err(role.invalid(&format!("must be one of {known}, got {got}")));
        }
    };
    memory.unknown.append(&mut fields.rest(path));
    Ok(Message { role, parts, name })
}

fn instructions(fields: &mut Fields<'_>, path: &Path<'_>) -> Result<Vec<Part>, BadRequest> {
    let content = fields.need(path, "content")?;
    let parts = parts::content(&content)?;
    let text = |part: &Part| matches!(part, Part::Text { .. });
    match parts.iter().position(|part| !text(part)) {
        Some(index) => {
            let at = Path::Index(&content.path, index);
            Err(Place { raw: content.raw, path: at }.invalid("must be a text part"))
        }
        None => Ok(parts),
    }
}

fn tool_result(fields: &mut Fields<'_>, path: &Path<'_>) -> Result<Part, BadRequest> {
    let call_id = fields.need(path, "tool_call_id")?.text()?;
    result(fields, path, call_id)
}

/// A legacy function message answers the last call of its function by name.
fn function_result(
    fields: &mut Fields<'_>,
    path: &Path<'_>,
    name: Option<String>,
    memory: &mut Memory,
) -> Result<Part, BadRequest> {
    let field = || Path::Key(path, "name").to_string();
    let Some(name) = name else {
        return Err(BadRequest::field(field(), format!("`{}` is required", field())));
    };
    let Some(call) = memory.functions.iter().rposition(|(called, _)| *called == name) else {
        let message = format!("`{}` answers no `function_call` before it", field());
        return Err(BadRequest::field(field(), message));
    };
    let (_, call_id) = memory.functions.remove(call);
    result(fields, path, call_id)
}

fn result(fields: &mut Fields<'_>, path: &Path<'_>, call_id: String) -> Result<Part, BadRequest> {
    let parts = match fields.take(path, "content") {
        Some(content) => parts::content(&content)?,
        None => Vec::new(),
    };
    let cache = parts::cache(fields, path)?;
    Ok(Part::ToolResult { call_id, parts, is_error: false, cache })
}
