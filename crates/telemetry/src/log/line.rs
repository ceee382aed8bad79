//! Events as JSON lines.
//!
//! Fields are written in one fixed order and absent ones are left out. Every text that a client or
//! vendor can influence is escaped and cut here, whatever its maker did; there is no way to write
//! one uncut.

use tollgate_core_types::Lost;
use tollgate_core_types::loss::HowLost;

use super::json::{Object, push_hex, push_padded};
use super::redact;
use super::time::push_rfc3339;
use crate::event::{AttemptEvent, Outcome, RequestEvent};
use crate::trace::Span;

/// Longest name kept, in bytes: models, ids, users.
pub(super) const NAME_MAX: usize = 128;
/// Longest error text kept, in bytes.
pub(super) const MESSAGE_MAX: usize = 512;
/// Longest path of a lost field kept, in bytes.
const FIELD_MAX: usize = 64;
/// Parts of a dollar.
const PICO: u64 = 1_000_000_000_000;
/// Most lost fields named.
const FIELDS_MAX: usize = 16;

/// Appends a request's line, without a line end.
pub(super) fn request(out: &mut Vec<u8>, event: &RequestEvent<'_>) {
    let RequestEvent {
        at,
        request_id,
        operation,
        // The dialect and the operation say the same.
        route: _,
        dialect,
        model,
        requested_model,
        deployment,
        provider,
        upstream_model,
        response_model,
        stream,
        status,
        outcome,
        class,
        attempts,
        message,
        usage,
        ttft,
        duration,
        overhead,
        // A metric's matter.
        phases: _,
        lost,
        user,
        cost,
        frames_skipped,
        // Every failed attempt has a line of its own.
        moves: _,
        span,
    } = event;
    let mut line = Object::open(out);
    push_time(&mut line, *at);
    line.name("level", level(*outcome, *status));
    line.name("event", "request");
    line.text("request_id", Some(request_id), NAME_MAX);
    push_trace(&mut line, span);
    line.name("operation", operation.as_str());
    line.name("dialect", dialect.as_str());
    line.text("model", *model, NAME_MAX);
    line.text("requested_model", *requested_model, NAME_MAX);
    line.text("deployment", *deployment, NAME_MAX);
    line.text("provider", *provider, NAME_MAX);
    line.text("upstream_model", *upstream_model, NAME_MAX);
    line.text("response_model", *response_model, NAME_MAX);
    line.flag("stream", *stream);
    line.number("status", Some(u64::from(*status)));
    line.name("outcome", outcome.as_str());
    if let Some(class) = class {
        line.name("class", class.as_str());
    }
    line.number("attempts", Some(u64::from(*attempts)));
    push_message(&mut line, *message);
    line.number("input_tokens", usage.input_tokens);
    line.number("output_tokens", usage.output_tokens);
    line.number("cache_read_tokens", usage.cache_read_tokens);
    line.number("cache_write_tokens", usage.cache_write_tokens);
    line.number("reasoning_tokens", usage.reasoning_tokens);
    push_cost(&mut line, *cost);
    line.millis("ttft_ms", *ttft);
    line.millis("duration_ms", Some(*duration));
    line.millis("overhead_ms", *overhead);
    line.number("frames_skipped", (*frames_skipped > 0).then_some(*frames_skipped));
    push_lost(&mut line, lost);
    line.text("user", *user, NAME_MAX);
    line.close();
}

/// Appends a failed attempt's line, without a line end.
pub(super) fn attempt(out: &mut Vec<u8>, event: &AttemptEvent<'_>) {
    let AttemptEvent {
        at,
        request_id,
        operation,
        model,
        deployment,
        provider,
        upstream_model,
        response_model,
        // An id of the vendor for the span; the request's own id finds the line.
        response_id: _,
        number,
        kind,
        stream,
        status,
        outcome,
        class,
        code,
        message,
        retry_after,
        // A failed attempt has no finish worth a line.
        finish: _,
        usage,
        ttft,
        duration,
        frames_skipped,
        // The deployment says both.
        server_address: _,
        server_port: _,
        span,
    } = event;
    let mut line = Object::open(out);
    push_time(&mut line, *at);
    line.name("level", "warn");
    line.name("event", "attempt");
    line.text("request_id", Some(request_id), NAME_MAX);
    push_trace(&mut line, span);
    line.name("operation", operation.as_str());
    line.text("model", Some(model), NAME_MAX);
    line.text("deployment", Some(deployment), NAME_MAX);
    line.text("provider", Some(provider), NAME_MAX);
    line.text("upstream_model", Some(upstream_model), NAME_MAX);
    line.text("response_model", *response_model, NAME_MAX);
    line.number("attempt", Some(u64::from(*number)));
    line.name("kind", kind.as_str());
    line.flag("stream", *stream);
    line.number("status", status.map(u64::from));
    line.name("outcome", outcome.as_str());
    if let Some(class) = class {
        line.name("class", class.as_str());
    }
    line.text("code", *code, NAME_MAX);
    push_message(&mut line, *message);
    line.millis("retry_after_ms", *retry_after);
    line.number("input_tokens", usage.input_tokens);
    line.number("output_tokens", usage.output_tokens);
    line.millis("ttft_ms", *ttft);
    line.millis("duration_ms", Some(*duration));
    line.number("frames_skipped", (*frames_skipped > 0).then_some(*frames_skipped));
    line.close();
}

/// The level of a request's line: errors that are ours or the vendors' stand out.
pub(super) const fn level(outcome: Outcome, status: u16) -> &'static str {
    match outcome {
        Outcome::Ok | Outcome::Cancelled => "info",
        Outcome::Error if status >= 500 => "error",
        Outcome::Error | Outcome::Truncated => "warn",
    }
}

fn push_time(line: &mut Object<'_>, at: std::time::SystemTime) {
    let out = line.value("ts");
    out.push(b'"');
    push_rfc3339(out, at);
    out.push(b'"');
}

fn push_trace(line: &mut Object<'_>, span: &Span) {
    if let Some(trace) = span.trace_id() {
        push_hex(line.value("trace_id"), trace);
    }
}

/// Dollars with their twelve decimals, or `null`: an unknown price is not 0.
fn push_cost(line: &mut Object<'_>, cost: Option<u64>) {
    let out = line.value("cost_usd");
    match cost {
        Some(pico) => {
            push_padded(out, pico / PICO, 1);
            out.push(b'.');
            push_padded(out, pico % PICO, 12);
        }
        None => out.extend_from_slice(b"null"),
    }
}

fn push_message(line: &mut Object<'_>, message: Option<&str>) {
    if let Some(message) = message {
        line.text("message", Some(&redact(message)), MESSAGE_MAX);
    }
}

fn push_lost(line: &mut Object<'_>, lost: &[Lost]) {
    for (key, how) in [("dropped", HowLost::Dropped), ("approximated", HowLost::Approximated)] {
        let fields = lost.iter().filter(|lost| lost.how == how).map(|lost| &*lost.field);
        line.list(key, fields.take(FIELDS_MAX), FIELD_MAX);
    }
}
