//! What can be told about a member, a snapshot for status pages and metrics.
//!
//! Durations are relative to the snapshot; the instants of a refusal and of a credential's state are
//! not. No secret is in it: a credential is an id.

use std::sync::Arc;
use std::time::Duration;

use crate::breaker::BreakerState;
use crate::credential::CredentialState;
use crate::limits::{LimitUse, Limits};
use crate::refusal::Refusal;

/// The state of one member at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberStatus {
    /// The member's id.
    pub id: Arc<str>,
    /// Its share among members of the same priority.
    pub weight: f64,
    /// Its tier; the lowest is tried first.
    pub priority: u32,
    /// The id of its credential.
    pub credential: Arc<str>,
    /// Whether that credential works.
    pub credential_state: CredentialState,
    /// Why it would not be admitted now, if so.
    pub refusal: Option<Refusal>,
    /// What its breaker lets through.
    pub breaker: BreakerState,
    /// How long its open breaker stays open.
    pub reopens_in: Option<Duration>,
    /// How long the pause lasts that its vendor asked for.
    pub cooling_for: Option<Duration>,
    /// Its limits.
    pub limits: Limits,
    /// What is in use of them.
    pub in_use: LimitUse,
    /// The share of its limits in use, 0 to 1.
    pub load: f64,
    /// The recent time to the first event of a request of the usual size, failures counted as long
    /// waits.
    pub latency: Option<Duration>,
    /// The same as a ratio to what is usual for a request of its size in the group; 1 is usual.
    pub slowness: Option<f64>,
    /// What it has done since it exists.
    pub totals: Totals,
    /// Failures in a row.
    pub consecutive_failures: u32,
    /// The last failure.
    pub last_error: Option<LastError>,
}

/// Counts of attempts at one member since it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Attempts that started.
    pub attempts: u64,
    /// Attempts that reached their first content.
    pub committed: u64,
    /// Committed attempts that came to their end.
    pub completed: u64,
    /// Attempts that failed before their first content.
    pub failed: u64,
    /// Attempts whose request was wrong in itself: no fault of the member.
    pub refused: u64,
    /// Committed attempts that broke before their end.
    pub broken: u64,
    /// Failed attempts whose error was a throttle; part of `failed`.
    pub throttled: u64,
    /// Attempts given up without a verdict: the client left.
    pub cancelled: u64,
}

/// The last failure of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    /// The error's label.
    pub label: String,
    /// The error's text.
    pub text: String,
    /// How long ago it was.
    pub ago: Duration,
}
