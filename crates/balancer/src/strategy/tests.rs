//! Strategies: exact where they promise it, fair where they use chance.

use proptest::prelude::{any, prop_assert, proptest};
use tollgate_core_types::chance::SplitMix64;

use super::*;

pub(super) fn candidates(weights: &[f64]) -> Vec<Candidate> {
    let candidate = |(index, weight): (usize, &f64)| Candidate {
        index,
        key: index as u64,
        weight: *weight,
        in_flight: 0,
        load: 0.0,
        price: None,
        latency: None,
        ramp: 1.0,
        held: false,
        overruled: false,
    };
    weights.iter().enumerate().map(candidate).collect()
}

/// How often each is chosen in `times` choices, nothing else changing.
fn shares(strategy: Strategy, candidates: &[Candidate], times: usize) -> Vec<usize> {
    let (mut memory, mut chance) = (Memory::default(), SplitMix64::new(42));
    let mut counts = vec![0; candidates.len()];
    for _ in 0..times {
        counts[choose(strategy, candidates, &mut memory, &mut chance).unwrap()] += 1;
    }
    counts
}

#[test]
fn none_of_none() {
    for strategy in Strategy::ALL {
        let (mut memory, mut chance) = (Memory::default(), SplitMix64::new(1));
        assert_eq!(choose(strategy, &[], &mut memory, &mut chance), None);
    }
}

#[test]
fn round_robin_is_spread_as_nginx_does_it() {
    let (mut memory, mut chance) = (Memory::default(), SplitMix64::new(1));
    let candidates = candidates(&[5.0, 1.0, 1.0]);
    let order: Vec<_> = (0..7)
        .map(|_| choose(Strategy::RoundRobin, &candidates, &mut memory, &mut chance).unwrap())
        .collect();
    assert_eq!(order, [0, 0, 1, 0, 2, 0, 0]);
}

#[test]
fn round_robin_over_those_that_are_left_is_fair_among_them() {
    let (mut memory, mut chance) = (Memory::default(), SplitMix64::new(1));
    let all = candidates(&[1.0, 1.0, 1.0]);
    let mut counts = [0_usize; 3];
    for turn in 0..300 {
        let left = if (100..200).contains(&turn) { &all[1..] } else { &all[..] };
        let chosen = choose(Strategy::RoundRobin, left, &mut memory, &mut chance).unwrap();
        counts[left[chosen].index] += 1;
    }
    assert!((66..=68).contains(&counts[0]), "{counts:?}");
    assert!(counts[1].abs_diff(counts[2]) <= 1, "{counts:?}");
}

#[test]
fn weighted_chance_follows_the_weights() {
    let counts = shares(Strategy::Random, &candidates(&[1.0, 2.0, 5.0]), 80_000);
    for (count, expected) in counts.iter().zip([10_000.0_f64, 20_000.0, 50_000.0]) {
        // Four standard deviations of a binomial count.
        let allowed = 4.0 * (expected * (1.0 - expected / 80_000.0)).sqrt();
        assert!((*count as f64 - expected).abs() < allowed, "{counts:?}");
    }
}

#[test]
fn the_first_is_the_first() {
    assert_eq!(shares(Strategy::FirstAvailable, &candidates(&[1.0, 9.0]), 10), [10, 0]);
}

#[test]
fn ties_of_the_least_busy_are_broken_evenly() {
    let counts = shares(Strategy::LeastBusy, &candidates(&[1.0, 1.0, 1.0, 1.0]), 8000);
    assert!(counts.iter().all(|count| (1840..=2160).contains(count)), "{counts:?}");
}

#[test]
fn ties_are_broken_by_weight() {
    let mut tied = candidates(&[1.0, 3.0, 4.0]);
    tied[2].ramp = 0.5;
    for strategy in [Strategy::LeastBusy, Strategy::Usage] {
        let counts = shares(strategy, &tied, 12_000);
        for (count, expected) in counts.iter().zip([2000_usize, 6000, 4000]) {
            assert!(count.abs_diff(expected) < 220, "{strategy}: {counts:?}");
        }
    }
}

