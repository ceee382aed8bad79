//! The bucket against a plain model in exact arithmetic, and the cases that others get wrong.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::testing::{epoch, secs};

fn bucket(limit: u64) -> Gcra {
    Gcra::per_minute(NonZeroU64::new(limit).unwrap())
}

/// Takes if it fits; when it would, if not.
fn admit(bucket: &mut Gcra, units: u64, now: Instant) -> Result<(), Duration> {
    bucket.check(units, now).map_err(|at| at - now)?;
    bucket.take(units, now);
    Ok(())
}

#[test]
fn a_minutes_worth_may_come_at_once_and_then_waits_for_exactly_what_is_missing() {
    let (mut bucket, now) = (bucket(600), epoch());
    assert_eq!(admit(&mut bucket, 600, now), Ok(()));
    assert_eq!(admit(&mut bucket, 1, now), Err(Duration::from_millis(100)));
    assert_eq!(admit(&mut bucket, 60, now + secs(1)), Err(secs(5)));
    assert_eq!(admit(&mut bucket, 60, now + secs(6)), Ok(()));
    assert_eq!(bucket.used(now + secs(6)), 600);
}

#[test]
fn what_was_reserved_too_much_comes_back_and_what_was_too_little_is_debt() {
    let (mut bucket, now) = (bucket(600), epoch());
    admit(&mut bucket, 600, now).unwrap();
    bucket.settle(600, 100, now);
    assert_eq!(bucket.used(now), 100);
    admit(&mut bucket, 500, now).unwrap();
    bucket.settle(500, 1700, now);
    assert_eq!(bucket.used(now), 1800, "three minutes' worth");
    assert_eq!(admit(&mut bucket, 1, now), Err(Duration::from_millis(120_100)));
}

#[test]
fn a_settlement_after_a_long_time_forgives_no_debt() {
    let (mut bucket, now) = (bucket(600), epoch());
    admit(&mut bucket, 10, now).unwrap();
    // The bucket has been full for an hour; the answer took a minute's worth more than reserved.
    bucket.settle(10, 610, now + secs(3600));
    assert_eq!(bucket.used(now + secs(3600)), 600);
}

#[test]
fn what_never_fits_is_let_through_when_full_and_the_rest_is_debt() {
    let (mut bucket, now) = (bucket(600), epoch());
    admit(&mut bucket, 1, now).unwrap();
    assert_eq!(admit(&mut bucket, 6000, now), Err(Duration::from_millis(100)));
    assert_eq!(admit(&mut bucket, 6000, now + secs(1)), Ok(()));
    assert_eq!(admit(&mut bucket, 1, now + secs(2)).unwrap_err().as_secs(), 539);
}

#[test]
fn a_limit_of_more_units_than_nanoseconds_is_exact_too() {
    let (mut bucket, now) = (bucket(1_000_000_000_000), epoch());
    admit(&mut bucket, 1_000_000_000_000, now).unwrap();
    let later = now + Duration::from_nanos(3);
    assert_eq!(admit(&mut bucket, 50, later), Ok(()), "a fraction under 17 a nanosecond");
    assert_eq!(admit(&mut bucket, 1, later), Err(Duration::from_nanos(1)));
}

#[test]
fn time_that_runs_back_gains_nothing() {
    let (mut bucket, now) = (bucket(60), epoch());
    admit(&mut bucket, 60, now + secs(10)).unwrap();
    assert!(admit(&mut bucket, 1, now).is_err());
}

#[test]
fn the_greatest_numbers_overflow_nothing() {
    let (mut bucket, now) = (bucket(u64::MAX), epoch());
    for _ in 0..5 {
        bucket.take(u64::MAX, now + secs(1 << 30));
        bucket.settle(0, u64::MAX, now);
    }
    assert_eq!(bucket.used(now), u64::MAX);
    assert!(bucket.check(u64::MAX, now + secs((1 << 30) + 1)).is_err());
}

/// The model: a bucket with a level in units times the period; it may be below nothing.
struct Model {
    limit: i128,
    level: i128,
    at: Duration,
}

impl Model {
    fn refill(&mut self, at: Duration) {
        let passed = (at - self.at).as_nanos() as i128 * self.limit;
        self.level = (self.level + passed).min(self.limit * PERIOD as i128);
        self.at = at;
    }
}

proptest! {
    /// The same answers as the model's, whatever is asked and settled, and its level.
    #[test]
    fn it_is_a_bucket_that_may_be_in_debt(
        limit in 1_u64..5000,
        steps in proptest::collection::vec((any::<bool>(), 0_u64..8000, 0_u64..12_000, 0_u64..20_000_000_000), 1..80),
    ) {
        let (mut bucket, start) = (bucket(limit), epoch());
        let mut model = Model { limit: limit.into(), level: (limit as i128) * PERIOD as i128, at: Duration::ZERO };
        bucket.check(0, start).unwrap();
        let (mut at, mut open): (Duration, Vec<u64>) = (Duration::ZERO, Vec::new());
        for (ask, units, actual, gap) in steps {
            at += Duration::from_nanos(gap);
            model.refill(at);
            if ask {
                let needed = i128::from(units.min(limit)) * PERIOD as i128;
                let fits = model.level >= needed;
                prop_assert_eq!(bucket.check(units, start + at).is_ok(), fits);
                if fits {
                    bucket.take(units, start + at);
                    model.level -= i128::from(units) * PERIOD as i128;
                    open.push(units);
                }
            } else if let Some(reserved) = open.pop() {
                bucket.settle(reserved, actual, start + at);
                model.level += (i128::from(reserved) - i128::from(actual)) * PERIOD as i128;
                model.level = model.level.min(i128::from(limit) * PERIOD as i128);
            }
            let used = (i128::from(limit) * PERIOD as i128 - model.level).max(0) as u128;
            prop_assert_eq!(u128::from(bucket.used(start + at)), used.div_ceil(PERIOD));
        }
    }

    /// What is used in the long run is the rate, one burst and the last debt, however wrong every
    /// estimate is. A bucket that stops at empty fails this.
    #[test]
    fn the_rate_holds_whatever_is_estimated(limit in 60_u64..6000, factor in 1_u64..20, seed in any::<u64>()) {
        let (mut bucket, start) = (bucket(limit), epoch());
        let mut chance = tollgate_core_types::chance::SplitMix64::new(seed);
        let (mut used, mut largest) = (0_u64, 0_u64);
        for tick in 0..6000_u64 {
            let now = start + Duration::from_millis(tick * 100);
            let reserved = 1 + tollgate_core_types::Chance::below(&mut chance, 50) as u64;
            if bucket.check(reserved, now).is_ok() {
                bucket.take(reserved, now);
                bucket.settle(reserved, reserved * factor, now);
                used += reserved * factor;
                largest = largest.max(reserved * factor);
            }
        }
        prop_assert!(used <= limit * 10 + limit + largest, "{} of {}", used, limit);
    }
}
