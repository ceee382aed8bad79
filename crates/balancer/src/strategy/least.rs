//! The least of a cost over all candidates, ties by chance.

use tollgate_core_types::Chance;

use super::Candidate;

/// The position of the least `cost`; each of several least ones is equally likely.
pub(super) fn choose(
    candidates: &[Candidate],
    chance: &mut dyn Chance,
    cost: impl Fn(&Candidate) -> f64,
) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    let mut ties = 1;
    for (position, candidate) in candidates.iter().enumerate() {
        let cost = cost(candidate);
        match best {
            Some((_, least)) if cost > least => {}
            Some((_, least)) if cost == least => {
                // Keeps each of the ties seen so far with the same probability, without a list.
                ties += 1;
                if chance.below(ties) == 0 {
                    best = Some((position, cost));
                }
            }
            Some(_) | None => {
                ties = 1;
                best = Some((position, cost));
            }
        }
    }
    best.map(|(position, _)| position)
}