#[test]
fn least_busy_counts_requests_per_weight() {
    let mut candidates = candidates(&[1.0, 4.0]);
    (candidates[0].in_flight, candidates[1].in_flight) = (1, 3);
    assert_eq!(shares(Strategy::LeastBusy, &candidates, 10), [0, 10]);
    candidates[1].in_flight = 5;
    assert_eq!(shares(Strategy::LeastBusy, &candidates, 10), [10, 0]);
}

#[test]
fn a_member_that_returns_gets_less_at_first() {
    let mut candidates = candidates(&[1.0, 1.0]);
    candidates[0].ramp = 0.1;
    (candidates[0].in_flight, candidates[1].in_flight) = (1, 9);
    assert_eq!(shares(Strategy::LeastBusy, &candidates, 10), [0, 10]);
    candidates[1].in_flight = 11;
    assert_eq!(shares(Strategy::LeastBusy, &candidates, 10), [10, 0]);
}

#[test]
fn usage_is_load_over_weight() {
    let mut candidates = candidates(&[1.0, 2.0]);
    (candidates[0].load, candidates[1].load) = (0.3, 0.5);
    assert_eq!(shares(Strategy::Usage, &candidates, 10), [0, 10]);
    candidates[1].load = 0.7;
    assert_eq!(shares(Strategy::Usage, &candidates, 10), [10, 0]);
}

#[test]
fn adaptive_without_any_history_is_least_busy() {
    let mut candidates = candidates(&[1.0, 1.0]);
    candidates[0].in_flight = 1;
    assert_eq!(shares(Strategy::Adaptive, &candidates, 10), [0, 10]);
}

#[test]
fn adaptive_prefers_the_faster_within_bounds() {
    let mut candidates = candidates(&[1.0, 1.0, 1.0]);
    for (candidate, latency) in candidates.iter_mut().zip([0.5, 0.6, 60.0]) {
        candidate.latency = Some(latency);
    }
    assert_eq!(shares(Strategy::Adaptive, &candidates, 10), [10, 0, 0]);
    // A hundred times slower counts as eight times, so it is used when the others are that full.
    candidates[0].in_flight = 10;
    candidates[1].in_flight = 8;
    assert_eq!(shares(Strategy::Adaptive, &candidates, 10), [0, 0, 10]);
}

#[test]
fn adaptive_sends_one_request_to_explore_and_not_a_crowd() {
    let mut candidates = candidates(&[1.0, 1.0]);
    candidates[0].latency = Some(1.0);
    candidates[0].in_flight = 1;
    assert_eq!(shares(Strategy::Adaptive, &candidates, 10), [0, 10]);
    (candidates[1].in_flight, candidates[1].held) = (1, true);
    candidates[0].in_flight = 1000;
    assert_eq!(shares(Strategy::Adaptive, &candidates, 10), [10, 0]);
}

#[test]
fn of_two_the_slower_one_does_not_set_the_measure() {
    let mut candidates = candidates(&[1.0, 1.0]);
    (candidates[0].latency, candidates[1].latency) = (Some(0.5), Some(5.0));
    candidates[0].in_flight = 6;
    assert_eq!(shares(Strategy::Adaptive, &candidates, 10), [10, 0]);
}

#[test]
fn the_quickest_is_chosen_whatever_it_has_to_do_and_one_without_history_is_usual() {
    let mut candidates = candidates(&[1.0, 1.0, 1.0]);
    (candidates[0].latency, candidates[1].latency) = (Some(0.9), Some(0.8));
    candidates[1].in_flight = 50;
    assert_eq!(shares(Strategy::Latency, &candidates, 10), [0, 10, 0]);
    (candidates[0].latency, candidates[1].latency) = (Some(1.2), Some(1.1));
    assert_eq!(shares(Strategy::Latency, &candidates, 10), [0, 0, 10]);
    candidates[2].held = true;
    assert_eq!(shares(Strategy::Latency, &candidates, 10), [0, 10, 0]);
}

#[test]
fn the_cheapest_is_chosen_and_the_least_busy_of_equals() {
    let mut candidates = candidates(&[1.0, 1.0, 1.0, 1.0]);
    for (candidate, price) in candidates.iter_mut().zip([3.0, 2.0, 2.0]) {
        candidate.price = Some(price);
    }
    candidates[1].in_flight = 2;
    candidates[2].in_flight = 1;
    assert_eq!(shares(Strategy::Cost, &candidates, 10), [0, 0, 10, 0]);
    assert_eq!(shares(Strategy::Cost, &candidates[3..], 10), [10], "none is known");
}

