//! How one of several admissible members is chosen.
//!
//! A strategy sees numbers, never members: it cannot admit, lock or wait. Each is one small file.

use std::fmt;
use std::str::FromStr;

use tollgate_core_types::Chance;

use crate::near::nearest;

mod adaptive;
mod affinity;
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
    /// The quickest to its first event of late, whatever it has to do.
    Latency,
    /// The cheapest; among equals the least busy. Where no price is known, the least busy.
    Cost,
}

impl Strategy {
    /// Every strategy, the default first.
    pub const ALL: [Self; 8] = [
        Self::LeastBusy,
        Self::Adaptive,
        Self::RoundRobin,
        Self::Random,
        Self::FirstAvailable,
        Self::Usage,
        Self::Latency,
        Self::Cost,
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
            Self::Latency => "latency",
            Self::Cost => "cost",
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
    /// Its id as a number, for affinity.
    pub(crate) key: u64,
    /// Its share, finite and above 0.
    pub(crate) weight: f64,
    /// Requests under way.
    pub(crate) in_flight: u32,
    /// The share of its limits in use; for [`Strategy::Usage`] alone.
    pub(crate) load: f64,
    /// What it costs; for [`Strategy::Cost`] alone.
    pub(crate) price: Option<f64>,
    /// How slow it is against the usual; none without history. For [`Strategy::Adaptive`],
    /// [`Strategy::Latency`] and affinity alone.
    pub(crate) latency: Option<f64>,
    /// How far it has returned to service, above 0 to 1.
    pub(crate) ramp: f64,
    /// Whether it has as many requests as it should for now, because it is being explored or has
    /// just returned: it comes after all others.
    pub(crate) held: bool,
    /// Whether it is admitted although its breaker refuses.
    pub(crate) overruled: bool,
}

impl Candidate {
    /// Its share for now.
    fn share(&self) -> f64 {
        self.weight * self.ramp
    }

    /// Requests under way for its share.
    fn busy(&self) -> f64 {
        f64::from(self.in_flight) / self.share()
    }
}

/// What strategies remember and what they work in; one per group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    /// Smooth weighted round robin's standing of each member, by its place in the group.
    standing: Vec<f64>,
    /// Space to find a median in.
    numbers: Vec<f64>,
}

/// By what a candidate is compared: the smaller comes first, the second number where the first is
/// the same.
type Rank = (f64, f64);

/// What being held adds: more than any cost.
const HELD: f64 = 1e12;
/// The price of what has none: more than any.
const UNPRICED: f64 = 1e9;

/// How candidates are ranked; none for strategies that do not compare.
fn rank(strategy: Strategy, candidate: &Candidate, median: Option<f64>) -> Option<Rank> {
    let (first, second) = match strategy {
        Strategy::LeastBusy => (candidate.busy(), 0.0),
        Strategy::Adaptive => (adaptive::cost(candidate, median), 0.0),
        Strategy::Usage => (candidate.load / candidate.share(), 0.0),
        Strategy::Latency => (candidate.latency.unwrap_or(1.0), candidate.busy()),
        Strategy::Cost => (candidate.price.unwrap_or(UNPRICED), candidate.busy()),
        Strategy::RoundRobin | Strategy::Random | Strategy::FirstAvailable => return None,
    };
    Some((if candidate.held { first + HELD } else { first }, second))
}

fn median(strategy: Strategy, candidates: &[Candidate], memory: &mut Memory) -> Option<f64> {
    if strategy == Strategy::Adaptive {
        adaptive::median(candidates, &mut memory.numbers)
    } else {
        None
    }
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
    let median = median(strategy, candidates, memory);
    match strategy {
        Strategy::RoundRobin => round_robin::choose(candidates, &mut memory.standing),
        Strategy::Random => random::choose(candidates, chance),
        Strategy::FirstAvailable => Some(0),
        Strategy::LeastBusy
        | Strategy::Adaptive
        | Strategy::Usage
        | Strategy::Latency
        | Strategy::Cost => least::choose(candidates, chance, |candidate| {
            rank(strategy, candidate, median).unwrap_or_default()
        }),
    }
}

/// The position of the one that requests of this `affinity` go to, unless it has more than its share.
pub(crate) fn prefer(candidates: &[Candidate], affinity: u64) -> Option<usize> {
    affinity::prefer(candidates, affinity)
}

/// How strongly a key of affinity goes to a member: the highest two of a tier are its homes.
pub(crate) fn affinity(member: u64, weight: f64, key: u64) -> f64 {
    affinity::score(member, weight, key)
}

/// What `strategy` compares candidates by, smallest first; none where it does not compare.
pub(crate) fn scores(
    strategy: Strategy,
    candidates: &[Candidate],
    memory: &mut Memory,
) -> Vec<Option<f64>> {
    let median = median(strategy, candidates, memory);
    let score = |candidate| rank(strategy, candidate, median).map(|(first, _)| first);
    candidates.iter().map(score).collect()
}

#[cfg(test)]
mod tests;
