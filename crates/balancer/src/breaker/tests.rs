//! The life cycle of a breaker.

use proptest::prelude::*;
use tollgate_core_types::chance::SplitMix64;
use tollgate_core_types::error::BreakerEffect as E;

use super::*;
use crate::testing::{epoch, secs};

/// A breaker, a clock and chance.
struct Bench {
    breaker: Breaker,
    now: Instant,
    chance: SplitMix64,
}

impl Bench {
    fn new(policy: BreakerPolicy) -> Self {
        Self { breaker: Breaker::new(policy), now: epoch(), chance: SplitMix64::new(7) }
    }

    /// One attempt through the front door with this outcome.
    fn attempt(&mut self, effect: E) {
        let permit = self.breaker.admit(self.now).unwrap();
        self.verdict(permit, effect);
    }

    fn verdict(&mut self, permit: Permit, effect: E) {
        let verdict = Verdict { effect, unreached: false, started: self.now };
        self.breaker.record(permit, verdict, self.now, &mut self.chance);
    }

    fn fail(&mut self, times: usize) {
        for _ in 0..times {
            self.attempt(E::Failure);
        }
    }

    fn state(&self) -> BreakerState {
        self.breaker.state(self.now).0
    }

    /// How long it stays open from now on.
    fn open_for(&self) -> Duration {
        self.breaker.state(self.now).1.unwrap() - self.now
    }

    /// Lets the open time pass.
    fn wait(&mut self) {
        self.now += self.open_for();
    }
}

fn bench() -> Bench {
    Bench::new(BreakerPolicy::default())
}

#[test]
fn five_failures_in_a_row_trip_it_and_four_do_not() {
    let mut bench = bench();
    bench.fail(4);
    bench.attempt(E::Success);
    bench.fail(4);
    assert_eq!(bench.state(), BreakerState::Closed);
    bench.fail(1);
    assert_eq!(bench.state(), BreakerState::Open);
    assert!(matches!(bench.breaker.admit(bench.now), Err(Shut::Open(_))));
}

#[test]
fn neutral_outcomes_neither_trip_nor_mend_a_run() {
    let mut bench = bench();
    bench.fail(4);
    bench.attempt(E::Neutral);
    assert_eq!(bench.state(), BreakerState::Closed);
    bench.fail(1);
    assert_eq!(bench.state(), BreakerState::Open);
}

#[test]
fn throttles_count_in_the_ratio_and_not_in_the_run() {
    let mut bench = bench();
    for _ in 0..19 {
        bench.attempt(E::Throttled);
    }
    assert_eq!(bench.state(), BreakerState::Closed);
    bench.attempt(E::Throttled);
    assert_eq!(bench.state(), BreakerState::Open);
}

#[test]
fn a_ratio_under_one_half_trips_and_one_half_does_not() {
    for (good, bad, expected) in
        [(10, 10, BreakerState::Closed), (9, 11, BreakerState::Open), (2, 9, BreakerState::Closed)]
    {
        let mut bench = bench();
        for _ in 0..good {
            bench.attempt(E::Success);
        }
        for _ in 0..bad {
            bench.attempt(E::Throttled);
        }
        assert_eq!(bench.state(), expected, "{good} of {}", good + bad);
    }
}

#[test]
fn what_is_older_than_the_window_does_not_count() {
    let mut bench = bench();
    for _ in 0..15 {
        bench.attempt(E::Throttled);
    }
    bench.now += secs(61);
    for _ in 0..15 {
        bench.attempt(E::Throttled);
    }
    assert_eq!(bench.state(), BreakerState::Closed);
}

#[test]
fn each_trip_is_twice_as_long_up_to_the_cap_with_a_fifth_of_jitter() {
    for (cap, expected) in [(15, [5, 10, 15, 15]), (300, [5, 10, 20, 40])] {
        let mut bench = Bench::new(BreakerPolicy { cap: secs(cap), ..BreakerPolicy::default() });
        bench.fail(5);
        for length in expected {
            let open = bench.open_for().as_secs_f64() / f64::from(length);
            assert!((0.8..=1.2).contains(&open), "{open} of {length} s");
            bench.wait();
            bench.fail(1);
        }
    }
}

