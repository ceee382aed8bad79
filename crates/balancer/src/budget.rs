//! How many retries a group may add to what its callers ask for.
//!
//! Each request deposits a fraction of a retry; each retry, failover or fallback after a failure
//! withdraws one, so that when everything fails the traffic grows by that fraction and not by the
//! number of attempts. A few at a time are always allowed, or a quiet group could never retry.
//! Free are attempts that add no load to the vendor that failed: after a throttle, a refused
//! credential or a fault of the request itself. Where the budget refuses, a member that is well
//! beyond doubt may still be tried; that is for [`crate::walk`] to decide.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tollgate_core_types::error::{Blame, Disposition};

use crate::lock::lock;
use crate::window::{Counts, Window};

/// How much a group may retry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BudgetPolicy {
    /// Retries that one request pays for, 0 to 10.
    pub ratio: f64,
    /// Retries that may be under way at a time whatever the deposits say.
    pub floor: u32,
    /// How long a deposit counts.
    pub window: Duration,
}

impl Default for BudgetPolicy {
    fn default() -> Self {
        Self { ratio: 0.2, floor: 3, window: Duration::from_secs(10) }
    }
}

/// How much a group may retry now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BudgetState {
    /// Retries that its requests have paid for and that were not made yet.
    pub available: f64,
    /// Retries that its requests have paid for within the window.
    pub deposited: f64,
    /// Retries under way that cost something.
    pub under_way: u32,
    /// Retries that may be under way whatever is available.
    pub floor: u32,
}

/// Thousandths, so that counts stay exact.
const UNIT: u64 = 1000;

/// What a further attempt costs after a failure, in retries.
fn cost(after: Disposition) -> u64 {
    match after.blame {
        Blame::Client | Blame::Credential | Blame::Pause => 0,
        // The vendor may be at work on the first one still: a second doubles what it has to do.
        Blame::Deployment | Blame::Gateway if after.may_have_executed => 2,
        Blame::Deployment | Blame::Gateway => 1,
    }
}

/// The retry budget of one group.
#[derive(Debug)]
pub(crate) struct Budget {
    policy: BudgetPolicy,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    window: Window,
    /// Retries under way.
    active: u32,
}

impl Budget {
    /// A budget with nothing deposited.
    pub(crate) fn new(policy: BudgetPolicy) -> Self {
        let state = State { window: Window::new(policy.window), active: 0 };
        Self { policy, state: Mutex::new(state) }
    }

    /// A request came.
    pub(crate) fn deposit(&self, now: Instant) {
        let good = (self.policy.ratio.clamp(0.0, 10.0) * UNIT as f64) as u64;
        lock(&self.state).window.add(Counts { good, bad: 0 }, now);
    }

    /// What is left and under way now.
    pub(crate) fn state(&self, now: Instant) -> BudgetState {
        let mut state = lock(&self.state);
        let Counts { good, bad } = state.window.totals(now);
        let available = good.saturating_sub(bad) as f64 / UNIT as f64;
        let deposited = good as f64 / UNIT as f64;
        BudgetState { available, deposited, under_way: state.active, floor: self.policy.floor }
    }

    /// Further attempts under way.
    #[cfg(test)]
    pub(crate) fn active(&self) -> u32 {
        lock(&self.state).active
    }

    /// Pays for a further attempt after a failure; none where the budget does not allow it.
    pub(crate) fn withdraw(
        self: &Arc<Self>,
        after: Disposition,
        now: Instant,
    ) -> Option<RetryPermit> {
        let price = cost(after) * UNIT;
        let mut state = lock(&self.state);
        let Counts { good, bad } = state.window.totals(now);
        let paid = if good.saturating_sub(bad) >= price { price } else { 0 };
        if price > 0 {
            if paid == 0 && state.active >= self.policy.floor {
                return None;
            }
            state.active = state.active.saturating_add(1);
        }
        state.window.add(Counts { good: 0, bad: paid }, now);
        Some(RetryPermit { budget: Arc::clone(self), counted: price > 0, paid })
    }
}

/// A further attempt that is paid for and under way until this is dropped.
#[derive(Debug)]
pub(crate) struct RetryPermit {
    budget: Arc<Budget>,
    /// Whether it is one of those under way; a free one is not.
    counted: bool,
    paid: u64,
}

impl RetryPermit {
    /// Gives back what was paid: no attempt followed.
    pub(crate) fn refund(self, now: Instant) {
        lock(&self.budget.state).window.add(Counts { good: self.paid, bad: 0 }, now);
    }
}

impl Drop for RetryPermit {
    fn drop(&mut self) {
        if self.counted {
            let mut state = lock(&self.budget.state);
            state.active = state.active.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
