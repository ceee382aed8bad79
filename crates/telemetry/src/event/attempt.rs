//! The end of an attempt.

use std::time::{Duration, SystemTime};

use tollgate_core_types::reply::FinishReason;
use tollgate_core_types::{ErrorClass, Operation, Usage};

use super::{AttemptKind, Outcome};
use crate::trace::Span;

/// An attempt is over. One per attempt, successful ones included; only failed ones are logged.
#[derive(Debug, Clone, Copy)]
pub struct AttemptEvent<'a> {
    /// Wall time of the end.
    pub at: SystemTime,
    /// The request's id. Treated as outside text.
    pub request_id: &'a str,
    /// What was asked.
    pub operation: Operation,
    /// Alias of the model group.
    pub model: &'a str,
    /// Id of the deployment.
    pub deployment: &'a str,
    /// Its provider.
    pub provider: &'a str,
    /// The model asked of it.
    pub upstream_model: &'a str,
    /// The model that the provider says answered. Outside text.
    pub response_model: Option<&'a str>,
    /// The provider's id of the answer. Outside text; goes to the span alone.
    pub response_id: Option<&'a str>,
    /// Which attempt of the request, from 1.
    pub number: u32,
    /// Why it was made.
    pub kind: AttemptKind,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The vendor's HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong; `None` exactly where the outcome is [`Outcome::Ok`].
    pub class: Option<ErrorClass>,
    /// The vendor's error code. Outside text.
    pub code: Option<&'a str>,
    /// The error in words. Outside text; must not hold content of the conversation.
    pub message: Option<&'a str>,
    /// The pause that the vendor asked for.
    pub retry_after: Option<Duration>,
    /// Why the answer ended.
    pub finish: Option<FinishReason>,
    /// Tokens, as the vendor counted them.
    pub usage: Usage,
    /// What it cost, in pico-dollars; `None` where that is not known.
    pub cost: Option<u64>,
    /// From the attempt's start to its first content; streams only.
    pub ttft: Option<Duration>,
    /// From the attempt's start to its end.
    pub duration: Duration,
    /// Stream frames that could not be read and were skipped.
    pub frames_skipped: u64,
    /// The provider's host, where known; goes to the span alone.
    pub server_address: Option<&'a str>,
    /// The provider's port, where known; goes to the span alone.
    pub server_port: Option<u16>,
    /// Its span ([`crate::Telemetry::attempt_span`]).
    pub span: &'a Span,
}

/// Who is attempted for what: the part of an [`AttemptEvent`] known before it starts.
#[derive(Debug, Clone, Copy)]
pub struct AttemptTarget<'a> {
    /// What was asked.
    pub operation: Operation,
    /// Alias of the model group.
    pub model: &'a str,
    /// Id of the deployment.
    pub deployment: &'a str,
    /// Its provider.
    pub provider: &'a str,
    /// The model asked of it.
    pub upstream_model: &'a str,
}

impl<'a> AttemptEvent<'a> {
    /// A successful first attempt of which nothing more is known yet. Callers fill the rest with
    /// struct update syntax.
    #[must_use]
    pub fn new(at: SystemTime, request_id: &'a str, target: AttemptTarget<'a>) -> Self {
        let AttemptTarget { operation, model, deployment, provider, upstream_model } = target;
        Self {
            at,
            request_id,
            operation,
            model,
            deployment,
            provider,
            upstream_model,
            response_model: None,
            response_id: None,
            number: 1,
            kind: AttemptKind::First,
            stream: false,
            status: None,
            outcome: Outcome::Ok,
            class: None,
            code: None,
            message: None,
            retry_after: None,
            finish: None,
            usage: Usage::default(),
            cost: None,
            ttft: None,
            duration: Duration::ZERO,
            frames_skipped: 0,
            server_address: None,
            server_port: None,
            span: Span::none(),
        }
    }
}
