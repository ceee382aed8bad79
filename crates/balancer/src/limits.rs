//! How much one member may be asked to do: requests per minute, per second and at a time, and units
//! per minute of which one request takes many.
//!
//! Rates of requests are governor's GCRA, with its clock set from the `now` argument and its state kept here, so
//! that time is an argument and a refusal can be undone: all limits are taken together or none is.
//! It must be used under the member's lock, which is what makes taking and putting back one step.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use governor::{Quota, RateLimiter};

mod aimd;
mod gcra;

use aimd::Aimd;
use gcra::Gcra;

/// Requests per second, a fraction where one takes longer: finite and above 0.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(f64);

impl Rate {
    /// The rate of so many requests per second; none of what is not above 0, not finite, or slower
    /// than a request in a year.
    #[must_use]
    pub fn per_second(requests: f64) -> Option<Self> {
        /// A request in a year.
        const SLOWEST: f64 = 1.0 / (365.0 * 86_400.0);
        (requests.is_finite() && requests >= SLOWEST).then_some(Self(requests))
    }

    /// Requests per second.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// How many requests may come at once: those of a second, at least one.
    #[must_use]
    pub fn burst(self) -> NonZeroU32 {
        NonZeroU32::new(self.0.ceil() as u32).unwrap_or(NonZeroU32::MIN)
    }

    fn quota(self) -> Quota {
        let interval = Duration::from_secs_f64(1.0 / self.0).max(Duration::from_nanos(1));
        let quota = Quota::with_period(interval).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        quota.allow_burst(self.burst())
    }

    /// What so many requests of a burst are of the rate.
    fn part(self, requests: u32) -> f64 {
        f64::from(requests) * (self.0 / f64::from(self.burst().get()))
    }
}

/// What a member may be asked to do. Nothing set means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    /// Requests per minute; as many may come in one burst.
    pub rpm: Option<NonZeroU32>,
    /// Requests per second; those of one second may come in one burst.
    pub qps: Option<Rate>,
    /// Requests at a time, counted to the end of each answer. 0 admits nothing.
    pub concurrency: Option<u32>,
    /// Units per minute of whatever the caller counts in [`crate::Call::units`]; as many may come in
    /// one burst. Requests reserve them and settle what they took, which may leave a debt.
    pub units_per_minute: Option<NonZeroU64>,
    /// Whether the bound of requests at a time finds itself below `concurrency`: it grows with
    /// success and shrinks where the member throttles or fails.
    pub adaptive: bool,
}

impl Limits {
    /// Requests at a time that an adaptive bound never exceeds where no other bound is set.
    pub const ADAPTIVE_CEILING: u32 = 1000;
}

/// How much of the limits is in use.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LimitUse {
    /// Of the requests per minute; none where there is no such limit.
    pub rpm: Option<u32>,
    /// Of the requests per second, full at that rate; none where there is no such limit.
    pub qps: Option<f64>,
    /// Requests under way, with or without a limit.
    pub in_flight: u32,
    /// Of the units per minute, more than the limit where there is a debt; none where there is no
    /// such limit.
    pub units: Option<u64>,
    /// Requests at a time that the adaptive bound allows now; none where the bound is fixed.
    pub bound: Option<u32>,
}

impl LimitUse {
    /// Requests at a time that count as a full load where a member has no limit at all, so that a
    /// load factor can be compared with that of members that have one.
    pub const NOMINAL_CONCURRENCY: u32 = 100;

    /// The share of `limits` in use: the fullest of them. 1 is full.
    #[must_use]
    pub fn load(&self, limits: &Limits) -> f64 {
        let minute = self.rpm.zip(limits.rpm);
        let minute = minute.map(|(used, limit)| f64::from(used) / f64::from(limit.get()));
        let second = self.qps.zip(limits.qps).map(|(used, limit)| used / limit.get());
        let units = self.units.zip(limits.units_per_minute);
        let units = units.map(|(used, limit)| used as f64 / limit.get() as f64);
        let busy = f64::from(self.in_flight);
        let places = self.bound.or(limits.concurrency);
        let places = places.map(|limit| busy / f64::from(limit.max(1)));
        let fullest = [minute, second, places, units].into_iter().flatten().reduce(f64::max);
        fullest.unwrap_or(busy / f64::from(Self::NOMINAL_CONCURRENCY))
    }
}

/// Why a limit refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// As many as allowed are under way.
    Concurrency,
    /// The rate allows the next request then.
    Rate(Instant),
    /// So many units fit then.
    Units(Instant),
}

/// The limits of one member and what is taken of them.
#[derive(Debug)]
pub(crate) struct Taken {
    limits: Limits,
    in_flight: u32,
    rpm: Option<Meter>,
    qps: Option<Meter>,
    units: Option<Gcra>,
    aimd: Option<Aimd>,
}

