//! What is usual for a request of a given size: the median time to the first event, learnt.
//!
//! The time to the first event says more about the request than about the member: a long prompt
//! takes long everywhere. Members are comparable only after that is divided out. Sizes fall into
//! buckets that double, each with a running median that a single odd sample cannot move far. One per
//! group, so that a slow member is slow against its equals. Failures must never be told to it.

use std::sync::Mutex;
use std::time::Duration;

use crate::lock::lock;

/// Buckets of sizes, each twice the one before; the middle one begins at 1.
const BUCKETS: usize = 40;
/// The bucket of sizes from 1 to 2.
const ONE: i32 = 8;
/// The least step of a running median: how far a settled one moves with each sample.
const STEP: f64 = 0.02;
/// What is taken as usual before anything is known.
const UNKNOWN: f64 = 1.0;
/// Shorter times are taken as this, a millisecond: a ratio to nothing says nothing.
const LEAST: f64 = 0.001;

/// The running median of one bucket, in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Median {
    value: f64,
    seen: u32,
}

impl Median {
    fn observe(&mut self, sample: f64) {
        self.seen = self.seen.saturating_add(1);
        if self.seen == 1 {
            self.value = sample;
            return;
        }
        let step = 1.0 + (1.0 / f64::from(self.seen)).max(STEP);
        if sample > self.value {
            self.value = (self.value * step).min(sample);
        } else if sample < self.value {
            self.value = (self.value / step).max(sample);
        }
    }

    fn known(&self) -> Option<f64> {
        (self.seen > 0).then_some(self.value)
    }
}

/// The usual times of one group.
#[derive(Debug)]
pub(crate) struct Norm(Mutex<Medians>);

#[derive(Debug)]
struct Medians {
    by_size: [Median; BUCKETS],
    all: Median,
}

impl Norm {
    /// Nothing known.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Medians { by_size: [Median::default(); BUCKETS], all: Median::default() }))
    }

    /// The first event of a request of this size came after `wait`.
    pub(crate) fn observe(&self, size: f64, wait: Duration) {
        let sample = wait.as_secs_f64().max(LEAST);
        let mut medians = lock(&self.0);
        medians.all.observe(sample);
        if let Some(median) = medians.by_size.get_mut(bucket(size)) {
            median.observe(sample);
        }
    }

    /// The usual seconds for a request of this size: of its bucket, else of the nearest known one.
    pub(crate) fn usual(&self, size: f64) -> f64 {
        let (medians, own) = (lock(&self.0), bucket(size));
        let known = medians.by_size.iter().enumerate().filter_map(|(at, m)| Some((at, m.known()?)));
        let nearest = known.min_by_key(|(at, _)| at.abs_diff(own));
        nearest.map_or(UNKNOWN, |(_, usual)| usual)
    }

    /// The usual time over all sizes; nothing before anything is known.
    pub(crate) fn median(&self) -> Duration {
        Duration::from_secs_f64(lock(&self.0).all.known().unwrap_or(0.0))
    }

    /// The usual seconds over all sizes.
    pub(crate) fn typical(&self) -> f64 {
        lock(&self.0).all.known().unwrap_or(UNKNOWN)
    }
}

/// The bucket of a size, by the exponent of its power of two.
fn bucket(size: f64) -> usize {
    let exponent = size.max(f64::MIN_POSITIVE).log2().floor() as i32;
    let last = BUCKETS as i32 - 1;
    exponent.saturating_add(ONE).clamp(0, last) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::millis;
    use tollgate_core_types::Chance as _;
    use tollgate_core_types::chance::SplitMix64;

    #[test]
    fn before_anything_is_known_a_second_is_usual() {
        let norm = Norm::new();
        assert_eq!((norm.usual(1.0), norm.typical()), (1.0, 1.0));
    }

    #[test]
    fn sizes_have_times_of_their_own_and_unknown_ones_those_of_the_nearest() {
        let norm = Norm::new();
        for _ in 0..10 {
            norm.observe(100.0, millis(200));
            norm.observe(8000.0, millis(1600));
        }
        assert_eq!(norm.usual(120.0), 0.2);
        assert_eq!(norm.usual(8100.0), 1.6);
        assert_eq!((norm.usual(1.0), norm.usual(1e300)), (0.2, 1.6));
        assert_eq!(norm.usual(0.0), 0.2);
    }

    #[test]
    fn the_median_is_found_whatever_the_tail() {
        let (norm, mut chance) = (Norm::new(), SplitMix64::new(3));
        for _ in 0..4000 {
            // One in five takes a hundred times as long; half of the others less than 0.1 s.
            let tail = if chance.below(5) == 0 { 100.0 } else { 1.0 };
            let wait = (0.05 + 0.08 * chance.unit()) * tail;
            norm.observe(3.0, Duration::from_secs_f64(wait));
        }
        let usual = norm.usual(3.0);
        assert!((0.085..0.115).contains(&usual), "{usual}");
    }

    #[test]
    fn it_follows_a_vendor_that_has_become_slower() {
        let norm = Norm::new();
        for _ in 0..100 {
            norm.observe(1.0, millis(100));
        }
        for _ in 0..200 {
            norm.observe(1.0, millis(400));
        }
        assert_eq!(norm.usual(1.0), 0.4);
    }
}
