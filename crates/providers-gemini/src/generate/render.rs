//! A whole answer for a client, and the parts that a streamed one shares with it.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{ReasoningPart, ToolCall};
use tollgate_core_types::reply::{ChatReply, ReplyPart};
use tollgate_providers_common::RenderContext;

use crate::usage::Written;
use crate::wire::body::{Call, Content, Part};
use crate::{finish, signature};

/// The key under which a function gets arguments that are no JSON object. The dialect requires an
/// object; a function that validates its input refuses this one, and the model's text is not lost.
const RAW_ARGUMENTS: &str = "_raw";

/// An answer, or a chunk of one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer<'a> {
    pub(super) candidates: [Candidate<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage_metadata: Option<Written>,
    pub(super) model_version: &'a str,
    pub(super) response_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    pub(super) content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finish_reason: Option<Cow<'static, str>>,
    pub(super) index: u8,
}

impl<'a> Candidate<'a> {
    pub(super) fn new(parts: Vec<Part<'a>>, finish_reason: Option<Cow<'static, str>>) -> Self {
        Self { content: Content { role: "model", parts }, finish_reason, index: 0 }
    }
}

/// Writes a whole answer.
pub(super) fn render(reply: &ChatReply, context: &RenderContext) -> Bytes {
    let ChatReply { id, model, created: _, parts, finish, usage, service_tier: _ } = reply;
    let mut said = Vec::with_capacity(parts.len());
    // A signature of this dialect's own stands on the part that it led to.
    let mut signed: Option<&str> = None;
    for part in parts {
        let part = match part {
            ReplyPart::Text(text) | ReplyPart::Refusal(text) if text.is_empty() => continue,
            ReplyPart::Text(text) | ReplyPart::Refusal(text) => Part::text(text.as_str()),
            ReplyPart::ToolCall(ToolCall { id, name, arguments }) => {
                function_call(id, name, arguments)
            }
            ReplyPart::Reasoning(reasoning) => {
                let own = reasoning.issuer == Dialect::GEMINI_GENERATE;
                said.extend(thought(reasoning));
                signed = reasoning.signature.as_deref().filter(|_| own).or(signed);
                continue;
            }
        };
        let thought_signature = signed.take().map(Cow::Borrowed);
        said.push(Part { thought_signature, ..part });
    }
    if let Some(signature) = signed {
        let thought_signature = Some(Cow::Borrowed(signature));
        said.push(Part { thought_signature, ..Part::text("") });
    }
    let answer = Answer {
        candidates: [Candidate::new(said, Some(finish::word(finish)))],
        usage_metadata: Written::of(usage),
        model_version: model_name(model, context),
        response_id: answer_id(id, context),
    };
    // Only texts, numbers and JSON that was read before: writing them cannot fail.
    serde_json::to_vec(&answer).map(Bytes::from).unwrap_or_default()
}

/// The model that answered, or the one that was asked.
pub(super) fn model_name<'a>(model: &'a str, context: &'a RenderContext) -> &'a str {
    if model.is_empty() { &context.model } else { model }
}

/// The vendor's id, or ours where it gave none.
pub(super) fn answer_id<'a>(id: &'a str, context: &'a RenderContext) -> &'a str {
    if id.is_empty() { &context.request_id } else { id }
}

/// A thought: readable, and with another vendor's signature where it has one.
pub(super) fn thought(part: &ReasoningPart) -> Option<Part<'_>> {
    let wrapped =
        (part.issuer != Dialect::GEMINI_GENERATE).then(|| signature::wrap(part)).flatten();
    if part.text.is_empty() && wrapped.is_none() {
        return None;
    }
    let thought_signature = wrapped.map(Cow::Owned);
    Some(Part { thought: true, thought_signature, ..Part::text(part.text.as_str()) })
}

/// A call with its arguments as an object; see [`RAW_ARGUMENTS`].
pub(super) fn function_call<'a>(id: &'a str, name: &'a str, arguments: &'a str) -> Part<'a> {
    let call = Call { id, name, args: object(arguments) };
    Part { function_call: Some(call), ..Part::default() }
}

fn object(arguments: &str) -> Cow<'_, RawValue> {
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
