//! Everything that can go wrong with an attempt: what, whose fault, and what may be done about it.
//!
//! [`ErrorClass::disposition`] is the one table of the gateway (reliability reference, sections 5
//! and 13). Status, vendor code and text are read once, by the codec, into a class; from then on
//! only the class decides. Creating an error has no side effect.

use std::time::Duration;

/// What kind of failure an attempt met. Exhaustive: a new class must be placed in every table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The request is wrong and stays wrong (400, 404 of a path, 409, 413, 415, 422).
    Client,
    /// The target's dialect cannot express the request; another deployment's may.
    Unsupported,
    /// The prompt does not fit the model's context window.
    ContextWindow,
    /// The vendor's policy filtered the prompt.
    ContentPolicy,
    /// The vendor refused our credential (401, 403).
    Auth,
    /// The credential's money or plan is spent (402, `insufficient_quota`).
    Billing,
    /// The deployment does not have the model (404 of the model).
    ModelMissing,
    /// A rate limit (429): the vendor asks for a pause.
    Throttle,
    /// The vendor is overloaded (503, 529).
    Overload,
    /// The vendor failed (other 5xx).
    Server,
    /// No connection: nothing was sent (DNS, connect, TLS).
    Connect,
    /// The connection broke before an answer; the vendor may have executed the request.
    Transport,
    /// No first content in time; the vendor may be executing the request.
    FirstTokenTimeout,
    /// An answer that is none: HTML, truncated JSON, an empty body.
    Malformed,
    /// The stream broke, stalled or failed after content had gone to the client.
    BrokenStream,
    /// The request's own time was up.
    Deadline,
    /// The client left.
    Cancelled,
    /// The gateway stopped before the request was done.
    Stopping,
    /// A fault of the gateway itself.
    Internal,
}

/// May this request be tried again, and where?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAdvice {
    /// The same deployment may succeed, another one too.
    Anywhere,
    /// Only another deployment may succeed.
    OtherDeployment,
    /// No deployment of this group will succeed.
    Never,
}

/// Which list of fallback groups applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FallbackKind {
    /// The general list.
    Any,
    /// The list for prompts that do not fit.
    ContextWindow,
    /// The list for filtered prompts.
    ContentPolicy,
    /// No fallback helps.
    None,
}

/// Whose fault it was; what the balancer isolates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The caller's request.
    Client,
    /// The deployment's credential; every deployment with it is affected.
    Credential,
    /// The deployment.
    Deployment,
    /// Nobody: a pause that the vendor asked for.
    Pause,
    /// The gateway.
    Gateway,
}

/// What the breaker of the deployment learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerEffect {
    /// The deployment answered; it is well.
    Success,
    /// A failure in the ratio and in the run of consecutive failures.
    Failure,
    /// A failure in the ratio only (a 429 is no illness, but a probe that meets one has failed).
    Throttled,
    /// Says nothing about the deployment.
    Neutral,
}

/// One row of the table: everything that follows from a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disposition {
    /// Whether and where to try again, before the commit point.
    pub retry: RetryAdvice,
    /// Which fallback groups apply when the group is spent.
    pub fallback: FallbackKind,
    /// Whose fault it was.
    pub blame: Blame,
    /// What the breaker learns.
    pub breaker: BreakerEffect,
    /// Whether the vendor may have executed the request although it did not answer.
    pub may_have_executed: bool,
}

impl ErrorClass {
    /// Every class, for tables and metrics.
    pub const ALL: [Self; 19] = [
        Self::Client,
        Self::Unsupported,
        Self::ContextWindow,
        Self::ContentPolicy,
        Self::Auth,
        Self::Billing,
        Self::ModelMissing,
        Self::Throttle,
        Self::Overload,
        Self::Server,
        Self::Connect,
        Self::Transport,
        Self::FirstTokenTimeout,
        Self::Malformed,
        Self::BrokenStream,
        Self::Deadline,
        Self::Cancelled,
        Self::Stopping,
        Self::Internal,
    ];

    /// The name in logs, metrics and status.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Unsupported => "unsupported",
            Self::ContextWindow => "context_window",
            Self::ContentPolicy => "content_policy",
            Self::Auth => "auth",
            Self::Billing => "billing",
            Self::ModelMissing => "model_missing",
            Self::Throttle => "throttle",
            Self::Overload => "overload",
            Self::Server => "server",
            Self::Connect => "connect",
            Self::Transport => "transport",
            Self::FirstTokenTimeout => "first_token_timeout",
            Self::Malformed => "malformed",
            Self::BrokenStream => "broken_stream",
            Self::Deadline => "deadline",
            Self::Cancelled => "cancelled",
            Self::Stopping => "stopping",
            Self::Internal => "internal",
        }
    }

    /// The one table: what follows from this class.
    #[must_use]
    pub const fn disposition(self) -> Disposition {
        use Blame as B;
        use BreakerEffect as E;
        use FallbackKind as F;
        use RetryAdvice as R;
        let (retry, fallback, blame, breaker, may_have_executed) = match self {
            Self::Client => (R::Never, F::None, B::Client, E::Success, false),
            Self::Unsupported => (R::OtherDeployment, F::None, B::Client, E::Neutral, false),
            Self::ContextWindow => (R::Never, F::ContextWindow, B::Client, E::Success, false),
            Self::ContentPolicy => (R::Never, F::ContentPolicy, B::Client, E::Success, false),
            Self::Auth | Self::Billing => {
                (R::OtherDeployment, F::Any, B::Credential, E::Neutral, false)
            }
            Self::ModelMissing => (R::OtherDeployment, F::Any, B::Deployment, E::Neutral, false),
            Self::Throttle => (R::OtherDeployment, F::Any, B::Pause, E::Throttled, false),
            Self::Overload | Self::Server | Self::Malformed => {
                (R::Anywhere, F::Any, B::Deployment, E::Failure, false)
            }
            Self::Connect => (R::Anywhere, F::Any, B::Deployment, E::Failure, false),
            Self::Transport => (R::Anywhere, F::Any, B::Deployment, E::Failure, true),
            Self::FirstTokenTimeout => {
                (R::OtherDeployment, F::Any, B::Deployment, E::Failure, true)
            }
            Self::BrokenStream => (R::Never, F::None, B::Deployment, E::Failure, true),
            Self::Deadline => (R::Never, F::None, B::Deployment, E::Neutral, true),
            Self::Cancelled => (R::Never, F::None, B::Client, E::Neutral, true),
            Self::Stopping => (R::Never, F::None, B::Gateway, E::Neutral, true),
            Self::Internal => (R::Never, F::None, B::Gateway, E::Neutral, false),
        };
        Disposition { retry, fallback, blame, breaker, may_have_executed }
    }
}

