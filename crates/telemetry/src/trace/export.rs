//! The thread that carries spans to the collector, and what became of them.
//!
//! It has a runtime of its own, because the batch is sent by an async client and must still go out
//! when the gateway's runtime is gone. A collector that is down costs a line in the diagnostics when
//! it goes and one when it comes back, and spans, which are counted; nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::encode::Envelope;
use super::queue::{Queue, Spans};
use super::send::{Failed, Sender};
use super::settings::Settings;
use crate::error::TelemetryError;

/// Tries of one batch.
const TRIES: u32 = 3;
/// Pause before the second try; doubled for the third.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a dropped export waits for its last spans.
const DROP_WAIT: Duration = Duration::from_millis(500);

/// What became of the spans so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpanCounts {
    /// Taken by the collector.
    pub(crate) exported: u64,
    /// Given up, because the collector is down or refuses them.
    pub(crate) failed: u64,
    /// Never sent, for want of room.
    pub(crate) dropped: u64,
}

/// The sending half and the owner of the thread.
#[derive(Debug)]
pub(super) struct Export(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    queue: Queue,
    batch: usize,
    exported: AtomicU64,
    failed: AtomicU64,
}

impl Export {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// Where the address or a header cannot be used, or the thread not started.
    pub(super) fn start(settings: &Settings) -> Result<Self, TelemetryError> {
        let mut sender = Sender::new(settings)?;
        let mut envelope = Envelope::new(&settings.resource);
        let shared = Arc::new(Shared {
            queue: Queue::new(settings.batching),
            batch: settings.batching.batch,
            exported: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        });
        let theirs = Arc::clone(&shared);
        thread::Builder::new()
            .name("tollgate-traces".to_owned())
            .spawn(move || theirs.run(&mut sender, &mut envelope))
            .map_err(TelemetryError::TraceThread)?;
        Ok(Self(shared))
    }

    /// Takes one encoded span. Never blocks on the collector.
    pub(super) fn push(&self, span: &[u8]) {
        self.0.queue.push(span);
    }

    /// What became of the spans so far.
    pub(super) fn counts(&self) -> SpanCounts {
        SpanCounts {
            exported: self.0.exported.load(Ordering::Relaxed),
            failed: self.0.failed.load(Ordering::Relaxed),
            dropped: self.0.queue.dropped(),
        }
    }

    /// Waits until the spans that ended before are delivered or given up.
    pub(super) fn flush(&self, within: Duration) -> bool {
        self.0.queue.flush(within)
    }

    /// Delivers what waits and ends the thread; `false` where `within` was not enough.
    pub(super) fn close(&self, within: Duration) -> bool {
        self.0.queue.close(within)
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        let _ = self.close(DROP_WAIT);
    }
}

impl Shared {
    /// The thread: batch after batch until closed and empty.
    fn run(&self, sender: &mut Sender, envelope: &mut Envelope) {
        let mut taken = Spans::default();
        let mut well = true;
        while self.queue.take(&mut taken) {
            for (spans, count) in taken.batches(self.batch) {
                let sent = self.deliver(sender, &envelope.around(spans));
                let counter = if sent.is_ok() { &self.exported } else { &self.failed };
                counter.fetch_add(count as u64, Ordering::Relaxed);
                tell(sender.shown(), &sent, &mut well);
                self.queue.done(count);
            }
        }
        self.queue.finish();
    }

    /// Sends a batch, again after a pause where that may help.
    fn deliver(&self, sender: &mut Sender, body: &[u8]) -> Result<(), Failed> {
        let mut pause = PAUSE;
        let mut tries = 1;
        loop {
            match sender.send(body) {
                Err(failed) if failed.may_pass && tries < TRIES && self.queue.pause(pause) => {
                    tries += 1;
                    pause *= 2;
                }
                sent => return sent,
            }
        }
    }
}

/// Says when the collector goes and when it comes back, not for every batch between.
fn tell(collector: &str, sent: &Result<(), Failed>, well: &mut bool) {
    match (sent, *well) {
        (Ok(()), false) => tracing::info!(collector, "spans are delivered again"),
        (Err(failed), true) => {
            tracing::warn!(collector, reason = %failed.reason, "spans cannot be delivered");
        }
        (Ok(()), true) | (Err(_), false) => {}
    }
    *well = sent.is_ok();
}