#[test]
fn a_healthy_minute_forgets_one_trip() {
    let mut bench = bench();
    bench.fail(5);
    bench.wait();
    bench.fail(1);
    bench.wait();
    bench.attempt(E::Success);
    bench.now += secs(61);
    bench.fail(5);
    let open = bench.open_for().as_secs_f64();
    assert!((8.0..=12.0).contains(&open), "one of two trips is forgotten: {open}");
    bench.wait();
    bench.attempt(E::Success);
    bench.now += secs(600);
    bench.fail(5);
    let open = bench.open_for().as_secs_f64();
    assert!((4.0..=6.0).contains(&open), "all are: {open}");
}

#[test]
fn half_open_admits_one_probe_and_a_good_one_closes() {
    let mut bench = bench();
    bench.fail(5);
    bench.wait();
    assert_eq!(bench.state(), BreakerState::HalfOpen);
    let probe = bench.breaker.admit(bench.now).unwrap();
    assert_eq!(bench.breaker.admit(bench.now), Err(Shut::Probing));
    bench.verdict(probe, E::Success);
    assert_eq!(bench.state(), BreakerState::Closed);
    assert_eq!(bench.breaker.consecutive(), 0);
    assert_eq!(bench.breaker.closed_at(), Some(bench.now));
}

#[test]
fn what_was_before_the_trip_does_not_trip_it_again() {
    let mut bench = bench();
    for _ in 0..20 {
        bench.attempt(E::Throttled);
    }
    bench.wait();
    bench.attempt(E::Success);
    bench.attempt(E::Throttled);
    assert_eq!(bench.state(), BreakerState::Closed);
}

#[test]
fn replicas_that_trip_together_do_not_return_together() {
    let length = |seed| {
        let mut bench = bench();
        bench.chance = SplitMix64::new(seed);
        bench.fail(5);
        bench.open_for()
    };
    let mut lengths: Vec<_> = (0..100).map(length).collect();
    lengths.sort_unstable();
    lengths.dedup();
    assert!(lengths.len() > 90);
    assert!(lengths[lengths.len() - 1] - lengths[0] > secs(1), "{lengths:?}");
}

#[test]
fn well_is_who_succeeded_last_and_in_four_of_five() {
    let mut bench = bench();
    assert!(bench.breaker.is_well(bench.now), "nothing speaks against it");
    bench.fail(1);
    assert!(!bench.breaker.is_well(bench.now));
    for expected in [false, false, false, true] {
        bench.attempt(E::Success);
        assert_eq!(bench.breaker.is_well(bench.now), expected);
    }
    bench.breaker.broke(bench.now, &mut bench.chance);
    assert!(!bench.breaker.is_well(bench.now));
    bench.now += secs(61);
    assert!(!bench.breaker.is_well(bench.now), "its last answer broke");
    bench.breaker.completed();
    assert!(bench.breaker.is_well(bench.now));
    bench.fail(5);
    assert!(!bench.breaker.is_well(bench.now));
}

#[test]
fn several_probes_close_where_there_is_traffic_and_one_where_there_is_little() {
    let mut quiet = bench();
    quiet.fail(5);
    quiet.wait();
    quiet.attempt(E::Success);
    assert_eq!(quiet.state(), BreakerState::Closed);
    let mut bench = bench();
    for _ in 0..60 {
        bench.attempt(E::Success);
    }
    bench.fail(5);
    bench.wait();
    bench.attempt(E::Failure);
    bench.wait();
    for _ in 0..2 {
        bench.attempt(E::Success);
        assert_eq!(bench.state(), BreakerState::HalfOpen);
    }
    bench.attempt(E::Success);
    assert_eq!(bench.state(), BreakerState::Closed);
}

#[test]
fn three_failures_to_reach_it_trip_it_and_a_failure_that_reached_it_does_not_count_with_them() {
    let mut bench = bench();
    let unreached = |bench: &mut Bench| {
        let permit = bench.breaker.admit(bench.now).unwrap();
        let verdict = Verdict { effect: E::Failure, unreached: true, started: bench.now };
        bench.breaker.record(permit, verdict, bench.now, &mut bench.chance);
    };
    unreached(&mut bench);
    unreached(&mut bench);
    bench.fail(1);
    unreached(&mut bench);
    assert_eq!(bench.state(), BreakerState::Closed);
    bench.attempt(E::Success);
    unreached(&mut bench);
    unreached(&mut bench);
    assert_eq!(bench.state(), BreakerState::Closed);
    unreached(&mut bench);
    assert_eq!(bench.state(), BreakerState::Open);
}

