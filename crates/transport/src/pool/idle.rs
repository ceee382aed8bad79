//! Which idle connections are kept and which is used next. Bookkeeping alone: time is an argument
//! and a connection is whatever is put in.
//!
//! The one used last is used first. So the others age, and a pool that grew under load shrinks
//! after it. It must never give out what has been idle for too long: the vendor may be closing it.

use std::time::Duration;
use tokio::time::Instant;

/// Idle things, with a limit to their number and age.
pub(super) struct Idle<T> {
    /// The one that was put in last is last.
    kept: Vec<(T, Instant)>,
    most: usize,
    age: Duration,
}

impl<T> Idle<T> {
    /// Keeps up to `most`, each for less than `age`.
    pub(super) fn new(most: usize, age: Duration) -> Self {
        Self { kept: Vec::new(), most, age }
    }

    /// Keeps `new` from `now` on, or drops it where there are enough.
    pub(super) fn put(&mut self, new: T, now: Instant) {
        if self.kept.len() < self.most {
            self.kept.push((new, now));
        }
    }

    /// The one put in last of those that are `usable` and not too old; what is neither is dropped.
    pub(super) fn take(&mut self, now: Instant, usable: impl Fn(&T) -> bool) -> Option<T> {
        while let Some((last, since)) = self.kept.pop() {
            if now.saturating_duration_since(since) >= self.age {
                // The others are older still.
                self.kept.clear();
                return None;
            }
            if usable(&last) {
                return Some(last);
            }
        }
        None
    }

    /// Keeps only what is `wanted`.
    pub(super) fn retain(&mut self, wanted: impl Fn(&T) -> bool) {
        self.kept.retain(|(thing, _)| wanted(thing));
    }

    /// Drops what is too old at `now` and gives when the next will be.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Instant> {
        let age = self.age;
        self.kept.retain(|(_, since)| now.saturating_duration_since(*since) < age);
        self.kept.iter().filter_map(|(_, since)| since.checked_add(age)).min()
    }

    /// How many are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether nothing is kept.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

#[cfg(test)]
mod tests;
