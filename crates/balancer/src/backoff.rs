//! How often and how patiently a group is tried.

use std::time::Duration;

use tollgate_core_types::Chance;

/// How often a request is tried, and how long it may wait in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in total over retries, failovers and fallbacks; at least 1. The policy of the group
    /// that the request names holds for all of it. The last one is kept for a fallback while there
    /// is one that can serve; with 1 there is no attempt left for any.
    pub max_attempts: u32,
    /// The bound of the first wait before the same member is tried again; it doubles.
    pub base: Duration,
    /// The bound of every such wait.
    pub cap: Duration,
    /// The longest pause asked for by a vendor that is waited for instead of given up. None is
    /// waited for while a fallback can serve.
    pub max_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_millis(100),
            cap: Duration::from_secs(8),
            max_wait: Duration::from_secs(5),
        }
    }
}

impl RetryPolicy {
    /// The wait before retry number `retry` (from 0) of the same member: full jitter, so that those
    /// who failed together do not return together.
    pub(crate) fn backoff(&self, retry: u32, chance: &mut dyn Chance) -> Duration {
        let bound = self.base.saturating_mul(1 << retry.min(20)).min(self.cap);
        bound.mul_f64(chance.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core_types::chance::SplitMix64;

    #[test]
    fn full_jitter_within_a_bound_that_doubles_to_the_cap() {
        let policy = RetryPolicy::default();
        for (retry, bound) in [(0, 100), (1, 200), (3, 800), (7, 8000), (31, 8000)] {
            let bound = Duration::from_millis(bound);
            let mut chance = SplitMix64::new(u64::from(retry));
            let waits: Vec<_> = (0..200).map(|_| policy.backoff(retry, &mut chance)).collect();
            assert!(waits.iter().all(|wait| *wait < bound), "{retry}");
            assert!(waits.iter().any(|wait| *wait > bound.mul_f64(0.9)), "{retry}");
            assert!(waits.iter().any(|wait| *wait < bound.mul_f64(0.1)), "{retry}");
        }
    }
}
