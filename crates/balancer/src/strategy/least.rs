//! The least of a cost over all candidates, ties by chance in proportion to weight.
//!
//! Ties are the rule where traffic is low: idle members all cost nothing.

use tollgate_core_types::Chance;

use super::{Candidate, Rank};

/// The position of the least `cost`; each of several least ones is as likely as it weighs.
pub(super) fn choose(
    candidates: &[Candidate],
    chance: &mut dyn Chance,
    cost: impl Fn(&Candidate) -> Rank,
) -> Option<usize> {
    let mut best: Option<(usize, Rank)> = None;
    let mut tied = 0.0;
    for (position, candidate) in candidates.iter().enumerate() {
        let cost = cost(candidate);
        let weight = candidate.share();
        match best {
            Some((_, least)) if cost > least => {}
            Some((_, least)) if cost == least => {
                // Keeps each of the ties seen so far with its probability, without a list.
                tied += weight;
                if chance.unit() * tied < weight {
                    best = Some((position, cost));
                }
            }
            Some(_) | None => {
                tied = weight;
                best = Some((position, cost));
            }
        }
    }
    best.map(|(position, _)| position)
}
