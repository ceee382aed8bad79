//! What Tollgate tells about itself: request log, Prometheus metrics, OpenTelemetry traces.
//!
//! Everything is said through the named events of [`event`]: callers fill a plain struct, this
//! crate alone knows line formats, metric names and span attributes, so that they cannot drift
//! apart. It must never see content (prompts, answers) or secrets, never block a request, and never
//! let outside text become a metric label.
//!
//! In reading order: [`event`] is what happened, [`Telemetry`] the one handle that counts, logs and
//! traces it, [`log`] the line format and its writer, [`metrics`] names and handles, [`trace`] spans
//! and their export, [`semconv`] every attribute name, [`LogLevel`] the process's diagnostics.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use tollgate_core_types::{Dialect, Operation};
//! use tollgate_telemetry::{RequestEvent, RequestStart, Telemetry, TelemetryOptions};
//!
//! # fn serve(now: SystemTime) -> Result<(), tollgate_telemetry::TelemetryError> {
//! let telemetry = Telemetry::new(&TelemetryOptions::default())?;
//! let model = telemetry.model("gpt-4o", Operation::Chat); // once, when the model is configured
//! let start = RequestStart::new("req-1", Operation::Chat, Dialect::OPENAI_CHAT);
//! let span = telemetry.request_span(&start);
//! let event = RequestEvent {
//!     model: Some("gpt-4o"),
//!     duration: Duration::from_millis(830),
//!     span: &span,
//!     ..RequestEvent::new(now, "req-1", Operation::Chat, Dialect::OPENAI_CHAT)
//! };
//! telemetry.request(&model, &event);
//! assert!(telemetry.render_metrics().contains("tollgate_requests_total"));
//! # Ok(())
//! # }
//! # serve(SystemTime::UNIX_EPOCH).unwrap();
//! ```

mod diagnostics;
mod error;
pub mod event;
pub mod log;
pub mod metrics;
pub mod semconv;
mod telemetry;
pub mod trace;

pub use diagnostics::{DiagnosticsOptions, LogLevel, init_diagnostics};
pub use error::TelemetryError;
pub use event::{
    AttemptEvent, AttemptKind, AttemptStart, AttemptTarget, ConfigOutcome, DeploymentState,
    HttpRejection, LimitKind, Move, Outcome, Phases, RequestEvent, RequestStart,
};
pub use log::{LogFormat, LogOptions, LogTarget, RequestLog};
pub use metrics::{DeploymentMetrics, InFlight, ModelMetrics};
pub use telemetry::{Telemetry, TelemetryOptions};
pub use trace::{OtlpProtocol, Sampler, Span, SpanId, TraceHeaders, TraceId, TraceOptions};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
