//! Requests that wait for a place, in order: bounded, fair among tenants, aware of deadlines.
//!
//! Where every member that could serve is full or pauses for a moment, a refusal helps nobody. Tenants
//! take turns by what their requests cost (deficit round robin), so that one with many does not starve
//! one with few; within a tenant the earliest deadline goes first, and under a lasting overload the
//! newest, which alone still has time. Who cannot be served in time is told so at once. A pure state
//! machine: [`crate::gate`] makes those who wait wait.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::pace::Pace;

/// How many requests may wait, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuePolicy {
    /// Requests that may wait at a time; further ones are refused at once. 0 lets none wait.
    pub max: usize,
    /// The longest wait of one request.
    pub timeout: Duration,
    /// The wait to be expected beyond which a request goes to a fallback instead, if one can serve.
    pub spill_after: Duration,
}

impl Default for QueuePolicy {
    fn default() -> Self {
        let (timeout, spill_after) = (Duration::from_secs(10), Duration::from_secs(1));
        Self { max: 100, timeout, spill_after }
    }
}

/// Waits longer than this are too long …
const TARGET: Duration = Duration::from_millis(100);
/// … when every one was for this long: an overload that lasts.
const LASTING: Duration = Duration::from_millis(500);

/// One that waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Waiter {
    pub(crate) id: u64,
    pub(crate) tenant: u64,
    /// What it costs, for fairness alone; 0 counts as 1.
    pub(crate) cost: u64,
    pub(crate) since: Instant,
    /// When it must have its answer.
    pub(crate) deadline: Instant,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Turn {
    /// This one may try.
    Go(u64),
    /// This one would have its turn too late.
    Late(u64),
}

#[derive(Debug)]
struct Tenant {
    key: u64,
    deficit: u64,
    waiting: Vec<Waiter>,
    /// Since when every wait has been too long.
    late_since: Option<Instant>,
}

impl Tenant {
    /// The place of the next: the earliest deadline, or the newest under a lasting overload.
    fn head(&self, now: Instant) -> Option<usize> {
        let lasting =
            self.late_since.is_some_and(|since| now.saturating_duration_since(since) >= LASTING);
        let places = self.waiting.iter().enumerate();
        let found = if lasting {
            places.max_by_key(|(_, waiter)| (waiter.since, waiter.id))
        } else {
            places.min_by_key(|(_, waiter)| (waiter.deadline, waiter.id))
        };
        found.map(|(place, _)| place)
    }

    fn cost(&self, now: Instant) -> u64 {
        let head = self.head(now).and_then(|place| self.waiting.get(place));
        head.map_or(1, |waiter| waiter.cost.max(1))
    }
}

/// All that wait for one group.
#[derive(Debug)]
pub(crate) struct Queue {
    policy: QueuePolicy,
    /// Those whose turn found nothing: before all others, in order.
    returned: VecDeque<Waiter>,
    tenants: Vec<Tenant>,
    /// Whose turn it is, and whether it has had its grant of this turn.
    next: usize,
    granted: bool,
    /// How fast turns come.
    pace: Pace,
}

impl Queue {
    /// Nobody waits.
    pub(crate) fn new(policy: QueuePolicy) -> Self {
        let (returned, tenants) = (VecDeque::new(), Vec::new());
        Self { policy, returned, tenants, next: 0, granted: false, pace: Pace::default() }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        let waiting: usize = self.tenants.iter().map(|tenant| tenant.waiting.len()).sum();
        waiting + self.returned.len()
    }

    /// Takes one in; false where as many wait as may.
    pub(crate) fn push(&mut self, waiter: Waiter) -> bool {
        if self.len() >= self.policy.max {
            return false;
        }
        match self.tenants.iter_mut().find(|tenant| tenant.key == waiter.tenant) {
            Some(tenant) => tenant.waiting.push(waiter),
            None => self.tenants.push(Tenant {
                key: waiter.tenant,
                deficit: 0,
                waiting: vec![waiter],
                late_since: None,
            }),
        }
        true
    }

    /// Takes one back in whose turn found nothing.
    pub(crate) fn put_back(&mut self, waiter: Waiter) {
        self.returned.push_back(waiter);
    }

    /// One has left; whether it was still waiting.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.len();
        self.returned.retain(|waiter| waiter.id != id);
        for tenant in &mut self.tenants {
            tenant.waiting.retain(|waiter| waiter.id != id);
        }
        self.tidy();
        self.len() < before
    }

    /// Whose turn it is, if it takes `usual` from a turn to an answer.
    pub(crate) fn pop(&mut self, usual: Duration, now: Instant) -> Option<Turn> {
        let (waiter, again) = match self.returned.pop_front() {
            Some(waiter) => (waiter, true),
            None => (self.pop_fair(now)?, false),
        };
        if now + usual > waiter.deadline && !again {
            return Some(Turn::Late(waiter.id));
        }
        if !again {
            self.pace.tick(now);
        }
        Some(Turn::Go(waiter.id))
    }

    fn pop_fair(&mut self, now: Instant) -> Option<Waiter> {
        // A grant is what the dearest of those in front costs, so each turn serves at least one.
        let grant = self.tenants.iter().map(|tenant| tenant.cost(now)).max()?;
        loop {
            let tenant = self.tenants.get_mut(self.next)?;
            if !self.granted {
                tenant.deficit = tenant.deficit.saturating_add(grant);
                self.granted = true;
            }
            let cost = tenant.cost(now);
            if cost > tenant.deficit {
                self.next = (self.next + 1) % self.tenants.len();
                self.granted = false;
                continue;
            }
            let head = tenant.head(now)?;
            tenant.deficit -= cost;
            let waiter = tenant.waiting.remove(head);
            let waited = now.saturating_duration_since(waiter.since);
            tenant.late_since = (waited > TARGET).then(|| tenant.late_since.unwrap_or(now));
            self.tidy();
            return Some(waiter);
        }
    }

    /// Forgets tenants of whom nobody waits, with what they had saved.
    fn tidy(&mut self) {
        let Some(gone) = self.tenants.iter().position(|tenant| tenant.waiting.is_empty()) else {
            return;
        };
        self.tenants.remove(gone);
        if gone < self.next {
            self.next -= 1;
        } else if gone == self.next {
            self.granted = false;
        }
        if self.next >= self.tenants.len() {
            self.next = 0;
        }
        self.tidy();
    }

    /// How long one that came now would probably wait: those before it, as fast as turns come. The
    /// longest wait where no turn has come of late.
    pub(crate) fn expected(&self, now: Instant) -> Duration {
        let (waiting, pace) = (self.len() as f64, self.pace.value(now));
        let seconds = if waiting == 0.0 { 0.0 } else { (waiting + 1.0) / pace.max(1e-6) };
        Duration::from_secs_f64(seconds.min(self.policy.timeout.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests;
