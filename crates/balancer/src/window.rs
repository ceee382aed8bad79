//! A sliding window of two exact counts: a ring of ten buckets.
//!
//! Exact counts instead of a decaying average, because a tight burst gives each sample of an average
//! nearly no weight. What arrives is counted when it arrives: an answer that took longer than the
//! window must not fall out of it unseen.

use std::time::{Duration, Instant};

/// How many buckets the span is divided into: a tenth of the span is forgotten at a time.
const BUCKETS: usize = 10;

/// What happened within a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Successes, or deposits.
    pub(crate) good: u64,
    /// Failures, or withdrawals.
    pub(crate) bad: u64,
}

/// Counts over the last span of time.
#[derive(Debug)]
pub(crate) struct Window {
    buckets: [Counts; BUCKETS],
    width: Duration,
    head: usize,
    /// When the head bucket began; none before the first count.
    since: Option<Instant>,
}

impl Window {
    /// An empty window over `span`; a span under 10 ns counts as 10 ns.
    pub(crate) fn new(span: Duration) -> Self {
        let width = (span / BUCKETS as u32).max(Duration::from_nanos(1));
        Self { buckets: [Counts::default(); BUCKETS], width, head: 0, since: None }
    }

    /// Adds to the present bucket.
    pub(crate) fn add(&mut self, counts: Counts, now: Instant) {
        self.advance(now);
        if let Some(bucket) = self.buckets.get_mut(self.head) {
            bucket.good = bucket.good.saturating_add(counts.good);
            bucket.bad = bucket.bad.saturating_add(counts.bad);
        }
    }

    /// The sums over the span that ends now.
    pub(crate) fn totals(&mut self, now: Instant) -> Counts {
        self.advance(now);
        self.buckets.iter().fold(Counts::default(), |sum, bucket| Counts {
            good: sum.good.saturating_add(bucket.good),
            bad: sum.bad.saturating_add(bucket.bad),
        })
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.buckets = [Counts::default(); BUCKETS];
        self.since = None;
    }

    fn advance(&mut self, now: Instant) {
        let Some(since) = self.since else {
            self.since = Some(now);
            return;
        };
        let elapsed = now.saturating_duration_since(since);
        if elapsed < self.width {
            return;
        }
        let steps = elapsed.as_nanos() / self.width.as_nanos();
        if steps >= BUCKETS as u128 {
            self.clear();
            self.since = Some(now);
            return;
        }
        for _ in 0..steps {
            self.head = (self.head + 1) % BUCKETS;
            if let Some(bucket) = self.buckets.get_mut(self.head) {
                *bucket = Counts::default();
            }
        }
        self.since = Some(since + self.width * steps as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::epoch;

    const GOOD: Counts = Counts { good: 1, bad: 0 };
    const BAD: Counts = Counts { good: 0, bad: 1 };

    #[test]
    fn counts_live_for_the_span_and_no_longer() {
        let (mut window, start) = (Window::new(Duration::from_secs(60)), epoch());
        window.add(GOOD, start);
        window.add(BAD, start + Duration::from_secs(30));
        assert_eq!(window.totals(start + Duration::from_secs(59)), Counts { good: 1, bad: 1 });
        assert_eq!(window.totals(start + Duration::from_secs(61)), Counts { good: 0, bad: 1 });
        assert_eq!(window.totals(start + Duration::from_secs(91)), Counts::default());
    }

    #[test]
    fn a_long_silence_empties_it() {
        let (mut window, start) = (Window::new(Duration::from_secs(10)), epoch());
        window.add(GOOD, start);
        let later = start + Duration::from_secs(3600);
        window.add(BAD, later);
        assert_eq!(window.totals(later), Counts { good: 0, bad: 1 });
    }

    #[test]
    fn time_that_steps_back_is_now() {
        let (mut window, start) = (Window::new(Duration::from_secs(10)), epoch());
        window.add(GOOD, start + Duration::from_secs(5));
        window.add(GOOD, start);
        assert_eq!(window.totals(start), Counts { good: 2, bad: 0 });
    }
}
