//! The same members for what belongs together, as long as they have no more than their share.
//!
//! Rendezvous hashing: each key ranks all members, weighted, and goes to the first two of them only.
//! A member that leaves moves its own keys and no others; replicas agree without a word. A bound of
//! the load (one and a quarter of the mean) keeps a popular key from drowning its member, and a floor
//! under it keeps two requests at once from parting a session where there is no load at all.

use super::{Candidate, adaptive};

/// How much more than the mean a member may have.
const SLACK: f64 = 1.25;
/// Requests under way, the candidate's own included, that never part a key from its member.
const FLOOR: f64 = 4.0;

/// The position of the first of the key's two members that may take it.
pub(super) fn prefer(candidates: &[Candidate], key: u64) -> Option<usize> {
    let mut best: [Option<(usize, f64)>; 2] = [None, None];
    let mut costs = 0.0;
    for (position, candidate) in candidates.iter().enumerate() {
        costs += load(candidate) / candidate.share();
        let found = (position, score(candidate.key, candidate.weight, key));
        let [first, second] = &mut best;
        if first.is_none_or(|(_, highest)| found.1 > highest) {
            *second = first.replace(found);
        } else if second.is_none_or(|(_, highest)| found.1 > highest) {
            *second = Some(found);
        }
    }
    let bound = SLACK * costs / candidates.len() as f64;
    let fits = |position: &usize| {
        candidates.get(*position).is_some_and(|candidate| {
            let load = load(candidate);
            !candidate.held && (load <= FLOOR || load / candidate.share() <= bound)
        })
    };
    best.into_iter().flatten().map(|(position, _)| position).find(fits)
}

/// Requests under way with one more, each as slow as the member is.
fn load(candidate: &Candidate) -> f64 {
    let slowness = candidate.latency.map_or(1.0, |latency| adaptive::slowness(latency, 1.0));
    (f64::from(candidate.in_flight) + 1.0) * slowness
}

/// Weighted rendezvous: the highest wins with probability in proportion to weight.
pub(super) fn score(member: u64, weight: f64, key: u64) -> f64 {
    let unit = (mixed(member ^ mixed(key)) >> 11) as f64 / (1_u64 << 53) as f64;
    -weight / unit.max(f64::MIN_POSITIVE).ln()
}

/// SplitMix64's finisher: every bit of the result depends on every bit of the number.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::tests::candidates;

    /// How many of so many keys each candidate gets.
    fn counts(candidates: &[Candidate], keys: u64) -> Vec<usize> {
        let mut counts = vec![0; candidates.len()];
        for key in 0..keys {
            counts[prefer(candidates, key).unwrap()] += 1;
        }
        counts
    }

    fn homes(candidates: &[Candidate], keys: u64) -> Vec<usize> {
        (0..keys).map(|key| candidates[prefer(candidates, key).unwrap()].index).collect()
    }

    fn eight() -> Vec<Candidate> {
        let mut all = candidates(&[1.0; 8]);
        for (number, candidate) in all.iter_mut().enumerate() {
            candidate.key = mixed(number as u64);
        }
        all
    }

    #[test]
    fn keys_are_spread_by_weight_and_stay() {
        let mut all = eight();
        all[0].weight = 3.0;
        let counts = counts(&all, 10_000);
        assert!((2700..3300).contains(&counts[0]), "{counts:?}");
        assert!(counts[1..].iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        assert_eq!(homes(&all, 100), homes(&all, 100));
    }

    #[test]
    fn a_member_that_leaves_moves_its_own_keys_alone() {
        let all = eight();
        let (before, after) = (homes(&all, 2000), homes(&all[1..], 2000));
        for (before, after) in before.iter().zip(&after) {
            assert!(before == after || *before == 0, "{before} moved to {after}");
        }
    }

    #[test]
    fn a_member_with_more_than_its_share_gives_way_to_the_keys_second() {
        let mut all = eight();
        let home = prefer(&all, 7).unwrap();
        all[home].in_flight = 3;
        assert_eq!(prefer(&all, 7), Some(home), "four at a time part nothing");
        all[home].in_flight = 4;
        let second = prefer(&all, 7).unwrap();
        assert_ne!(second, home);
        all[second].in_flight = 4;
        assert_eq!(prefer(&all, 7), None, "both have more than their share");
        for candidate in &mut all {
            candidate.in_flight = 4;
        }
        assert_eq!(prefer(&all, 7), Some(home), "all are that busy");
    }

    #[test]
    fn a_slow_or_failing_member_is_not_stuck_to() {
        let mut all = eight();
        let home = prefer(&all, 7).unwrap();
        all[home].latency = Some(25.0);
        assert_ne!(prefer(&all, 7), Some(home));
    }
}
