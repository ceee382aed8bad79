//! Anthropic's words: messages, token counts, models and errors.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::dialect::{Call, Operation};
use crate::frames::{Frame, Kind};
use crate::script::{ErrorText, Why};

const ID: &str = "msg_fault0001";

/// A whole answer.
pub(crate) fn whole(call: &Call<'_>) -> Value {
    match call.operation {
        Operation::Chat => message(call),
        Operation::CountTokens => json!({"input_tokens": call.answer.usage.input}),
        Operation::Models => models(call),
        // Not endpoints of this dialect; refused before.
        Operation::Responses | Operation::Completions | Operation::Embeddings => Value::Null,
    }
}

fn message(call: &Call<'_>) -> Value {
    let answer = call.answer;
    json!({
        "id": ID,
        "type": "message",
        "role": "assistant",
        "model": call.model(),
        "content": blocks(call),
        "stop_reason": stop_reason(answer),
        "stop_sequence": answer.stop_sequence,
        "stop_details": stop_details(answer),
        "usage": usage(answer),
    })
}

fn blocks(call: &Call<'_>) -> Vec<Value> {
    let answer = call.answer;
    let mut blocks = Vec::new();
    if let Some(thinking) = &answer.reasoning {
        let signature = answer.signature.clone().unwrap_or_default();
        blocks.push(json!({"type": "thinking", "thinking": thinking, "signature": signature}));
    }
    if let Some(data) = &answer.redacted {
        blocks.push(json!({"type": "redacted_thinking", "data": data}));
    }
    if let Some(text) = call.text() {
        blocks.push(json!({"type": "text", "text": text}));
    }
    for tool in &answer.tools {
        let input: Value = serde_json::from_str(&tool.arguments).unwrap_or_else(|_| json!({}));
        blocks.push(json!({"type": "tool_use", "id": tool.id, "name": tool.name, "input": input}));
    }
    blocks
}

fn stop_reason(answer: &Answer) -> &str {
    let natural = if !answer.tools.is_empty() {
        "tool_use"
    } else if answer.refusal.is_some() {
        "refusal"
    } else if answer.stop_sequence.is_some() {
        "stop_sequence"
    } else {
        "end_turn"
    };
    answer.finish.as_deref().unwrap_or(natural)
}

fn stop_details(answer: &Answer) -> Value {
    match &answer.refusal {
        Some(words) => json!({"type": "refusal", "category": "cyber", "explanation": words}),
        None => Value::Null,
    }
}

/// Anthropic counts cached tokens apart from the others.
fn usage(answer: &Answer) -> Value {
    let usage = answer.usage;
    json!({
        "input_tokens": usage.input.saturating_sub(usage.cached + usage.cache_write),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
        "service_tier": "standard",
    })
}

fn models(call: &Call<'_>) -> Value {
    json!({
        "data": [{
            "type": "model",
            "id": call.model(),
            "display_name": call.model(),
            "created_at": "2026-01-01T00:00:00Z",
            "lifecycle": "active",
        }],
        "has_more": false,
        "first_id": call.model(),
        "last_id": call.model(),
    })
}

/// A streamed answer.
pub(crate) fn frames(call: &Call<'_>) -> Vec<Frame> {
    let answer = call.answer;
    let mut opening = message(call);
    opening["content"] = json!([]);
    opening["stop_reason"] = Value::Null;
    opening["stop_sequence"] = Value::Null;
    opening["stop_details"] = Value::Null;
    opening["usage"]["output_tokens"] = json!(1);
    let start = json!({"type": "message_start", "message": opening});
    let mut frames = vec![Frame::named(Kind::Structure, &start)];
    for (index, block) in blocks(call).iter().enumerate() {
        block_frames(call, index, block, &mut frames);
        if index == 0 {
            // Where Anthropic likes to put one.
            frames.insert(2, Frame::named(Kind::Structure, &json!({"type": "ping"})));
        }
    }
    let mut delta = json!({
        "type": "message_delta",
        "delta": {
            "stop_reason": stop_reason(answer),
            "stop_sequence": answer.stop_sequence,
            "stop_details": stop_details(answer),
        },
        "usage": {
            "output_tokens": answer.usage.output,
            "output_tokens_details": {"thinking_tokens": answer.usage.reasoning},
        },
    });
    if answer.no_usage {
        delta["usage"] = json!({"output_tokens": 0});
    }
    frames.push(Frame::named(Kind::Ending, &delta));
    frames.push(Frame::named(Kind::Terminal, &json!({"type": "message_stop"})));
    frames
}

