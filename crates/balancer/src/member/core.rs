//! The state of a member and what attempts do to it.
//!
//! It knows limits, health and credential, not weights, tiers or payloads: those belong to the place
//! of a member in a group. One small lock, held for a few comparisons. Nothing here reads a clock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use tollgate_core_types::Chance;
use tollgate_core_types::error::{Blame, BreakerEffect, Disposition, RetryAdvice};

use crate::breaker::{Breaker, BreakerPolicy, Permit, Verdict};
use crate::cooldown::Cooldown;
use crate::credential::{Credential, CredentialProbe};
use crate::ewma::PeakEwma;
use crate::failure::AttemptError;
use crate::gate::Gate;
use crate::limits::{Limits, Taken};
use crate::lock::lock;
use crate::refusal::Refusal;
use crate::status::Totals;

/// The right to one attempt at a member; given back with the verdict, or without one.
#[derive(Debug)]
pub(crate) struct Admission {
    permit: Permit,
    probe: Option<CredentialProbe>,
}

/// How long an attempt had been under way, and how long one of its size usually is, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) elapsed: Duration,
    pub(crate) usual: f64,
}

impl Sample {
    fn started(&self, now: Instant) -> Instant {
        now.checked_sub(self.elapsed).unwrap_or(now)
    }
}

/// What an attempt reserved of the member's units, and what it took as far as that is known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    pub(crate) reserved: u64,
    pub(crate) actual: Option<u64>,
}

/// What is asked of a member: whether it admits a request of so many units now. Overruled, a breaker
/// that tripped on the ratio of failures does not refuse.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) now: Instant,
    pub(crate) units: u64,
    pub(crate) overruled: bool,
}

/// The state of one member, shared by the groups that name it.
#[derive(Debug)]
pub(crate) struct Core {
    credential: Arc<Credential>,
    limits: Limits,
    policy: BreakerPolicy,
    state: Mutex<State>,
    /// Whether anybody is to be told of places that become free; spares the others the lock below.
    is_awaited: AtomicBool,
    gates: Mutex<Vec<Weak<Gate>>>,
}

/// What is behind the lock.
#[derive(Debug)]
pub(super) struct State {
    pub(super) breaker: Breaker,
    pub(super) cooldown: Cooldown,
    pub(super) taken: Taken,
    pub(super) latency: PeakEwma,
    pub(super) totals: Totals,
    pub(super) last_error: Option<Noted>,
    pub(super) joined: Joined,
    /// Successes since it last returned to service.
    pub(super) since_return: u32,
}

/// Since when a member is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    /// As long as its router's first generation.
    Before,
    /// It is new among others that are not, and nobody has asked for it yet.
    Unseen,
    /// As before, and was first asked for then.
    At(Instant),
}

impl Joined {
    /// When it was first asked for, if that was among others that were there before.
    pub(super) fn since(&mut self, now: Instant) -> Option<Instant> {
        match self {
            Self::Before => None,
            Self::At(at) => Some(*at),
            Self::Unseen => {
                *self = Self::At(now);
                Some(now)
            }
        }
    }
}

/// A failure to be told of.
#[derive(Debug)]
pub(super) struct Noted {
    pub(super) label: String,
    pub(super) text: String,
    pub(super) at: Instant,
}

/// Longest error text kept, in bytes.
const TEXT_MAX: usize = 512;

impl Noted {
    fn new(error: &dyn AttemptError, now: Instant) -> Self {
        let text = tollgate_core_types::error::clean(&error.to_string(), TEXT_MAX);
        Self { label: error.label().to_owned(), text, at: now }
    }
}

impl State {
    /// Whether an attempt would be admitted as far as the member alone is concerned.
    pub(super) fn check(&mut self, asked: Asked) -> Result<(), Refusal> {
        let Asked { now, units, overruled } = asked;
        if let Some(pause) = self.cooldown.active(now) {
            return Err(pause.into());
        }
        if !(overruled && self.breaker.tripped_by_ratio()) {
            self.breaker.check(now)?;
        }
        self.taken.check(units, now)?;
        Ok(())
    }

    /// A request is over that may have been worked on: what it is not known to have taken is what it
    /// had reserved.
    fn end(&mut self, spent: Spent, now: Instant) {
        self.taken.end();
        if let Some(actual) = spent.actual {
            self.taken.settle(spent.reserved, actual, now);
        }
    }

    /// Tells the breaker; where it closes with that, the return to service begins.
    fn record(&mut self, permit: Permit, verdict: Verdict, now: Instant, chance: &mut dyn Chance) {
        let before = self.breaker.closed_at();
        self.breaker.record(permit, verdict, now, chance);
        if self.breaker.closed_at() != before {
            self.since_return = 0;
        }
    }

