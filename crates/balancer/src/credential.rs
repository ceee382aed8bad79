//! The health of a vendor credential, shared by every member that uses it.
//!
//! A credential that the vendor refused, or whose money is spent, takes all its members out, and
//! none of them is blamed. It returns by itself: at the probe times one request, an active probe of
//! the shell or else a real one, may try it. So a vendor whose own sign-in failed for a while, with
//! every credential refused, recovers without anybody's help. It holds an id, never a secret.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::lock::lock;

/// When a credential that does not work is tried again: after each failure the next of these.
const PROBE_AFTER: [Duration; 4] = [
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(60 * 60),
];

/// What is wrong with a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialFault {
    /// The vendor refused it.
    Refused,
    /// Its money or plan is spent.
    Spent,
}

/// Whether a credential works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialState {
    /// As far as we know.
    Healthy,
    /// Refused by the vendor: out until a probe succeeds or an operator re-enables it.
    Disabled {
        /// The error's label.
        reason: String,
        /// When it was first refused.
        since: Instant,
        /// When the next request may try it.
        next_probe: Instant,
    },
    /// Out of money.
    Exhausted {
        /// The error's label.
        reason: String,
        /// When it was first refused.
        since: Instant,
        /// When the next request may try it.
        until: Instant,
    },
}

#[derive(Debug)]
struct Outage {
    fault: CredentialFault,
    reason: String,
    since: Instant,
    next_probe: Instant,
    failures: usize,
    probing: bool,
}

/// One vendor credential, by id.
#[derive(Debug)]
pub struct Credential {
    id: Arc<str>,
    /// Whether there is an outage; spares healthy credentials the lock.
    out: AtomicBool,
    outage: Mutex<Option<Outage>>,
    /// Whether there ever was one; spares the others the lock on the next.
    was_out: AtomicBool,
    /// When it was last put back into service.
    restored: Mutex<Option<Instant>>,
}

impl Credential {
    fn new(id: Arc<str>) -> Self {
        Self {
            id,
            out: AtomicBool::new(false),
            outage: Mutex::new(None),
            was_out: AtomicBool::new(false),
            restored: Mutex::new(None),
        }
    }

    /// Its id; never the secret.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Whether it works.
    #[must_use]
    pub fn state(&self) -> CredentialState {
        match &*lock(&self.outage) {
            None => CredentialState::Healthy,
            Some(outage) => {
                let (reason, since) = (outage.reason.clone(), outage.since);
                let next_probe = outage.next_probe;
                match outage.fault {
                    CredentialFault::Refused => {
                        CredentialState::Disabled { reason, since, next_probe }
                    }
                    CredentialFault::Spent => {
                        CredentialState::Exhausted { reason, since, until: next_probe }
                    }
                }
            }
        }
    }

    /// Puts it back into service; what an operator does who has repaired it.
    pub fn reenable(&self, now: Instant) {
        *lock(&self.outage) = None;
        *lock(&self.restored) = Some(now);
        self.out.store(false, Ordering::Release);
    }

    /// Takes it out, as if a request had met `fault`; `asked` is the vendor's own wait.
    pub fn disable(
        &self,
        fault: CredentialFault,
        reason: &str,
        asked: Option<Duration>,
        now: Instant,
    ) {
        let mut outage = lock(&self.outage);
        if outage.is_some() {
            // A straggler that started before the outage: the schedule stays as it is.
            return;
        }
        *outage = Some(Outage {
            fault,
            reason: reason.to_owned(),
            since: now,
            next_probe: now + pause(0, asked),
            failures: 1,
            probing: false,
        });
        self.out.store(true, Ordering::Release);
        self.was_out.store(true, Ordering::Release);
    }

    /// When it was last put back into service.
    pub(crate) fn restored_at(&self) -> Option<Instant> {
        if self.was_out.load(Ordering::Acquire) { *lock(&self.restored) } else { None }
    }

