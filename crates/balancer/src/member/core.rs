//! The state of a member and what attempts do to it.
//!
//! It knows limits, health and credential, not weights, tiers or payloads: those belong to the place
//! of a member in a group. One small lock, held for a few comparisons. Nothing here reads a clock.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tollgate_core_types::Chance;
use tollgate_core_types::error::{Blame, BreakerEffect, Disposition, RetryAdvice};

use crate::breaker::{Breaker, BreakerPolicy, Permit};
use crate::cooldown::Cooldown;
use crate::credential::{Credential, CredentialProbe};
use crate::ewma::PeakEwma;
use crate::failure::AttemptError;
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

/// How long an attempt had been under way, and how large it was against the usual.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) elapsed: Duration,
    pub(crate) size: f64,
}

/// The state of one member, shared by the groups that name it.
#[derive(Debug)]
pub(crate) struct Core {
    credential: Arc<Credential>,
    limits: Limits,
    policy: BreakerPolicy,
    state: Mutex<State>,
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
    pub(super) fn check(&mut self, now: Instant, overruled: bool) -> Result<(), Refusal> {
        if let Some(pause) = self.cooldown.active(now) {
            return Err(pause.into());
        }
        if !(overruled && self.breaker.tripped_by_ratio()) {
            self.breaker.check(now)?;
        }
        self.taken.check(now)?;
        Ok(())
    }
}

impl Core {
    pub(crate) fn new(credential: Arc<Credential>, limits: Limits, policy: BreakerPolicy) -> Self {
        let state = State {
            breaker: Breaker::new(policy),
            cooldown: Cooldown::default(),
            taken: Taken::new(limits),
            latency: PeakEwma::default(),
            totals: Totals::default(),
            last_error: None,
        };
        Self { credential, limits, policy, state: Mutex::new(state) }
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
    pub(crate) fn check(&self, now: Instant) -> Result<(), Refusal> {
        self.credential.check(now)?;
        self.state().check(now, false)
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

    /// Admits one attempt: takes from every limit, or refuses and takes from none. Overruled, a
    /// breaker that tripped on the ratio of failures does not refuse.
    pub(crate) fn admit(&self, now: Instant, overruled: bool) -> Result<Admission, Refusal> {
        let probe = self.credential.admit(now)?;
        let mut state = self.state();
        state.check(now, overruled)?;
        state.taken.take(now)?;
        let permit = state.breaker.admit(now).unwrap_or(Permit::Ordinary);
        state.totals.attempts += 1;
        Ok(Admission { permit, probe })
    }

    /// Admits one attempt although the breaker is open, now and then; for a group with nothing else.
    pub(crate) fn admit_panic(&self, now: Instant) -> Option<Admission> {
        let probe = self.credential.admit(now).ok()?;
        let mut state = self.state();
        if state.cooldown.active(now).is_some() || state.taken.check(now).is_err() {
            return None;
        }
        let permit = state.breaker.admit_panic(now)?;
        state.taken.take(now).ok()?;
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
        state.latency.observe(sample.elapsed, sample.size, now);
        state.breaker.record(admission.permit, BreakerEffect::Success, now, chance);
    }

    /// The attempt failed before its first content, and is over.
    pub(crate) fn failed(
        &self,
        admission: Admission,
        error: &dyn AttemptError,
        sample: Sample,
        now: Instant,
        chance: &mut dyn Chance,
    ) {
        let disposition = error.disposition();
        self.judge_credential(admission.probe, error, disposition, now);
        let noted = Noted::new(error, now);
        let mut state = self.state();
        state.taken.end();
        if disposition.blame == Blame::Client {
            // The request was wrong, not the member, and what was wrong is its sender's business.
            state.totals.refused += 1;
        } else {
            state.totals.failed += 1;
            state.last_error = Some(noted);
        }
        let asked = error.retry_after();
        if matches!(disposition.breaker, BreakerEffect::Failure | BreakerEffect::Throttled) {
            state.latency.penalise(sample.elapsed, asked, sample.size, now);
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
        state.breaker.record(admission.permit, disposition.breaker, now, chance);
    }

    /// The attempt was given up without a verdict, and is over.
    pub(crate) fn cancelled(&self, admission: Admission, sample: Sample, now: Instant) {
        let mut state = self.state();
        state.taken.end();
        state.totals.cancelled += 1;
        state.latency.at_least(sample.elapsed, sample.size, now);
        state.breaker.release(admission.permit, now);
    }

    /// A committed attempt came to its end.
    pub(crate) fn completed(&self) {
        let mut state = self.state();
        state.taken.end();
        state.totals.completed += 1;
        state.breaker.completed();
    }

    /// A committed attempt broke before its end.
    pub(crate) fn broke(&self, error: &dyn AttemptError, now: Instant, chance: &mut dyn Chance) {
        let noted = Noted::new(error, now);
        let mut state = self.state();
        state.taken.end();
        state.totals.broken += 1;
        state.last_error = Some(noted);
        if error.disposition().breaker == BreakerEffect::Failure {
            state.breaker.broke(now, chance);
        }
    }

    /// A committed attempt was given up.
    pub(crate) fn abandoned(&self) {
        let mut state = self.state();
        state.taken.end();
        state.totals.cancelled += 1;
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