impl Taken {
    /// Nothing taken.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            in_flight: 0,
            rpm: limits.rpm.map(|limit| Meter::new(Quota::per_minute(limit))),
            qps: limits.qps.map(|limit| Meter::new(limit.quota())),
            units: limits.units_per_minute.map(Gcra::per_minute),
            aimd: limits
                .adaptive
                .then(|| Aimd::new(limits.concurrency.unwrap_or(Limits::ADAPTIVE_CEILING))),
        }
    }

    /// Whether one more request of so many units fits; takes nothing.
    pub(crate) fn check(&mut self, units: u64, now: Instant) -> Result<(), Full> {
        if self.limits.concurrency.is_some_and(|limit| self.in_flight >= limit) {
            return Err(Full::Concurrency);
        }
        if self.aimd.as_ref().is_some_and(|aimd| self.in_flight >= aimd.bound()) {
            return Err(Full::Concurrency);
        }
        if let Some(bucket) = &mut self.units {
            bucket.check(units, now).map_err(Full::Units)?;
        }
        for meter in [&mut self.qps, &mut self.rpm].into_iter().flatten() {
            let before = meter.take(now)?;
            meter.put_back(before);
        }
        Ok(())
    }

    /// Takes one request of so many units of every limit, or of none.
    pub(crate) fn take(&mut self, units: u64, now: Instant) -> Result<(), Full> {
        self.check(units, now)?;
        for meter in [&mut self.qps, &mut self.rpm].into_iter().flatten() {
            meter.take(now)?;
        }
        if let Some(bucket) = &mut self.units {
            bucket.take(units, now);
        }
        self.in_flight = self.in_flight.saturating_add(1);
        Ok(())
    }

    /// A request has ended. Its part of the rates stays taken: the vendor has counted it.
    pub(crate) fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A request that had reserved so many units took `actual`.
    pub(crate) fn settle(&mut self, reserved: u64, actual: u64, now: Instant) {
        if let Some(bucket) = &mut self.units {
            bucket.settle(reserved, actual, now);
        }
    }

    /// The member answered a request: the adaptive bound may grow.
    pub(crate) fn succeeded(&mut self) {
        let in_flight = self.in_flight;
        if let Some(aimd) = &mut self.aimd {
            aimd.succeeded(in_flight);
        }
    }

    /// The member throttled or failed a request that had started then: the adaptive bound shrinks.
    pub(crate) fn lost(&mut self, started: Instant, now: Instant) {
        if let Some(aimd) = &mut self.aimd {
            aimd.lost(started, now);
        }
    }

    /// Requests under way.
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// What is in use now.
    pub(crate) fn usage(&mut self, now: Instant) -> LimitUse {
        LimitUse {
            rpm: self.rpm.as_mut().map(|meter| meter.used(now)),
            qps: self
                .qps
                .as_mut()
                .zip(self.limits.qps)
                .map(|(meter, limit)| limit.part(meter.used(now))),
            in_flight: self.in_flight,
            units: self.units.as_mut().map(|bucket| bucket.used(now)),
            bound: self.aimd.as_ref().map(Aimd::bound),
        }
    }
}

/// One rate.
#[derive(Debug)]
struct Meter {
    cells: Cells,
    limiter: RateLimiter<NotKeyed, Cells, Cells, NoOpMiddleware<Nanos>>,
    quota: Quota,
    /// The instant that governor's clock counts from: the first that it was asked about.
    epoch: Option<Instant>,
}

impl Meter {
    fn new(quota: Quota) -> Self {
        let cells = Cells::default();
        let limiter = RateLimiter::new(quota, cells.clone(), cells.clone());
        Self { cells, limiter, quota, epoch: None }
    }

    /// Takes one request; gives what to put back to undo it.
    fn take(&mut self, now: Instant) -> Result<u64, Full> {
        let clock = self.set_clock(now);
        let before = self.cells.0.arrival.load(Ordering::Relaxed);
        match self.limiter.check() {
            Ok(()) => Ok(before),
            Err(refused) => Err(Full::Rate(now + refused.wait_time_from(clock))),
        }
    }

    fn put_back(&mut self, before: u64) {
        self.cells.0.arrival.store(before, Ordering::Relaxed);
    }

    /// How many requests of the burst are taken and not yet replenished.
    fn used(&mut self, now: Instant) -> u32 {
        let clock = self.set_clock(now).as_u64();
        let ahead = self.cells.0.arrival.load(Ordering::Relaxed).saturating_sub(clock);
        let per_cell = Nanos::from(self.quota.replenish_interval()).as_u64().max(1);
        u32::try_from(ahead.div_ceil(per_cell)).unwrap_or(u32::MAX)
    }

    fn set_clock(&mut self, now: Instant) -> Nanos {
        let epoch = *self.epoch.get_or_insert(now);
        let since = now.saturating_duration_since(epoch).as_nanos();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.cells.0.clock.store(since, Ordering::Relaxed);
        Nanos::new(since)
    }
}

/// Governor's clock and state in our hands. Atomics only because governor takes `&self`.
#[derive(Debug, Clone, Default)]
struct Cells(Arc<CellState>);

#[derive(Debug, Default)]
struct CellState {
    /// Nanoseconds since the meter's epoch.
    clock: AtomicU64,
    /// GCRA's theoretical arrival time; 0 before the first request.
    arrival: AtomicU64,
}

impl Clock for Cells {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.clock.load(Ordering::Relaxed))
    }
}

impl StateStore for Cells {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _key: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let arrival = self.0.arrival.load(Ordering::Relaxed);
        let (outcome, next) = decide((arrival != 0).then(|| Nanos::new(arrival)))?;
        self.0.arrival.store(next.as_u64(), Ordering::Relaxed);
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests;
