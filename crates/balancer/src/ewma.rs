//! Peak EWMA of how slow a member is against what is usual: rises at once, falls with time.
//!
//! A sample is a ratio: the wait for the first event over the usual wait for a request of that size
//! (`norm`), never the wait alone. A failure is recorded as a long wait, not as the short time in
//! which it failed, so that fast failures attract nothing. An estimate that nobody renews fades to
//! the usual, so that a member that was slow is tried again and one that was idle is not a magnet.

use std::time::{Duration, Instant};

/// How fast the past fades: to a third in this time.
const TAU: Duration = Duration::from_secs(10);
/// The least that a failure counts as.
const PENALTY_MIN: Duration = Duration::from_secs(5);
/// The most that a vendor's own wait counts as.
const PENALTY_MAX: Duration = Duration::from_secs(300);

/// Shorter waits count as this: what comes at once is not infinitely fast.
const LEAST: Duration = Duration::from_millis(1);
/// What an estimate fades to: neither slow nor fast.
const USUAL: f64 = 1.0;

/// The estimate of one member, as a ratio to the usual.
#[derive(Debug, Default)]
pub(crate) struct PeakEwma {
    latest: Option<(f64, Instant)>,
}

impl PeakEwma {
    /// The estimate now; none before the first sample.
    pub(crate) fn value(&self, now: Instant) -> Option<f64> {
        self.latest.map(|(value, at)| faded(value, at, now))
    }

    /// A first event that came after `wait`, where `usual` seconds are.
    pub(crate) fn observe(&mut self, wait: Duration, usual: f64, now: Instant) {
        let sample = wait.max(LEAST).as_secs_f64() / usual;
        let value = match self.latest {
            None => sample,
            Some((value, at)) if sample >= faded(value, at, now) => sample,
            Some((value, at)) => sample + (value - sample).max(0.0) * fade(at, now),
        };
        self.latest = Some((value, now));
    }

    /// A failure after `wait`, with the pause that the vendor asked for.
    pub(crate) fn penalise(
        &mut self,
        wait: Duration,
        asked: Option<Duration>,
        usual: f64,
        now: Instant,
    ) {
        let asked = asked.unwrap_or_default().min(PENALTY_MAX);
        self.observe(wait.max(asked).max(PENALTY_MIN), usual, now);
    }

    /// A request that was given up after `wait`: it would have taken at least as long.
    pub(crate) fn at_least(&mut self, wait: Duration, usual: f64, now: Instant) {
        let longer = self.value(now).is_some_and(|value| wait.as_secs_f64() / usual > value);
        if longer {
            self.observe(wait, usual, now);
        }
    }
}

fn faded(value: f64, at: Instant, now: Instant) -> f64 {
    USUAL + (value - USUAL) * fade(at, now)
}

fn fade(from: Instant, now: Instant) -> f64 {
    (-now.saturating_duration_since(from).as_secs_f64() / TAU.as_secs_f64()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{epoch, secs};

    #[test]
    fn it_rises_at_once_and_falls_slowly() {
        let (mut ewma, now) = (PeakEwma::default(), epoch());
        assert_eq!(ewma.value(now), None);
        ewma.observe(secs(1), 1.0, now);
        ewma.observe(secs(4), 1.0, now);
        assert_eq!(ewma.value(now), Some(4.0));
        ewma.observe(secs(1), 1.0, now);
        assert_eq!(ewma.value(now), Some(4.0));
        ewma.observe(secs(1), 1.0, now + secs(10));
        let value = ewma.value(now + secs(10)).unwrap();
        assert!((value - (1.0 + 3.0 / std::f64::consts::E)).abs() < 1e-9, "{value}");
    }

    #[test]
    fn a_fast_failure_counts_as_slow_and_a_vendors_wait_up_to_five_minutes() {
        let (mut ewma, now) = (PeakEwma::default(), epoch());
        ewma.penalise(Duration::from_millis(20), None, 1.0, now);
        assert_eq!(ewma.value(now), Some(5.0));
        ewma.penalise(Duration::from_millis(20), Some(secs(9999)), 1.0, now);
        assert_eq!(ewma.value(now), Some(300.0));
    }

    #[test]
    fn what_usually_takes_long_may_take_long() {
        let (mut ewma, now) = (PeakEwma::default(), epoch());
        ewma.observe(secs(8), 4.0, now);
        assert_eq!(ewma.value(now), Some(2.0));
    }

    #[test]
    fn what_was_given_up_is_a_lower_bound() {
        let (mut ewma, now) = (PeakEwma::default(), epoch());
        ewma.at_least(secs(9), 1.0, now);
        assert_eq!(ewma.value(now), None);
        ewma.observe(secs(2), 1.0, now);
        ewma.at_least(secs(1), 1.0, now);
        assert_eq!(ewma.value(now), Some(2.0));
        ewma.at_least(secs(3), 1.0, now);
        assert_eq!(ewma.value(now), Some(3.0));
    }

    #[test]
    fn an_old_estimate_fades_to_the_usual_from_both_sides() {
        let (mut ewma, now) = (PeakEwma::default(), epoch());
        ewma.penalise(secs(0), None, 0.2, now);
        assert_eq!(ewma.value(now), Some(25.0));
        assert!((ewma.value(now + secs(60)).unwrap() - 1.0).abs() < 0.1);
        let mut fast = PeakEwma::default();
        fast.observe(Duration::from_millis(100), 0.2, now);
        assert_eq!(fast.value(now), Some(0.5));
        assert!((fast.value(now + secs(60)).unwrap() - 1.0).abs() < 0.01);
    }
}
