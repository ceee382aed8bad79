//! A vendor's whole answer as a domain reply.
//!
//! It must agree with `account` on what is an answer and on model, usage and finish.

use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{ReasoningPart, ToolCall};
use tollgate_core_types::reply::{ChatReply, ReplyPart};
use tollgate_providers_common::DecodeError;

use super::ANSWER;
use super::encode::ids::ID_MAX;
use super::finish::{self, Ended};
use crate::account::{first_choice, no_choices, no_message};
use crate::malformed::{malformed, not_json};
use crate::server::Server;
use crate::tags;
use crate::wire::{self, Answer, Choice, Content, Said, WireToolCall, usage_as};

/// Reads a whole answer of a server.
pub(crate) fn whole_of(server: &Server, body: &[u8]) -> Result<ChatReply, DecodeError> {
    let beside = server.quirks.reasoning_beside_output;
    let mut reply = read_whole(body, beside).map_err(|error| server.judged_answer(error))?;
    if server.quirks.inline_thinking {
        reply.parts = tags::set_apart(reply.parts);
    }
    Ok(reply)
}

fn read_whole(body: &[u8], beside: bool) -> Result<ChatReply, DecodeError> {
    let answer = read(body)?;
    let choices = answer.choices.as_deref().unwrap_or_default();
    let failed = answer.error.0 || choices.iter().any(|choice| choice.error.0);
    let first = first_choice(choices, |choice| choice.index).filter(|_| !failed);
    let Some(choice) = first else { return Err(no_choices(body, ANSWER, failed)) };
    let parts = parts(choice, answer.id.or_empty())?;
    let calls = parts.iter().any(|part| matches!(part, ReplyPart::ToolCall(_)));
    let finish = match finish::read(&choice.finish_reason, calls) {
        Ended::With(finish) => finish,
        Ended::Not => finish::unsaid(calls),
        Ended::Failed(error) => return Err(DecodeError::Upstream(error)),
    };
    Ok(ChatReply {
        id: answer.id.or_empty().to_owned(),
        model: answer.model.or_empty().to_owned(),
        created: answer.created.0,
        parts,
        finish,
        usage: usage_as(&answer, beside),
        service_tier: answer.service_tier.filled().map(str::to_owned),
    })
}

fn read(body: &[u8]) -> Result<Answer<'_>, DecodeError> {
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(match crate::error::in_band(body) {
            Some(error) => DecodeError::Upstream(error),
            None => malformed(format!("a list instead of {ANSWER}")),
        });
    }
    wire::read(body).map_err(|error| not_json(ANSWER, body, &error))
}

/// The parts of a choice in the order in which models make them.
fn parts(choice: &Choice<'_>, reply_id: &str) -> Result<Vec<ReplyPart>, DecodeError> {
    let mut parts = Vec::new();
    let Some(message) = &choice.message else {
        let text = choice.text.given().ok_or_else(|| no_message(ANSWER))?;
        push_text(&mut parts, text);
        return Ok(parts);
    };
    push_reasoning(&mut parts, message.reasoning_text());
    push_content(&mut parts, &message.content);
    if let Some(refusal) = message.refusal.filled() {
        parts.push(ReplyPart::Refusal(refusal.to_owned()));
    }
    push_calls(&mut parts, message, reply_id);
    Ok(parts)
}

fn push_text(parts: &mut Vec<ReplyPart>, text: &str) {
    if !text.is_empty() {
        parts.push(ReplyPart::Text(text.to_owned()));
    }
}

fn push_reasoning(parts: &mut Vec<ReplyPart>, text: Option<String>) {
    let Some(text) = text else { return };
    parts.push(ReplyPart::Reasoning(ReasoningPart {
        text,
        signature: None,
        redacted: None,
        issuer: Dialect::OPENAI_CHAT,
    }));
}

fn push_content(parts: &mut Vec<ReplyPart>, content: &Content<'_>) {
    match content {
        Content::None => {}
        Content::Text(text) => push_text(parts, text),
        Content::Parts(list) => {
            for part in list {
                let thinking = part.thinking.flat();
                push_reasoning(parts, (!thinking.is_empty()).then(|| thinking.into_owned()));
                push_text(parts, part.text.or_empty());
                if let Some(refusal) = part.refusal.filled() {
                    parts.push(ReplyPart::Refusal(refusal.to_owned()));
                }
            }
        }
    }
}

fn push_calls(parts: &mut Vec<ReplyPart>, message: &Said<'_>, reply_id: &str) {
    let listed = &message.tool_calls.0;
    for (index, call) in listed.iter().enumerate() {
        parts.push(ReplyPart::ToolCall(tool_call(call, index, reply_id)));
    }
    if let Some(function) = message.function_call.as_ref().filter(|_| listed.is_empty()) {
        parts.push(ReplyPart::ToolCall(ToolCall {
            id: call_id("", 0, reply_id),
            name: function.name.or_empty().to_owned(),
            arguments: function.arguments_text(),
        }));
    }
}

fn tool_call(call: &WireToolCall<'_>, index: usize, reply_id: &str) -> ToolCall {
    let (name, arguments) = match (&call.function, &call.custom) {
        (Some(function), _) => (function.name.or_empty(), function.arguments_text()),
        (None, Some(custom)) => (custom.name.or_empty(), custom.input.or_empty().to_owned()),
        (None, None) => ("", String::new()),
    };
    ToolCall { id: call_id(call.id.or_empty(), index, reply_id), name: name.to_owned(), arguments }
}

/// The id of a call, or one made of the answer's id where the vendor gave none: ids must not repeat
/// within a conversation, and some vendors take only `[A-Za-z0-9_-]` or only so many of them.
pub(crate) fn call_id(given: &str, index: usize, reply_id: &str) -> String {
    if !given.is_empty() {
        return given.to_owned();
    }
    let prefix = format!("call_{index}");
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let room = ID_MAX.saturating_sub(prefix.len() + 1);
    // What tells answers apart stands at the end of their ids.
    let mut suffix: Vec<char> = reply_id.chars().rev().filter(|c| kept(*c)).take(room).collect();
    suffix.reverse();
    let suffix: String = suffix.into_iter().collect();
    if suffix.is_empty() { prefix } else { format!("{prefix}_{suffix}") }
}
