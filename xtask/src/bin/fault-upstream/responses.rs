//! OpenAI's words of the newer kind: responses, whole and as their complete sequence of events.

use serde_json::{Value, json};

use crate::dialect::Call;
use crate::frames::{Frame, Kind};

const ID: &str = "resp_fault0001";
const MESSAGE: &str = "msg_fault0001";
const CREATED: u64 = 1_760_000_000;

/// A whole answer.
pub(crate) fn whole(call: &Call<'_>) -> Value {
    let (status, reason) = ending(call);
    response(call, status, reason, &Value::Array(items(call)))
}

/// How the answer ends; the scripted word is the reason why it is not complete, or `failed`.
fn ending<'a>(call: &'a Call<'_>) -> (&'static str, Option<&'a str>) {
    match call.answer.finish.as_deref() {
        None | Some("stop" | "tool_calls" | "completed") => ("completed", None),
        Some("length") => ("incomplete", Some("max_output_tokens")),
        Some("failed") => ("failed", None),
        Some(reason) => ("incomplete", Some(reason)),
    }
}

fn response(call: &Call<'_>, status: &str, reason: Option<&str>, output: &Value) -> Value {
    let body = |key: &str| call.body.get(key).cloned().unwrap_or(Value::Null);
    let or = |key: &str, other: Value| {
        let given = body(key);
        if given.is_null() { other } else { given }
    };
    let over = status != "in_progress" && !call.answer.no_usage;
    let failed = json!({"code": "server_error", "message": "The model failed."});
    json!({
        "id": ID,
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": if status == "failed" { failed } else { Value::Null },
        "incomplete_details": reason.map(|reason| json!({"reason": reason})),
        "instructions": body("instructions"),
        "metadata": or("metadata", json!({})),
        "model": call.model(),
        "output": output,
        "parallel_tool_calls": or("parallel_tool_calls", json!(true)),
        "reasoning": or("reasoning", json!({"effort": null, "summary": null})),
        "store": or("store", json!(true)),
        "temperature": body("temperature"),
        "text": or("text", json!({"format": {"type": "text"}})),
        "tool_choice": or("tool_choice", json!("auto")),
        "tools": or("tools", json!([])),
        "top_p": body("top_p"),
        "usage": if over { usage(call) } else { Value::Null },
    })
}

fn usage(call: &Call<'_>) -> Value {
    let usage = call.answer.usage;
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": {
            "cached_tokens": usage.cached,
            "cache_write_tokens": usage.cache_write,
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    })
}

/// The output: reasoning, one message, calls.
fn items(call: &Call<'_>) -> Vec<Value> {
    let answer = call.answer;
    let mut items = Vec::new();
    if answer.reasoning.is_some() || answer.signature.is_some() {
        let summary: Vec<Value> = answer
            .reasoning
            .iter()
            .map(|text| json!({"type": "summary_text", "text": text}))
            .collect();
        let mut item = json!({"type": "reasoning", "id": "rs_fault0001", "summary": summary});
        if let Some(sealed) = &answer.signature {
            item["encrypted_content"] = json!(sealed);
        }
        items.push(item);
    }
    let mut content = Vec::new();
    content.extend(call.text().map(|text| text_part(&text)));
    content.extend(answer.refusal.as_deref().map(refusal_part));
    if !content.is_empty() {
        items.push(message("completed", &json!(content)));
    }
    for (index, tool) in answer.tools.iter().enumerate() {
        items.push(json!({
            "type": "function_call",
            "id": format!("fc_fault000{index}"),
            "status": "completed",
            "call_id": tool.id,
            "name": tool.name,
            "arguments": tool.arguments,
        }));
    }
    items
}

fn message(status: &str, content: &Value) -> Value {
    json!({
        "type": "message",
        "id": MESSAGE,
        "status": status,
        "role": "assistant",
        "content": content,
    })
}

fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

fn refusal_part(text: &str) -> Value {
    json!({"type": "refusal", "refusal": text})
}

/// One more frame of text. Its number is nobody's.
pub(crate) fn text_frame(text: &str) -> Frame {
    let mut delta = place(MESSAGE, 0, "response.output_text.delta");
    delta["content_index"] = json!(0);
    delta["delta"] = json!(text);
    delta["logprobs"] = json!([]);
    delta["sequence_number"] = json!(0);
    Frame::named(Kind::Content, &delta)
}

