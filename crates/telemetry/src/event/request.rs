//! The end of a request.

use std::time::{Duration, SystemTime};

use tollgate_core_types::{Dialect, ErrorClass, Lost, Operation, Usage};

use super::{AttemptKind, Outcome};
use crate::trace::Span;

/// A request moved on: an attempt was made that is not its first.
#[derive(Debug, Clone, Copy)]
pub struct Move<'a> {
    /// Wall time.
    pub at: SystemTime,
    /// How it moved.
    pub kind: AttemptKind,
    /// The attempt that then began, from 1.
    pub number: u32,
    /// Alias of the model group that it went to.
    pub model: &'a str,
    /// Id of the deployment that it went to.
    pub deployment: &'a str,
    /// What the attempt before had failed with.
    pub after: Option<ErrorClass>,
}

/// The gateway's own share of a request, by what it was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phases {
    /// From its arrival to the routing: reading body and facts, as fast as the client sends.
    pub receive: Duration,
    /// From there to the first vendor's address: choosing, encoding, authorizing.
    pub route: Duration,
    /// From the vendor's answer to the client's: decoding and encoding; of a stream, to its first
    /// content. `None` where there was more than one attempt: pauses between them are no work.
    pub respond: Option<Duration>,
}

/// A request is over: answered, failed, or its client is gone. Exactly one per request.
#[derive(Debug, Clone, Copy)]
pub struct RequestEvent<'a> {
    /// Wall time of the end.
    pub at: SystemTime,
    /// Our id of the request, as in `x-request-id`. May be the client's: treated as outside text.
    pub request_id: &'a str,
    /// What was asked.
    pub operation: Operation,
    /// Route template of the request, for example `/v1/chat/completions`; `None` where it did not
    /// come by HTTP.
    pub route: Option<&'static str>,
    /// The client's dialect.
    pub dialect: Dialect,
    /// Alias of the model group that served, or was to serve, it; `None` where none was found.
    pub model: Option<&'a str>,
    /// The model in the client's words, where they are not the alias. Outside text.
    pub requested_model: Option<&'a str>,
    /// Id of the deployment of the last attempt.
    pub deployment: Option<&'a str>,
    /// Provider of the last attempt.
    pub provider: Option<&'a str>,
    /// The model asked of that provider.
    pub upstream_model: Option<&'a str>,
    /// The model that the provider says answered. Outside text.
    pub response_model: Option<&'a str>,
    /// Whether the client asked for a stream.
    pub stream: bool,
    /// The HTTP status the client got; 499 where it left before one.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong; `None` exactly where the outcome is [`Outcome::Ok`].
    pub class: Option<ErrorClass>,
    /// Attempts made; 0 where the request never reached a deployment.
    pub attempts: u32,
    /// The error in words. Outside text; must not hold content of the conversation.
    pub message: Option<&'a str>,
    /// Tokens, as the vendor counted them.
    pub usage: Usage,
    /// From the request's arrival to its first content; streams only.
    pub ttft: Option<Duration>,
    /// From the request's arrival to its end.
    pub duration: Duration,
    /// The part of the duration that was ours: not waiting for vendor or client. Of a stream, up to
    /// its first content. Pauses between attempts are in it.
    pub overhead: Option<Duration>,
    /// What that was spent on; `None` where nothing was sent to a vendor.
    pub phases: Option<Phases>,
    /// Fields that the chosen deployment could not express.
    pub lost: &'a [Lost],
    /// The client's id of its end user. Outside text.
    pub user: Option<&'a str>,
    /// What it cost, in pico-dollars; `None` where no price is known, which is not nothing.
    pub cost: Option<u64>,
    /// Stream frames of the vendor that could not be read and were skipped.
    pub frames_skipped: u64,
    /// Its attempts beyond the first.
    pub moves: &'a [Move<'a>],
    /// Its span ([`crate::Telemetry::request_span`]).
    pub span: &'a Span,
}

impl<'a> RequestEvent<'a> {
    /// A successful request of which nothing more is known yet: status 200, no attempts, no
    /// durations. Callers fill the rest with struct update syntax.
    #[must_use]
    pub fn new(
        at: SystemTime,
        request_id: &'a str,
        operation: Operation,
        dialect: Dialect,
    ) -> Self {
        Self {
            at,
            request_id,
            operation,
            route: None,
            dialect,
            model: None,
            requested_model: None,
            deployment: None,
            provider: None,
            upstream_model: None,
            response_model: None,
            stream: false,
            status: 200,
            outcome: Outcome::Ok,
            class: None,
            attempts: 0,
            message: None,
            usage: Usage::default(),
            ttft: None,
            duration: Duration::ZERO,
            overhead: None,
            phases: None,
            lost: &[],
            user: None,
            cost: None,
            frames_skipped: 0,
            moves: &[],
            span: Span::none(),
        }
    }
}
