//! How much a model is to think, by name and as a budget of tokens.
//!
//! One table for every way to Claude, so that the same request means the same through each. It must
//! never know which words a model takes.

/// Effort by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The least that there is.
    Minimal,
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much; what an adaptive model takes by itself.
    High,
    /// More.
    XHigh,
    /// As much as it can.
    Max,
}

impl Level {
    /// The level of a name; `None` where it is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "minimal" => Self::Minimal,
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            "xhigh" => Self::XHigh,
            "max" => Self::Max,
            _ => return None,
        })
    }

    /// Claude's word; it has none below low.
    #[must_use]
    pub fn effort(self) -> &'static str {
        match self {
            Self::Minimal | Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// The budget that stands for an effort, in tokens.
    #[must_use]
    pub fn budget(self) -> u64 {
        match self {
            Self::Minimal | Self::Low => 1024,
            Self::Medium => 2048,
            Self::High => 4096,
            Self::XHigh => 8192,
            Self::Max => 16_384,
        }
    }

    /// The effort that stands for a budget: the greatest whose own budget is within it.
    #[must_use]
    pub fn of_budget(tokens: u64) -> Self {
        match tokens {
            0..2048 => Self::Low,
            2048..4096 => Self::Medium,
            4096..8192 => Self::High,
            8192..16_384 => Self::XHigh,
            _ => Self::Max,
        }
    }
}
