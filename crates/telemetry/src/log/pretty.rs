//! Events as short lines for human eyes, without colours: the reader may be a file.
//!
//! The same escaping and cutting as the JSON lines. It must never be parsed; JSON is for that.

use super::json::{cut, push_escaped, push_millis, push_padded};
use super::line::{MESSAGE_MAX, NAME_MAX, level};
use super::redact;
use super::time::push_rfc3339;
use crate::event::{AttemptEvent, RequestEvent};

/// Appends a request's line, without a line end.
pub(super) fn request(out: &mut Vec<u8>, event: &RequestEvent<'_>) {
    head(out, event.at, level(event.outcome, event.status), "request");
    push_padded(out, u64::from(event.status), 1);
    word(out, event.outcome.as_str());
    word(out, event.operation.as_str());
    word(out, event.model.or(event.requested_model).unwrap_or("-"));
    if let Some(deployment) = event.deployment {
        word(out, "->");
        word(out, deployment);
    }
    pair(out, "class", event.class.map(|class| class.as_str()));
    count(out, "attempts", Some(u64::from(event.attempts)));
    count(out, "in", event.usage.input_tokens);
    count(out, "out", event.usage.output_tokens);
    millis(out, "ttft", event.ttft);
    millis(out, "took", Some(event.duration));
    count(out, "skipped", Some(event.frames_skipped).filter(|skipped| *skipped > 0));
    pair(out, "id", Some(event.request_id));
    message(out, event.message);
}

/// Appends a failed attempt's line, without a line end.
pub(super) fn attempt(out: &mut Vec<u8>, event: &AttemptEvent<'_>) {
    head(out, event.at, "warn", "attempt");
    push_padded(out, u64::from(event.number), 1);
    word(out, event.outcome.as_str());
    word(out, event.operation.as_str());
    word(out, event.model);
    word(out, "->");
    word(out, event.deployment);
    count(out, "status", event.status.map(u64::from));
    pair(out, "class", event.class.map(|class| class.as_str()));
    millis(out, "took", Some(event.duration));
    pair(out, "id", Some(event.request_id));
    message(out, event.message);
}

fn head(out: &mut Vec<u8>, at: std::time::SystemTime, level: &str, event: &str) {
    push_rfc3339(out, at);
    for text in [level, event] {
        out.push(b' ');
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b' ');
}

fn word(out: &mut Vec<u8>, text: &str) {
    out.push(b' ');
    push_escaped(out, cut(text, NAME_MAX));
}

fn key(out: &mut Vec<u8>, key: &'static str) {
    out.push(b' ');
    out.extend_from_slice(key.as_bytes());
    out.push(b'=');
}

fn pair(out: &mut Vec<u8>, name: &'static str, text: Option<&str>) {
    if let Some(text) = text {
        key(out, name);
        push_escaped(out, cut(text, NAME_MAX));
    }
}

fn count(out: &mut Vec<u8>, name: &'static str, number: Option<u64>) {
    if let Some(number) = number {
        key(out, name);
        push_padded(out, number, 1);
    }
}

fn millis(out: &mut Vec<u8>, name: &'static str, duration: Option<std::time::Duration>) {
    if let Some(duration) = duration {
        key(out, name);
        push_millis(out, duration);
        out.extend_from_slice(b"ms");
    }
}

fn message(out: &mut Vec<u8>, message: Option<&str>) {
    if let Some(message) = message {
        key(out, "message");
        out.push(b'"');
        push_escaped(out, cut(&redact(message), MESSAGE_MAX));
        out.push(b'"');
    }
}
