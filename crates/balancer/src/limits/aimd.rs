//! A bound of requests at a time that finds itself: up a little with success, down a lot with loss.
//!
//! Additive increase, multiplicative decrease on throttles and failures, which is what a client can
//! see of a vendor's capacity; delays are the world's as much as ours and tell it nothing. It never
//! reads a clock.

use std::time::Instant;

/// What a loss leaves of the bound.
const DECREASE: f64 = 0.7;
/// Where the bound begins, if its ceiling is not lower.
const FIRST: f64 = 20.0;

/// The bound of one member.
#[derive(Debug)]
pub(crate) struct Aimd {
    bound: f64,
    ceiling: f64,
    /// When it was last lowered: what started before then knew the old bound.
    lowered: Option<Instant>,
}

impl Aimd {
    /// A bound that never leaves 1 to `ceiling`.
    pub(crate) fn new(ceiling: u32) -> Self {
        let ceiling = f64::from(ceiling.max(1));
        Self { bound: FIRST.min(ceiling), ceiling, lowered: None }
    }

    /// Requests that may be under way.
    pub(crate) fn bound(&self) -> u32 {
        self.bound as u32
    }

    /// A request succeeded while so many were under way. An idle member teaches nothing.
    pub(crate) fn succeeded(&mut self, in_flight: u32) {
        if f64::from(in_flight) * 2.0 > self.bound {
            self.bound = (self.bound + 1.0 / self.bound).min(self.ceiling);
        }
    }

    /// A request that had started then was lost. One wave of losses lowers the bound once.
    pub(crate) fn lost(&mut self, started: Instant, now: Instant) {
        if self.lowered.is_none_or(|lowered| started >= lowered) {
            self.bound = (self.bound * DECREASE).max(1.0);
            self.lowered = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{epoch, secs};

    #[test]
    fn it_grows_by_about_one_for_each_round_of_successes_to_its_ceiling() {
        let mut bound = Aimd::new(100);
        assert_eq!(bound.bound(), 20);
        for _ in 0..21 {
            bound.succeeded(20);
        }
        assert_eq!(bound.bound(), 21);
        for _ in 0..10_000 {
            bound.succeeded(100);
        }
        assert_eq!(bound.bound(), 100);
        assert_eq!(Aimd::new(3).bound(), 3);
    }

    #[test]
    fn an_idle_member_does_not_grow() {
        let mut bound = Aimd::new(100);
        for _ in 0..1000 {
            bound.succeeded(10);
        }
        assert_eq!(bound.bound(), 20);
    }

    #[test]
    fn one_wave_of_losses_lowers_it_once_and_the_next_again_down_to_one() {
        let (mut bound, now) = (Aimd::new(100), epoch());
        for _ in 0..10 {
            bound.lost(now, now + secs(1));
        }
        assert_eq!(bound.bound(), 14);
        bound.lost(now + secs(1), now + secs(2));
        assert_eq!(bound.bound(), 9);
        for wave in 2..30 {
            bound.lost(now + secs(wave), now + secs(wave + 1));
        }
        assert_eq!(bound.bound(), 1);
    }
}
