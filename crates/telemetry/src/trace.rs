//! Traces: spans by the GenAI conventions, and their export by OTLP.
//!
//! A span is nothing but ids while it is open; its contents are written once, from the same event
//! that fills metrics and log, straight into the bytes that a collector reads. That is why there is
//! no OpenTelemetry SDK here: its spans, attributes and messages cost a request some 9 µs of CPU,
//! these cost 1, and what finds no room is counted. A span must never carry content or secrets,
//! never wait for a collector, and cost next to nothing where it is not sampled.
//!
//! In reading order: [`Span`] is what callers hold, `settings` where spans go, `sampler` which ones,
//! `encode` their bytes, `queue` the bounded wait, `export` the thread that carries them, `send` the
//! two protocols. `heard` is apart: the same spans for a program with a `tracing` subscriber.

mod context;
mod encode;
mod export;
mod heard;
mod proto;
mod queue;
mod sampler;
mod send;
mod settings;
mod span;
mod tracer;

pub use context::{SpanId, TraceHeaders, TraceId};
pub(crate) use export::SpanCounts;
pub use sampler::Sampler;
pub use settings::{OtlpProtocol, TraceOptions};
pub use span::Span;
pub(crate) use tracer::Tracer;
