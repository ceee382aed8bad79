//! How one of several admissible members is chosen.
//!
//! A strategy sees numbers, never members: it cannot admit, lock or wait. Each is one small file.

use std::fmt;
use std::str::FromStr;

use tollgate_core_types::Chance;

use crate::near::nearest;

mod adaptive;
mod least;
mod random;
mod round_robin;

/// How one of several admissible members is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strategy {
    /// The fewest requests under way per weight; ties by chance, in proportion to weight.
    #[default]
    LeastBusy,
    /// The fewest requests under way per weight, times how slow the member has been of late.
    Adaptive,
    /// In turn, by weight, spread evenly; follows from the order of requests alone.
    RoundRobin,
    /// By chance, in proportion to weight.
    Random,
    /// The first in configured order that is admissible.
    FirstAvailable,
    /// The smallest share of its own limits in use, per weight; ties by chance, in proportion to
    /// weight.
    Usage,
}

impl Strategy {
    /// Every strategy, the default first.
    pub const ALL: [Self; 6] = [
        Self::LeastBusy,
        Self::Adaptive,
        Self::RoundRobin,
        Self::Random,
        Self::FirstAvailable,
        Self::Usage,
    ];

    /// The name in configuration, requests and status.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LeastBusy => "least_busy",
            Self::Adaptive => "adaptive",
            Self::RoundRobin => "round_robin",
            Self::Random => "random",
            Self::FirstAvailable => "first_available",
            Self::Usage => "usage",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no strategy's; the text names the nearest and all known ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownStrategy {
    name: String,
}

impl fmt::Display for UnknownStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name may come from a request: escaped, and no longer than a name can be.
        let name: String = self.name.chars().take(64).collect();
        write!(f, "unknown load-balancing strategy {name:?}")?;
        if let Some(near) = nearest(&name, Strategy::ALL.map(Strategy::as_str)) {
            write!(f, "; did you mean {near:?}?")?;
        }
        write!(f, " (known: {})", Strategy::ALL.map(Strategy::as_str).join(", "))
    }
}

impl std::error::Error for UnknownStrategy {}

impl FromStr for Strategy {
    type Err = UnknownStrategy;

    fn from_str(name: &str) -> Result<Self, UnknownStrategy> {
        Self::ALL
            .into_iter()
            .find(|strategy| strategy.as_str() == name)
            .ok_or_else(|| UnknownStrategy { name: name.to_owned() })
    }
}

/// What a strategy sees of an admissible member.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    /// Its place in the group.
    pub(crate) index: usize,
    /// Its share, finite and above 0.
    pub(crate) weight: f64,
    /// Requests under way.
    pub(crate) in_flight: u32,
    /// The share of its limits in use; for [`Strategy::Usage`] alone.
    pub(crate) load: f64,
    /// Seconds to the first event per size of request; none without history. For
    /// [`Strategy::Adaptive`] alone.
    pub(crate) latency: Option<f64>,
    /// How far it has returned to service, above 0 to 1.
    pub(crate) ramp: f64,
    /// Whether it is admitted although its breaker refuses.
    pub(crate) overruled: bool,
}

/// What strategies remember and what they work in; one per group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    /// Smooth weighted round robin's standing of each member, by its place in the group.
    standing: Vec<f64>,
    /// Space to find a median in.
    numbers: Vec<f64>,
}

/// The position, among `candidates`, of the one that `strategy` chooses; none of none.
pub(crate) fn choose(
    strategy: Strategy,
    candidates: &[Candidate],
    memory: &mut Memory,
    chance: &mut dyn Chance,
) -> Option<usize> {
    if candidates.is_empty() {
        return None;
    }
    match strategy {
        Strategy::LeastBusy => least::choose(candidates, chance, |candidate| {
            f64::from(candidate.in_flight) / (candidate.weight * candidate.ramp)
        }),
        Strategy::Adaptive => adaptive::choose(candidates, &mut memory.numbers, chance),
        Strategy::RoundRobin => round_robin::choose(candidates, &mut memory.standing),
        Strategy::Random => random::choose(candidates, chance),
        Strategy::FirstAvailable => Some(0),
        Strategy::Usage => {
            least::choose(candidates, chance, |candidate| candidate.load / candidate.weight)
        }
    }
}

#[cfg(test)]
mod tests;
