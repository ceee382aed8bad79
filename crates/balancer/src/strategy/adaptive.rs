//! Requests under way per weight, times recent slowness against the others.
//!
//! In-flight per weight is the better signal for servers that batch; slowness, as a ratio to the
//! tier's median and clamped, corrects it for members that are slower than their weight says and for
//! those that fail. A member without history counts as the median for its first request and as the
//! slowest while that one is out, so that one request explores it and not a crowd.

use tollgate_core_types::Chance;

use super::{Candidate, least};

/// The least and the most that slowness counts.
const SLOWNESS: (f64, f64) = (0.5, 8.0);

/// The position of the least cost.
pub(super) fn choose(
    candidates: &[Candidate],
    numbers: &mut Vec<f64>,
    chance: &mut dyn Chance,
) -> Option<usize> {
    let median = median(candidates, numbers);
    least::choose(candidates, chance, |candidate| {
        let slowness = match (median, candidate.latency) {
            (None, _) => 1.0,
            (Some(_), None) if candidate.in_flight > 0 => SLOWNESS.1,
            (Some(_), None) => 1.0,
            (Some(median), Some(latency)) => slowness(latency, median),
        };
        f64::from(candidate.in_flight + 1) * slowness / (candidate.weight * candidate.ramp)
    })
}

fn slowness(latency: f64, median: f64) -> f64 {
    // Estimates fade towards nothing; two that have are alike.
    if median <= f64::MIN_POSITIVE {
        return if latency <= f64::MIN_POSITIVE { 1.0 } else { SLOWNESS.1 };
    }
    (latency / median).clamp(SLOWNESS.0, SLOWNESS.1)
}

/// The median of the known latencies; of an even number the lower one, so that of two members the
/// failing one never sets the measure.
fn median(candidates: &[Candidate], numbers: &mut Vec<f64>) -> Option<f64> {
    numbers.clear();
    numbers.extend(candidates.iter().filter_map(|candidate| candidate.latency));
    let middle = numbers.len().checked_sub(1)? / 2;
    let (_, median, _) = numbers.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*median)
}
