//! The members of one priority, and which of them come into question.
//!
//! A breaker that tripped on its ratio alone is a statistical verdict: where a vendor as a whole is
//! half sick it would fall on every member. So such verdicts take out at most half of a tier's
//! weight; the others are overruled, in configured order. A run of failures is never overruled.

use std::sync::Arc;

use tollgate_core_types::Chance;

use crate::group::Eligible;
use crate::member::{Member, View};
use crate::places::Places;
use crate::refusal::Refusal;
use crate::strategy::{Candidate, Strategy, affinity};

/// Which members come into question for the next attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// All but these, by place.
    Except(&'a Places),
    /// This one alone.
    Only(usize),
}

impl Scope<'_> {
    pub(super) fn has(self, place: usize) -> bool {
        match self {
            Self::Except(tried) => !tried.contains(place),
            Self::Only(only) => place == only,
        }
    }
}

/// How members are looked at.
pub(super) struct Look<'a, P> {
    pub(super) view: View,
    pub(super) eligible: Eligible<'a, P>,
    pub(super) scope: Scope<'a>,
    /// Leaves out those that are not well beyond doubt.
    pub(super) well: bool,
}

/// Where the members of one priority stand in their group.
#[derive(Debug)]
pub(super) struct Span {
    first: usize,
    /// The weights of each and all before it in the tier.
    weights: Vec<f64>,
}

/// The tiers of members that are sorted by priority.
pub(super) fn spans<P>(members: &[Arc<Member<P>>]) -> Vec<Span> {
    let mut first = 0;
    let span = |tier: &[Arc<Member<P>>]| {
        let weights = tier.iter().scan(0.0, |sum, member| {
            *sum += member.weight();
            Some(*sum)
        });
        let span = Span { first, weights: weights.collect() };
        first += tier.len();
        span
    };
    members.chunk_by(|a, b| a.priority() == b.priority()).map(span).collect()
}

/// The members of one priority.
pub(super) struct Tier<'a, P> {
    members: &'a [Arc<Member<P>>],
    /// The place in the group of the first of them.
    first: usize,
    weights: &'a [f64],
}

/// Members of a tier that are all looked at; of more, two by chance are as good as the best, nearly,
/// and cost no more however many there are.
const LARGE: usize = 32;
/// How often a place is drawn before as many as are wanted are found.
const DRAWS: usize = 12;

/// Which members of a tier are looked at where not all are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Enough {
    /// The first that is admissible.
    First,
    /// So many admissible ones, drawn by weight.
    Drawn(usize),
}

impl<'a, P> Tier<'a, P> {
    /// The tier at this span of `members`.
    pub(super) fn new(span: &'a Span, members: &'a [Arc<Member<P>>]) -> Self {
        let Span { first, weights } = span;
        let end = first + weights.len();
        Self { members: members.get(*first..end).unwrap_or_default(), first: *first, weights }
    }

    /// Which of it are enough for a strategy; none where it has to see all.
    pub(super) fn enough(&self, strategy: Strategy) -> Option<Enough> {
        let large = self.members.len() > LARGE;
        match strategy {
            Strategy::FirstAvailable => Some(Enough::First),
            Strategy::Random => large.then_some(Enough::Drawn(1)),
            Strategy::Adaptive | Strategy::LeastBusy | Strategy::Usage => {
                large.then_some(Enough::Drawn(2))
            }
            Strategy::RoundRobin | Strategy::Latency | Strategy::Cost => None,
        }
    }

    /// Adds the first admissible member.
    pub(super) fn first(&self, look: &Look<'_, P>, candidates: &mut Vec<Candidate>) {
        let found = self.places().find_map(|(place, member)| self.see(place, member, look));
        candidates.extend(found);
    }

    /// Adds so many different admissible members, drawn by weight, or fewer if they are not easily
    /// found.
    pub(super) fn draw(
        &self,
        count: usize,
        look: &Look<'_, P>,
        candidates: &mut Vec<Candidate>,
        chance: &mut dyn Chance,
    ) {
        let total = self.weights.last().copied().unwrap_or_default();
        for _ in 0..DRAWS {
            let drawn = chance.unit() * total;
            let at = self.weights.partition_point(|sum| *sum <= drawn);
            self.add(at, look, candidates);
            if candidates.len() >= count {
                return;
            }
        }
    }

    /// Adds the two members that requests of this affinity go to, where they are admissible.
    pub(super) fn homes(&self, key: u64, look: &Look<'_, P>, candidates: &mut Vec<Candidate>) {
        let mut best: [Option<(usize, f64)>; 2] = [None, None];
        for (at, member) in self.members.iter().enumerate() {
            let score = affinity(member.key(), member.weight(), key);
            let [first, second] = &mut best;
            if first.is_none_or(|(_, highest)| score > highest) {
                *second = first.replace((at, score));
            } else if second.is_none_or(|(_, highest)| score > highest) {
                *second = Some((at, score));
            }
        }
        for (at, _) in best.into_iter().flatten() {
            self.add(at, look, candidates);
        }
    }

    /// Adds the member at this place of the tier if it is admissible and not there yet.
    fn add(&self, at: usize, look: &Look<'_, P>, candidates: &mut Vec<Candidate>) {
        let place = self.first + at;
        if let Some(member) = self.members.get(at)
            && !candidates.iter().any(|candidate| candidate.index == place)
        {
            candidates.extend(self.see(place, member, look));
        }
    }

    /// What a strategy sees of a member that is in scope, eligible and admissible.
    fn see(&self, place: usize, member: &Member<P>, look: &Look<'_, P>) -> Option<Candidate> {
        if !look.scope.has(place) || (look.eligible)(member.payload()).is_err() {
            return None;
        }
        if look.well && !member.core().is_well(look.view.now) {
            return None;
        }
        member.candidate(place, look.view, false).ok()
    }
}

impl<P> Tier<'_, P> {
    /// Adds the admissible members to `candidates` and tells `refuse` of the others.
    pub(super) fn survey(
        &self,
        look: &Look<'_, P>,
        candidates: &mut Vec<Candidate>,
        mut refuse: impl FnMut(&Member<P>, Refusal),
    ) {
        for (place, member) in self.places().filter(|(place, _)| look.scope.has(*place)) {
            let seen = (look.eligible)(member.payload()).map_err(Refusal::Ineligible);
            let see = |overruled| member.candidate(place, look.view, overruled);
            let seen = seen.and_then(|()| match see(false) {
                Err(Refusal::Open(_) | Refusal::Probing) if self.overrules(place, look) => {
                    see(true)
                }
                seen => seen,
            });
            match seen {
                Ok(_) if look.well && !member.core().is_well(look.view.now) => {}
                Ok(candidate) => candidates.push(candidate),
                Err(refusal) => refuse(member, refusal),
            }
        }
    }

    fn places(&self) -> impl Iterator<Item = (usize, &Arc<Member<P>>)> {
        (self.first..).zip(self.members)
    }

    /// Whether the breaker of the member at this place is one too many.
    fn overrules(&self, place: usize, look: &Look<'_, P>) -> bool {
        let able = || self.places().filter(|(_, member)| (look.eligible)(member.payload()).is_ok());
        let total: f64 = able().map(|(_, member)| member.weight()).sum();
        let mut out = 0.0;
        for (at, member) in able().filter(|(_, m)| m.core().is_out_by_ratio(look.view.now)) {
            out += member.weight();
            if at == place {
                return out * 2.0 > total;
            }
        }
        false
    }
}
