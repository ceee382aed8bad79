//! A whole answer for a client, with every field that official clients require.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{ReasoningPart, ToolCall};
use tollgate_core_types::reply::{ChatReply, ReplyPart};
use tollgate_providers_common::RenderContext;

use crate::foreign;
use crate::stop::{self, Written};
use crate::usage::Rendered;
use crate::wire::body::Block;

/// The key under which a tool gets arguments that are no JSON object. The dialect requires an
/// object; a tool that validates its input refuses this one, and the model's text is not lost.
const RAW_ARGUMENTS: &str = "_raw";

#[derive(Serialize)]
struct Message<'a> {
    id: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Block<'a>>,
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_details: Option<StopDetails<'a>>,
    usage: Rendered,
}

/// Why the model refused.
#[derive(Debug, Serialize)]
pub(super) struct StopDetails<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    category: &'a str,
}

impl<'a> StopDetails<'a> {
    /// The details of a refusal of a known category.
    pub(super) fn of(category: Option<&'a str>) -> Option<Self> {
        category.map(|category| Self { kind: "refusal", category })
    }
}

/// Writes a whole answer.
pub(super) fn render(reply: &ChatReply, context: &RenderContext) -> Bytes {
    let ChatReply { id, model, created: _, parts, finish, usage, service_tier } = reply;
    let mut content = Vec::with_capacity(parts.len());
    let (mut calls, mut refused) = (0, false);
    for part in parts {
        match part {
            ReplyPart::Text(text) => content.extend(words(text)),
            ReplyPart::Refusal(text) => {
                refused = true;
                content.extend(words(text));
            }
            ReplyPart::Reasoning(part) => content.extend(reasoning(part)),
            ReplyPart::ToolCall(call) => {
                content.push(tool_use(call, calls, context));
                calls += 1;
            }
        }
    }
    let Written { reason, sequence, category } = stop::written(finish, calls > 0, refused);
    let message = Message {
        id: message_id(id, context),
        kind: "message",
        role: "assistant",
        model: model_name(model, context),
        content,
        stop_reason: reason,
        stop_sequence: sequence,
        stop_details: StopDetails::of(category),
        usage: Rendered::new(usage).with_tier(service_tier.as_deref()),
    };
    // Only texts, numbers and JSON that was read before: writing them cannot fail.
    serde_json::to_vec(&message).map(Bytes::from).unwrap_or_default()
}

/// The vendor's id in the dialect's form, or one made from ours.
pub(super) fn message_id<'a>(id: &'a str, context: &RenderContext) -> Cow<'a, str> {
    match id {
        "" => Cow::Owned(format!("msg_{}", context.request_id)),
        id if id.starts_with("msg_") => Cow::Borrowed(id),
        id => Cow::Owned(format!("msg_{id}")),
    }
}

/// The model that answered, or the one that was asked.
pub(super) fn model_name<'a>(model: &'a str, context: &'a RenderContext) -> &'a str {
    if model.is_empty() { &context.model } else { model }
}

/// The vendor's id of a call as it is, for its result must repeat it; one of ours where there is
/// none.
pub(super) fn call_id<'a>(id: &'a str, call: usize, context: &RenderContext) -> Cow<'a, str> {
    if id.is_empty() {
        Cow::Owned(format!("toolu_{}_{call}", context.request_id))
    } else {
        Cow::Borrowed(id)
    }
}

fn words(text: &str) -> Option<Block<'_>> {
    (!text.is_empty()).then_some(Block::Text { text: Cow::Borrowed(text), cache_control: None })
}

/// Reasoning of this dialect whole; of another one what can be read of it, and its signature where
/// its issuer wants that back. The signature is required and stays empty where there is none.
fn reasoning(part: &ReasoningPart) -> Option<Block<'_>> {
    let ReasoningPart { text, signature, redacted, issuer } = part;
    let ours = *issuer == Dialect::ANTHROPIC_MESSAGES;
    if let Some(data) = redacted.as_deref().filter(|_| ours) {
        return Some(Block::RedactedThinking { data });
    }
    let signature = signature.as_deref();
    let signature: Cow<'_, str> = if ours {
        signature.unwrap_or_default().into()
    } else {
        signature.and_then(|it| foreign::tagged(*issuer, it)).unwrap_or_default().into()
    };
    let empty = text.is_empty() && signature.is_empty();
    (!empty).then_some(Block::Thinking { thinking: text, signature })
}

fn tool_use<'a>(call: &'a ToolCall, index: usize, context: &RenderContext) -> Block<'a> {
    let ToolCall { id, name, arguments } = call;
    Block::ToolUse { id: call_id(id, index, context), name, input: input(arguments) }
}

/// Arguments as an object; see [`RAW_ARGUMENTS`].
fn input(arguments: &str) -> Cow<'_, RawValue> {
    if let Ok(value) = serde_json::from_str::<&RawValue>(arguments)
        && value.get().starts_with('{')
    {
        return Cow::Borrowed(value);
    }
    let object = match arguments.trim() {
        "" => "{}".to_owned(),
        _ => format!("{{\"{RAW_ARGUMENTS}\":{}}}", serde_json::Value::from(arguments)),
    };
    RawValue::from_string(object).map_or(Cow::Borrowed(RawValue::NULL), Cow::Owned)
}

#[cfg(test)]
mod tests;