fn place(item: &str, index: usize, kind: &str) -> Value {
    json!({"type": kind, "item_id": item, "output_index": index})
}

/// A streamed answer.
pub(crate) fn frames(call: &Call<'_>) -> Vec<Frame> {
    let mut events = Events(Vec::new());
    let items = items(call);
    for kind in ["response.created", "response.in_progress"] {
        let response = response(call, "in_progress", None, &json!([]));
        events.push(Kind::Structure, json!({"type": kind, "response": response}));
    }
    for (index, item) in items.iter().enumerate() {
        events.item(call, index, item);
    }
    let (status, reason) = ending(call);
    let response = response(call, status, reason, &json!(items));
    let kind = format!("response.{status}");
    events.push(Kind::Terminal, json!({"type": kind, "response": response}));
    events.0
}

/// Frames in their numbers.
struct Events(Vec<Frame>);

impl Events {
    fn push(&mut self, kind: Kind, mut event: Value) {
        event["sequence_number"] = json!(self.0.len());
        self.0.push(Frame::named(kind, &event));
    }

    fn item(&mut self, call: &Call<'_>, index: usize, item: &Value) {
        let kind = item["type"].as_str().unwrap_or_default();
        let mut begun = item.clone();
        match kind {
            "message" => {
                begun["content"] = json!([]);
                begun["status"] = json!("in_progress");
            }
            "function_call" => {
                begun["arguments"] = json!("");
                begun["status"] = json!("in_progress");
            }
            _ => begun["summary"] = json!([]),
        }
        let added =
            json!({"type": "response.output_item.added", "output_index": index, "item": begun});
        // A call that is announced can be seen by whoever waits for it.
        let shows = if kind == "function_call" { Kind::Content } else { Kind::Structure };
        self.push(shows, added);
        match kind {
            "message" => self.parts(call, index, item, "content"),
            "function_call" => self.arguments(call, index, item),
            _ => self.parts(call, index, item, "summary"),
        }
        let done =
            json!({"type": "response.output_item.done", "output_index": index, "item": item});
        self.push(Kind::Structure, done);
    }

    fn parts(&mut self, call: &Call<'_>, index: usize, item: &Value, field: &str) {
        let id = item["id"].as_str().unwrap_or_default();
        for (at, part) in item[field].as_array().into_iter().flatten().enumerate() {
            let (frame, piece, key, position) = match part["type"].as_str() {
                Some("output_text") => ("content_part", "output_text", "text", "content_index"),
                Some("refusal") => ("content_part", "refusal", "refusal", "content_index"),
                _ => ("reasoning_summary_part", "reasoning_summary_text", "text", "summary_index"),
            };
            let event = |kind: String| {
                let mut event = place(id, index, &kind);
                event[position] = json!(at);
                event
            };
            let mut empty = part.clone();
            empty[key] = json!("");
            let mut added = event(format!("response.{frame}.added"));
            added["part"] = empty;
            self.push(Kind::Structure, added);
            let text = part[key].as_str().unwrap_or_default();
            for fragment in call.answer.pieces(text) {
                let mut delta = event(format!("response.{piece}.delta"));
                delta["delta"] = json!(fragment);
                if piece == "output_text" {
                    delta["logprobs"] = json!([]);
                }
                self.push(Kind::Content, delta);
            }
            let mut said = event(format!("response.{piece}.done"));
            said[key] = json!(text);
            if piece == "output_text" {
                said["logprobs"] = json!([]);
            }
            self.push(Kind::Structure, said);
            let mut done = event(format!("response.{frame}.done"));
            done["part"] = part.clone();
            self.push(Kind::Structure, done);
        }
    }

    fn arguments(&mut self, call: &Call<'_>, index: usize, item: &Value) {
        let id = item["id"].as_str().unwrap_or_default();
        let text = item["arguments"].as_str().unwrap_or_default();
        for fragment in call.answer.pieces(text) {
            let mut delta = place(id, index, "response.function_call_arguments.delta");
            delta["delta"] = json!(fragment);
            self.push(Kind::Content, delta);
        }
        let mut done = place(id, index, "response.function_call_arguments.done");
        done["arguments"] = json!(text);
        done["name"] = item["name"].clone();
        self.push(Kind::Structure, done);
    }
}
