//! One member of a group and everything that is known about its health.
//!
//! The state of a member (its core) is one for all groups that name it and outlives a new
//! configuration. It is behind one small lock that is held for a few comparisons and never across
//! an await. Nothing here reads a clock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::breaker::BreakerPolicy;
use crate::credential::Credential;
use crate::limits::Limits;
use crate::norm::Norm;
use crate::refusal::Refusal;
use crate::status::{LastError, MemberStatus};
use crate::strategy::{Candidate, Strategy};

mod core;

pub(crate) use self::core::{Admission, Asked, Core, Sample, Spent};

/// A member as configured.
#[derive(Debug, Clone)]
pub struct MemberSpec<P> {
    /// Its id: what names the same id, in any group, shares one state.
    pub id: Arc<str>,
    /// What the caller's closure is handed.
    pub payload: P,
    /// Its share among members of the same priority; finite and above 0.
    pub weight: f64,
    /// Its tier; the lowest with an admissible member is used.
    pub priority: u32,
    /// The id of its credential; members with the same id fail and return together.
    pub credential: Arc<str>,
    /// What it may be asked to do.
    pub limits: Limits,
    /// When its breaker trips; none for the policy of its group.
    pub breaker: Option<BreakerPolicy>,
    /// What a usual request at it costs, in any measure that is the same for all members of a group;
    /// for [`Strategy::Cost`] alone. None where it is not known.
    pub price: Option<f64>,
}

impl<P> MemberSpec<P> {
    /// A member of weight 1 and first priority, without limits, whose credential is its own.
    #[must_use]
    pub fn new(id: impl Into<Arc<str>>, payload: P) -> Self {
        let id = id.into();
        Self {
            credential: Arc::clone(&id),
            id,
            payload,
            weight: 1.0,
            priority: 0,
            limits: Limits::default(),
            breaker: None,
            price: None,
        }
    }
}

/// A member of a group.
pub struct Member<P> {
    spec: MemberSpec<P>,
    core: Arc<Core>,
    /// What is usual in its group.
    norm: Arc<Norm>,
    /// Its id as a number that is the same in every process.
    key: u64,
}

/// How a member is looked at by a strategy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    pub(crate) now: Instant,
    pub(crate) strategy: Strategy,
    pub(crate) units: u64,
    /// Whether affinity has to know how slow it is, whatever the strategy.
    pub(crate) sticky: bool,
    /// Whether the group has too few requests for a return to service in steps.
    pub(crate) quiet: bool,
}

impl<P> Member<P> {
    pub(crate) fn new(spec: MemberSpec<P>, core: Arc<Core>, norm: Arc<Norm>) -> Self {
        let key = key(&spec.id);
        Self { spec, core, norm, key }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        &self.spec.id
    }

    /// What it stands for.
    #[must_use]
    pub fn payload(&self) -> &P {
        &self.spec.payload
    }

    /// Its share among members of the same priority.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.spec.weight
    }

    /// Its tier.
    #[must_use]
    pub fn priority(&self) -> u32 {
        self.spec.priority
    }

    /// What it may be asked to do.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.spec.limits
    }

    /// Its credential's health.
    #[must_use]
    pub fn credential(&self) -> &Arc<Credential> {
        self.core.credential()
    }

    /// Everything that can be told about it now.
    #[must_use]
    pub fn status(&self, now: Instant) -> MemberStatus {
        let asked = Asked { now, units: 0, overruled: false };
        let refusal = self.core.check(asked).err();
        let typical = self.norm.typical();
        let credential_state = self.core.credential().state();
        let mut state = self.core.state();
        let (breaker, until) = state.breaker.state(now);
        let in_use = state.taken.usage(now);
        let left = |until: Instant| until.saturating_duration_since(now);
        MemberStatus {
            id: Arc::clone(&self.spec.id),
            weight: self.spec.weight,
            priority: self.spec.priority,
            credential: Arc::clone(self.core.credential().id()),
            credential_state,
            refusal,
            breaker,
            reopens_in: until.map(left),
            cooling_for: state.cooldown.active(now).map(|(until, _)| left(until)),
            limits: self.spec.limits,
            in_use,
            load: in_use.load(&self.spec.limits),
            latency: state.latency.value(now).map(|slow| Duration::from_secs_f64(slow * typical)),
            slowness: state.latency.value(now),
            totals: state.totals,
            consecutive_failures: state.breaker.consecutive(),
            last_error: state.last_error.as_ref().map(|error| LastError {
                label: error.label.clone(),
                text: error.text.clone(),
                ago: now.saturating_duration_since(error.at),
            }),
        }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Its id as a number.
    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    /// What is usual in its group.
    pub(crate) fn norm(&self) -> &Norm {
        &self.norm
    }

    /// What a strategy sees of it, if it would be admitted; overruled, whatever its breaker has
    /// concluded from the ratio of failures.
    pub(crate) fn candidate(
        &self,
        index: usize,
        view: View,
        overruled: bool,
    ) -> Result<Candidate, Refusal> {
        let View { now, strategy, units, sticky, quiet } = view;
        let credential = self.core.credential();
        credential.check(now)?;
        let mut state = self.core.state();
        state.check(Asked { now, units, overruled })?;
        let load = match strategy {
            Strategy::Usage => state.taken.usage(now).load(&self.spec.limits),
            Strategy::LeastBusy
            | Strategy::Adaptive
            | Strategy::RoundRobin
            | Strategy::Random
            | Strategy::FirstAvailable
            | Strategy::Latency
            | Strategy::Cost => 0.0,
        };
        let explores = matches!(strategy, Strategy::Adaptive | Strategy::Latency);
        let latency = if explores || sticky { state.latency.value(now) } else { None };
        let in_flight = state.taken.in_flight();
        let returned = state.returned(now).max(credential.restored_at());
        let ramp = returned.filter(|_| !quiet).map_or(1.0, |since| ramp(since, now));
        let most = state.since_return.saturating_mul(2).max(1);
        Ok(Candidate {
            index,
            key: self.key,
            weight: self.spec.weight,
            in_flight,
            load,
            price: self.spec.price,
            latency,
            ramp,
            held: (explores && latency.is_none() && in_flight > 0)
                || (ramp < 1.0 && in_flight >= most),
            overruled,
        })
    }
}

/// How long a member takes to return to its full share.
const RAMP: Duration = Duration::from_secs(30);

fn ramp(since: Instant, now: Instant) -> f64 {
    let part = now.saturating_duration_since(since).as_secs_f64() / RAMP.as_secs_f64();
    part.clamp(0.1, 1.0)
}

/// FNV-1a: the same number for an id in every process and version, so that replicas agree.
fn key(id: &str) -> u64 {
    id.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}
