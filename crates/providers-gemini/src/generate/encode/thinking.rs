//! How much the model is to think, in the way that it takes: a level, or a budget of tokens. Never
//! both: the vendor refuses that.

use tollgate_core_types::chat::{Reasoning, ReasoningMode};

use super::Context;
use crate::models::{self, Thinks};
use crate::wire::body::Thinking;

/// What clients of the two common dialects call the two ways of asking.
const EFFORT: &str = "reasoning_effort";
const BUDGET: &str = "thinking.budget_tokens";

/// Decides on thinking. A client that asks for it is shown the thoughts, unless it says otherwise.
pub(super) fn read(reasoning: Option<&Reasoning>, cx: &mut Context<'_>) -> Option<Thinking> {
    let Reasoning { mode, effort, display } = reasoning?;
    let named = effort.as_deref();
    let off = *mode == Some(ReasoningMode::Disabled) || named == Some("none");
    let level = named.filter(|_| !off).and_then(Level::named);
    if named.is_some() && !off && level.is_none() {
        cx.dropped(EFFORT);
    }
    if mode.is_none() && level.is_none() && !off {
        return None;
    }
    let levels = cx.target.quirks.adaptive_thinking;
    let wanted = Wanted { mode: *mode, level, off };
    let (level, budget) = match models::thinks(&cx.target.model, levels) {
        Thinks::Never => {
            if !off {
                cx.dropped(if mode.is_some() { "thinking" } else { EFFORT });
            }
            return None;
        }
        Thinks::Level { minimal } => (wanted.level(minimal, cx), None),
        Thinks::Budget { least, most } => (None, wanted.budget(least, most, cx)),
    };
    // Not to show thoughts is what happens unasked.
    let shown = !off && display.as_deref() != Some("omitted");
    if !shown && level.is_none() && budget.is_none() {
        return None;
    }
    Some(Thinking { include_thoughts: Some(shown), thinking_budget: budget, thinking_level: level })
}

/// What the client asks for.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    mode: Option<ReasoningMode>,
    level: Option<Level>,
    off: bool,
}

impl Wanted {
    /// The level in the vendor's word. Thinking by levels cannot be switched off.
    fn level(self, minimal: bool, cx: &mut Context<'_>) -> Option<&'static str> {
        let least = if minimal { "MINIMAL" } else { "LOW" };
        if self.off {
            cx.approximated(if self.mode.is_some() { "thinking" } else { EFFORT });
            return Some(least);
        }
        let level = match (self.level, self.mode) {
            (Some(level), _) => level,
            (None, Some(ReasoningMode::Budget(tokens))) => {
                cx.approximated(BUDGET);
                Level::of_budget(tokens)
            }
            (None, Some(ReasoningMode::Adaptive | ReasoningMode::Disabled) | None) => return None,
        };
        Some(match level {
            Level::Minimal => {
                if !minimal {
                    cx.approximated(EFFORT);
                }
                least
            }
            Level::Low => "LOW",
            Level::Medium => "MEDIUM",
            Level::High => "HIGH",
            Level::Highest => {
                cx.approximated(EFFORT);
                "HIGH"
            }
        })
    }

    /// The budget in tokens; -1 leaves it to the model.
    fn budget(self, least: u64, most: u64, cx: &mut Context<'_>) -> Option<i64> {
        let (field, wanted) = match (self.mode, self.level) {
            _ if self.off => (if self.mode.is_some() { "thinking" } else { EFFORT }, 0),
            (Some(ReasoningMode::Budget(tokens)), _) => (BUDGET, tokens),
            (_, Some(level)) => (EFFORT, level.budget().min(most)),
            (Some(ReasoningMode::Adaptive | ReasoningMode::Disabled) | None, None) => {
                return Some(-1);
            }
        };
        // The smaller models can be told not to think at all.
        let zero = wanted == 0 && least <= 512 && most < 32_768;
        let budget = if zero { 0 } else { wanted.clamp(least, most) };
        if budget != wanted {
            cx.approximated(field);
        }
        i64::try_from(budget).ok()
    }
}

/// Effort by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Minimal,
    Low,
    Medium,
    High,
    /// What other vendors have above high.
    Highest,
}

impl Level {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "minimal" => Self::Minimal,
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            "xhigh" | "max" => Self::Highest,
            _ => return None,
        })
    }

    /// The budget that stands for an effort, as the vendor's own translation has it.
    fn budget(self) -> u64 {
        match self {
            Self::Minimal => 512,
            Self::Low => 1024,
            Self::Medium => 8192,
            Self::High => 24_576,
            Self::Highest => 32_768,
        }
    }

    fn of_budget(tokens: u64) -> Self {
        match tokens {
            0..=1024 => Self::Low,
            1025..=8192 => Self::Medium,
            _ => Self::High,
        }
    }
}
