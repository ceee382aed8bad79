//! The breaker of one member: closed, open (refuses), half open (one probe at a time).
//!
//! It trips on a run of failures or on a bad ratio within a window, stays open for a time that
//! doubles with each trip and is jittered so that replicas do not return in step, and closes when a
//! probe, which is ordinary traffic, has succeeded. A pause that the vendor asked for is not its
//! business: that is a cooldown. It never reads a clock and never awaits.

use std::time::{Duration, Instant};

use tollgate_core_types::Chance;
use tollgate_core_types::error::BreakerEffect;

use crate::window::{Counts, Window};

/// When a breaker trips and for how long it stays open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakerPolicy {
    /// Failures in a row that trip it; at least 1.
    pub consecutive: u32,
    /// Failures in a row to reach the member at all that trip it; at least 1. Fewer, because such a
    /// failure tells of no request, only of the member.
    pub unreached: u32,
    /// The time over which the ratio is taken.
    pub window: Duration,
    /// Fewest verdicts in the window for the ratio to count.
    pub min_requests: u64,
    /// The share of successes, 0 to 1, under which it trips.
    pub min_success_ratio: f64,
    /// How long the first trip lasts, more or less a fifth; each further one doubles it.
    pub base: Duration,
    /// The longest trip; at most [`BreakerPolicy::CAP_MAX`].
    pub cap: Duration,
    /// Successful probes that close it, 1 to 3; one is enough where the member had less than one
    /// request a second before the trip, for there it would take too long.
    pub close_after: u32,
}

impl BreakerPolicy {
    /// The longest that a trip may be configured to last.
    pub const CAP_MAX: Duration = Duration::from_secs(300);

    /// The same policy with every value inside its range.
    fn checked(self) -> Self {
        Self {
            consecutive: self.consecutive.max(1),
            unreached: self.unreached.max(1),
            cap: self.cap.min(Self::CAP_MAX),
            close_after: self.close_after.clamp(1, 3),
            ..self
        }
    }
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            consecutive: 5,
            unreached: 3,
            window: Duration::from_secs(60),
            min_requests: 20,
            min_success_ratio: 0.5,
            base: Duration::from_secs(5),
            cap: Duration::from_secs(15),
            close_after: 3,
        }
    }
}

/// What a breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// Everything.
    Closed,
    /// Nothing.
    Open,
    /// One probe at a time.
    HalfOpen,
}

impl BreakerState {
    /// The name in status, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// What an admitted attempt is to the breaker. Returned to it with the verdict, or released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permit {
    /// Ordinary traffic of a closed breaker.
    Ordinary,
    /// The one probe of a half-open breaker, of this trip.
    Probe(u64),
    /// A probe of an open breaker, because nothing else is left; of this trip.
    Panic(u64),
}

/// What an attempt says of its member.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    pub(crate) effect: BreakerEffect,
    /// Whether it failed without having reached the member.
    pub(crate) unreached: bool,
    /// When it was sent.
    pub(crate) started: Instant,
}

/// Why a breaker refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shut {
    /// Open until then.
    Open(Instant),
    /// Half open, and its probe is under way.
    Probing,
}

/// One trip, from the first refusal to the closing.
#[derive(Debug)]
struct Trip {
    /// Open before, half open from then on.
    until: Instant,
    length: Duration,
    probing: bool,
    successes: u32,
    next_panic: Instant,
    /// Whether the ratio alone tripped it.
    by_ratio: bool,
    /// Successful probes that close it.
    close_after: u32,
}

impl Trip {
    /// How far apart the probes of an open breaker are when nothing else is left.
    fn panic_interval(&self) -> Duration {
        (self.length / 8).max(Duration::from_secs(1))
    }
}

/// The breaker of one member.
#[derive(Debug)]
pub(crate) struct Breaker {
    policy: BreakerPolicy,
    window: Window,
    /// Failed admissions in a row.
    run: u32,
    /// When the first of them failed: what was sent before then and succeeds ends no run, for it was
    /// taken in while all was well.
    run_since: Option<Instant>,
    /// Failures in a row to reach the member at all.
    unreached_run: u32,
    /// Broken completions in a row: admission succeeds each time, so the other run never grows.
    broken_run: u32,
    trip: Option<Trip>,
    /// Which trip this is; a permit of an earlier one decides nothing.
    generation: u64,
    /// Trips that are still remembered: the exponent of the next trip's length.
    remembered: u32,
    closed_at: Option<Instant>,
}

