//! Weighted chance.

use tollgate_core_types::Chance;

use super::Candidate;

/// A position with probability in proportion to weight.
pub(super) fn choose(candidates: &[Candidate], chance: &mut dyn Chance) -> Option<usize> {
    let total: f64 = candidates.iter().map(Candidate::share).sum();
    let mut left = chance.unit() * total;
    for (position, candidate) in candidates.iter().enumerate() {
        left -= candidate.share();
        if left < 0.0 {
            return Some(position);
        }
    }
    // Rounding may leave a remainder of nothing: it belongs to the last.
    candidates.len().checked_sub(1)
}
