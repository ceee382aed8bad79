//! The conversation as this dialect writes it: one message per tool result, media of results behind
//! them, roles as the target knows them.

use std::borrow::Cow;
use tollgate_core_types::chat::{self as domain, ReasoningPart, Role};
use tollgate_providers_common::EncodeError;
use tollgate_providers_common::target::Quirks;

use super::body::{CalledFunction, Content, Known, Message, Part, ToolCall};
use super::parts::{self, At, PARAGRAPH};
use super::{Losses, custom, ids};
use crate::outgoing::arguments_or_empty;

/// All messages in order; `instruction` is what we have to tell the model ourselves.
pub(super) fn all<'a>(
    messages: &'a [domain::Message],
    instruction: Option<String>,
    (quirks, no_thinking): (&Quirks, bool),
    losses: &mut Losses,
) -> Result<Vec<Message<'a>>, EncodeError> {
    let out = Vec::with_capacity(messages.len());
    let mut writer = Writer { out, media: Vec::new(), quirks, no_thinking, losses };
    for (index, message) in messages.iter().enumerate() {
        let domain::Message { role, parts, name } = message;
        let name = name.as_deref();
        match role {
            Role::Tool => writer.results(parts, index)?,
            Role::System | Role::Developer => {
                writer.flush_media();
                writer.instructions(instructor(*role, quirks), parts, name, index)?;
            }
            Role::User => writer.user(parts, name, index)?,
            Role::Assistant => {
                writer.flush_media();
                writer.assistant(parts, name, index)?;
            }
        }
    }
    writer.flush_media();
    if quirks.alternate_turns {
        custom::alternate(&mut writer.out);
    }
    if let Some(last) = writer.out.last_mut()
        && last.role == "assistant"
        && last.tool_calls.is_empty()
        && !custom::mark_beginning(last, quirks)
    {
        // Elsewhere it is the beginning of the answer; here it is one, and another follows.
        writer.losses.approximated(format!("messages[{}].role", messages.len().saturating_sub(1)));
    }
    instruct(&mut writer.out, instruction, quirks);
    Ok(writer.out)
}

/// Adds an instruction of ours to those at the beginning; some servers take one such message only.
fn instruct(out: &mut Vec<Message<'_>>, instruction: Option<String>, quirks: &Quirks) {
    let Some(instruction) = instruction else { return };
    if let Some(Message {
        role: "system" | "developer", content: Some(Content::Text(text)), ..
    }) = out.first_mut()
    {
        let text = text.to_mut();
        text.push_str(PARAGRAPH);
        text.push_str(&instruction);
        return;
    }
    let content = Some(Content::Text(Cow::Owned(instruction)));
    out.insert(0, Message { content, ..Message::new(instructor(Role::System, quirks)) });
}

/// The role of instructions at the target.
fn instructor(role: Role, quirks: &Quirks) -> &'static str {
    let developer = match role {
        Role::Developer => !quirks.no_developer_role,
        Role::System | Role::User | Role::Assistant | Role::Tool => quirks.developer_role,
    };
    if developer { "developer" } else { "system" }
}

struct Writer<'a, 'l> {
    out: Vec<Message<'a>>,
    /// Pictures and documents of tool results, which tool messages cannot hold. They follow in a
    /// user message, but only behind the whole run of results, which vendors want unbroken.
    media: Vec<Part<'a>>,
    quirks: &'l Quirks,
    /// Whether the model is not to think.
    no_thinking: bool,
    losses: &'l mut Losses,
}