    /// When it last returned to service, of its breaker or as a new one.
    pub(super) fn returned(&mut self, now: Instant) -> Option<Instant> {
        self.breaker.closed_at().max(self.joined.since(now))
    }
}

impl Core {
    /// A member without a history; `late` where others have been serving already.
    pub(crate) fn new(
        credential: Arc<Credential>,
        limits: Limits,
        policy: BreakerPolicy,
        late: bool,
    ) -> Self {
        let state = State {
            breaker: Breaker::new(policy),
            cooldown: Cooldown::default(),
            taken: Taken::new(limits),
            latency: PeakEwma::default(),
            totals: Totals::default(),
            last_error: None,
            joined: if late { Joined::Unseen } else { Joined::Before },
            since_return: 0,
        };
        Self {
            credential,
            limits,
            policy,
            state: Mutex::new(state),
            is_awaited: AtomicBool::new(false),
            gates: Mutex::new(Vec::new()),
        }
    }

    /// Tells this gate from now on whenever a place becomes free.
    pub(crate) fn tell(&self, gate: &Arc<Gate>) {
        let mut gates = lock(&self.gates);
        gates.retain(|gate| gate.strong_count() > 0);
        gates.push(Arc::downgrade(gate));
        self.is_awaited.store(true, Ordering::Release);
    }

    /// A place has become free. Not under the lock of the state: who is told may look at it.
    fn ring(&self, now: Instant) {
        if !self.is_awaited.load(Ordering::Acquire) {
            return;
        }
        let gates: Vec<_> = lock(&self.gates).iter().filter_map(Weak::upgrade).collect();
        for gate in gates {
            gate.ring(now);
        }
    }

    /// Whether it is the state of a member configured like this.
    pub(crate) fn is_for(&self, credential: &str, limits: &Limits, policy: &BreakerPolicy) -> bool {
        &**self.credential.id() == credential && self.limits == *limits && self.policy == *policy
    }

    /// Its credential.
    pub(crate) fn credential(&self) -> &Arc<Credential> {
        &self.credential
    }

    /// What is behind the lock, locked.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Whether an attempt would be admitted; takes nothing.
    pub(crate) fn check(&self, asked: Asked) -> Result<(), Refusal> {
        self.credential.check(asked.now)?;
        self.state().check(asked)
    }

    /// Whether its breaker refuses, whatever else does.
    pub(crate) fn is_open(&self, now: Instant) -> bool {
        self.state().breaker.check(now).is_err()
    }

    /// Whether its breaker refuses, and on no more than the ratio of failures.
    pub(crate) fn is_out_by_ratio(&self, now: Instant) -> bool {
        let state = self.state();
        state.breaker.tripped_by_ratio() && state.breaker.check(now).is_err()
    }

    /// Whether nothing speaks against it: no run of failures, and few of late.
    pub(crate) fn is_well(&self, now: Instant) -> bool {
        self.state().breaker.is_well(now)
    }

    /// Admits one attempt: takes from every limit, or refuses and takes from none.
    pub(crate) fn admit(&self, asked: Asked) -> Result<Admission, Refusal> {
        let now = asked.now;
        let probe = self.credential.admit(now)?;
        let mut state = self.state();
        state.check(asked)?;
        state.taken.take(asked.units, now)?;
        let permit = state.breaker.admit(now).unwrap_or(Permit::Ordinary);
        state.totals.attempts += 1;
        Ok(Admission { permit, probe })
    }

    /// Admits one attempt although the breaker is open, now and then; for a group with nothing else.
    pub(crate) fn admit_panic(&self, now: Instant, units: u64) -> Option<Admission> {
        let probe = self.credential.admit(now).ok()?;
        let mut state = self.state();
        if state.cooldown.active(now).is_some() || state.taken.check(units, now).is_err() {
            return None;
        }
        let permit = state.breaker.admit_panic(now)?;
        state.taken.take(units, now).ok()?;
        state.totals.attempts += 1;
        Some(Admission { permit, probe })
    }

    /// Admits one attempt as if there were no breaker; for a group that ignores them when all are
    /// open.
    pub(crate) fn admit_regardless(&self, now: Instant, units: u64) -> Option<Admission> {
        let probe = self.credential.admit(now).ok()?;
        let mut state = self.state();
        if state.cooldown.active(now).is_some() {
            return None;
        }
        state.taken.take(units, now).ok()?;
        let permit = state.breaker.admit(now).unwrap_or(Permit::Ordinary);
        state.totals.attempts += 1;
        Some(Admission { permit, probe })
    }