/// A healthy time after which one trip is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(60);
/// Enough doublings to reach any cap, few enough not to overflow.
const MAX_DOUBLINGS: u32 = 16;

impl Breaker {
    /// A closed breaker.
    pub(crate) fn new(policy: BreakerPolicy) -> Self {
        Self {
            policy: policy.checked(),
            window: Window::new(policy.window),
            run: 0,
            run_since: None,
            unreached_run: 0,
            broken_run: 0,
            trip: None,
            generation: 0,
            remembered: 0,
            closed_at: None,
        }
    }

    /// What it lets through now, and when an open one becomes half open.
    pub(crate) fn state(&self, now: Instant) -> (BreakerState, Option<Instant>) {
        match &self.trip {
            None => (BreakerState::Closed, None),
            Some(trip) if now < trip.until => (BreakerState::Open, Some(trip.until)),
            Some(_) => (BreakerState::HalfOpen, None),
        }
    }

    /// Failures in a row, of admissions or of completions, whichever are more.
    pub(crate) fn consecutive(&self) -> u32 {
        self.run.max(self.broken_run)
    }

    /// Whether nothing speaks against the member: no trip, no failure since the last success, and at
    /// most one in five within the window.
    pub(crate) fn is_well(&mut self, now: Instant) -> bool {
        let Counts { good, bad } = self.window.totals(now);
        self.trip.is_none() && self.consecutive() == 0 && bad.saturating_mul(4) <= good
    }

    /// When it last closed after a trip.
    pub(crate) fn closed_at(&self) -> Option<Instant> {
        if self.trip.is_none() { self.closed_at } else { None }
    }

    /// Whether it has tripped on the ratio of failures, and on no run of them.
    pub(crate) fn tripped_by_ratio(&self) -> bool {
        self.trip.as_ref().is_some_and(|trip| trip.by_ratio)
    }

    /// Whether an attempt would be admitted; takes nothing.
    pub(crate) fn check(&self, now: Instant) -> Result<(), Shut> {
        match &self.trip {
            None => Ok(()),
            Some(trip) if now < trip.until => Err(Shut::Open(trip.until)),
            Some(trip) if trip.probing => Err(Shut::Probing),
            Some(_) => Ok(()),
        }
    }