#[test]
fn a_success_that_was_sent_before_the_failures_began_ends_no_run() {
    let mut bench = bench();
    let sent = bench.now;
    let permit = bench.breaker.admit(sent).unwrap();
    bench.now += secs(1);
    bench.fail(4);
    let late = Verdict { effect: E::Success, unreached: false, started: sent };
    bench.breaker.record(permit, late, bench.now, &mut bench.chance);
    assert!(!bench.breaker.is_well(bench.now));
    bench.fail(1);
    assert_eq!(bench.state(), BreakerState::Open);
}

#[test]
fn a_throttled_probe_is_a_failed_probe() {
    let mut bench = bench();
    bench.fail(5);
    bench.wait();
    bench.attempt(E::Throttled);
    assert_eq!(bench.state(), BreakerState::Open);
}

#[test]
fn a_probe_without_a_verdict_is_given_back() {
    let mut bench = bench();
    bench.fail(5);
    bench.wait();
    let probe = bench.breaker.admit(bench.now).unwrap();
    bench.breaker.release(probe, bench.now);
    bench.attempt(E::Neutral);
    assert_eq!(bench.state(), BreakerState::HalfOpen);
    assert!(bench.breaker.admit(bench.now).is_ok());
}

#[test]
fn a_straggler_from_before_the_trip_decides_nothing() {
    let mut bench = bench();
    let early = bench.breaker.admit(bench.now).unwrap();
    let late = bench.breaker.admit(bench.now).unwrap();
    bench.fail(5);
    let until = bench.open_for();
    bench.verdict(early, E::Success);
    bench.verdict(late, E::Failure);
    assert_eq!((bench.state(), bench.open_for()), (BreakerState::Open, until));
}

#[test]
fn a_probe_of_an_earlier_trip_frees_no_place_in_this_one() {
    let mut bench = bench();
    bench.fail(5);
    bench.now += secs(1);
    let panic = bench.breaker.admit_panic(bench.now).unwrap();
    bench.wait();
    let slow = bench.breaker.admit(bench.now).unwrap();
    bench.verdict(panic, E::Success);
    bench.fail(5);
    bench.wait();
    let _probe = bench.breaker.admit(bench.now).unwrap();
    bench.breaker.release(slow, bench.now);
    assert_eq!(bench.breaker.admit(bench.now), Err(Shut::Probing));
}

#[test]
fn an_open_breaker_lets_a_panic_probe_through_once_a_second() {
    let mut bench = bench();
    bench.fail(5);
    let (start, length) = (bench.now, bench.open_for());
    let mut admitted = 0;
    while bench.now < start + length {
        admitted += u32::from(bench.breaker.admit_panic(bench.now).is_some());
        bench.now += Duration::from_millis(10);
    }
    assert!(admitted <= length.as_secs() as u32, "{admitted} in {length:?}");
    assert!(admitted + 1 >= length.as_secs() as u32, "{admitted} in {length:?}");
}

#[test]
fn a_panic_probe_without_a_verdict_is_given_back() {
    let mut bench = bench();
    bench.fail(5);
    bench.now += secs(1);
    let panic = bench.breaker.admit_panic(bench.now).unwrap();
    assert_eq!(bench.breaker.admit_panic(bench.now), None);
    bench.breaker.release(panic, bench.now);
    assert!(bench.breaker.admit_panic(bench.now).is_some());
}

#[test]
fn a_probe_that_hangs_does_not_shut_out_a_group_without_anything_else() {
    let mut bench = bench();
    bench.fail(5);
    bench.wait();
    let _hangs = bench.breaker.admit(bench.now).unwrap();
    assert_eq!(bench.breaker.admit_panic(bench.now), None);
    bench.now += secs(2);
    let panic = bench.breaker.admit_panic(bench.now).unwrap();
    bench.verdict(panic, E::Success);
    assert_eq!(bench.state(), BreakerState::Closed);
}

