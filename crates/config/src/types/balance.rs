//! When a deployment is taken out, and how requests wait for one that is full.

use std::time::Duration;

/// When the breaker of a deployment opens and for how long, and what a group does when all are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Breaker {
    /// Failures in a row that open it; at least 1. Three to reach it at all do as well.
    pub failures: u32,
    /// How long it stays open at first; each further time is twice as long. Not zero.
    pub open: Duration,
    /// The longest that it stays open; up to five minutes, not less than `open`.
    pub max_open: Duration,
    /// What is done when every breaker of a group is open.
    pub panic: Panic,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures: 5,
            open: Duration::from_secs(5),
            max_open: Duration::from_secs(15),
            panic: Panic::Probe,
        }
    }
}

/// What a group does when the breakers of all its deployments are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Panic {
    /// A request now and then is let through.
    Probe,
    /// Breakers are ignored.
    All,
    /// Nothing is let through before a breaker lets it.
    None,
}

impl Panic {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::Probe, Self::All, Self::None];

    /// The name in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

/// How requests wait where every deployment that could serve is full or pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Queue {
    /// Requests of a group that may wait at a time; 0 lets none wait.
    pub max: u32,
    /// The longest wait of one.
    pub timeout: Duration,
}

impl Default for Queue {
    fn default() -> Self {
        Self { max: 0, timeout: Duration::from_secs(10) }
    }
}
