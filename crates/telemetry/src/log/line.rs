//! Events as JSON lines.
//!
//! Fields are written in one fixed order and absent ones are left out. Every text that a client or
//! vendor can influence is escaped and cut here, whatever its maker did; there is no way to write
//! one uncut.

use tollgate_core_types::Lost;
use tollgate_core_types::loss::HowLost;

use super::json::{Object, key, push_hex, push_padded};
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
    line.name(key!("level"), level(*outcome, *status));
    line.name(key!("event"), "request");
    line.text(key!("request_id"), Some(request_id), NAME_MAX);
    push_trace(&mut line, span);
    line.name(key!("operation"), operation.as_str());
    line.name(key!("dialect"), dialect.as_str());
    line.text(key!("model"), *model, NAME_MAX);
    line.text(key!("requested_model"), *requested_model, NAME_MAX);
    line.text(key!("deployment"), *deployment, NAME_MAX);
    line.text(key!("provider"), *provider, NAME_MAX);
    line.text(key!("upstream_model"), *upstream_model, NAME_MAX);
    line.text(key!("response_model"), *response_model, NAME_MAX);
    line.flag(key!("stream"), *stream);
    line.number(key!("status"), Some(u64::from(*status)));
    line.name(key!("outcome"), outcome.as_str());
    if let Some(class) = class {
        line.name(key!("class"), class.as_str());
    }
    line.number(key!("attempts"), Some(u64::from(*attempts)));
    push_message(&mut line, *message);
    line.number(key!("input_tokens"), usage.input_tokens);
    line.number(key!("output_tokens"), usage.output_tokens);
    line.number(key!("cache_read_tokens"), usage.cache_read_tokens);
    line.number(key!("cache_write_tokens"), usage.cache_write_tokens);
    line.number(key!("reasoning_tokens"), usage.reasoning_tokens);
    push_cost(&mut line, *cost);
    line.millis(key!("ttft_ms"), *ttft);
    line.millis(key!("duration_ms"), Some(*duration));
    line.millis(key!("overhead_ms"), *overhead);
    line.number(key!("frames_skipped"), (*frames_skipped > 0).then_some(*frames_skipped));
    push_lost(&mut line, lost);
    line.text(key!("user"), *user, NAME_MAX);
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
        cost,
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
    line.name(key!("level"), "warn");
    line.name(key!("event"), "attempt");
    line.text(key!("request_id"), Some(request_id), NAME_MAX);
    push_trace(&mut line, span);
    line.name(key!("operation"), operation.as_str());
    line.text(key!("model"), Some(model), NAME_MAX);
    line.text(key!("deployment"), Some(deployment), NAME_MAX);
    line.text(key!("provider"), Some(provider), NAME_MAX);
    line.text(key!("upstream_model"), Some(upstream_model), NAME_MAX);
    line.text(key!("response_model"), *response_model, NAME_MAX);
    line.number(key!("attempt"), Some(u64::from(*number)));
    line.name(key!("kind"), kind.as_str());
    line.flag(key!("stream"), *stream);
    line.number(key!("status"), status.map(u64::from));
    line.name(key!("outcome"), outcome.as_str());
    if let Some(class) = class {
        line.name(key!("class"), class.as_str());
    }
    line.text(key!("code"), *code, NAME_MAX);
    push_message(&mut line, *message);
    line.millis(key!("retry_after_ms"), *retry_after);
    line.number(key!("input_tokens"), usage.input_tokens);
    line.number(key!("output_tokens"), usage.output_tokens);
    if cost.is_some() {
        push_cost(&mut line, *cost);
    }
    line.millis(key!("ttft_ms"), *ttft);
    line.millis(key!("duration_ms"), Some(*duration));
    line.number(key!("frames_skipped"), (*frames_skipped > 0).then_some(*frames_skipped));
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
    let out = line.value(key!("ts"));
    out.push(b'"');
    push_rfc3339(out, at);
    out.push(b'"');
}

fn push_trace(line: &mut Object<'_>, span: &Span) {
    if let Some(trace) = span.trace_id() {
        push_hex(line.value(key!("trace_id")), trace);
    }
}

/// Dollars with their twelve decimals, or `null`: an unknown price is not 0.
fn push_cost(line: &mut Object<'_>, cost: Option<u64>) {
    let out = line.value(key!("cost_usd"));
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
        line.text(key!("message"), Some(&redact(message)), MESSAGE_MAX);
    }
}

fn push_lost(line: &mut Object<'_>, lost: &[Lost]) {
    for (key, how) in
        [(key!("dropped"), HowLost::Dropped), (key!("approximated"), HowLost::Approximated)]
    {
        let fields = lost.iter().filter(|lost| lost.how == how).map(|lost| &*lost.field);
        line.list(key, fields.take(FIELDS_MAX), FIELD_MAX);
    }
}
