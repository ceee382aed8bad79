//! What happened, as plain data: the only words in which other crates speak to telemetry.
//!
//! Events are built on the stack, borrow everything, and hold neither content nor secrets; there is
//! no field to put one in. Time is an argument: the caller's clock fills `at` and the durations.

mod attempt;
mod request;
mod start;

pub use attempt::{AttemptEvent, AttemptTarget};
pub use request::{Move, Phases, RequestEvent};
pub use start::{AttemptStart, RequestStart};

/// How a request or an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A complete answer was delivered.
    Ok,
    /// It failed before any content was delivered.
    Error,
    /// The client left first.
    Cancelled,
    /// It failed after content had been delivered.
    Truncated,
}

impl Outcome {
    /// Every outcome, in the order of their counters.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Error, Self::Cancelled, Self::Truncated];

    /// The name in logs, metrics and spans.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
            Self::Truncated => "truncated",
        }
    }

    /// Position in [`Outcome::ALL`].
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Ok => 0,
            Self::Error => 1,
            Self::Cancelled => 2,
            Self::Truncated => 3,
        }
    }
}

/// Why an attempt was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptKind {
    /// It is the request's first.
    First,
    /// Again at the same deployment.
    Retry,
    /// At another deployment of the same group.
    Failover,
    /// At a deployment of another group.
    Fallback,
}

impl AttemptKind {
    /// The name in logs, metrics and spans.
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

/// The breaker of a deployment, as a gauge shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeploymentState {
    /// Traffic flows.
    Closed,
    /// One probe is allowed.
    HalfOpen,
    /// Traffic is refused.
    Open,
}

impl DeploymentState {
    /// The gauge's value: 0 closed, 1 half-open, 2 open.
    #[must_use]
    pub const fn value(self) -> f64 {
        match self {
            Self::Closed => 0.0,
            Self::HalfOpen => 1.0,
            Self::Open => 2.0,
        }
    }
}

/// A bound of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitKind {
    /// Requests per minute.
    RequestsPerMinute,
    /// Requests per second.
    RequestsPerSecond,
    /// Requests at once.
    Concurrency,
    /// Tokens per minute.
    TokensPerMinute,
}

impl LimitKind {
    /// How many there are.
    pub(crate) const COUNT: usize = 4;

    /// The `limit` label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestsPerMinute => "requests_per_minute",
            Self::RequestsPerSecond => "requests_per_second",
            Self::Concurrency => "concurrency",
            Self::TokensPerMinute => "tokens_per_minute",
        }
    }

    /// Its place among all.
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::RequestsPerMinute => 0,
            Self::RequestsPerSecond => 1,
            Self::Concurrency => 2,
            Self::TokensPerMinute => 3,
        }
    }
}

/// What became of a configuration that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConfigOutcome {
    /// It runs.
    Loaded,
    /// It was refused, and the one before runs on.
    Rejected,
}

impl ConfigOutcome {
    /// Every outcome, in the order of their counters.
    pub const ALL: [Self; 2] = [Self::Loaded, Self::Rejected];

    /// The `outcome` label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Rejected => "rejected",
        }
    }
}

/// Why the HTTP layer refused a request before the engine saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HttpRejection {
    /// The head is no HTTP, or could be read in two ways.
    InvalidHead,
    /// The head did not arrive in time.
    HeadTimeout,
    /// The body is larger than allowed.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body broke off.
    BodyIncomplete,
    /// The body is no JSON of the right shape.
    InvalidBody,
    /// The content type is not one we read.
    UnsupportedMediaType,
    /// No such path.
    NotFound,
    /// No such method on this path.
    MethodNotAllowed,
    /// No valid caller credential.
    Unauthorized,
    /// Too many requests at once.
    Overloaded,
    /// The bodies of all requests together leave no room for this one.
    BodyMemory,
    /// The process is shutting down.
    Draining,
}

impl HttpRejection {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::InvalidHead,
        Self::HeadTimeout,
        Self::BodyTooLarge,
        Self::BodyTimeout,
        Self::BodyIncomplete,
        Self::InvalidBody,
        Self::UnsupportedMediaType,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Unauthorized,
        Self::Overloaded,
        Self::BodyMemory,
        Self::Draining,
    ];

    /// The `reason` label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidHead => "invalid_head",
            Self::HeadTimeout => "head_timeout",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::BodyIncomplete => "body_incomplete",
            Self::InvalidBody => "invalid_body",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Unauthorized => "unauthorized",
            Self::Overloaded => "overloaded",
            Self::BodyMemory => "body_memory",
            Self::Draining => "draining",
        }
    }
}
