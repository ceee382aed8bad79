//! A domain request into the vendor's body.
//!
//! What the dialect cannot say is dropped or approximated and named; where leaving it out would
//! change the meaning, the request is refused for this target so that another may serve it. Fields
//! are named as a client of the common chat dialect knows them.

mod contents;
mod extra;
mod format;
mod media;
mod parts;
mod thinking;
mod tools;

use bytes::Bytes;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::Lost;
use tollgate_core_types::chat::ChatRequest;
use tollgate_providers_common::{EncodeError, Encoded, UpstreamTarget};

use crate::request;
use crate::wire::body::{Config, Part, Request};

/// Stop texts that the vendor takes.
const STOPS_MAX: usize = 5;

/// What the parts of an encoding share: the target, and what was lost so far.
struct Context<'a> {
    target: &'a UpstreamTarget,
    lost: Vec<Lost>,
}

impl Context<'_> {
    fn dropped(&mut self, field: impl Into<Cow<'static, str>>) {
        self.lose(Lost::dropped(field));
    }

    fn approximated(&mut self, field: impl Into<Cow<'static, str>>) {
        self.lose(Lost::approximated(field));
    }

    /// Names a loss once.
    fn lose(&mut self, lost: Lost) {
        if !self.lost.contains(&lost) {
            self.lost.push(lost);
        }
    }
}

/// Makes the vendor's request.
pub(super) fn encode(chat: &ChatRequest, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
    let mut cx = Context { target, lost: Vec::new() };
    let body = body(chat, &mut cx)?;
    let json = serde_json::to_vec(&body).map_err(|error| EncodeError::Build(error.to_string()))?;
    let said = request::Said { stream: chat.stream, unread: &chat.extra };
    request::translated(target, Bytes::from(json), said, cx.lost)
}

/// Every field of the request.
fn body<'a>(chat: &'a ChatRequest, cx: &mut Context<'a>) -> Result<Request<'a>, EncodeError> {
    let ChatRequest {
        messages,
        tools,
        tool_choice,
        parallel_tool_calls,
        response_format,
        reasoning,
        max_output_tokens,
        temperature,
        top_p,
        top_k,
        frequency_penalty,
        presence_penalty,
        seed,
        n,
        stop,
        user,
        service_tier,
        stream: _,
        extra,
    } = chat;
    if n.is_some_and(|n| n > 1) {
        return Err(unsupported("n", "the gateway asks this vendor for one answer per request"));
    }
    let contents::Conversation { mut system, contents } = contents::read(messages, cx)?;
    let offer = tools::offer(tools, tool_choice.as_ref(), cx)?;
    if *parallel_tool_calls == Some(false) && !tools.is_empty() {
        cx.dropped("parallel_tool_calls");
    }
    let form = format::form(response_format.as_ref(), !tools.is_empty(), cx)?;
    system.extend(form.instruction.map(Part::text));
    if user.is_some() {
        cx.dropped("user");
    }
    let config = Config {
        max_output_tokens: *max_output_tokens,
        stop_sequences: stops(stop, cx),
        presence_penalty: *presence_penalty,
        frequency_penalty: *frequency_penalty,
        seed: self::seed(*seed, cx),
        response_mime_type: form.mime_type,
        response_json_schema: form.schema,
        thinking_config: thinking::read(reasoning.as_ref(), cx),
        ..sampling((*temperature, *top_p, *top_k), cx)
    };
    let own = extra::own(extra, cx)?;
    Ok(Request {
        contents,
        system,
        tools: offer.tools,
        calling: offer.calling,
        config,
        service_tier: self::service_tier(service_tier.as_deref(), cx),
        own,
    })
}

/// Sampling parameters, as far as the model takes them. Its defaults lose nothing by being left out.
fn sampling<'a>(
    (temperature, top_p, top_k): (Option<f64>, Option<f64>, Option<u64>),
    cx: &mut Context<'_>,
) -> Config<'a> {
    if !cx.target.quirks.no_sampling {
        return Config { temperature, top_p, top_k, ..Config::default() };
    }
    for (field, given) in [
        ("temperature", temperature.is_some_and(|temperature| temperature != 1.0)),
        ("top_p", top_p.is_some_and(|top_p| top_p != 1.0)),
        ("top_k", top_k.is_some()),
    ] {
        if given {
            cx.dropped(field);
        }
    }
    Config::default()
}

fn stops<'a>(stop: &'a [String], cx: &mut Context<'_>) -> Vec<&'a str> {
    let kept: Vec<&str> =
        stop.iter().map(String::as_str).filter(|text| !text.is_empty()).take(STOPS_MAX).collect();
    if kept.len() < stop.len() {
        cx.dropped("stop");
    }
    kept
}

/// The vendor's seeds are of 32 bits.
fn seed(seed: Option<i64>, cx: &mut Context<'_>) -> Option<i32> {
    let seed = seed?;
    let small = i32::try_from(seed).ok();
    if small.is_none() {
        cx.dropped("seed");
    }
    small
}

/// The tier in the vendor's words.
fn service_tier(tier: Option<&str>, cx: &mut Context<'_>) -> Option<&'static str> {
    match tier? {
        "auto" => None,
        "default" | "standard" | "standard_only" => Some("standard"),
        "flex" => Some("flex"),
        "priority" => Some("priority"),
        _ => {
            cx.dropped("service_tier");
            None
        }
    }
}

fn unsupported(field: impl Into<String>, reason: impl Into<String>) -> EncodeError {
    EncodeError::Unsupported { field: field.into(), reason: reason.into() }
}

fn invalid(field: impl Into<String>, reason: impl Into<String>) -> EncodeError {
    EncodeError::Invalid { field: field.into(), reason: reason.into() }
}

/// JSON text as a value that is written as it is.
fn raw<'a>(text: &'a str, field: &str) -> Result<&'a RawValue, EncodeError> {
    serde_json::from_str(text).map_err(|_| invalid(field, "is not valid JSON"))
}

/// JSON text that must be an object.
fn object<'a>(text: &'a str, field: &str) -> Result<&'a RawValue, EncodeError> {
    let value = raw(text, field)?;
    if value.get().starts_with('{') { Ok(value) } else { Err(invalid(field, "must be an object")) }
}

#[cfg(test)]
mod tests;
