//! The promises of the balancer, read off simulated time, and the ranking of ways to choose.
//!
//! The simulator is the example `simulate`; `docs/balancer.md` has its tables over more seeds. Its
//! servers are a model: what is held here is order and bounds, never milliseconds.
#![expect(clippy::expect_used, reason = "a run that cannot be set up is of no use")]
#![expect(clippy::disallowed_methods, reason = "virtual time is tokio's, paused")]

use std::time::Duration;

use tollgate_balancer::Strategy;

#[path = "../examples/simulate/measure.rs"]
mod measure;
#[path = "../examples/simulate/policies.rs"]
#[expect(dead_code, reason = "the example compares more ways than these tests")]
mod policies;
#[path = "../examples/simulate/run.rs"]
#[expect(dead_code, reason = "as above")]
mod run;
#[path = "../examples/simulate/world.rs"]
#[expect(dead_code, reason = "as above")]
mod world;

use policies::Reference;
use run::{Outcome, Policy, Scenario, run};
use world::Fault;

/// The strategies that are to hold what is promised; `latency` puts all its eggs in one basket.
const STRATEGIES: [Strategy; 4] =
    [Strategy::Adaptive, Strategy::LeastBusy, Strategy::RoundRobin, Strategy::Random];

fn runs(policy: Policy, scenario: &Scenario, seeds: u64) -> Vec<Outcome> {
    (1..=seeds).map(|seed| run(policy, scenario, seed)).collect()
}

/// One of eight servers does this from 40 s to 100 s; requests come until 180 s.
fn faulty(fault: Fault) -> Scenario {
    Scenario { faults: vec![(40.0..100.0, fault)], ..Scenario::equal(0.7, 180.0) }
}

fn slowdown(policy: Policy, scenario: &Scenario) -> f64 {
    measure::slowdown(&runs(policy, scenario, 2)).0
}

#[test]
fn a_seed_is_a_run() {
    let scenario = Scenario { lasts: 30.0, ..faulty(Fault::Fails) };
    for policy in [Policy::Own(Strategy::Adaptive), Policy::Other(Reference::RawPeakEwma)] {
        let (one, again) = (run(policy, &scenario, 7), run(policy, &scenario, 7));
        assert_eq!(one, again, "{policy:?}");
        assert_ne!(one, run(policy, &scenario, 8), "{policy:?}");
    }
}

/// On equal servers what counts requests is better than what counts tokens or trusts raw times, and
/// chance is worse than turns. On unequal ones, what learns is better than what does not.
#[test]
fn ways_to_choose_rank_as_they_are_known_to() {
    let equal = Scenario::equal(0.9, 200.0);
    let own = |strategy| slowdown(Policy::Own(strategy), &equal);
    let other = |reference| slowdown(Policy::Other(reference), &equal);
    let best = own(Strategy::LeastBusy);
    let (adaptive, turns, chance) =
        (own(Strategy::Adaptive), own(Strategy::RoundRobin), own(Strategy::Random));
    assert!(best < 1.02 && adaptive < 1.03, "{best} {adaptive}");
    assert!(adaptive < turns && turns < chance, "{adaptive} {turns} {chance}");
    let (raw, normalised, tokens) = (
        other(Reference::RawPeakEwma),
        other(Reference::NormalisedPeakEwma),
        other(Reference::Outstanding),
    );
    assert!(normalised < tokens && tokens < raw, "{normalised} {tokens} {raw}");
    assert!(turns < raw, "raw times are worse than no knowledge: {turns} {raw}");

    let unequal = Scenario { speeds: vec![0.4, 0.4, 0.8, 0.8, 0.8, 1.4, 1.4, 1.4], ..equal };
    let known = slowdown(Policy::Own(Strategy::Adaptive), &unequal);
    assert!(known < 1.05, "{known}");
    let unknown = Scenario { weighted: false, ..unequal };
    let learnt = slowdown(Policy::Own(Strategy::Adaptive), &unknown);
    let counted = slowdown(Policy::Own(Strategy::LeastBusy), &unknown);
    let scored = slowdown(Policy::Other(Reference::LatencyScore), &unknown);
    let turns = slowdown(Policy::Own(Strategy::RoundRobin), &unknown);
    assert!(
        learnt < counted && counted < scored && scored < turns,
        "{learnt} {counted} {scored} {turns}"
    );
}

