//! A domain request into the vendor's body.
//!
//! What the dialect cannot say is dropped or approximated and named; where leaving it out would
//! change the meaning, the request is refused for this target so that another may serve it. Fields
//! are named as a client of the common chat dialect knows them.

mod content;
mod extra;
mod format;
mod media;
mod reasoning;
mod sampling;
pub(crate) mod schema;
mod tools;
mod turns;

use bytes::Bytes;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::Lost;
use tollgate_core_types::chat::ChatRequest;
use tollgate_providers_common::{EncodeError, Encoded, UpstreamTarget};

use crate::request::{self, Unread};
use crate::wire::Str;
use crate::wire::body::{Metadata, OutputConfig, Request};
use format::Form;
use reasoning::Bound;
use sampling::Sampling;
use tools::{Asked, Offer};
use turns::Conversation;

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
    let no_sampling = target.quirks.no_sampling || body.thinking.is_some();
    let json = serde_json::to_vec(&body).map_err(|error| EncodeError::Build(error.to_string()))?;
    let unread = Unread { fields: &chat.extra, no_sampling };
    request::translated(target, Bytes::from(json), unread, cx.lost)
}

/// Every field of the request, in an order in which each finds what it depends on.
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
        stream,
        extra,
    } = chat;
    if n.is_some_and(|n| n > 1) {
        return Err(unsupported("n", "this vendor gives one answer per request"));
    }
    let conversation = turns::turns(messages, cx)?;
    let bound = Bound::of(*max_output_tokens, cx.target);
    let mut thought = reasoning::read(reasoning.as_ref(), bound, &conversation, cx);
    let form = format::form(response_format.as_ref(), thought.config.is_some(), cx)?;
    if form.json_tool.is_some() && thought.config.take().is_some() {
        // A forced tool and thinking exclude each other; programs rely on the form.
        cx.dropped("reasoning_effort");
    }
    let thinks = thought.config.is_some();
    let Conversation { mut system, turns, called } = conversation;
    let Form { format, json_tool, instruction } = form;
    system.extend(instruction);
    let choice = tool_choice.as_ref();
    let asked = Asked { tools, choice, parallel: *parallel_tool_calls, thinks, called };
    let Offer { tools, choice } = tools::offer(&asked, json_tool, cx)?;
    sampling::unknown(*frequency_penalty, *presence_penalty, *seed, cx);
    let Sampling { temperature, top_p, top_k } =
        sampling::read((*temperature, *top_p, *top_k), thinks, cx);
    Ok(Request {
        model: &cx.target.model,
        max_tokens: bound.tokens,
        system,
        messages: turns,
        tools,
        tool_choice: choice,
        thinking: thought.config,
        output_config: OutputConfig { effort: thought.effort, format },
        temperature,
        top_p,
        top_k,
        stop_sequences: sampling::stop(stop, cx),
        metadata: extra::user(user.as_deref(), extra, cx).map(|Str(user_id)| Metadata { user_id }),
        service_tier: extra::service_tier(service_tier.as_deref(), cx),
        stream: *stream,
        own: extra::own(extra, thinks, user.is_some(), cx)?,
    })
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

#[cfg(test)]
mod tests;
