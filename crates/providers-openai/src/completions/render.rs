//! A domain reply as a text completion. Only text has a place in it: refusals are text, reasoning
//! and calls are left out.

use bytes::Bytes;
use serde::Serialize;
use tollgate_core_types::reply::{ChatReply, Finish, FinishReason, ReplyPart};
use tollgate_providers_common::RenderContext;

use crate::outgoing::{UsageOut, answer_id, answer_model};

/// Prefix of the ids of text completions.
pub(super) const ID_PREFIX: &str = "cmpl-";

#[derive(Serialize)]
struct Answer<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [Choice; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageOut>,
}

#[derive(Serialize)]
struct Choice {
    text: String,
    index: u8,
    logprobs: Option<()>,
    finish_reason: &'static str,
}

/// Writes a whole answer.
pub(super) fn whole(reply: &ChatReply, context: &RenderContext) -> Bytes {
    let ChatReply { id, model, created, parts, finish, usage, service_tier: _ } = reply;
    let answer = Answer {
        id: answer_id(ID_PREFIX, id, context),
        object: "text_completion",
        created: created.unwrap_or(context.created),
        model: answer_model(model, context),
        choices: [Choice {
            text: text(parts),
            index: 0,
            logprobs: None,
            finish_reason: finish_word(finish),
        }],
        usage: UsageOut::of(usage),
    };
    // Our own types always serialize.
    Bytes::from(serde_json::to_vec(&answer).unwrap_or_default())
}

fn text(parts: &[ReplyPart]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            ReplyPart::Text(piece) | ReplyPart::Refusal(piece) => text.push_str(piece),
            ReplyPart::Reasoning(_) | ReplyPart::ToolCall(_) => {}
        }
    }
    text
}

/// The finish in this dialect's three words.
pub(super) fn finish_word(finish: &Finish) -> &'static str {
    match finish.reason {
        FinishReason::Stop | FinishReason::ToolCalls | FinishReason::Pause => "stop",
        FinishReason::Length | FinishReason::ContextWindow => "length",
        FinishReason::ContentFilter => "content_filter",
    }
}
