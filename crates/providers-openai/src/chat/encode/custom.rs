//! Messages as servers with customs of their own want them: reasoning given back or withheld, turns
//! in alternation, the beginning of an answer marked.

use std::borrow::Cow;
use tollgate_core_types::custom::{Prefill, ReasoningEcho, ReasoningField};
use tollgate_providers_common::target::Quirks;

use super::body::{Content, Known, Message, Part};
use super::parts::{self, PARAGRAPH};

/// Puts the reasoning of an earlier turn where the server wants it. Where it refuses a turn without
/// any and none is known, a space stands for it.
pub(super) fn reasoning(said: &mut Message<'_>, quirks: &Quirks, no_thinking: bool) {
    let calls = !said.tool_calls.is_empty();
    let (kept, required) = match quirks.reasoning_echo {
        ReasoningEcho::AsGiven => (true, false),
        ReasoningEcho::Never => (false, false),
        ReasoningEcho::ToolCalls => (calls && !no_thinking, calls && !no_thinking),
        ReasoningEcho::Always => (!no_thinking, !no_thinking),
    };
    let mut text = said.reasoning_content.take().filter(|_| kept);
    if required && text.as_deref().is_none_or(str::is_empty) {
        text = Some(Cow::Borrowed(" "));
    }
    match quirks.reasoning_field {
        ReasoningField::Content => said.reasoning_content = text,
        ReasoningField::Reasoning => said.reasoning = text,
    }
}

/// Marks the last message as the beginning of the answer; false where the server has no word for it.
pub(super) fn mark_beginning(last: &mut Message<'_>, quirks: &Quirks) -> bool {
    match quirks.prefill {
        Prefill::None => return false,
        Prefill::Prefix => last.prefix = Some(true),
        Prefill::Partial => last.partial = Some(true),
    }
    true
}

/// Joins neighbouring messages of the user, and of the assistant where they call nothing.
pub(super) fn alternate(out: &mut Vec<Message<'_>>) {
    let mut joined: Vec<Message<'_>> = Vec::with_capacity(out.len());
    for message in out.drain(..) {
        match joined.last_mut() {
            Some(before) if joins(before, &message) => {
                let mut parts = listed(before.content.take());
                parts.extend(listed(message.content));
                before.content = Some(parts::content(parts, PARAGRAPH));
            }
            Some(_) | None => joined.push(message),
        }
    }
    *out = joined;
}

fn joins(before: &Message<'_>, next: &Message<'_>) -> bool {
    let plain = |message: &Message<'_>| {
        message.tool_calls.is_empty() && message.audio.is_none() && message.refusal.is_none()
    };
    let alternates = matches!(next.role, "user" | "assistant");
    before.role == next.role && alternates && plain(before) && plain(next)
}

fn listed(content: Option<Content<'_>>) -> Vec<Part<'_>> {
    match content {
        None => Vec::new(),
        Some(Content::Text(text)) => vec![Part::Known(Known::Text { text })],
        Some(Content::Parts(parts)) => parts,
    }
}
