//! One attempt at one member, as a value that cannot be used twice.
//!
//! [`Attempt::fail`] is the only way to make a [`Failure`] and [`Attempt::commit`] the only way on:
//! both consume the attempt, so nothing can be retried after commit. Dropped without a verdict it
//! was cancelled: its place is free again and a probe permit given back. These guards read the clock,
//! because their moment is when they are used.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_core_types::chance::SplitMix64;
use tollgate_core_types::error::Disposition;

use crate::budget::RetryPermit;
use crate::clock;
use crate::failure::AttemptError;
use crate::member::{Admission, Member, Sample, Spent};

/// What an attempt is to its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptKind {
    /// The first one.
    First,
    /// At the same member again.
    Retry,
    /// At another member of the same group.
    Failover,
    /// At a member of another group.
    Fallback,
}

impl AttemptKind {
    /// The name in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Retry => "retry",
            Self::Failover => "failover",
            Self::Fallback => "fallback",
        }
    }
}

/// Which attempt of a request this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptInfo {
    /// From 1.
    pub number: u32,
    /// What it is to the request.
    pub kind: AttemptKind,
    /// The group.
    pub group: Arc<str>,
    /// The member's id.
    pub member: Arc<str>,
    /// When it was admitted.
    pub started: Instant,
}

/// A place at a member, given back when it is dropped.
struct Lease<P> {
    member: Arc<Member<P>>,
    /// Taken by the verdict; still here on drop means that there was none.
    admission: Option<Admission>,
    /// Whether the place is still taken.
    held: bool,
    started: Instant,
    size: f64,
    spent: Spent,
    chance: SplitMix64,
}

impl<P> Lease<P> {
    fn sample(&self, now: Instant) -> Sample {
        let usual = self.member.norm().usual(self.size);
        Sample { elapsed: now.saturating_duration_since(self.started), usual }
    }
}

impl<P> Drop for Lease<P> {
    fn drop(&mut self) {
        if !self.held {
            return;
        }
        let (core, now) = (self.member.core(), clock::now());
        match self.admission.take() {
            Some(admission) => core.cancelled(admission, self.sample(now), now),
            None => core.abandoned(self.spent, now),
        }
    }
}

/// What an attempt is made of.
pub(crate) struct Start<P> {
    pub(crate) info: AttemptInfo,
    pub(crate) member: Arc<Member<P>>,
    pub(crate) admission: Admission,
    pub(crate) permit: Option<RetryPermit>,
    pub(crate) size: f64,
    pub(crate) units: u64,
    pub(crate) chance: SplitMix64,
}

/// One admitted attempt that has no verdict yet.
#[must_use = "an attempt that is dropped counts as cancelled"]
pub struct Attempt<P> {
    info: AttemptInfo,
    lease: Lease<P>,
    /// Released with the verdict: from then on it is ordinary traffic.
    permit: Option<RetryPermit>,
}

impl<P> Attempt<P> {
    pub(crate) fn new(start: Start<P>) -> Self {
        let Start { info, member, admission, permit, size, units, chance } = start;
        let lease = Lease {
            member,
            admission: Some(admission),
            held: true,
            started: info.started,
            size,
            spent: Spent { reserved: units, actual: None },
            chance,
        };
        Self { info, lease, permit }
    }