    /// Whether a request may use it; takes nothing. An error carries the fault and the next probe.
    pub(crate) fn check(&self, now: Instant) -> Result<(), (CredentialFault, Instant)> {
        if !self.out.load(Ordering::Acquire) {
            return Ok(());
        }
        match &*lock(&self.outage) {
            Some(outage) if outage.probing || now < outage.next_probe => {
                Err((outage.fault, outage.next_probe))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Lets a request use it: freely while it works, as the one probe when a probe is due.
    pub(crate) fn admit(
        self: &Arc<Self>,
        now: Instant,
    ) -> Result<Option<CredentialProbe>, (CredentialFault, Instant)> {
        if !self.out.load(Ordering::Acquire) {
            return Ok(None);
        }
        match &mut *lock(&self.outage) {
            None => Ok(None),
            Some(outage) if outage.probing || now < outage.next_probe => {
                Err((outage.fault, outage.next_probe))
            }
            Some(outage) => {
                outage.probing = true;
                let since = outage.since;
                Ok(Some(CredentialProbe { credential: Arc::clone(self), since, open: true }))
            }
        }
    }
}

/// The pause after the failure with this index, or the vendor's own if that is longer.
fn pause(failure: usize, asked: Option<Duration>) -> Duration {
    let last = PROBE_AFTER.len() - 1;
    let ours = PROBE_AFTER.get(failure.min(last)).copied().unwrap_or_default();
    ours.max(asked.unwrap_or_default().min(crate::cooldown::PAUSE_MAX))
}

/// The right to try a credential that is out of service. Dropped without a verdict it is free again.
#[derive(Debug)]
pub struct CredentialProbe {
    credential: Arc<Credential>,
    /// The outage that it probes.
    since: Instant,
    open: bool,
}

impl CredentialProbe {
    /// What it probes.
    #[must_use]
    pub fn credential(&self) -> &Arc<Credential> {
        &self.credential
    }

    /// The credential works: it is back in service.
    pub fn succeeded(mut self, now: Instant) {
        self.open = false;
        let same = lock(&self.credential.outage).as_ref().is_some_and(|o| o.since == self.since);
        if same {
            self.credential.reenable(now);
        }
    }

    /// It still does not: the next probe is later.
    pub fn failed(
        mut self,
        fault: CredentialFault,
        reason: &str,
        asked: Option<Duration>,
        now: Instant,
    ) {
        self.open = false;
        let mut outage = lock(&self.credential.outage);
        if let Some(outage) = outage.as_mut().filter(|outage| outage.since == self.since) {
            outage.fault = fault;
            reason.clone_into(&mut outage.reason);
            outage.next_probe = now + pause(outage.failures, asked);
            outage.failures += 1;
            outage.probing = false;
        }
    }
}

impl Drop for CredentialProbe {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        if let Some(outage) =
            lock(&self.credential.outage).as_mut().filter(|outage| outage.since == self.since)
        {
            outage.probing = false;
        }
    }
}

/// Every credential by id. Kept across routers, so that an outage outlives a new configuration.
#[derive(Debug, Default)]
pub struct CredentialBook {
    credentials: Mutex<HashMap<Arc<str>, Arc<Credential>>>,
}

impl CredentialBook {
    /// An empty book.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The credential with this id, created healthy on first use.
    pub fn credential(&self, id: &Arc<str>) -> Arc<Credential> {
        let mut credentials = lock(&self.credentials);
        let entry = credentials.entry(Arc::clone(id));
        Arc::clone(entry.or_insert_with(|| Arc::new(Credential::new(Arc::clone(id)))))
    }

    /// Puts a new, healthy credential in the place of the one with this id: the secret behind the
    /// id is another one. Members made before keep the old one, so that what its requests still
    /// meet is not blamed on the new.
    pub fn renew(&self, id: &Arc<str>) {
        let fresh = Arc::new(Credential::new(Arc::clone(id)));
        lock(&self.credentials).insert(Arc::clone(id), fresh);
    }

    /// Forgets the credentials that no member has.
    pub fn forget_unused(&self) {
        lock(&self.credentials).retain(|_, credential| Arc::strong_count(credential) > 1);
    }

    /// Every credential, ordered by id.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Credential>> {
        let mut all: Vec<_> = lock(&self.credentials).values().map(Arc::clone).collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// The probes that are due, taken: until each is answered or dropped, no request uses that
    /// credential. For a shell that probes actively; without one, real requests probe.
    #[must_use]
    pub fn due_probes(&self, now: Instant) -> Vec<CredentialProbe> {
        self.all().iter().filter_map(|credential| credential.admit(now).ok().flatten()).collect()
    }
}

#[cfg(test)]
mod tests;
