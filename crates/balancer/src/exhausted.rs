//! Why a request got no answer: the last error, the way there, and who refused.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tollgate_core_types::error::Disposition;

use crate::attempt::{AttemptInfo, Failure};
use crate::failure::AttemptError;
use crate::refusal::Refusal;

/// Why no further attempt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The router has no group of this name.
    UnknownGroup,
    /// The caller's filter left no member in any group.
    NoneEligible,
    /// No member was admissible in any group, and nothing was tried.
    NoneAvailable {
        /// Whether limits alone were in the way, ours or the vendors'.
        all_throttled: bool,
    },
    /// The attempts, the members or the groups are used up, or a pause is too long to wait for.
    Spent,
    /// The last error is one that no other attempt mends.
    NotRetryable,
    /// The group has retried as much as its traffic allows.
    RetryBudget,
    /// The request's time is up.
    DeadlineExceeded,
}

impl Reason {
    /// The name in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownGroup => "unknown_group",
            Self::NoneEligible => "none_eligible",
            Self::NoneAvailable { .. } => "none_available",
            Self::Spent => "spent",
            Self::NotRetryable => "not_retryable",
            Self::RetryBudget => "retry_budget",
            Self::DeadlineExceeded => "deadline_exceeded",
        }
    }
}

/// One failed attempt in a request's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptSummary {
    /// Which attempt it was.
    pub info: AttemptInfo,
    /// The error's label.
    pub label: String,
    /// What followed from the error.
    pub disposition: Disposition,
    /// How long it was under way.
    pub elapsed: Duration,
}

impl AttemptSummary {
    pub(crate) fn of<E: AttemptError>(failure: &Failure<E>) -> Self {
        Self {
            info: failure.info.clone(),
            label: failure.error.label().to_owned(),
            disposition: failure.disposition,
            elapsed: failure.elapsed,
        }
    }
}

/// A request that got no answer.
#[derive(Debug)]
pub struct Exhausted<E> {
    /// Why no further attempt was made.
    pub reason: Reason,
    /// The last error; none if nothing was tried.
    pub error: Option<E>,
    /// The failed attempts in order.
    pub history: Vec<AttemptSummary>,
    /// How many attempts were made.
    pub attempts: u32,
    /// The members that are not admissible, by id, in every group that was visited, and why.
    pub refused: Vec<(Arc<str>, Refusal)>,
    /// How long until the first of those may be admitted, a guess where others must end first; none
    /// if one is admissible or nothing can be said.
    pub retry_after: Option<Duration>,
}

impl<E: fmt::Display> fmt::Display for Exhausted<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer after {} attempts ({})", self.attempts, self.reason.as_str())?;
        match &self.error {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for Exhausted<E> {}
