//! How much the model is to think, in the way that the model takes it: adaptively with an effort,
//! or within a budget of tokens.

use tollgate_core_types::chat::{Reasoning, ReasoningMode};
use tollgate_providers_common::UpstreamTarget;

use super::Context;
use super::turns::Conversation;
use crate::effort::Level;
use crate::models::never_thinks;
use crate::wire::body::Thinking;

/// The smallest budget that the vendor takes, in tokens.
const BUDGET_MIN: u64 = 1024;

/// The bound of generated tokens, which the dialect requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    /// In tokens, reasoning included.
    pub(super) tokens: u64,
    /// Whether somebody asked for it, rather than the catalogue.
    asked: bool,
}

impl Bound {
    /// The client's bound, else the deployment's parameter, else the model's.
    pub(super) fn of(client: Option<u64>, target: &UpstreamTarget) -> Self {
        let configured = || {
            let (_, json) = target.params.defaults.iter().find(|(key, _)| key == "max_tokens")?;
            json.as_str().trim().parse().ok()
        };
        match client.or_else(configured) {
            Some(tokens) => Self { tokens, asked: true },
            None => Self { tokens: target.max_output_tokens, asked: false },
        }
    }

    /// The largest budget below the bound. Where nobody asked for the bound, half of it is left for
    /// the answer.
    fn budget_max(self) -> u64 {
        if self.asked { self.tokens.saturating_sub(1) } else { self.tokens / 2 }
    }
}

/// What is sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Thought<'a> {
    pub(super) config: Option<Thinking<'a>>,
    pub(super) effort: Option<&'static str>,
}

/// Decides on thinking.
pub(super) fn read<'a>(
    reasoning: Option<&'a Reasoning>,
    bound: Bound,
    conversation: &Conversation<'_>,
    cx: &mut Context<'_>,
) -> Thought<'a> {
    let Some(Reasoning { mode, effort, display }) = reasoning else { return Thought::default() };
    let effort = effort.as_deref().filter(|effort| *effort != "none");
    let level = effort.and_then(Level::named);
    if effort.is_some() && level.is_none() {
        cx.dropped("reasoning_effort");
    }
    let adapts = cx.target.quirks.adaptive_thinking;
    if *mode == Some(ReasoningMode::Disabled) {
        // These models take an effort without thinking as well; the older ones have no word for it.
        return Thought { config: None, effort: level.filter(|_| adapts).map(Level::effort) };
    }
    if mode.is_none() && level.is_none() {
        return Thought::default();
    }
    if adapts {
        return adaptive(*mode, level, display.as_deref(), cx);
    }
    if never_thinks(&cx.target.model) {
        cx.dropped("reasoning_effort");
        return Thought::default();
    }
    if display.as_deref() == Some("omitted") {
        cx.dropped("thinking.display");
    }
    let config = budget(*mode, level, bound, conversation, cx);
    Thought {
        config: config.map(|budget_tokens| Thinking::Enabled { budget_tokens }),
        effort: None,
    }
}

fn adaptive<'a>(
    mode: Option<ReasoningMode>,
    level: Option<Level>,
    display: Option<&'a str>,
    cx: &mut Context<'_>,
) -> Thought<'a> {
    let level = level.or_else(|| match mode {
        Some(ReasoningMode::Budget(tokens)) => {
            cx.approximated("thinking.budget_tokens");
            Some(Level::of_budget(tokens))
        }
        Some(ReasoningMode::Adaptive | ReasoningMode::Disabled) | None => None,
    });
    // Many models show nothing unless asked; a client that asks for reasoning wants to see it.
    let display = display.unwrap_or("summarized");
    Thought { config: Some(Thinking::Adaptive { display }), effort: level.map(Level::effort) }
}

/// The budget, or nothing where none is possible.
fn budget(
    mode: Option<ReasoningMode>,
    level: Option<Level>,
    bound: Bound,
    conversation: &Conversation<'_>,
    cx: &mut Context<'_>,
) -> Option<u64> {
    let (field, wanted) = match mode {
        Some(ReasoningMode::Budget(tokens)) => ("thinking.budget_tokens", tokens),
        Some(ReasoningMode::Adaptive | ReasoningMode::Disabled) | None => {
            // An adaptive model without an effort thinks at its high one.
            let level = level.or(mode.map(|_| Level::High))?;
            ("reasoning_effort", level.budget())
        }
    };
    let budget = wanted.min(bound.budget_max());
    if budget < BUDGET_MIN || conversation.resumes_unreasoned_calls() {
        cx.dropped(field);
        return None;
    }
    if budget < wanted || (mode == Some(ReasoningMode::Adaptive) && level.is_none()) {
        cx.approximated(field);
    }
    Some(budget)
}
