//! How much the model is to think, in the way that each family takes it: Claude adaptively with an
//! effort or within a budget of tokens, Nova and gpt-oss by an effort of three steps.

use serde_json::json;
use tollgate_core_types::chat::{Reasoning, ReasoningMode};
use tollgate_providers_anthropic::effort::Level;
use tollgate_providers_anthropic::models::never_thinks;

use super::Context;
use super::turns::Conversation;
use crate::models::Family;

/// The smallest budget that Claude takes, in tokens.
const BUDGET_MIN: u64 = 1024;

/// What is sent.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Thought {
    /// Converse's own word.
    pub(super) effort: Option<&'static str>,
    /// The bound of generated tokens that a budget needs where nobody gave one.
    pub(super) bound: Option<u64>,
    /// The model's own words.
    own: Option<(&'static str, serde_json::Value)>,
    claude_thinks: bool,
}

impl Thought {
    /// Claude that thinks takes neither a forced tool nor sampling parameters.
    pub(super) fn excludes_forced_tools(&self) -> bool {
        self.claude_thinks
    }

    /// Puts the model's own words into the request.
    pub(super) fn say(&mut self, cx: &mut Context<'_>) {
        if let Some((key, value)) = self.own.take() {
            cx.add(key, value);
        }
    }
}

/// Decides on thinking. `bound` is the bound of generated tokens that somebody asked for.
pub(super) fn read(
    reasoning: Option<&Reasoning>,
    bound: Option<u64>,
    conversation: &Conversation<'_>,
    cx: &mut Context<'_>,
) -> Thought {
    let Some(Reasoning { mode, effort, display }) = reasoning else { return Thought::default() };
    let effort = effort.as_deref().filter(|effort| *effort != "none");
    let level = effort.and_then(Level::named);
    if effort.is_some() && level.is_none() {
        cx.dropped("reasoning_effort");
    }
    let off = *mode == Some(ReasoningMode::Disabled) || (mode.is_none() && level.is_none());
    match cx.family {
        Family::Claude if off => {
            // Adaptive models take an effort without thinking; the older ones have no word for it.
            let adapts = cx.target.quirks.adaptive_thinking;
            let effort = level.filter(|_| adapts).map(Level::effort);
            Thought { effort, ..Thought::default() }
        }
        Family::Claude if cx.target.quirks.adaptive_thinking => {
            adaptive(*mode, level, display.as_deref(), cx)
        }
        Family::Claude if never_thinks(cx.model) => lost(cx),
        Family::Claude => {
            if display.as_deref() == Some("omitted") {
                cx.dropped("thinking.display");
            }
            within(budget(*mode, level, bound, conversation, cx), bound, cx)
        }
        _ if off => Thought::default(),
        Family::Nova => {
            let effort = steps(*mode, level, cx);
            let config = json!({ "type": "enabled", "maxReasoningEffort": effort });
            Thought { own: Some(("reasoningConfig", config)), ..Thought::default() }
        }
        Family::GptOss => {
            let effort = steps(*mode, level, cx);
            Thought { own: Some(("reasoning_effort", json!(effort))), ..Thought::default() }
        }
        Family::Mistral | Family::TitanEmbed | Family::CohereEmbed | Family::Other => lost(cx),
    }
}

fn lost(cx: &mut Context<'_>) -> Thought {
    cx.dropped("reasoning_effort");
    Thought::default()
}

/// An effort of three steps.
fn steps(mode: Option<ReasoningMode>, level: Option<Level>, cx: &mut Context<'_>) -> &'static str {
    let level = level.unwrap_or_else(|| by_mode(mode, cx));
    let (word, exact) = match level {
        Level::Minimal => ("low", false),
        Level::Low => ("low", true),
        Level::Medium => ("medium", true),
        Level::High => ("high", true),
        Level::XHigh | Level::Max => ("high", false),
    };
    if !exact {
        cx.approximated("reasoning_effort");
    }
    word
}

/// The effort that stands for a mode: an adaptive model without an effort thinks at its high one.
fn by_mode(mode: Option<ReasoningMode>, cx: &mut Context<'_>) -> Level {
    match mode {
        Some(ReasoningMode::Budget(tokens)) => {
            cx.approximated("thinking.budget_tokens");
            Level::of_budget(tokens)
        }
        Some(ReasoningMode::Adaptive | ReasoningMode::Disabled) | None => Level::High,
    }
}

fn adaptive(
    mode: Option<ReasoningMode>,
    level: Option<Level>,
    display: Option<&str>,
    cx: &mut Context<'_>,
) -> Thought {
    let level = level.or_else(|| match mode {
        Some(ReasoningMode::Budget(_)) => Some(by_mode(mode, cx)),
        Some(ReasoningMode::Adaptive | ReasoningMode::Disabled) | None => None,
    });
    // Many models show nothing unless asked; a client that asks for reasoning wants to see it.
    let thinking = json!({ "type": "adaptive", "display": display.unwrap_or("summarized") });
    Thought {
        effort: level.map(Level::effort),
        bound: None,
        own: Some(("thinking", thinking)),
        claude_thinks: true,
    }
}

/// Thinking within a budget, for which the bound of all tokens must be said.
fn within(budget: Option<u64>, bound: Option<u64>, cx: &Context<'_>) -> Thought {
    let Some(tokens) = budget else { return Thought::default() };
    Thought {
        effort: None,
        bound: bound.is_none().then_some(cx.target.max_output_tokens),
        own: Some(("thinking", json!({ "type": "enabled", "budget_tokens": tokens }))),
        claude_thinks: true,
    }
}

/// The budget, or nothing where none is possible.
fn budget(
    mode: Option<ReasoningMode>,
    level: Option<Level>,
    bound: Option<u64>,
    conversation: &Conversation<'_>,
    cx: &mut Context<'_>,
) -> Option<u64> {
    let (field, wanted) = match mode {
        Some(ReasoningMode::Budget(tokens)) => ("thinking.budget_tokens", tokens),
        Some(ReasoningMode::Adaptive | ReasoningMode::Disabled) | None => {
            let level = level.or(mode.map(|_| Level::High))?;
            ("reasoning_effort", level.budget())
        }
    };
    // Where nobody asked for the bound, half of it is left for the answer.
    let most = bound.map_or(cx.target.max_output_tokens / 2, |bound| bound.saturating_sub(1));
    let budget = wanted.min(most);
    if budget < BUDGET_MIN || conversation.resumes_unreasoned_calls() {
        cx.dropped(field);
        return None;
    }
    if budget < wanted || (mode == Some(ReasoningMode::Adaptive) && level.is_none()) {
        cx.approximated(field);
    }
    Some(budget)
}
