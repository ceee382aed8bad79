//! Why a call got no answer: what kind of failure, whose fault, where, and whether to come back.

use std::fmt;
use std::time::Duration;
use tollgate_core_types::ErrorClass;
use tollgate_core_types::error::Blame;
use tollgate_providers_common::{BadRequest, ErrorReport};

use crate::call::Failed;

/// A call that failed, once every retry and fallback was spent. Its debug output is its text and the
/// id of the request, for a `main` that returns it shows that.
#[derive(Clone, PartialEq, Eq)]
pub struct CallError(Box<Details>);

#[derive(Clone, PartialEq, Eq)]
struct Details {
    class: ErrorClass,
    report: ErrorReport,
    attempts: u32,
    deployment: Option<String>,
}

impl CallError {
    /// What kind of failure it was.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        self.0.class
    }

    /// Whose fault it was: the caller's, a credential's, a deployment's, nobody's, the gateway's.
    #[must_use]
    pub fn fault(&self) -> Blame {
        // Without an attempt, it is the caller who named what is not there.
        if self.0.class == ErrorClass::ModelMissing && self.0.attempts == 0 {
            return Blame::Client;
        }
        self.0.class.disposition().blame
    }

    /// Whether the same call may succeed later as it is. The gateway's own retries are spent by
    /// then, so wait: for [`CallError::retry_after`], or a while.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.0.class {
            ErrorClass::Throttle
            | ErrorClass::Overload
            | ErrorClass::Server
            | ErrorClass::Connect
            | ErrorClass::Transport
            | ErrorClass::FirstTokenTimeout
            | ErrorClass::Malformed
            | ErrorClass::BrokenStream
            | ErrorClass::Stopping
            | ErrorClass::Deadline => true,
            ErrorClass::Client
            | ErrorClass::Unsupported
            | ErrorClass::ContextWindow
            | ErrorClass::ContentPolicy
            | ErrorClass::Auth
            | ErrorClass::Billing
            | ErrorClass::ModelMissing
            | ErrorClass::Cancelled
            | ErrorClass::Internal => false,
        }
    }

    /// When to come back, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.report.retry_after
    }

    /// The deployment of the last attempt; none where none was made.
    #[must_use]
    pub fn deployment(&self) -> Option<&str> {
        self.0.deployment.as_deref()
    }

    /// How many attempts were made.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The HTTP status that a client of the gateway would get.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.report.status
    }

    /// A code for programs, for example `model_not_found`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.report.code
    }

    /// The field of the request at fault, where one is.
    #[must_use]
    pub fn param(&self) -> Option<&str> {
        self.0.report.param.as_deref()
    }

    /// The id under which the call stands in logs; empty where it did not come so far.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.0.report.request_id
    }

    /// The caller's own mistake, found before anything was sent.
    pub(super) fn client(message: impl Into<String>, param: Option<&str>) -> Self {
        Self::of(ErrorClass::Client, 400, "invalid_request", message.into(), param)
    }

    /// A fault of ours.
    pub(super) fn internal(message: &str) -> Self {
        Self::of(ErrorClass::Internal, 500, "internal_error", message.to_owned(), None)
    }

    /// An answer that is none.
    pub(super) fn malformed(message: String, deployment: &str) -> Self {
        let mut error = Self::of(ErrorClass::Malformed, 502, "upstream_malformed", message, None);
        error.0.deployment = Some(deployment.to_owned());
        error
    }

    /// A stream that ended early, as its client is told of it.
    pub(super) fn broken(report: ErrorReport, deployment: &str, attempts: u32) -> Self {
        // The engine ends streams for these two reasons alone, each with a status of its own.
        let class =
            if report.status == 504 { ErrorClass::Deadline } else { ErrorClass::BrokenStream };
        let deployment = Some(deployment.to_owned());
        Self(Box::new(Details { class, report, attempts, deployment }))
    }

    fn of(
        class: ErrorClass,
        status: u16,
        code: &str,
        message: String,
        param: Option<&str>,
    ) -> Self {
        let report = ErrorReport {
            status,
            code: code.to_owned(),
            param: param.map(str::to_owned),
            message,
            retry_after: None,
            should_retry: None,
            request_id: String::new(),
        };
        Self(Box::new(Details { class, report, attempts: 0, deployment: None }))
    }
}

impl From<Failed> for CallError {
    fn from(Failed { class, report, attempts, deployment }: Failed) -> Self {
        Self(Box::new(Details { class, report, attempts, deployment }))
    }
}

impl From<BadRequest> for CallError {
    fn from(BadRequest { message, param, code }: BadRequest) -> Self {
        Self::of(ErrorClass::Client, 400, code, message, param.as_deref())
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.class.as_str(), self.0.report.message)
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        match self.request_id() {
            "" => Ok(()),
            id => write!(f, " [request {id}]"),
        }
    }
}

impl std::error::Error for CallError {}