    /// The first content came: the member is well.
    pub(crate) fn committed(
        &self,
        admission: Admission,
        sample: Sample,
        now: Instant,
        chance: &mut dyn Chance,
    ) {
        if let Some(probe) = admission.probe {
            probe.succeeded(now);
        }
        let mut state = self.state();
        state.totals.committed += 1;
        state.cooldown.succeeded();
        state.latency.observe(sample.elapsed, sample.usual, now);
        state.taken.succeeded();
        state.since_return = state.since_return.saturating_add(1);
        let verdict = Verdict {
            effect: BreakerEffect::Success,
            unreached: false,
            started: sample.started(now),
        };
        state.record(admission.permit, verdict, now, chance);
    }

    /// The attempt failed before its first content, and is over.
    pub(crate) fn failed(
        &self,
        admission: Admission,
        error: &dyn AttemptError,
        (sample, spent): (Sample, Spent),
        now: Instant,
        chance: &mut dyn Chance,
    ) {
        let disposition = error.disposition();
        self.judge_credential(admission.probe, error, disposition, now);
        let noted = Noted::new(error, now);
        let mut state = self.state();
        state.taken.end();
        if !disposition.may_have_executed {
            // Nothing was done for it, so nothing was counted.
            state.taken.settle(spent.reserved, spent.actual.unwrap_or(0), now);
        }
        if disposition.blame == Blame::Client {
            // The request was wrong, not the member, and what was wrong is its sender's business.
            state.totals.refused += 1;
        } else {
            state.totals.failed += 1;
            state.last_error = Some(noted);
        }
        let asked = error.retry_after();
        if matches!(disposition.breaker, BreakerEffect::Failure | BreakerEffect::Throttled) {
            state.latency.penalise(sample.elapsed, asked, sample.usual, now);
            state.taken.lost(sample.started(now), now);
        }
        match disposition.blame {
            Blame::Pause => {
                state.totals.throttled += 1;
                state.cooldown.throttled(asked, now, chance);
            }
            Blame::Deployment => match (disposition.breaker, disposition.retry, asked) {
                (BreakerEffect::Neutral, RetryAdvice::OtherDeployment, _) => {
                    state.cooldown.missing(now, chance);
                }
                (BreakerEffect::Failure, _, Some(wait)) => state.cooldown.asked(wait, now, chance),
                _ => {}
            },
            Blame::Client | Blame::Credential | Blame::Gateway => {}
        }
        let (effect, unreached) = (disposition.breaker, error.is_unreached());
        let verdict = Verdict { effect, unreached, started: sample.started(now) };
        state.record(admission.permit, verdict, now, chance);
        drop(state);
        self.ring(now);
    }

    /// The attempt was given up without a verdict, and is over.
    pub(crate) fn cancelled(&self, admission: Admission, sample: Sample, now: Instant) {
        let mut state = self.state();
        state.taken.end();
        state.totals.cancelled += 1;
        state.latency.at_least(sample.elapsed, sample.usual, now);
        state.breaker.release(admission.permit, now);
        drop(state);
        self.ring(now);
    }

    /// A committed attempt came to its end.
    pub(crate) fn completed(&self, spent: Spent, now: Instant) {
        let mut state = self.state();
        state.end(spent, now);
        state.totals.completed += 1;
        state.breaker.completed();
        drop(state);
        self.ring(now);
    }

    /// A committed attempt broke before its end.
    pub(crate) fn broke(
        &self,
        error: &dyn AttemptError,
        spent: Spent,
        now: Instant,
        chance: &mut dyn Chance,
    ) {
        let noted = Noted::new(error, now);
        let mut state = self.state();
        state.end(spent, now);
        state.totals.broken += 1;
        state.last_error = Some(noted);
        if error.disposition().breaker == BreakerEffect::Failure {
            state.breaker.broke(now, chance);
        }
        drop(state);
        self.ring(now);
    }

    /// A committed attempt was given up.
    pub(crate) fn abandoned(&self, spent: Spent, now: Instant) {
        let mut state = self.state();
        state.end(spent, now);
        state.totals.cancelled += 1;
        drop(state);
        self.ring(now);
    }

    fn judge_credential(
        &self,
        probe: Option<CredentialProbe>,
        error: &dyn AttemptError,
        disposition: Disposition,
        now: Instant,
    ) {
        let (fault, asked) = (error.credential_fault(), error.retry_after());
        match (disposition.blame, probe) {
            (Blame::Credential, Some(probe)) => probe.failed(fault, error.label(), asked, now),
            (Blame::Credential, None) => {
                self.credential.disable(fault, error.label(), asked, now);
            }
            // The vendor answered the request itself, so it accepted the credential.
            (_, Some(probe)) if disposition.breaker == BreakerEffect::Success => {
                probe.succeeded(now);
            }
            (Blame::Client | Blame::Deployment | Blame::Pause | Blame::Gateway, _) => {}
        }
    }
}