impl<'a> Writer<'a, '_> {
    fn flush_media(&mut self) {
        if !self.media.is_empty() {
            let content = Content::Parts(std::mem::take(&mut self.media));
            self.out.push(Message { content: Some(content), ..Message::new("user") });
        }
    }

    fn instructions(
        &mut self,
        role: &'static str,
        parts: &'a [domain::Part],
        name: Option<&'a str>,
        message: usize,
    ) -> Result<(), EncodeError> {
        let mut content = Vec::with_capacity(parts.len());
        for (part_index, part) in parts.iter().enumerate() {
            let at = At { message, part: part_index };
            let domain::Part::Text { text, cache } = part else {
                let what = parts::kind(part);
                return Err(at.unsupported(format!("instructions cannot hold {what}")));
            };
            self.losses.cache(cache.as_ref());
            content.push(parts::text(text));
        }
        let content = parts::content(content, PARAGRAPH);
        // Text of nothing says nothing.
        if !matches!(&content, Content::Text(text) if text.is_empty()) {
            self.out.push(Message { content: Some(content), name, ..Message::new(role) });
        }
        Ok(())
    }

    fn user(
        &mut self,
        parts: &'a [domain::Part],
        name: Option<&'a str>,
        message: usize,
    ) -> Result<(), EncodeError> {
        let mut content = Vec::with_capacity(parts.len());
        for (part_index, part) in parts.iter().enumerate() {
            let at = At { message, part: part_index };
            match part {
                domain::Part::ToolResult { .. } => self.result(part, at)?,
                domain::Part::Text { .. }
                | domain::Part::Image { .. }
                | domain::Part::Document { .. }
                | domain::Part::Audio { .. }
                | domain::Part::Refusal { .. }
                | domain::Part::Foreign { .. }
                | domain::Part::Reasoning(_)
                | domain::Part::ToolCall(_) => content.push(self.held(part, at)?),
            }
        }
        if content.is_empty() && !parts.is_empty() {
            // Results alone: more of them may follow in the next message.
            return Ok(());
        }
        // One message of the user rather than two, which some servers refuse.
        self.media.append(&mut content);
        let content = parts::content(std::mem::take(&mut self.media), PARAGRAPH);
        self.out.push(Message { content: Some(content), name, ..Message::new("user") });
        Ok(())
    }

    /// A part that a user may say and the server takes.
    fn held(&mut self, part: &'a domain::Part, at: At) -> Result<Part<'a>, EncodeError> {
        let part_kind = parts::kind(part);
        let encoded = self.input(part, at)?;
        if self.quirks.plain_content && !matches!(encoded, Part::Known(Known::Text { .. })) {
            let reason = format!("the target takes text alone, and this is {part_kind}");
            return Err(at.unsupported(reason));
        }
        Ok(encoded)
    }

    /// A part that a user may say.
    fn input(&mut self, part: &'a domain::Part, at: At) -> Result<Part<'a>, EncodeError> {
        match part {
            domain::Part::Text { text, cache } => {
                self.losses.cache(cache.as_ref());
                Ok(parts::text(text))
            }
            domain::Part::Image { source, detail, cache } => {
                self.losses.cache(cache.as_ref());
                parts::image(source, detail.as_deref(), at)
            }
            domain::Part::Document { source, title, cache } => {
                self.losses.cache(cache.as_ref());
                parts::document(source, title.as_deref(), at, self.losses)
            }
            domain::Part::Audio { data, format } => Ok(parts::audio(data, format)),
            domain::Part::Foreign { dialect, kind, json } => {
                parts::foreign(*dialect, kind, json, at).map(Part::Raw)
            }
            domain::Part::ToolCall(_)
            | domain::Part::ToolResult { .. }
            | domain::Part::Reasoning(_)
            | domain::Part::Refusal { .. } => {
                let what = parts::kind(part);
                Err(at.unsupported(format!("{what} cannot stand here")))
            }
        }
    }

    fn assistant(
        &mut self,
        parts: &'a [domain::Part],
        name: Option<&'a str>,
        index: usize,
    ) -> Result<(), EncodeError> {
        let mut said = Message { name, ..Message::new("assistant") };
        let mut content = Vec::new();
        for (part_index, part) in parts.iter().enumerate() {
            let at = At { message: index, part: part_index };
            match part {
                domain::Part::Text { text, cache } => {
                    self.losses.cache(cache.as_ref());
                    content.push(parts::text(text));
                }
                domain::Part::Refusal { text } => {
                    content.push(Part::Known(Known::Refusal { refusal: text }));
                }
                domain::Part::ToolCall(domain::ToolCall { id, name, arguments }) => {
                    let arguments = arguments_or_empty(arguments);
                    let function = CalledFunction { name, arguments };
                    let id = ids::id_for(id, self.quirks);
                    said.tool_calls.push(ToolCall::Function { id, kind: "function", function });
                }
                domain::Part::Reasoning(part) => self.reasoning(&mut said, part, index),
                domain::Part::Foreign { dialect, kind, json } => {
                    let raw = parts::foreign(*dialect, kind, json, at)?;
                    match kind.as_str() {
                        "custom" => said.tool_calls.push(ToolCall::Raw(raw)),
                        "audio" => said.audio = Some(raw),
                        _ => content.push(Part::Raw(raw)),
                    }
                }
                domain::Part::Image { .. }
                | domain::Part::Document { .. }
                | domain::Part::Audio { .. }
                | domain::Part::ToolResult { .. } => {
                    let what = parts::kind(part);
                    return Err(at.unsupported(format!("an assistant message cannot hold {what}")));
                }
            }
        }
        finish_assistant(&mut said, content);
        // A turn of nothing but what is withheld is none; servers refuse an empty one.
        if !said.is_empty() {
            custom::reasoning(&mut said, self.quirks, self.no_thinking);
            self.out.extend(Some(said).filter(|said| !said.is_empty()));
        }
        Ok(())
    }

    /// Readable reasoning goes back as it came, for some vendors refuse a conversation without it.
    /// What an issuer signed or sealed is for that issuer alone, and has no place in this dialect.
    fn reasoning(&mut self, said: &mut Message<'a>, part: &'a ReasoningPart, index: usize) {
        let ReasoningPart { text, signature, redacted, issuer: _ } = part;
        if signature.is_some() || redacted.is_some() {
            self.losses.dropped(format!("messages[{index}].thinking"));
            return;
        }
        match &mut said.reasoning_content {
            Some(before) => before.to_mut().push_str(text),
            None => said.reasoning_content = Some(Cow::Borrowed(text)),
        }
    }

    fn results(&mut self, parts: &'a [domain::Part], message: usize) -> Result<(), EncodeError> {
        for (part_index, part) in parts.iter().enumerate() {
            self.result(part, At { message, part: part_index })?;
        }
        Ok(())
    }

    /// One tool result as a message of its own; media in it are held back.
    fn result(&mut self, part: &'a domain::Part, at: At) -> Result<(), EncodeError> {
        let domain::Part::ToolResult { call_id, parts, is_error, cache } = part else {
            let what = parts::kind(part);
            return Err(at.unsupported(format!("a tool message cannot hold {what}")));
        };
        self.losses.cache(cache.as_ref());
        if *is_error {
            // The text says what failed; there is no flag for it.
            self.losses.approximated(format!("{}.is_error", at.path()));
        }
        let mut content = Vec::new();
        let mut media = Vec::new();
        for part in parts {
            let encoded = self.held(part, at)?;
            if let Part::Known(Known::Text { .. }) = encoded {
                content.push(encoded);
            } else {
                media.push(encoded);
            }
        }
        if !media.is_empty() {
            self.losses.approximated(at.path());
            let label = format!("Attached to the result of tool call {call_id}:");
            self.media.push(Part::Known(Known::Text { text: Cow::Owned(label) }));
            self.media.append(&mut media);
        }
        let content = Some(parts::content(content, PARAGRAPH));
        let tool_call_id = Some(ids::id_for(call_id, self.quirks));
        self.out.push(Message { content, tool_call_id, ..Message::new("tool") });
        Ok(())
    }
}

/// Content in its plainest form: a string, the refusal field, null beside tool calls, or parts.
fn finish_assistant<'a>(said: &mut Message<'a>, mut content: Vec<Part<'a>>) {
    if let [Part::Known(Known::Refusal { refusal })] = content.as_slice() {
        said.refusal = Some(refusal);
        content.clear();
    }
    let silent = said.refusal.is_some() || !said.tool_calls.is_empty() || said.audio.is_some();
    // A model's text is one, also where it was told in pieces.
    said.content = (!content.is_empty() || !silent).then(|| parts::content(content, ""));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_take_the_role_that_the_target_knows() {
        let plain = Quirks::default();
        let newer = Quirks { developer_role: true, ..plain };
        let older = Quirks { no_developer_role: true, ..plain };
        let table = [
            (Role::System, plain, "system"),
            (Role::Developer, plain, "developer"),
            (Role::System, newer, "developer"),
            (Role::Developer, newer, "developer"),
            (Role::System, older, "system"),
            (Role::Developer, older, "system"),
        ];
        for (role, quirks, expected) in table {
            assert_eq!(instructor(role, &quirks), expected, "{role:?}");
        }
    }
}