#[test]
fn estimates_that_have_faded_to_nothing_are_alike() {
    let mut candidates = candidates(&[1.0, 1.0]);
    (candidates[0].latency, candidates[1].latency) = (Some(0.0), Some(0.0));
    let counts = shares(Strategy::Adaptive, &candidates, 1000);
    assert!(counts.iter().all(|count| *count > 400), "{counts:?}");
}

#[test]
fn every_strategy_has_a_name_that_reads_back() {
    for strategy in Strategy::ALL {
        assert_eq!(strategy.to_string().parse(), Ok(strategy));
    }
    assert_eq!(Strategy::default(), Strategy::ALL[0]);
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let text = |name: &str| name.parse::<Strategy>().unwrap_err().to_string();
    let known =
        "(known: least_busy, adaptive, round_robin, random, first_available, usage, latency, cost)";
    for (name, near) in [
        ("round-robin", "; did you mean \"round_robin\"?"),
        ("Random", "; did you mean \"random\"?"),
        ("fastest", ""),
    ] {
        let expected = format!("unknown load-balancing strategy {name:?}{near} {known}");
        assert_eq!(text(name), expected);
    }
    assert!(text(&"\u{1b}x".repeat(10_000)).len() < 1500);
}

proptest! {
    /// Over a period of the sum of integer weights each is chosen exactly as often as it weighs, and
    /// at every moment none is further than one choice from its share.
    #[test]
    fn smooth_round_robin_is_exact(weights in proptest::collection::vec(1_u32..20, 1..9)) {
        let floats: Vec<f64> = weights.iter().copied().map(f64::from).collect();
        let candidates = candidates(&floats);
        let (mut memory, mut chance) = (Memory::default(), SplitMix64::new(1));
        let total: u32 = weights.iter().sum();
        let mut counts = vec![0_u32; weights.len()];
        for turn in 1..=total * 3 {
            let chosen = choose(Strategy::RoundRobin, &candidates, &mut memory, &mut chance);
            counts[chosen.unwrap()] += 1;
            for (count, weight) in counts.iter().zip(&weights) {
                let share = f64::from(turn) * f64::from(*weight) / f64::from(total);
                prop_assert!((f64::from(*count) - share).abs() < weights.len() as f64);
            }
            if turn % total == 0 {
                let periods = turn / total;
                prop_assert!(counts.iter().zip(&weights).all(|(n, w)| *n == w * periods));
            }
        }
    }

    /// Whatever the numbers are, something is chosen.
    #[test]
    fn something_is_always_chosen(
        raw in proptest::collection::vec(
            (0.001_f64..1e6, 0_u32..1000, 0.0_f64..10.0, proptest::option::of(0.0_f64..1e3), 0.1_f64..1.0),
            1..40,
        ),
        seed in any::<u64>(),
    ) {
        let candidates: Vec<_> = raw.into_iter().enumerate()
            .map(|(index, (weight, in_flight, load, latency, ramp))| {
                let (key, held) = (index as u64, in_flight % 5 == 0);
                let price = latency.map(|latency| latency * 2.0);
                Candidate { index, key, weight, in_flight, load, price, latency, ramp, held, overruled: false }
            })
            .collect();
        let (mut memory, mut chance) = (Memory::default(), SplitMix64::new(seed));
        for strategy in Strategy::ALL {
            let chosen = choose(strategy, &candidates, &mut memory, &mut chance);
            prop_assert!(chosen.is_some_and(|position| position < candidates.len()));
        }
    }
}

#[test]
fn what_was_tied_before_the_least_does_not_count() {
    let mut candidates = candidates(&[1.0, 1.0, 1.0, 1.0]);
    (candidates[0].in_flight, candidates[1].in_flight) = (1, 1);
    let counts = shares(Strategy::LeastBusy, &candidates, 4000);
    assert_eq!((counts[0], counts[1]), (0, 0));
    assert!((1800..=2200).contains(&counts[2]), "{counts:?}");
}