    /// Which attempt of the request this is, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.info.number
    }

    /// What it is to the request.
    #[must_use]
    pub fn kind(&self) -> AttemptKind {
        self.info.kind
    }

    /// The name of the group.
    #[must_use]
    pub fn group(&self) -> &Arc<str> {
        &self.info.group
    }

    /// The member to try.
    #[must_use]
    pub fn member(&self) -> &Arc<Member<P>> {
        &self.lease.member
    }

    /// What the member stands for.
    #[must_use]
    pub fn payload(&self) -> &P {
        self.lease.member.payload()
    }

    /// When it was admitted.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.info.started
    }

    /// All of the above but the member itself, to keep.
    #[must_use]
    pub fn info(&self) -> &AttemptInfo {
        &self.info
    }

    /// The attempt failed before its first content: records it and gives the place back.
    pub fn fail<E: AttemptError>(self, error: E) -> Failure<E> {
        let Self { info, mut lease, permit } = self;
        drop(permit);
        let now = clock::now();
        let sample = lease.sample(now);
        if let Some(admission) = lease.admission.take() {
            let member = Arc::clone(&lease.member);
            lease.held = false;
            let told = (sample, lease.spent);
            member.core().failed(admission, &error, told, now, &mut lease.chance);
        }
        let disposition = error.disposition();
        Failure { info, disposition, elapsed: sample.elapsed, error }
    }

    /// Ends the attempt with a result that is whole: committed and complete, or failed. For work
    /// whose answer has no parts.
    ///
    /// # Errors
    /// The error, for the walk to judge.
    pub fn settle<T, E: AttemptError>(self, result: Result<T, E>) -> Result<T, Failure<E>> {
        match result {
            Ok(answer) => {
                self.commit().complete();
                Ok(answer)
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// The first content came, and goes to the client: nothing is retried from here on.
    pub fn commit(self) -> Committed<P> {
        let Self { info, mut lease, permit } = self;
        drop(permit);
        let now = clock::now();
        let elapsed = now.saturating_duration_since(lease.started);
        lease.member.norm().observe(lease.size, elapsed);
        let sample = lease.sample(now);
        if let Some(admission) = lease.admission.take() {
            let member = Arc::clone(&lease.member);
            member.core().committed(admission, sample, now, &mut lease.chance);
        }
        Committed { info, first_event: sample.elapsed, lease }
    }
}

impl<P> fmt::Debug for Attempt<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attempt").field(&self.info).finish()
    }
}

/// An attempt whose first content is out. It holds its place until it is complete, broke or dropped;
/// dropped means that the client left, which says nothing about the member.
#[must_use = "a committed attempt that is dropped counts as cancelled"]
pub struct Committed<P> {
    info: AttemptInfo,
    first_event: Duration,
    lease: Lease<P>,
}

impl<P> Committed<P> {
    /// Which attempt of the request it is.
    #[must_use]
    pub fn info(&self) -> &AttemptInfo {
        &self.info
    }

    /// The member that serves.
    #[must_use]
    pub fn member(&self) -> &Arc<Member<P>> {
        &self.lease.member
    }

    /// What the member stands for.
    #[must_use]
    pub fn payload(&self) -> &P {
        self.lease.member.payload()
    }

    /// How long the first content took.
    #[must_use]
    pub fn first_event(&self) -> Duration {
        self.first_event
    }

    /// What the request has taken of the member's units, as far as it is known by now; the last word
    /// holds. Without one, what was reserved counts.
    pub fn used(&mut self, units: u64) {
        self.lease.spent.actual = Some(units);
    }

    /// The answer came to its end.
    pub fn complete(mut self) {
        self.lease.held = false;
        self.lease.member.core().completed(self.lease.spent, clock::now());
    }

    /// The answer broke before its end.
    pub fn broke<E: AttemptError>(mut self, error: &E) {
        self.lease.held = false;
        let member = Arc::clone(&self.lease.member);
        member.core().broke(error, self.lease.spent, clock::now(), &mut self.lease.chance);
    }
}

impl<P> fmt::Debug for Committed<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Committed").field(&self.info).finish()
    }
}

/// A failed attempt, recorded. Only [`Attempt::fail`] makes one.
#[derive(Debug)]
pub struct Failure<E> {
    pub(crate) info: AttemptInfo,
    pub(crate) disposition: Disposition,
    pub(crate) elapsed: Duration,
    pub(crate) error: E,
}

impl<E> Failure<E> {
    /// What went wrong.
    #[must_use]
    pub fn error(&self) -> &E {
        &self.error
    }

    /// Which attempt it was.
    #[must_use]
    pub fn info(&self) -> &AttemptInfo {
        &self.info
    }

    /// How long it was under way.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

#[cfg(test)]
mod tests;
