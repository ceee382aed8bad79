//! A rate of units of which one request takes many: weighted GCRA with debt.
//!
//! A request reserves what it will probably take and settles what it took, which may be more: then
//! the bucket is in debt and the next ones wait, so that on average no more is used than allowed. A
//! bucket that stopped at empty would forgive whatever was estimated too low. Exact arithmetic: the
//! theoretical arrival time is counted in nanoseconds times the limit, so no fraction is ever lost.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

/// A minute, in nanoseconds.
const PERIOD: u128 = 60_000_000_000;

/// One bucket that is refilled `limit` units a minute and holds as many.
#[derive(Debug)]
pub(crate) struct Gcra {
    limit: u128,
    /// The theoretical arrival time, in nanoseconds since the epoch times the limit.
    arrival: u128,
    /// What time is counted from: the first instant that it was asked about.
    epoch: Option<Instant>,
}

impl Gcra {
    /// A full bucket.
    pub(crate) fn per_minute(limit: NonZeroU64) -> Self {
        Self { limit: u128::from(limit.get()), arrival: 0, epoch: None }
    }

    /// Whether so many units can be taken; takes nothing. An error is when they can be.
    ///
    /// What is more than the bucket ever holds is let through when it is full, and the rest is debt:
    /// the number is an estimate, and one that never fits would be refused for ever.
    pub(crate) fn check(&mut self, units: u64, now: Instant) -> Result<(), Instant> {
        let present = self.present(now);
        let full = self.limit * PERIOD;
        let needed = (u128::from(units) * PERIOD).min(full);
        let filled = self.arrival.max(present) + needed;
        match filled.checked_sub(present + full) {
            None | Some(0) => Ok(()),
            Some(over) => Err(now + nanos(over.div_ceil(self.limit))),
        }
    }

    /// Takes so many units, whatever is left. After [`Gcra::check`] with the same.
    pub(crate) fn take(&mut self, units: u64, now: Instant) {
        let base = self.arrival.max(self.present(now));
        self.arrival = base.saturating_add(u128::from(units) * PERIOD);
    }

    /// Puts `actual` in the place of `reserved` units. More than was reserved is debt.
    pub(crate) fn settle(&mut self, reserved: u64, actual: u64, now: Instant) {
        // The present is the least: a bucket that was full meanwhile must not lend what it was.
        let base = self.arrival.max(self.present(now));
        let (reserved, actual) = (u128::from(reserved) * PERIOD, u128::from(actual) * PERIOD);
        self.arrival = base.saturating_add(actual).saturating_sub(reserved);
    }

    /// Units of the bucket that are taken and not yet replenished; more than it holds is debt.
    pub(crate) fn used(&mut self, now: Instant) -> u64 {
        let ahead = self.arrival.saturating_sub(self.present(now));
        u64::try_from(ahead.div_ceil(PERIOD)).unwrap_or(u64::MAX)
    }

    fn present(&mut self, now: Instant) -> u128 {
        let epoch = *self.epoch.get_or_insert(now);
        now.saturating_duration_since(epoch).as_nanos() * self.limit
    }
}

fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
