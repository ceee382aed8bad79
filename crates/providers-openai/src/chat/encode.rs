//! A domain request as a Chat Completions body, and what the dialect could not carry.
//!
//! Every domain type is destructured in full, so that a field added to it must be placed here. What
//! would change the request's meaning if it were left out is refused; the rest is left out and
//! named. Schemas and tool arguments keep their text to the byte.

pub(crate) mod body;
mod custom;
mod extra;
pub(crate) mod ids;
mod messages;
pub(crate) mod parts;
pub(crate) mod reasoning;
mod strict;
pub(crate) mod tools;

use std::borrow::Cow;
use tollgate_core_types::Lost;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::loss::HowLost;
use tollgate_providers_common::{EncodeError, UpstreamTarget};

use crate::family;
use body::{Body, StreamOptions};

/// Longest id of an end user that OpenAI takes, in characters.
const USER_MAX: usize = 64;

/// Service tiers that servers of this dialect know.
const TIERS: &[&str] =
    &["default", "flex", "scale", "priority", "fast", "on_demand", "performance"];

/// Writes the body for `target`.
pub(super) fn body(
    chat: &ChatRequest,
    target: &UpstreamTarget,
) -> Result<(Vec<u8>, Vec<Lost>), EncodeError> {
    let mut losses = Losses::default();
    let body = fill(chat, target, &mut losses)?;
    let text = serde_json::to_vec(&body).map_err(|error| EncodeError::Build(error.to_string()))?;
    Ok((text, losses.into_list()))
}

fn fill<'a>(
    chat: &'a ChatRequest,
    target: &'a UpstreamTarget,
    losses: &mut Losses,
) -> Result<Body<'a>, EncodeError> {
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
    let quirks = &target.quirks;
    let bound = |newer: bool| max_output_tokens.filter(|_| quirks.max_completion_tokens == newer);
    let traits = family::traits(&target.model);
    if quirks.no_tools && !tools.is_empty() {
        let reason = "the target takes no tools".to_owned();
        return Err(EncodeError::Unsupported { field: "tools".to_owned(), reason });
    }
    let format = tools::format(response_format.as_ref(), quirks, losses)?;
    let mut thought = reasoning::Said::default();
    let off = reasoning.as_ref().is_some_and(reasoning::is_off);
    let refused = quirks.no_sampling && !(off && family::samples_unreasoned(&target.model));
    let mut sampling = Sampling { refused, losses };
    let mut body = Body {
        model: &target.model,
        temperature: sampling.keep("temperature", *temperature, 1.0),
        top_p: sampling.keep("top_p", *top_p, 1.0),
        frequency_penalty: sampling.keep("frequency_penalty", *frequency_penalty, 0.0),
        presence_penalty: sampling.keep("presence_penalty", *presence_penalty, 0.0),
        messages: messages::all(messages, format.instruction, (quirks, off), losses)?,
        tools: tools::list(tools, quirks, losses)?,
        tool_choice: tools::choice(tool_choice.as_ref(), tools.is_empty(), quirks, losses),
        // Vendors refuse the word without tools, where it says nothing.
        parallel_tool_calls: parallel_tool_calls.filter(|parallel| {
            !tools.is_empty() && (*parallel || !(quirks.no_sampling && traits.no_parallel_word))
        }),
        response_format: format.format,
        reasoning_effort: {
            let said = |given| reasoning::said(given, target, !tools.is_empty(), losses);
            thought = reasoning.as_ref().map(said).unwrap_or(thought);
            thought.effort
        },
        max_tokens: bound(false),
        max_completion_tokens: bound(true),
        seed: *seed,
        stop: stopping(stop, quirks.no_sampling && traits.no_stop, losses),
        user: user.as_deref().and_then(|user| self::user(user, losses)),
        service_tier: service_tier.as_deref().and_then(|tier| self::tier(tier, losses)),
        stream: stream.then_some(true),
        stream_options: (*stream && target.stream_usage)
            .then_some(StreamOptions { include_usage: true }),
        thinking: thought.control,
        own: extra::own(extra, target, losses)?,
    };
    extra::strike(&mut body, quirks.lacks, losses);
    if top_k.is_some() {
        losses.dropped("top_k");
    }
    // A reply has one answer; more would be paid for and thrown away.
    if n.is_some_and(|n| n > 1) {
        losses.dropped("n");
    }
    Ok(body)
}

fn stopping<'a>(stop: &'a [String], refused: bool, losses: &mut Losses) -> &'a [String] {
    if refused && !stop.is_empty() {
        losses.dropped("stop");
        return &[];
    }
    stop
}

/// The id of the end user; a longer one is cut, for OpenAI would refuse the request.
pub(crate) fn user<'a>(user: &'a str, losses: &mut Losses) -> Option<Cow<'a, str>> {
    if user.chars().count() > USER_MAX {
        losses.approximated("user");
        return Some(user.chars().take(USER_MAX).collect());
    }
    (!user.is_empty()).then_some(Cow::Borrowed(user))
}

/// Sampling parameters, left out where the model refuses them.
pub(crate) struct Sampling<'l> {
    pub(crate) refused: bool,
    pub(crate) losses: &'l mut Losses,
}

impl Sampling<'_> {
    /// The value to send. One that equals the default loses nothing by being left out.
    pub(crate) fn keep(
        &mut self,
        name: &'static str,
        value: Option<f64>,
        default: f64,
    ) -> Option<f64> {
        if !self.refused {
            return value;
        }
        if value.is_some_and(|value| value != default) {
            self.losses.dropped(name);
        }
        None
    }
}

pub(crate) fn tier<'a>(tier: &'a str, losses: &mut Losses) -> Option<&'a str> {
    match tier {
        // What every server does unasked; some refuse the word.
        "auto" => None,
        known if TIERS.contains(&known) => Some(known),
        // Anthropic's word for never using paid-up capacity.
        "standard_only" | "standard" => {
            losses.approximated("service_tier");
            Some("default")
        }
        _ => {
            losses.dropped("service_tier");
            None
        }
    }
}

/// What could not be carried; each field once.
#[derive(Debug, Default)]
pub(crate) struct Losses(Vec<Lost>);

impl Losses {
    pub(crate) fn dropped(&mut self, field: impl Into<Cow<'static, str>>) {
        self.push(Lost::dropped(field));
    }

    pub(crate) fn approximated(&mut self, field: impl Into<Cow<'static, str>>) {
        self.push(Lost::approximated(field));
    }

    pub(crate) fn cache(&mut self, marker: Option<&tollgate_core_types::chat::CacheMarker>) {
        if marker.is_some() {
            self.dropped("cache_control");
        }
    }

    fn push(&mut self, lost: Lost) {
        match self.0.iter_mut().find(|known| known.field == lost.field) {
            Some(known) if lost.how == HowLost::Dropped => known.how = HowLost::Dropped,
            Some(_) => {}
            None => self.0.push(lost),
        }
    }

    pub(crate) fn into_list(self) -> Vec<Lost> {
        self.0
    }
}

#[cfg(test)]
mod tests;
