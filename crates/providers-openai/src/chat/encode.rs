//! A domain request as a Chat Completions body, and what the dialect could not carry.
//!
//! Every domain type is destructured in full, so that a field added to it must be placed here. What
//! would change the request's meaning if it were left out is refused; the rest is left out and
//! named. Schemas and tool arguments keep their text to the byte.

mod body;
mod messages;
mod parts;
mod tools;

use tollgate_core_types::Lost;
use tollgate_core_types::chat::{ChatRequest, Reasoning, ReasoningMode};
use tollgate_core_types::loss::HowLost;
use tollgate_providers_common::{EncodeError, UpstreamTarget};

use body::{Body, StreamOptions};

/// Largest budget of reasoning that counts as `low`, and as `medium`.
const LOW_BUDGET: u64 = 2048;
const MEDIUM_BUDGET: u64 = 8192;

/// Service tiers that servers of this dialect know.
const TIERS: &[&str] =
    &["auto", "default", "flex", "scale", "priority", "fast", "on_demand", "performance"];

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
    let mut sampling = Sampling { refused: quirks.no_sampling, losses };
    let body = Body {
        model: &target.model,
        temperature: sampling.keep("temperature", *temperature, 1.0),
        top_p: sampling.keep("top_p", *top_p, 1.0),
        frequency_penalty: sampling.keep("frequency_penalty", *frequency_penalty, 0.0),
        presence_penalty: sampling.keep("presence_penalty", *presence_penalty, 0.0),
        messages: messages::all(messages, quirks, losses)?,
        tools: tools::list(tools, losses)?,
        tool_choice: tools::choice(tool_choice.as_ref(), tools.is_empty(), quirks, losses),
        // Vendors refuse the word without tools, where it says nothing.
        parallel_tool_calls: parallel_tool_calls.filter(|_| !tools.is_empty()),
        response_format: tools::format(response_format.as_ref(), quirks, losses)?,
        reasoning_effort: reasoning.as_ref().and_then(|given| effort(given, losses)),
        max_tokens: bound(false),
        max_completion_tokens: bound(true),
        seed: *seed,
        stop,
        user: user.as_deref(),
        service_tier: service_tier.as_deref().and_then(|tier| self::tier(tier, losses)),
        stream: stream.then_some(true),
        stream_options: (*stream && target.stream_usage)
            .then_some(StreamOptions { include_usage: true }),
    };
    if top_k.is_some() {
        losses.dropped("top_k");
    }
    // A reply has one answer; more would be paid for and thrown away.
    if n.is_some_and(|n| n > 1) {
        losses.dropped("n");
    }
    for (name, _) in extra {
        losses.dropped(name.clone());
    }
    Ok(body)
}

/// Sampling parameters, left out where the model refuses them.
struct Sampling<'l> {
    refused: bool,
    losses: &'l mut Losses,
}

impl Sampling<'_> {
    /// The value to send. One that equals the default loses nothing by being left out.
    fn keep(&mut self, name: &'static str, value: Option<f64>, default: f64) -> Option<f64> {
        if !self.refused {
            return value;
        }
        if value.is_some_and(|value| value != default) {
            self.losses.dropped(name);
        }
        None
    }
}

/// Reasoning by effort, the one way this dialect has of saying it.
fn effort<'a>(reasoning: &'a Reasoning, losses: &mut Losses) -> Option<&'a str> {
    let Reasoning { mode, effort, display } = reasoning;
    if display.is_some() {
        losses.dropped("thinking.display");
    }
    let named = effort.as_deref();
    match mode {
        None | Some(ReasoningMode::Adaptive) => named,
        Some(ReasoningMode::Disabled) => {
            if named != Some("none") {
                losses.dropped("thinking");
            }
            named.filter(|effort| *effort == "none")
        }
        Some(ReasoningMode::Budget(tokens)) => {
            losses.approximated("thinking.budget_tokens");
            named.or(Some(effort_of(*tokens)))
        }
    }
}

fn effort_of(budget: u64) -> &'static str {
    if budget <= LOW_BUDGET {
        "low"
    } else if budget <= MEDIUM_BUDGET {
        "medium"
    } else {
        "high"
    }
}

fn tier<'a>(tier: &'a str, losses: &mut Losses) -> Option<&'a str> {
    match tier {
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
struct Losses(Vec<Lost>);

impl Losses {
    fn dropped(&mut self, field: impl Into<std::borrow::Cow<'static, str>>) {
        self.push(Lost::dropped(field));
    }

    fn approximated(&mut self, field: impl Into<std::borrow::Cow<'static, str>>) {
        self.push(Lost::approximated(field));
    }

    fn cache(&mut self, marker: Option<&tollgate_core_types::chat::CacheMarker>) {
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

    fn into_list(self) -> Vec<Lost> {
        self.0
    }
}

#[cfg(test)]
mod tests;
