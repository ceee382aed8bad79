//! Limits: exact, timed by the argument, all or nothing.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::testing::{epoch, millis, secs};

fn limits(rpm: u32, qps: u32, concurrency: Option<u32>) -> Limits {
    Limits {
        rpm: NonZeroU32::new(rpm),
        qps: Rate::per_second(f64::from(qps)),
        concurrency,
        ..Limits::default()
    }
}

fn take_all(taken: &mut Taken, now: Instant) -> u32 {
    let mut count = 0;
    while count < 10_000 && taken.take(1, now).is_ok() {
        count += 1;
    }
    count
}

#[test]
fn without_limits_everything_fits_and_is_counted() {
    let mut taken = Taken::new(Limits::default());
    assert_eq!(take_all(&mut taken, epoch()), 10_000);
    assert_eq!(taken.in_flight(), 10_000);
    assert_eq!(taken.usage(epoch()), LimitUse { in_flight: 10_000, ..LimitUse::default() });
}

#[test]
fn concurrency_is_exact_and_free_again_at_the_end() {
    let (mut taken, now) = (Taken::new(limits(0, 0, Some(3))), epoch());
    assert_eq!(take_all(&mut taken, now), 3);
    assert_eq!(taken.take(1, now), Err(Full::Concurrency));
    taken.end();
    assert_eq!(taken.take(1, now), Ok(()));
    assert_eq!(Taken::new(limits(0, 0, Some(0))).take(1, now), Err(Full::Concurrency));
}

#[test]
fn a_rate_allows_its_burst_and_then_one_per_interval() {
    let (mut taken, now) = (Taken::new(limits(0, 10, None)), epoch());
    assert_eq!(take_all(&mut taken, now), 10);
    let Err(Full::Rate(at)) = taken.take(1, now) else { panic!("over the rate") };
    assert_eq!(at - now, millis(100));
    assert_eq!(taken.take(1, at), Ok(()));
    assert!(taken.take(1, at).is_err());
    assert_eq!(take_all(&mut taken, at + secs(60)), 10, "a burst is never more than the rate");
}

#[test]
fn a_rate_of_fractions_bursts_no_more_than_a_second_of_it() {
    for (rate, burst, interval) in [(0.5, 1, 2000), (2.5, 3, 400), (0.001, 1, 1_000_000)] {
        let limits = Limits { qps: Rate::per_second(rate), ..Limits::default() };
        let (mut taken, now) = (Taken::new(limits), epoch());
        assert_eq!(take_all(&mut taken, now), burst, "{rate}");
        assert_eq!(taken.usage(now).qps, Some(rate));
        assert_eq!(taken.usage(now).load(&limits), 1.0);
        assert_eq!(taken.take(1, now), Err(Full::Rate(now + millis(interval))));
        assert_eq!(taken.take(1, now + millis(interval)), Ok(()));
    }
    let limits = Limits { qps: Rate::per_second(0.5), ..Limits::default() };
    let mut taken = Taken::new(limits);
    let admitted = (0..600).filter(|n| taken.take(1, epoch() + millis(10 * n)).is_ok()).count();
    assert_eq!(admitted, 3, "of six seconds");
}

#[test]
fn what_is_no_rate() {
    for none in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-12] {
        assert_eq!(Rate::per_second(none), None);
    }
    // Faster than nanoseconds can tell.
    let limits = Limits { qps: Rate::per_second(1e12), ..Limits::default() };
    assert_eq!(take_all(&mut Taken::new(limits), epoch()), 10_000);
}

#[test]
fn requests_per_minute() {
    let (mut taken, now) = (Taken::new(limits(60, 0, None)), epoch());
    assert_eq!(take_all(&mut taken, now), 60);
    assert_eq!(take_all(&mut taken, now + secs(30)), 30);
}

#[test]
fn time_comes_from_the_argument_alone_and_running_back_gains_nothing() {
    let (mut taken, now) = (Taken::new(limits(0, 1, None)), epoch() + secs(1000));
    assert_eq!(taken.take(1, now - secs(10)), Ok(()));
    assert_eq!(taken.take(1, now), Ok(()));
    assert_eq!(taken.take(1, now - secs(2)), Err(Full::Rate(now + secs(1))));
    assert!(taken.take(1, now - secs(500)).is_err());
    assert!(taken.take(1, now).is_err());
    assert_eq!(taken.take(1, now + secs(1)), Ok(()));
}

#[test]
fn what_is_used_is_what_is_not_yet_replenished() {
    let (mut taken, now) = (Taken::new(limits(600, 10, Some(8))), epoch());
    for _ in 0..4 {
        taken.take(1, now).unwrap();
    }
    let usage = taken.usage(now);
    assert_eq!(
        usage,
        LimitUse { rpm: Some(4), qps: Some(4.0), in_flight: 4, ..LimitUse::default() }
    );
    assert_eq!(usage.load(&limits(600, 10, Some(8))), 0.5);
    assert_eq!(taken.usage(now + millis(200)).qps, Some(2.0));
    assert_eq!(taken.usage(now + secs(1)).qps, Some(0.0));
}

#[test]
fn a_member_without_limits_is_measured_against_a_nominal_one() {
    let usage = LimitUse { rpm: None, qps: None, in_flight: 25, ..LimitUse::default() };
    assert_eq!(usage.load(&Limits::default()), 0.25);
}

/// What GCRA is: a bucket that fills continuously, in exact arithmetic.
struct Bucket {
    interval: u128,
    burst: u128,
    arrival: u128,
}

impl Bucket {
    fn take(&mut self, now: u128) -> bool {
        let next = self.arrival.max(now) + self.interval;
        let fits = next <= now + self.interval * self.burst;
        if fits {
            self.arrival = next;
        }
        fits
    }
}

proptest! {
    /// Every refusal leaves every limit as it was, and what is admitted is what exact arithmetic
    /// admits.
    #[test]
    fn all_or_nothing_as_a_reference_model_says(
        rpm in 1_u32..40,
        qps in 1_u32..10,
        concurrency in 1_u32..6,
        steps in proptest::collection::vec((0_u64..700, any::<bool>()), 1..200),
    ) {
        let start = epoch();
        let mut now = start;
        let mut taken = Taken::new(limits(rpm, qps, Some(concurrency)));
        let bucket = |period: u128, limit: u32| Bucket {
            interval: period / u128::from(limit),
            burst: u128::from(limit),
            arrival: 0,
        };
        let mut minute = bucket(60_000_000_000, rpm);
        let mut second = bucket(1_000_000_000, qps);
        let mut running = 0;
        for (wait, ends) in steps {
            now += Duration::from_millis(wait);
            let at = (now - start).as_nanos();
            if ends && running > 0 {
                taken.end();
                running -= 1;
            }
            let before = (minute.arrival, second.arrival);
            let fits = running < concurrency && second.take(at) && minute.take(at);
            if fits {
                running += 1;
            } else {
                (minute.arrival, second.arrival) = before;
            }
            let usage = taken.usage(now);
            prop_assert_eq!(taken.check(1, now).is_ok(), fits);
            prop_assert_eq!(taken.usage(now), usage, "a check takes nothing");
            prop_assert_eq!(taken.take(1, now).is_ok(), fits);
            prop_assert_eq!(taken.in_flight(), running);
            if !fits {
                prop_assert_eq!(taken.usage(now), usage, "a refusal takes nothing");
            }
        }
    }
}
