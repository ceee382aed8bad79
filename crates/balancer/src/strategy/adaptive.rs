//! Requests under way per weight, times recent slowness against the others.
//!
//! In-flight per weight is the better signal for servers that batch; slowness, as a ratio to the
//! tier's median and clamped, corrects it for members that are slower than their weight says and for
//! those that fail. A member without history counts as the median; while the one request that
//! explores it is out, it is held back as a whole (`Candidate::held`).

use super::Candidate;

/// The least and the most that slowness counts.
const SLOWNESS: (f64, f64) = (0.5, 8.0);

/// What one more request at it costs.
pub(super) fn cost(candidate: &Candidate, median: Option<f64>) -> f64 {
    let slowness = match (median, candidate.latency) {
        (None, _) | (Some(_), None) => 1.0,
        (Some(median), Some(latency)) => slowness(latency, median),
    };
    (f64::from(candidate.in_flight) + 1.0) * slowness / candidate.share()
}

/// How slow it is, within bounds that no single sample can break.
pub(super) fn slowness(latency: f64, median: f64) -> f64 {
    (latency / median.max(f64::MIN_POSITIVE)).clamp(SLOWNESS.0, SLOWNESS.1)
}

/// The median of the known latencies; of an even number the lower one, so that of two members the
/// failing one never sets the measure.
pub(super) fn median(candidates: &[Candidate], numbers: &mut Vec<f64>) -> Option<f64> {
    numbers.clear();
    numbers.reserve(candidates.len());
    numbers.extend(candidates.iter().filter_map(|candidate| candidate.latency));
    let middle = numbers.len().checked_sub(1)? / 2;
    let (_, median, _) = numbers.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*median)
}
