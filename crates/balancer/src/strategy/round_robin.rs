//! Smooth weighted round robin, as Nginx does it.
//!
//! Each pick gives every candidate its weight and takes the sum of them from the one that stands
//! highest. Over a period each is chosen in exact proportion, never in a burst, and no chance is
//! involved.

use super::Candidate;

/// The position of the candidate whose turn it is.
pub(super) fn choose(candidates: &[Candidate], standing: &mut Vec<f64>) -> Option<usize> {
    let needed = candidates.iter().map(|candidate| candidate.index + 1).max()?;
    if standing.len() < needed {
        standing.resize(needed, 0.0);
    }
    let mut total = 0.0;
    let mut best: Option<(usize, usize, f64)> = None;
    for (position, candidate) in candidates.iter().enumerate() {
        let Some(stands) = standing.get_mut(candidate.index) else { continue };
        *stands += candidate.share();
        total += candidate.share();
        if best.is_none_or(|(_, _, highest)| *stands > highest) {
            best = Some((position, candidate.index, *stands));
        }
    }
    let (position, index, _) = best?;
    if let Some(stands) = standing.get_mut(index) {
        *stands -= total;
    }
    Some(position)
}
