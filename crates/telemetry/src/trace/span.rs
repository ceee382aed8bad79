//! What callers hold of an open span: its ids, and where a subscriber listens the span it sees.

use std::sync::Arc;

use super::context::{Remote, SpanId, TraceHeaders, TraceId, traceparent};
use super::heard::Heard;

/// An open span, or none. Cheap to make and to clone; its contents are told once, at its end, by
/// the event that it is put into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    /// For our own export, and for upstreams that continue the trace.
    pub(super) ids: Option<Ids>,
    /// For the `tracing` subscriber of the program around us.
    pub(super) heard: Option<Heard>,
}

/// The ids of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    pub(super) parent: Option<SpanId>,
    /// Whether the parent is the client's.
    pub(super) parent_is_remote: bool,
    /// Whether the trace is kept, here or where it began.
    pub(super) sampled: bool,
    /// Whether it is ours to export.
    pub(super) recorded: bool,
    pub(super) state: Option<Arc<str>>,
}

static NONE: Span = Span { ids: None, heard: None };

impl Span {
    /// No span.
    #[must_use]
    pub fn none() -> &'static Self {
        &NONE
    }

    /// Its trace, where there is one: ours, or the client's that passes through.
    #[must_use]
    pub fn trace_id(&self) -> Option<TraceId> {
        self.ids.as_ref().map(|ids| ids.trace)
    }

    /// The headers with which an upstream continues the trace; `None` where there is none.
    ///
    /// Only for upstreams that are trusted with trace ids; vendors on the internet are not by
    /// default.
    #[must_use]
    pub fn headers(&self) -> Option<TraceHeaders> {
        self.ids.as_ref().map(|ids| TraceHeaders {
            traceparent: traceparent(ids.trace, ids.span, ids.sampled),
            tracestate: ids.state.clone(),
        })
    }
}

impl Ids {
    /// The client's own span, which nothing of ours is put between.
    pub(super) fn passing(remote: Remote) -> Self {
        let Remote { trace, span, sampled, state } = remote;
        Self { trace, span, parent: None, parent_is_remote: false, sampled, recorded: false, state }
    }
}
