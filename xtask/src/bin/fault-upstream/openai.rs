//! OpenAI's words: chat completions, legacy completions, embeddings, models and errors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::answer::{Answer, Tool};
use crate::dialect::{Call, Operation};
use crate::frames::{Frame, Kind};
use crate::responses;
use crate::script::{ErrorText, Why};

const ID: &str = "chatcmpl-fault0001";
const CREATED: u64 = 1_760_000_000;
/// Length of the vectors that embeddings give.
const DIMENSIONS: usize = 8;

/// A whole answer.
pub(crate) fn whole(call: &Call<'_>) -> Value {
    match call.operation {
        Operation::Chat => chat(call),
        Operation::Responses => responses::whole(call),
        Operation::Completions => completion(call),
        Operation::Embeddings => embeddings(call),
        Operation::Models => models(call),
        // Not an endpoint of this dialect; refused before.
        Operation::CountTokens => Value::Null,
    }
}

fn chat(call: &Call<'_>) -> Value {
    let answer = call.answer;
    let mut message = json!({
        "role": "assistant",
        "content": call.text(),
        "refusal": answer.refusal,
        "annotations": [],
    });
    if let Some(reasoning) = &answer.reasoning {
        message["reasoning_content"] = json!(reasoning);
    }
    if !answer.tools.is_empty() {
        message["tool_calls"] = answer.tools.iter().map(tool_call).collect();
    }
    let mut body = json!({
        "id": ID,
        "object": "chat.completion",
        "created": CREATED,
        "model": call.model(),
        "choices": [{
            "index": 0,
            "message": message,
            "logprobs": null,
            "finish_reason": finish(answer),
        }],
        "service_tier": "default",
        "system_fingerprint": "fp_fault",
    });
    if !answer.no_usage {
        body["usage"] = usage(answer);
    }
    body
}

fn tool_call(tool: &Tool) -> Value {
    json!({
        "id": tool.id,
        "type": "function",
        "function": {"name": tool.name, "arguments": tool.arguments},
    })
}

fn finish(answer: &Answer) -> &str {
    let natural = if answer.tools.is_empty() { "stop" } else { "tool_calls" };
    answer.finish.as_deref().unwrap_or(natural)
}

fn usage(answer: &Answer) -> Value {
    let usage = answer.usage;
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached,
            "cache_write_tokens": usage.cache_write,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}

fn completion(call: &Call<'_>) -> Value {
    let choice = json!({
        "index": 0,
        "text": call.text(),
        "logprobs": null,
        "finish_reason": finish(call.answer),
    });
    let mut body = text_completion(call, &choice);
    body["usage"] = usage(call.answer);
    body
}

fn text_completion(call: &Call<'_>, choice: &Value) -> Value {
    json!({
        "id": "cmpl-fault0001",
        "object": "text_completion",
        "created": CREATED,
        "model": call.model(),
        "choices": [choice],
    })
}

fn embeddings(call: &Call<'_>) -> Value {
    let input = call.body.get("input").unwrap_or(&Value::Null);
    // A list of numbers is one text in tokens.
    let many = input.as_array().filter(|items| items.iter().any(|item| !item.is_number()));
    let texts: Vec<String> = match many {
        Some(items) => items.iter().map(Value::to_string).collect(),
        None => vec![input.to_string()],
    };
    let base64 = call.body.get("encoding_format").and_then(Value::as_str) == Some("base64");
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let vector = vector(text);
            let embedding = if base64 { json!(in_base64(&vector)) } else { json!(vector) };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let tokens = call.answer.usage.input;
    json!({
        "object": "list",
        "data": data,
        "model": call.model(),
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    })
}

