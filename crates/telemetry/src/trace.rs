//! Traces: spans by the GenAI conventions, and their export by OTLP.
//!
//! A library user who installs a subscriber of their own never calls [`init_tracing`]; the spans go
//! wherever that subscriber sends them. Spans must never carry content or secrets, and must cost
//! next to nothing where nobody listens.

mod endpoint;
mod init;
mod parent;
mod spans;

pub use endpoint::OtlpProtocol;
pub use init::{LogLevel, TraceOptions, TracingGuard, init_tracing};
pub use parent::{TraceHeaders, parent_from, trace_headers, trace_id};
pub use spans::{
    AttemptSpan, RequestSpan, attempt_span, record_attempt, record_request, request_span,
};