#[test]
fn a_server_that_fails_fast_gets_two_percent_at_most_and_nobody_notices() {
    for strategy in STRATEGIES {
        for fault in [Fault::Fails, Fault::Refuses, Fault::Throttles(None)] {
            let outcomes = runs(Policy::Own(strategy), &faulty(fault), 2);
            let share = measure::share(&outcomes, &(40.0..100.0));
            assert!(share <= 0.02, "{strategy}, {fault:?}: {share}");
            assert_eq!(measure::errors(&outcomes), 0.0, "{strategy}, {fault:?}");
            let attempts = measure::attempts(&outcomes, &(40.0..100.0));
            assert!(attempts <= 1.2, "{strategy}, {fault:?}: {attempts}");
        }
    }
}

/// The control: what chooses the least busy of all and learns nothing sends most of all traffic to
/// the server that fails, because that is never busy.
#[test]
fn without_learning_a_server_that_fails_fast_is_a_black_hole() {
    let policy = Policy::Other(Reference::FullScanInFlight);
    let outcomes = runs(policy, &faulty(Fault::Fails), 1);
    assert!(measure::share(&outcomes, &(40.0..100.0)) > 0.5);
}

#[test]
fn five_failed_attempts_isolate_a_server_and_three_one_that_is_not_there() {
    for (fault, most) in [(Fault::Fails, 5), (Fault::Refuses, 3)] {
        for strategy in STRATEGIES {
            for outcome in runs(Policy::Own(strategy), &faulty(fault), 2) {
                // Within the shortest time that a breaker stays open.
                let first = outcome.tried.iter().find(|it| it.server == 0 && it.at >= 40.0);
                let from = first.unwrap().at;
                let during = from..from + 3.9;
                let tried = outcome.tried.iter().filter(|it| during.contains(&it.at));
                let failed = tried.filter(|it| it.server == 0).count();
                // Requests that were under way when the last failure came were sent before it.
                assert!(failed <= most + 1, "{strategy}, {fault:?}: {failed}");
            }
        }
    }
}

#[test]
fn a_server_that_recovers_is_tried_within_fifteen_seconds_and_has_its_share_thirty_after_closing() {
    for strategy in [Strategy::Adaptive, Strategy::LeastBusy] {
        let outcomes = runs(Policy::Own(strategy), &faulty(Fault::Fails), 6);
        for outcome in &outcomes {
            let back = measure::back(std::slice::from_ref(outcome), 100.0).unwrap();
            assert!(back <= 15.5, "{strategy}: {back}");
        }
        let share = |from, to| measure::share_after_closing(&outcomes, from, to).unwrap();
        let (early, later) = (share(0.0, 6.0), share(30.0, 42.0));
        assert!(early < 0.125 * 0.5, "{strategy}: {early} at first");
        assert!(later > 0.125 * 0.9, "{strategy}: {later} in the end");
        let recovery = measure::recovery(&outcomes, 0.125).unwrap();
        assert!((18.0..=36.0).contains(&recovery), "{strategy}: {recovery} s");
    }
}

#[test]
fn when_every_server_is_out_attempts_grow_by_a_fifth_and_a_few() {
    let mut scenario = faulty(Fault::Fails);
    scenario.speeds = vec![1.0];
    let outcomes = runs(Policy::Own(Strategy::Adaptive), &scenario, 2);
    let requests: usize = outcomes.iter().map(|outcome| outcome.served.len()).sum();
    let tried: usize = outcomes.iter().map(|outcome| outcome.tried.len()).sum();
    assert!(tried as f64 <= 1.2 * requests as f64 + 6.0, "{tried} of {requests}");
}

#[test]
fn a_throttles_pause_is_kept() {
    let pause = Duration::from_secs(5);
    for outcome in runs(Policy::Own(Strategy::Adaptive), &faulty(Fault::Throttles(Some(pause))), 2)
    {
        let during =
            outcome.tried.iter().filter(|it| it.server == 0 && (40.0..95.0).contains(&it.at));
        let times: Vec<f64> = during.map(|it| it.at).collect();
        let soon =
            times.windows(2).filter(|pair| (0.1..4.9).contains(&(pair[1] - pair[0]))).count();
        assert_eq!(soon, 0, "{times:?}");
    }
}
