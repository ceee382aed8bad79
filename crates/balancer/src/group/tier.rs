//! The members of one priority, and which of them come into question.
//!
//! A breaker that tripped on its ratio alone is a statistical verdict: where a vendor as a whole is
//! half sick it would fall on every member. So such verdicts take out at most half of a tier's
//! weight; the others are overruled, in configured order. A run of failures is never overruled.

use std::sync::Arc;
use std::time::Instant;

use crate::group::Eligible;
use crate::member::Member;
use crate::places::Places;
use crate::refusal::Refusal;
use crate::strategy::{Candidate, Strategy};

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
    pub(super) now: Instant,
    pub(super) strategy: Strategy,
    pub(super) eligible: Eligible<'a, P>,
    pub(super) scope: Scope<'a>,
    /// Leaves out those that are not well beyond doubt.
    pub(super) well: bool,
}

/// The members of one priority.
pub(super) struct Tier<'a, P> {
    members: &'a [Arc<Member<P>>],
    /// The place in the group of the first of them.
    first: usize,
}

/// The tiers of members that are sorted by priority.
pub(super) fn tiers<P>(members: &[Arc<Member<P>>]) -> impl Iterator<Item = Tier<'_, P>> {
    let mut first = 0;
    members.chunk_by(|a, b| a.priority() == b.priority()).map(move |members| {
        let tier = Tier { members, first };
        first += members.len();
        tier
    })
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
            let see = |overruled| member.candidate(place, look.strategy, look.now, overruled);
            let seen = seen.and_then(|()| match see(false) {
                Err(Refusal::Open(_) | Refusal::Probing) if self.overrules(place, look) => {
                    see(true)
                }
                seen => seen,
            });
            match seen {
                Ok(_) if look.well && !member.core().is_well(look.now) => {}
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
        for (at, member) in able().filter(|(_, m)| m.core().is_out_by_ratio(look.now)) {
            out += member.weight();
            if at == place {
                return out * 2.0 > total;
            }
        }
        false
    }
}