/// A failure of an attempt, read from whatever the vendor sent or did not send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", class.as_str())]
pub struct UpstreamError {
    /// What kind of failure.
    pub class: ErrorClass,
    /// The vendor's HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The vendor's error code, cut to 128 bytes.
    pub code: Option<String>,
    /// The parameter that the vendor names.
    pub param: Option<String>,
    /// The vendor's message, control characters escaped, cut to [`UpstreamError::MESSAGE_MAX`].
    pub message: String,
    /// How long the vendor asks us to wait.
    pub retry_after: Option<Duration>,
}

impl UpstreamError {
    /// Longest message kept, in bytes: vendor text is outside text and may be hostile.
    pub const MESSAGE_MAX: usize = 512;
    /// Longest code kept, in bytes.
    pub const CODE_MAX: usize = 128;
    /// Longest pause believed: a day.
    pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

    /// An error of `class` with a message, which is escaped and cut; a blank one is replaced by words.
    #[must_use]
    pub fn new(class: ErrorClass, message: impl AsRef<str>) -> Self {
        let message = Some(message.as_ref()).filter(|message| !message.trim().is_empty());
        let message = message.unwrap_or("no reason was given");
        Self {
            class,
            status: None,
            code: None,
            param: None,
            message: clean(message, Self::MESSAGE_MAX),
            retry_after: None,
        }
    }

    /// The same error with the vendor's status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same error with the vendor's code, escaped and cut.
    #[must_use]
    pub fn with_code(mut self, code: Option<&str>) -> Self {
        self.code = code.map(|code| clean(code, Self::CODE_MAX));
        self
    }

    /// The same error with the parameter that the vendor names, escaped and cut.
    #[must_use]
    pub fn with_param(mut self, param: Option<&str>) -> Self {
        self.param = param.map(|param| clean(param, Self::CODE_MAX));
        self
    }

    /// The same error with the pause that the vendor asks for, capped at a day.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.retry_after = retry_after.map(|wait| wait.min(Self::RETRY_AFTER_MAX));
        self
    }
}

/// Escapes control characters in outside text and cuts it to `max` bytes at a character.
#[must_use]
pub fn clean(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    for c in text.chars() {
        let before = out.len();
        if c.is_control() && c != '\n' && c != '\t' {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        if out.len() > max {
            out.truncate(before);
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_name_of_its_own() {
        let mut names: Vec<_> = ErrorClass::ALL.iter().map(|class| class.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorClass::ALL.len());
    }

    #[test]
    fn nothing_is_retried_after_commit_or_when_the_client_is_wrong_or_gone() {
        for class in [
            ErrorClass::Client,
            ErrorClass::BrokenStream,
            ErrorClass::Deadline,
            ErrorClass::Cancelled,
            ErrorClass::Stopping,
            ErrorClass::Internal,
        ] {
            let row = class.disposition();
            assert_eq!(row.retry, RetryAdvice::Never, "{class:?}");
            assert_eq!(row.fallback, FallbackKind::None, "{class:?}");
        }
    }

    #[test]
    fn a_client_fault_never_feeds_a_breaker() {
        for class in ErrorClass::ALL {
            let row = class.disposition();
            if row.blame == Blame::Client {
                assert!(
                    matches!(row.breaker, BreakerEffect::Success | BreakerEffect::Neutral),
                    "{class:?}"
                );
            }
        }
    }

    #[test]
    fn a_vendor_timeout_is_never_tried_again_on_the_same_deployment() {
        let row = ErrorClass::FirstTokenTimeout.disposition();
        assert_eq!(row.retry, RetryAdvice::OtherDeployment);
        assert!(row.may_have_executed);
    }

    #[test]
    fn outside_text_is_escaped_and_cut_at_a_character() {
        assert_eq!(clean("a\u{1b}[31mb", 64), "a\\u{1b}[31mb");
        assert_eq!(clean("ééé", 5), "éé");
        let error = UpstreamError::new(ErrorClass::Server, "x".repeat(9999))
            .with_retry_after(Some(Duration::from_secs(999_999)));
        assert_eq!(error.message.len(), UpstreamError::MESSAGE_MAX);
        assert_eq!(error.retry_after, Some(UpstreamError::RETRY_AFTER_MAX));
    }
}