/// A vector that depends on the text alone, of values that are exact in 32 bits.
fn vector(text: &str) -> Vec<f32> {
    let sum = text.bytes().fold(0_u16, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    (0..DIMENSIONS).map(|at| f32::from((sum >> at) & 0xff) / 256.0).collect()
}

fn in_base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

fn models(call: &Call<'_>) -> Value {
    json!({
        "object": "list",
        "data": [{"id": call.model(), "object": "model", "created": CREATED, "owned_by": "fault"}],
    })
}

/// A streamed answer.
pub(crate) fn frames(call: &Call<'_>) -> Vec<Frame> {
    if call.operation == Operation::Responses {
        return responses::frames(call);
    }
    let mut frames = if call.operation == Operation::Completions {
        completion_frames(call)
    } else {
        chat_frames(call)
    };
    if include_usage(call) && !call.answer.no_usage {
        let mut last = chunk(call, &json!([]));
        if call.operation == Operation::Completions {
            last["object"] = json!("text_completion");
        }
        last["usage"] = usage(call.answer);
        frames.push(Frame::new(Kind::Ending, &last));
    }
    frames.push(Frame { kind: Kind::Terminal, event: None, data: "[DONE]".to_owned() });
    frames
}

fn include_usage(call: &Call<'_>) -> bool {
    call.body.pointer("/stream_options/include_usage").and_then(Value::as_bool) == Some(true)
}

fn chat_frames(call: &Call<'_>) -> Vec<Frame> {
    let answer = call.answer;
    let role = json!({"role": "assistant", "content": "", "refusal": null});
    let mut frames = vec![delta(call, Kind::Structure, &role)];
    for piece in answer.reasoning.iter().flat_map(|text| answer.pieces(text)) {
        frames.push(delta(call, Kind::Content, &json!({"reasoning_content": piece})));
    }
    for piece in call.text().iter().flat_map(|text| answer.pieces(text)) {
        frames.push(text_frame(call, &piece));
    }
    for piece in answer.refusal.iter().flat_map(|text| answer.pieces(text)) {
        frames.push(delta(call, Kind::Content, &json!({"refusal": piece})));
    }
    for (index, tool) in answer.tools.iter().enumerate() {
        let mut first = tool_call(tool);
        first["index"] = json!(index);
        first["function"]["arguments"] = json!("");
        frames.push(delta(call, Kind::Content, &json!({"tool_calls": [first]})));
        for piece in answer.pieces(&tool.arguments) {
            let more = json!({"index": index, "function": {"arguments": piece}});
            frames.push(delta(call, Kind::Content, &json!({"tool_calls": [more]})));
        }
    }
    let mut end = chunk(call, &json!([choice(&json!({}), Some(finish(answer)))]));
    nullable_usage(call, &mut end);
    frames.push(Frame::new(Kind::Ending, &end));
    frames
}

fn completion_frames(call: &Call<'_>) -> Vec<Frame> {
    let text = call.text().unwrap_or_default();
    let mut frames: Vec<Frame> =
        call.answer.pieces(&text).iter().map(|piece| text_frame(call, piece)).collect();
    let end =
        json!({"index": 0, "text": "", "logprobs": null, "finish_reason": finish(call.answer)});
    frames.push(Frame::new(Kind::Ending, &text_completion(call, &end)));
    frames
}

/// One more frame of text.
pub(crate) fn text_frame(call: &Call<'_>, text: &str) -> Frame {
    if call.operation == Operation::Responses {
        return responses::text_frame(text);
    }
    if call.operation == Operation::Completions {
        let choice = json!({"index": 0, "text": text, "logprobs": null, "finish_reason": null});
        return Frame::new(Kind::Content, &text_completion(call, &choice));
    }
    delta(call, Kind::Content, &json!({"content": text}))
}

fn delta(call: &Call<'_>, kind: Kind, delta: &Value) -> Frame {
    let mut chunk = chunk(call, &json!([choice(delta, None)]));
    nullable_usage(call, &mut chunk);
    Frame::new(kind, &chunk)
}

fn choice(delta: &Value, finish: Option<&str>) -> Value {
    json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish})
}

fn chunk(call: &Call<'_>, choices: &Value) -> Value {
    json!({
        "id": ID,
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": call.model(),
        "service_tier": "default",
        "system_fingerprint": "fp_fault",
        "choices": choices,
    })
}

/// Asked for usage, OpenAI says `null` in every chunk but the last.
fn nullable_usage(call: &Call<'_>, chunk: &mut Value) {
    if include_usage(call) {
        chunk["usage"] = Value::Null;
    }
}

/// An error as the body of an answer.
pub(crate) fn error(status: u16, text: &ErrorText) -> Value {
    let (kind, code) = match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        403 => ("permission_error", None),
        404 => ("invalid_request_error", Some("not_found")),
        429 => ("rate_limit_error", Some("rate_limit_exceeded")),
        400..=499 => ("invalid_request_error", None),
        _ => ("server_error", None),
    };
    json!({"error": {
        "message": text.message.clone().unwrap_or_else(|| format!("The upstream says {status}.")),
        "type": text.kind.as_deref().unwrap_or(kind),
        "param": text.param,
        "code": text.code.as_deref().or(code),
    }})
}

/// An error as a frame of a stream.
pub(crate) fn error_frame(text: &ErrorText) -> Frame {
    Frame::new(Kind::Content, &error(500, text))
}

/// How OpenAI refuses, word for word.
pub(crate) fn refusal(why: Why) -> (u16, ErrorText) {
    let (status, code, message) = match why {
        Why::ContextLength => (
            400,
            "context_length_exceeded",
            "This model's maximum context length is 8192 tokens. However, your messages resulted \
             in 9000 tokens.",
        ),
        Why::ContentFilter => (
            400,
            "content_policy_violation",
            "Your request was rejected as a result of our safety system.",
        ),
        Why::Auth => (401, "invalid_api_key", "Incorrect API key provided."),
        Why::Quota => (429, "insufficient_quota", "You exceeded your current quota."),
        Why::ModelMissing => (404, "model_not_found", "The model does not exist."),
    };
    // The quota's kind is its code; every other kind follows from the status.
    let kind = matches!(why, Why::Quota).then(|| code.to_owned());
    let (message, code) = (Some(message.to_owned()), Some(code.to_owned()));
    (status, ErrorText { message, kind, code, param: None })
}