    /// Admits an attempt: any while closed, one probe while half open.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<Permit, Shut> {
        self.check(now)?;
        match &mut self.trip {
            None => Ok(Permit::Ordinary),
            Some(trip) => {
                trip.probing = true;
                // One probe is enough; only if it hangs may a group without anything else send more.
                trip.next_panic = now + trip.panic_interval();
                Ok(Permit::Probe(self.generation))
            }
        }
    }

    /// Admits a probe although open, or although the one probe is under way, at most one per second
    /// or eighth of the trip, for a caller that has nothing else left.
    pub(crate) fn admit_panic(&mut self, now: Instant) -> Option<Permit> {
        let trip = self.trip.as_mut().filter(|trip| now >= trip.next_panic)?;
        trip.next_panic = now + trip.panic_interval();
        Some(Permit::Panic(self.generation))
    }

    /// The verdict on an admission: the first content came, or the attempt failed.
    pub(crate) fn record(
        &mut self,
        permit: Permit,
        Verdict { effect, unreached, started }: Verdict,
        now: Instant,
        chance: &mut dyn Chance,
    ) {
        match effect {
            BreakerEffect::Success => {
                if self.run_since.is_none_or(|since| started >= since) {
                    self.end_run();
                }
                self.window.add(Counts { good: 1, bad: 0 }, now);
            }
            BreakerEffect::Failure => {
                self.run = self.run.saturating_add(1);
                self.run_since.get_or_insert(now);
                self.unreached_run =
                    if unreached { self.unreached_run.saturating_add(1) } else { 0 };
                self.window.add(Counts { good: 0, bad: 1 }, now);
            }
            BreakerEffect::Throttled => self.window.add(Counts { good: 0, bad: 1 }, now),
            BreakerEffect::Neutral => return self.release(permit, now),
        }
        let good = effect == BreakerEffect::Success;
        match (self.current(permit), good) {
            (Permit::Ordinary, true) => {}
            (Permit::Ordinary, false) => self.trip_if_sick(now, chance),
            (Permit::Probe(_), false) => self.open(now, self.tripped_by_ratio(), chance),
            (Permit::Panic(_), false) => {}
            (Permit::Probe(_) | Permit::Panic(_), true) => self.probe_succeeded(now),
        }
    }

    /// The attempt ended without a verdict: a probe permit is free again.
    pub(crate) fn release(&mut self, permit: Permit, now: Instant) {
        let permit = self.current(permit);
        let Some(trip) = &mut self.trip else { return };
        match permit {
            Permit::Ordinary => {}
            Permit::Probe(_) => trip.probing = false,
            Permit::Panic(_) => trip.next_panic = now,
        }
    }

    /// A committed attempt broke before its end.
    pub(crate) fn broke(&mut self, now: Instant, chance: &mut dyn Chance) {
        self.broken_run = self.broken_run.saturating_add(1);
        self.window.add(Counts { good: 0, bad: 1 }, now);
        self.trip_if_sick(now, chance);
    }

    /// A committed attempt came to its end.
    pub(crate) fn completed(&mut self) {
        self.broken_run = 0;
    }

    /// The permit as it counts in this trip: one from an earlier trip is ordinary.
    fn current(&self, permit: Permit) -> Permit {
        match permit {
            Permit::Probe(of) | Permit::Panic(of)
                if of != self.generation || self.trip.is_none() =>
            {
                Permit::Ordinary
            }
            Permit::Ordinary | Permit::Probe(_) | Permit::Panic(_) => permit,
        }
    }

    fn trip_if_sick(&mut self, now: Instant, chance: &mut dyn Chance) {
        let run = self.consecutive() >= self.policy.consecutive
            || self.unreached_run >= self.policy.unreached;
        if let Some(trip) = &mut self.trip {
            // Overruled and failing on: a run is a hard verdict.
            trip.by_ratio &= !run;
            return;
        }
        let Counts { good, bad } = self.window.totals(now);
        let verdicts = good + bad;
        let bad_ratio = verdicts >= self.policy.min_requests
            && (good as f64) < self.policy.min_success_ratio * verdicts as f64;
        if run || bad_ratio {
            self.open(now, !run, chance);
        }
    }

    fn open(&mut self, now: Instant, by_ratio: bool, chance: &mut dyn Chance) {
        if let Some(closed_at) = self.closed_at.take() {
            let healthy = now.saturating_duration_since(closed_at).as_secs();
            let forgotten = healthy / FORGET_AFTER.as_secs();
            self.remembered =
                self.remembered.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX));
        }
        let doublings = self.remembered.min(MAX_DOUBLINGS);
        self.remembered = self.remembered.saturating_add(1);
        let length = self.policy.base.saturating_mul(1 << doublings).min(self.policy.cap);
        let unit = chance.unit();
        let jittered = length.mul_f64(0.8 + 0.4 * unit);
        // The cap is a promise, so there the jitter only shortens.
        let most = self.policy.cap.mul_f64(0.8 + 0.2 * unit);
        let length = jittered.min(most);
        self.generation += 1;
        let Counts { good, bad } = self.window.totals(now);
        let quiet = ((good + bad) as f64) < self.policy.window.as_secs_f64();
        let mut trip = Trip {
            until: now + length,
            length,
            probing: false,
            successes: 0,
            next_panic: now,
            by_ratio,
            close_after: self
                .trip
                .as_ref()
                .map_or(if quiet { 1 } else { self.policy.close_after }, |before| {
                    before.close_after
                }),
        };
        trip.next_panic = now + trip.panic_interval();
        self.trip = Some(trip);
    }

    fn end_run(&mut self) {
        (self.run, self.unreached_run, self.run_since) = (0, 0, None);
    }

    fn probe_succeeded(&mut self, now: Instant) {
        let Some(trip) = &mut self.trip else { return };
        trip.probing = false;
        trip.until = trip.until.min(now);
        trip.successes += 1;
        if trip.successes >= trip.close_after {
            self.trip = None;
            self.closed_at = Some(now);
            self.end_run();
            self.broken_run = 0;
            self.window.clear();
        }
    }
}

#[cfg(test)]
mod tests;
