//! Whether and when a second attempt is worth starting while the first has not answered yet.
//!
//! A hedge at the 95th percentile of the first event adds about a twentieth of load at most and cuts
//! the tail. The percentile is of slowness, not of time, so that a long prompt is not taken for a
//! slow answer. Hedges have tokens of their own, and none is started while retries have used up half
//! of what they may: a vendor in trouble must not be asked twice as often. A pure state machine; it
//! starts nothing itself, and nothing in this crate hedges by itself.

use std::time::Duration;

use crate::budget::BudgetState;

/// When hedges are started, and how many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HedgePolicy {
    /// The part of first events, 0 to 1, that come earlier than a hedge.
    pub quantile: f64,
    /// Hedges that one request pays for.
    pub ratio: f64,
    /// Hedges that may be saved up.
    pub most: f64,
    /// First events that must have been seen before any hedge.
    pub samples: u32,
}

impl Default for HedgePolicy {
    fn default() -> Self {
        Self { quantile: 0.95, ratio: 0.02, most: 10.0, samples: 100 }
    }
}

/// The least that an estimate moves with a sample, as a part of itself.
const STEP: f64 = 0.02;

/// The hedges of one group.
#[derive(Debug, Clone)]
pub struct Hedge {
    policy: HedgePolicy,
    /// The quantile of slowness, estimated.
    slow: f64,
    seen: u32,
    tokens: f64,
}

impl Hedge {
    /// Nothing known and nothing saved.
    #[must_use]
    pub fn new(policy: HedgePolicy) -> Self {
        Self { policy, slow: 1.0, seen: 0, tokens: 0.0 }
    }

    /// A request came, and pays.
    pub fn request(&mut self) {
        self.tokens = (self.tokens + self.policy.ratio.max(0.0)).min(self.policy.most);
    }

    /// The first event of an attempt came after so many times the usual. Those of hedges count as
    /// well; an attempt that a hedge overtook counts with the time at which it was given up.
    pub fn observe(&mut self, slowness: f64) {
        if !(slowness.is_finite() && slowness > 0.0) {
            return;
        }
        self.seen = self.seen.saturating_add(1);
        // A quantile is where the steps up and the steps down are in balance.
        let step = (1.0 / f64::from(self.seen)).max(STEP);
        let quantile = self.policy.quantile.clamp(0.0, 1.0);
        let up = slowness > self.slow;
        let by = if up { step * quantile } else { -step * (1.0 - quantile) };
        self.slow *= by.exp();
    }

    /// How long after its start an attempt that usually answers after `usual` is due for a hedge;
    /// none before enough is known.
    #[must_use]
    pub fn due(&self, usual: Duration) -> Option<Duration> {
        let known = self.seen >= self.policy.samples;
        known.then(|| usual.mul_f64(self.slow.clamp(1.0, 1000.0)))
    }

    /// Takes what one hedge costs, if there is enough and retries have left half of their budget.
    pub fn take(&mut self, retries: Option<BudgetState>) -> bool {
        let strained = retries.is_some_and(|it| it.available * 2.0 <= it.deposited);
        if strained || self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use tollgate_core_types::Chance as _;
    use tollgate_core_types::chance::SplitMix64;

    use super::*;
    use crate::testing::secs;

    const CALM: BudgetState =
        BudgetState { available: 2.0, deposited: 2.0, under_way: 0, floor: 3 };

    #[test]
    fn a_hedge_is_due_when_nineteen_of_twenty_would_have_answered() {
        let (mut hedge, mut chance) = (Hedge::new(HedgePolicy::default()), SplitMix64::new(5));
        assert_eq!(hedge.due(secs(1)), None);
        let sample = |chance: &mut SplitMix64| -(1.0 - chance.unit()).ln();
        for _ in 0..20_000 {
            hedge.observe(sample(&mut chance));
        }
        let due = hedge.due(secs(2)).unwrap().as_secs_f64() / 2.0;
        let later = (0..20_000).filter(|_| sample(&mut chance) > due).count();
        assert!((600..1500).contains(&later), "{later} of 20000 are later than {due}");
    }

    #[test]
    fn hedges_are_two_in_a_hundred_at_most_and_ten_at_once() {
        let mut hedge = Hedge::new(HedgePolicy::default());
        let mut taken = 0;
        for _ in 0..10_000 {
            hedge.request();
            taken += u32::from(hedge.take(Some(CALM)));
        }
        assert!((199..=200).contains(&taken), "{taken}");
        for _ in 0..10_000 {
            hedge.request();
        }
        let burst = (0..100).filter(|_| hedge.take(None)).count();
        assert_eq!(burst, 10);
    }

    #[test]
    fn none_is_started_while_retries_are_short() {
        let mut hedge = Hedge::new(HedgePolicy::default());
        for _ in 0..100 {
            hedge.request();
        }
        for (available, expected) in [(0.0, false), (1.0, false), (1.1, true)] {
            assert_eq!(hedge.clone().take(Some(BudgetState { available, ..CALM })), expected);
        }
        assert!(!hedge.take(Some(BudgetState { available: 0.0, deposited: 0.0, ..CALM })));
    }

    #[test]
    fn what_is_no_number_teaches_nothing() {
        let mut hedge = Hedge::new(HedgePolicy { samples: 1, ..HedgePolicy::default() });
        for odd in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            hedge.observe(odd);
        }
        assert_eq!(hedge.due(secs(1)), None);
    }
}