#[test]
fn a_failed_panic_probe_prolongs_nothing_and_a_good_one_closes() {
    let mut bench = bench();
    bench.fail(5);
    let until = bench.breaker.state(bench.now).1;
    bench.now += secs(1);
    let panic = bench.breaker.admit_panic(bench.now).unwrap();
    bench.verdict(panic, E::Failure);
    assert_eq!(bench.breaker.state(bench.now).1, until);
    bench.now += secs(1);
    let panic = bench.breaker.admit_panic(bench.now).unwrap();
    bench.verdict(panic, E::Success);
    assert_eq!(bench.state(), BreakerState::Closed);
}

#[test]
fn answers_that_always_break_trip_it_although_they_begin_well() {
    let mut bench = bench();
    for _ in 0..4 {
        bench.attempt(E::Success);
        bench.breaker.broke(bench.now, &mut bench.chance);
    }
    assert_eq!(bench.state(), BreakerState::Closed);
    bench.breaker.completed();
    for _ in 0..5 {
        assert_eq!(bench.state(), BreakerState::Closed);
        bench.attempt(E::Success);
        bench.breaker.broke(bench.now, &mut bench.chance);
    }
    assert_eq!(bench.state(), BreakerState::Open);
}

#[test]
fn a_policy_out_of_range_is_brought_into_it() {
    let policy = BreakerPolicy {
        consecutive: 0,
        cap: secs(9999),
        close_after: 9,
        ..BreakerPolicy::default()
    };
    let checked = policy.checked();
    assert_eq!((checked.consecutive, checked.close_after), (1, 3));
    assert_eq!(checked.cap, BreakerPolicy::CAP_MAX);
}

#[derive(Debug, Clone, Copy)]
enum Op {
    Admit,
    Panic,
    Verdict(usize, u8),
    Release(usize),
    Wait(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => Just(Op::Admit),
        1 => Just(Op::Panic),
        4 => (0_usize..8, 0_u8..4).prop_map(|(which, effect)| Op::Verdict(which, effect)),
        1 => (0_usize..8).prop_map(Op::Release),
        2 => (0_u64..8000).prop_map(Op::Wait),
    ];
    proptest::collection::vec(op, 0..200)
}

proptest! {
    /// Whatever happens: nothing ordinary passes while it is not closed, never two probes of one
    /// trip at a time, and it can always be admitted again after the longest trip.
    #[test]
    fn at_most_one_probe_is_out_and_it_always_recovers(ops in ops(), seed in any::<u64>()) {
        let mut bench = bench();
        bench.chance = SplitMix64::new(seed);
        let mut out: Vec<Permit> = Vec::new();
        for op in ops {
            match op {
                Op::Admit => {
                    let state = bench.state();
                    if let Ok(permit) = bench.breaker.admit(bench.now) {
                        match state {
                            BreakerState::Closed => prop_assert_eq!(permit, Permit::Ordinary),
                            BreakerState::Open => prop_assert!(false, "admitted while open"),
                            BreakerState::HalfOpen => {
                                prop_assert!(matches!(permit, Permit::Probe(_)));
                                prop_assert!(!out.contains(&permit), "two probes");
                            }
                        }
                        out.push(permit);
                    }
                }
                Op::Panic => out.extend(bench.breaker.admit_panic(bench.now)),
                Op::Verdict(which, effect) if which < out.len() => {
                    let effects = [E::Success, E::Failure, E::Throttled, E::Neutral];
                    let permit = out.swap_remove(which);
                    bench.verdict(permit, effects[usize::from(effect)]);
                }
                Op::Release(which) if which < out.len() => {
                    let permit = out.swap_remove(which);
                    bench.breaker.release(permit, bench.now);
                }
                Op::Verdict(..) | Op::Release(_) => {}
                Op::Wait(millis) => bench.now += Duration::from_millis(millis),
            }
        }
        for permit in out {
            bench.breaker.release(permit, bench.now);
        }
        bench.now += secs(18);
        prop_assert!(bench.breaker.admit(bench.now).is_ok());
    }
}
