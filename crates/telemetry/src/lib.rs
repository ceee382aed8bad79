//! What Tollgate tells about itself: request log, Prometheus metrics, OpenTelemetry traces.
//!
//! Everything is said through the named events of [`event`]: callers fill a plain struct, this
//! crate alone knows line formats, metric names and span attributes, so that they cannot drift
//! apart. It must never see content (prompts, answers) or secrets, never block a request, and never
//! let outside text become a metric label.
//!
//! In reading order: [`event`] is what happened, [`Telemetry`] the one handle that counts and logs
//! it, [`log`] the line format and its writer, [`metrics`] names and handles, [`trace`] spans and
//! their export, [`semconv`] every attribute name.

mod error;
pub mod event;
pub mod log;
pub mod metrics;
pub mod semconv;
mod telemetry;
pub mod trace;

pub use error::TelemetryError;
pub use event::{
    AttemptEvent, AttemptKind, AttemptTarget, ConfigOutcome, DeploymentState, HttpRejection,
    Outcome, RequestEvent,
};
pub use log::{LogFormat, LogOptions, LogTarget, RequestLog};
pub use metrics::{DeploymentMetrics, InFlight, ModelMetrics};
pub use telemetry::{Telemetry, TelemetryOptions};
pub use trace::{
    AttemptSpan, LogLevel, OtlpProtocol, RequestSpan, TraceHeaders, TraceOptions, TracingGuard,
    attempt_span, init_tracing, record_attempt, record_request, request_span, trace_headers,
    trace_id,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
