//! Gemini's words: generated content, token counts, embeddings, models and errors.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::dialect::{Call, Operation};
use crate::frames::{Frame, Kind};
use crate::script::{ErrorText, Why};

const ID: &str = "resp_fault0001";

/// What a path asks for, by its method behind the last colon.
pub(crate) fn operation(path: &str) -> Option<Operation> {
    Some(match path.rsplit_once(':')?.1 {
        "generateContent" | "streamGenerateContent" => Operation::Chat,
        "countTokens" => Operation::CountTokens,
        "embedContent" | "batchEmbedContents" => Operation::Embeddings,
        _ => return None,
    })
}

/// The model of a path.
pub(crate) fn model(path: &str) -> &str {
    let model = path.rsplit_once(':').map_or(path, |(front, _)| front);
    model.split_once("/models/").map_or(model, |(_, model)| model)
}

/// A whole answer.
pub(crate) fn whole(call: &Call<'_>) -> Value {
    match call.operation {
        Operation::Chat => {
            let word = finish(call.answer);
            chunk(call, parts(call), Some(&word), true)
        }
        Operation::CountTokens => json!({"totalTokens": call.answer.usage.input}),
        Operation::Embeddings => embeddings(call),
        Operation::Models => json!({"models": [{
            "name": format!("models/{}", call.model()),
            "displayName": call.model(),
            "supportedGenerationMethods": ["generateContent"],
        }]}),
        // Not an endpoint of this dialect; refused before.
        Operation::Responses | Operation::Completions => Value::Null,
    }
}

/// An answer or a piece of one. A refusal is a prompt that is blocked: an answer without candidates.
fn chunk(call: &Call<'_>, parts: Vec<Value>, finish: Option<&str>, last: bool) -> Value {
    let answer = call.answer;
    let mut chunk = json!({"modelVersion": call.model(), "responseId": ID});
    if answer.refusal.is_some() {
        chunk["promptFeedback"] =
            json!({"blockReason": answer.finish.as_deref().unwrap_or("SAFETY")});
    } else {
        let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
        if let Some(word) = finish {
            candidate["finishReason"] = json!(word);
        }
        chunk["candidates"] = json!([candidate]);
    }
    if !answer.no_usage {
        chunk["usageMetadata"] = usage(answer, last);
    }
    chunk
}

/// Gemini's parts: thoughts first, the signature on the first call or on the text.
fn parts(call: &Call<'_>) -> Vec<Value> {
    let answer = call.answer;
    let mut parts = Vec::new();
    if let Some(thought) = &answer.reasoning {
        parts.push(json!({"text": thought, "thought": true}));
    }
    let said = parts.len();
    if let Some(text) = call.text() {
        parts.push(json!({"text": text}));
    }
    for tool in &answer.tools {
        let args: Value = serde_json::from_str(&tool.arguments).unwrap_or_else(|_| json!({}));
        let mut function = json!({"name": tool.name, "args": args});
        if !tool.id.is_empty() {
            function["id"] = json!(tool.id);
        }
        parts.push(json!({"functionCall": function}));
    }
    let first_call = parts.iter().position(|part| part.get("functionCall").is_some());
    if let Some(signature) = &answer.signature
        && let Some(part) = parts.get_mut(first_call.unwrap_or(said))
    {
        part["thoughtSignature"] = json!(signature);
    }
    parts
}

fn finish(answer: &Answer) -> String {
    answer.finish.clone().unwrap_or_else(|| "STOP".to_owned())
}

/// Gemini counts thoughts apart from the answer, and leaves out what is zero.
fn usage(answer: &Answer, last: bool) -> Value {
    let usage = answer.usage;
    let mut counts = json!({"promptTokenCount": usage.input, "totalTokenCount": usage.input});
    if last && answer.refusal.is_none() {
        counts["candidatesTokenCount"] = json!(usage.output.saturating_sub(usage.reasoning));
        counts["totalTokenCount"] = json!(usage.input + usage.output);
        if usage.reasoning > 0 {
            counts["thoughtsTokenCount"] = json!(usage.reasoning);
        }
    }
    if usage.cached > 0 {
        counts["cachedContentTokenCount"] = json!(usage.cached);
    }
    counts
}

fn embeddings(call: &Call<'_>) -> Value {
    let vector = json!({"values": [0.25, -0.5, 1.0]});
    match call.body.get("requests").and_then(Value::as_array) {
        Some(requests) => json!({
            "embeddings": requests.iter().map(|_| vector.clone()).collect::<Vec<_>>(),
        }),
        None => json!({"embedding": vector}),
    }
}

/// A streamed answer: each piece a chunk, the last with the finish. There is no terminal frame.
pub(crate) fn frames(call: &Call<'_>) -> Vec<Frame> {
    let word = finish(call.answer);
    if call.answer.refusal.is_some() {
        return vec![Frame::new(Kind::Ending, &chunk(call, Vec::new(), None, true))];
    }
    let mut frames = Vec::new();
    for part in parts(call) {
        let plain = part.get("functionCall").is_none() && part.get("thoughtSignature").is_none();
        let text = part.get("text").and_then(Value::as_str).filter(|_| plain);
        let pieces = match text {
            Some(text) => call.answer.pieces(text),
            None => Vec::new(),
        };
        if pieces.is_empty() {
            frames.push(Frame::new(Kind::Content, &chunk(call, vec![part], None, false)));
            continue;
        }
        for piece in pieces {
            let mut part = part.clone();
            part["text"] = json!(piece);
            frames.push(Frame::new(Kind::Content, &chunk(call, vec![part], None, false)));
        }
    }
    frames.push(Frame::new(Kind::Ending, &chunk(call, Vec::new(), Some(&word), true)));
    frames
}

/// One more frame of text.
pub(crate) fn text_frame(call: &Call<'_>, text: &str) -> Frame {
    Frame::new(Kind::Content, &chunk(call, vec![json!({"text": text})], None, false))
}

/// An error as the body of an answer.
pub(crate) fn error(status: u16, text: &ErrorText) -> Value {
    let word = match status {
        401 => "UNAUTHENTICATED",
        402 => "FAILED_PRECONDITION",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        400..=499 => "INVALID_ARGUMENT",
        503 | 529 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    };
    let mut error = json!({
        "code": status,
        "message": text.message.clone().unwrap_or_else(|| format!("The upstream says {status}.")),
        "status": text.kind.as_deref().unwrap_or(word),
    });
    if let Some(reason) = &text.code {
        error["details"] = json!([
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason},
        ]);
    }
    json!({ "error": error })
}

/// An error as a frame of a stream.
pub(crate) fn error_frame(text: &ErrorText) -> Frame {
    let mut text = text.clone();
    text.message = text.message.or_else(|| Some("The model is overloaded.".to_owned()));
    Frame::new(Kind::Content, &error(503, &text))
}

/// How Gemini refuses, word for word.
pub(crate) fn refusal(why: Why) -> (u16, ErrorText) {
    let (status, message, code) = match why {
        Why::ContextLength => (
            400,
            "The input token count (9000) exceeds the maximum number of tokens allowed (8192).",
            None,
        ),
        Why::ContentFilter => (400, "The prompt could not be submitted.", None),
        Why::Auth => {
            (400, "API key not valid. Please pass a valid API key.", Some("API_KEY_INVALID"))
        }
        Why::Quota => (402, "Your prepaid credits are used up.", None),
        Why::ModelMissing => (404, "models/no-such-model is not found for API version v1", None),
    };
    let (message, code) = (Some(message.to_owned()), code.map(str::to_owned));
    (status, ErrorText { message, code, ..ErrorText::default() })
}