/// The frames of one block: its start, its pieces, its stop.
fn block_frames(call: &Call<'_>, index: usize, block: &Value, frames: &mut Vec<Frame>) {
    let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
    let mut start = block.clone();
    let mut deltas = Vec::new();
    match kind {
        "text" => {
            start["text"] = json!("");
            for piece in call.answer.pieces(&call.text().unwrap_or_default()) {
                deltas.push(json!({"type": "text_delta", "text": piece}));
            }
        }
        "thinking" => {
            start["thinking"] = json!("");
            start["signature"] = json!("");
            for piece in call.answer.reasoning.iter().flat_map(|text| call.answer.pieces(text)) {
                deltas.push(json!({"type": "thinking_delta", "thinking": piece}));
            }
            let signature = block.get("signature").cloned();
            deltas.push(json!({"type": "signature_delta", "signature": signature}));
        }
        "tool_use" => {
            start["input"] = json!({});
            deltas.push(json!({"type": "input_json_delta", "partial_json": ""}));
            let id = block.get("id").and_then(Value::as_str);
            let tool = call.answer.tools.iter().find(|tool| Some(tool.id.as_str()) == id);
            for piece in tool.iter().flat_map(|tool| call.answer.pieces(&tool.arguments)) {
                deltas.push(json!({"type": "input_json_delta", "partial_json": piece}));
            }
        }
        // Sealed reasoning comes whole in its start.
        _ => {}
    }
    let opens = matches!(kind, "text" | "thinking");
    let start = json!({"type": "content_block_start", "index": index, "content_block": start});
    frames.push(Frame::named(if opens { Kind::Structure } else { Kind::Content }, &start));
    for delta in deltas {
        let frame = json!({"type": "content_block_delta", "index": index, "delta": delta});
        frames.push(Frame::named(Kind::Content, &frame));
    }
    let stop = json!({"type": "content_block_stop", "index": index});
    frames.push(Frame::named(Kind::Structure, &stop));
}

/// One more frame of text, in the first block.
pub(crate) fn text_frame(text: &str) -> Frame {
    let delta = json!({"type": "text_delta", "text": text});
    let frame = json!({"type": "content_block_delta", "index": 0, "delta": delta});
    Frame::named(Kind::Content, &frame)
}

/// An error as the body of an answer.
pub(crate) fn error(status: u16, text: &ErrorText) -> Value {
    let kind = match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        504 => "timeout_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    };
    json!({
        "type": "error",
        "error": {
            "type": text.kind.as_deref().unwrap_or(kind),
            "message": text.message.clone().unwrap_or_else(|| format!("The upstream says {status}.")),
        },
        "request_id": "req_fault0001",
    })
}

/// An error as a frame of a stream; the default is the one that Anthropic's streams know best.
pub(crate) fn error_frame(text: &ErrorText) -> Frame {
    let mut text = text.clone();
    text.message = text.message.or_else(|| Some("Overloaded".to_owned()));
    Frame::named(Kind::Content, &error(529, &text))
}

/// How Anthropic refuses, word for word.
pub(crate) fn refusal(why: Why) -> (u16, ErrorText) {
    let (status, message) = match why {
        Why::ContextLength => (400, "prompt is too long: 9000 tokens > 8192 maximum"),
        Why::ContentFilter => (400, "Output blocked by content filtering policy"),
        Why::Auth => (401, "invalid x-api-key"),
        Why::Quota => (402, "Your credit balance is too low to access the API."),
        Why::ModelMissing => (404, "model: no-such-model"),
    };
    (status, ErrorText { message: Some(message.to_owned()), ..ErrorText::default() })
}
