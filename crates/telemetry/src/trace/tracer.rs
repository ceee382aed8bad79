//! Opens spans and hands their ends to the export.

use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::context::{Remote, SpanId, TraceId};
use super::encode;
use super::export::{Export, SpanCounts};
use super::heard::Heard;
use super::sampler::Sampler;
use super::settings::{Settings, TraceOptions};
use super::span::{Ids, Span};
use crate::error::TelemetryError;
use crate::event::{AttemptEvent, AttemptStart, RequestEvent, RequestStart};

/// Makes and ends spans, for the export and for whoever listens. Without an export it lets a
/// client's trace pass through.
#[derive(Debug, Default)]
pub(crate) struct Tracer(Option<Live>);

#[derive(Debug)]
struct Live {
    export: Export,
    sampler: Sampler,
    ids: IdMaker,
}

thread_local! {
    /// The span under construction: encoded outside the queue's lock, without an allocation.
    static SPAN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Tracer {
    /// Starts the export that options and environment ask for, if they do.
    ///
    /// # Errors
    ///
    /// Where the collector's address, protocol or headers cannot be used, or its thread not started.
    pub(crate) fn start(options: &TraceOptions) -> Result<Self, TelemetryError> {
        let settings = Settings::resolve(options, |name| std::env::var(name).ok())?;
        settings.as_ref().map_or(Ok(Self::default()), Self::with)
    }

    fn with(settings: &Settings) -> Result<Self, TelemetryError> {
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        let export = Export::start(settings)?;
        Ok(Self(Some(Live { export, sampler: settings.sampler, ids: IdMaker::default() })))
    }

    /// A request's span, the child of the client's where its headers name one.
    pub(crate) fn request(&self, start: &RequestStart<'_>) -> Span {
        let remote = start.traceparent.and_then(|parent| Remote::parse(parent, start.tracestate));
        let ids = match &self.0 {
            Some(live) => Some(live.request(remote)),
            None => remote.map(Ids::passing),
        };
        Span { ids, heard: Heard::request(start) }
    }

    /// An attempt's span beneath its request's.
    pub(crate) fn attempt(&self, request: &Span, start: &AttemptStart<'_>) -> Span {
        let ids = request.ids.as_ref().map(|above| match &self.0 {
            Some(live) => live.attempt(above),
            None => above.clone(),
        });
        Span { ids, heard: request.heard.as_ref().and_then(|above| above.attempt(start)) }
    }

    /// Ends a request's span.
    pub(crate) fn end_request(&self, event: &RequestEvent<'_>) {
        self.end(event.span, |out, ids| encode::request(out, ids, event));
        if let Some(heard) = &event.span.heard {
            heard.end_request(event);
        }
    }

    /// Ends an attempt's span.
    pub(crate) fn end_attempt(&self, event: &AttemptEvent<'_>) {
        self.end(event.span, |out, ids| encode::attempt(out, ids, event));
        if let Some(heard) = &event.span.heard {
            heard.end_attempt(event);
        }
    }

    fn end(&self, span: &Span, write: impl FnOnce(&mut Vec<u8>, &Ids)) {
        let Some(live) = &self.0 else { return };
        let Some(ids) = span.ids.as_ref().filter(|ids| ids.recorded) else { return };
        SPAN.with_borrow_mut(|out| {
            out.clear();
            write(out, ids);
            live.export.push(out);
        });
    }

    /// What became of the spans so far; `None` where none are exported.
    pub(crate) fn counts(&self) -> Option<SpanCounts> {
        self.0.as_ref().map(|live| live.export.counts())
    }

    /// Waits until the spans that ended before are delivered or given up.
    pub(crate) fn flush(&self, within: Duration) -> bool {
        self.0.as_ref().is_none_or(|live| live.export.flush(within))
    }

    /// Delivers what waits and ends the export.
    pub(crate) fn close(&self, within: Duration) -> bool {
        self.0.as_ref().is_none_or(|live| live.export.close(within))
    }
}

impl Live {
    fn request(&self, remote: Option<Remote>) -> Ids {
        let trace = remote.as_ref().map_or_else(|| self.ids.trace(), |remote| remote.trace);
        let sampled = self.sampler.keeps(remote.as_ref(), trace);
        Ids {
            trace,
            span: self.ids.span(),
            parent: remote.as_ref().map(|remote| remote.span),
            parent_is_remote: remote.is_some(),
            sampled,
            recorded: sampled,
            state: remote.and_then(|remote| remote.state),
        }
    }

    fn attempt(&self, above: &Ids) -> Ids {
        Ids {
            span: self.ids.span(),
            parent: Some(above.span),
            parent_is_remote: false,
            ..above.clone()
        }
    }
}

/// Makes ids: a counter, hashed with keys of this process alone (std takes them from the operating
/// system's randomness), so that processes do not collide. Ids are never secret.
#[derive(Debug, Default)]
struct IdMaker {
    next: AtomicU64,
    high: RandomState,
    low: RandomState,
}

impl IdMaker {
    fn trace(&self) -> TraceId {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let [high, low] = [self.high.hash_one(n), self.low.hash_one(n)];
        let id = u128::from(high) << 64 | u128::from(low);
        // All zeros is no id.
        TraceId(id.max(1).to_be_bytes())
    }

    fn span(&self) -> SpanId {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        SpanId(self.high.hash_one(n).max(1).to_be_bytes())
    }
}

#[cfg(test)]
mod tests;
