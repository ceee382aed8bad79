//! A domain reply as a Chat Completions answer, in the shape that OpenAI's SDKs check.
//!
//! Beyond OpenAI's own fields it writes four that clients of other vendors know: `reasoning_content`
//! for readable reasoning, `thinking_blocks` where Anthropic signed it, `extra_content` where Gemini
//! did and `reasoning_details` where OpenAI sealed it, so that a client that sends messages back unchanged replays the signature.

use bytes::Bytes;
use serde::Serialize;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{ReasoningPart, ToolCall};
use tollgate_core_types::reply::{ChatReply, ReplyPart};
use tollgate_providers_common::RenderContext;

use super::details::Detail;
use super::finish;
use super::google::{self, ExtraContent};
use crate::outgoing::{UsageOut, answer_id, answer_model, arguments_or_empty};

/// Prefix of the ids of chat answers.
pub(super) const ID_PREFIX: &str = "chatcmpl-";

#[derive(Serialize)]
struct Answer<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u8,
    message: Message<'a>,
    logprobs: Option<()>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<String>,
    refusal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    thinking_blocks: Vec<ThinkingBlock<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasoning_details: Vec<Detail<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<ExtraContent<'a>>,
}

/// Reasoning that Anthropic must see again. In a stream each carries its `index`, without which
/// OpenAI's Python SDK cannot put lists together.
#[derive(Serialize)]
#[serde(tag = "type")]
pub(super) enum ThinkingBlock<'a> {
    #[serde(rename = "thinking")]
    Signed {
        #[serde(skip_serializing_if = "Option::is_none")]
        index: Option<usize>,
        thinking: &'a str,
        signature: &'a str,
    },
    #[serde(rename = "redacted_thinking")]
    Sealed {
        #[serde(skip_serializing_if = "Option::is_none")]
        index: Option<usize>,
        data: &'a str,
    },
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<ExtraContent<'a>>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

/// Writes a whole answer.
pub(super) fn whole(reply: &ChatReply, context: &RenderContext) -> Bytes {
    let ChatReply { id, model, created, parts, finish, usage, service_tier } = reply;
    let answer = Answer {
        id: answer_id(ID_PREFIX, id, context),
        object: "chat.completion",
        created: created.unwrap_or(context.created),
        model: answer_model(model, context),
        choices: [Choice {
            index: 0,
            message: message(parts),
            logprobs: None,
            finish_reason: finish::word(finish),
        }],
        usage: UsageOut::of(usage),
        service_tier: service_tier.as_deref().and_then(tier),
    };
    // Our own types always serialize.
    Bytes::from(serde_json::to_vec(&answer).unwrap_or_default())
}

fn message(parts: &[ReplyPart]) -> Message<'_> {
    let mut message = Message {
        role: "assistant",
        content: None,
        refusal: None,
        reasoning_content: None,
        thinking_blocks: Vec::new(),
        reasoning_details: Vec::new(),
        tool_calls: Vec::new(),
        extra_content: None,
    };
    // Gemini's signature stands before the part that bears it.
    let mut signed = None;
    for part in parts {
        match part {
            ReplyPart::Text(text) => append(&mut message.content, text),
            ReplyPart::Refusal(text) => append(&mut message.refusal, text),
            ReplyPart::Reasoning(part) => {
                if !part.text.is_empty() {
                    append(&mut message.reasoning_content, &part.text);
                }
                message.thinking_blocks.extend(block(part));
                let index = message.reasoning_details.len();
                let detail = Detail::of(part.signature.as_deref(), part.issuer, index);
                message.reasoning_details.extend(detail);
                signed = google::signature(part).or(signed);
            }
            ReplyPart::ToolCall(ToolCall { id, name, arguments }) => {
                let function = Function { name, arguments: arguments_or_empty(arguments) };
                let extra_content = signed.take().map(ExtraContent::new);
                message.tool_calls.push(Call { id, kind: "function", function, extra_content });
            }
        }
    }
    message.extra_content = signed.map(ExtraContent::new);
    if message.content.is_none() && message.refusal.is_none() && message.tool_calls.is_empty() {
        message.content = Some(String::new());
    }
    message
}

fn append(field: &mut Option<String>, text: &str) {
    field.get_or_insert_default().push_str(text);
}

/// The block to replay, where Anthropic issued one. Other issuers' signatures have no place here.
fn block(part: &ReasoningPart) -> Option<ThinkingBlock<'_>> {
    let ReasoningPart { text, signature, redacted, issuer } = part;
    if *issuer != Dialect::ANTHROPIC_MESSAGES {
        return None;
    }
    if let Some(data) = redacted {
        return Some(ThinkingBlock::Sealed { index: None, data });
    }
    let signature = signature.as_deref()?;
    Some(ThinkingBlock::Signed { index: None, thinking: text, signature })
}

/// The tier in OpenAI's words; SDKs accept no other.
pub(crate) fn tier(tier: &str) -> Option<&'static str> {
    Some(match tier {
        "auto" => "auto",
        // Anthropic's word.
        "default" | "standard" => "default",
        "flex" => "flex",
        "scale" => "scale",
        "priority" => "priority",
        "fast" => "fast",
        _ => return None,
    })
}
