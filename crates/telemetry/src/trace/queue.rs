//! The bounded wait of encoded spans between the requests that end them and the thread that sends
//! them.
//!
//! It must never make a request wait and never grow with a collector that is down: what finds no
//! room is dropped and counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::settings::Batching;

/// Memory that a quiet queue keeps.
const KEEP: usize = 64 * 1024;

/// Encoded spans, one after the other.
#[derive(Debug, Default)]
pub(super) struct Spans {
    bytes: Vec<u8>,
    /// Where each span ends.
    ends: Vec<usize>,
}

impl Spans {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The spans in runs of at most `most`: their bytes and their number.
    pub(super) fn batches(&self, most: usize) -> impl Iterator<Item = (&[u8], usize)> {
        let mut start = 0;
        self.ends.chunks(most.max(1)).filter_map(move |ends| {
            let end = *ends.last()?;
            let bytes = self.bytes.get(start..end)?;
            start = end;
            Some((bytes, ends.len()))
        })
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEEP);
        self.ends.clear();
    }
}

/// The queue, shared by requests and the thread.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Wakes the thread: a first span, a full batch, a flush, the end.
    work: Condvar,
    /// Wakes those who wait for the thread.
    progress: Condvar,
    batching: Batching,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    pending: Spans,
    /// Spans ever taken, and of these the ones done with.
    pushed: u64,
    done: u64,
    /// Send without gathering.
    urgent: bool,
    closing: bool,
    finished: bool,
}

impl Queue {
    /// An empty queue.
    pub(super) fn new(batching: Batching) -> Self {
        Self {
            state: Mutex::default(),
            work: Condvar::new(),
            progress: Condvar::new(),
            batching,
            dropped: AtomicU64::new(0),
        }
    }

    /// Takes one span, or drops and counts it where there is no room.
    pub(super) fn push(&self, span: &[u8]) {
        let mut state = self.lock();
        if state.closing || state.pending.len() >= self.batching.queue {
            drop(state);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let was_empty = state.pending.len() == 0;
        state.pending.bytes.extend_from_slice(span);
        let end = state.pending.bytes.len();
        state.pending.ends.push(end);
        state.pushed += 1;
        let now_urgent = !state.urgent && state.pending.len() >= self.batching.batch;
        state.urgent |= now_urgent;
        drop(state);
        if was_empty || now_urgent {
            self.work.notify_one();
        }
    }

    /// Waits for spans, lets more gather, and swaps them into `taken`, emptied before; `false` once
    /// closed and empty.
    pub(super) fn take(&self, taken: &mut Spans) -> bool {
        taken.clear();
        let state = self
            .work
            .wait_while(self.lock(), |state| state.pending.len() == 0 && !state.closing)
            .unwrap_or_else(PoisonError::into_inner);
        let (mut state, _) = self
            .work
            .wait_timeout_while(state, self.batching.delay, |state| !state.urgent && !state.closing)
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.pending, taken);
        state.urgent = false;
        taken.len() > 0
    }

    /// Says that this many spans are done with.
    pub(super) fn done(&self, spans: usize) {
        self.lock().done += spans as u64;
        self.progress.notify_all();
    }

    /// Says that the thread ends.
    pub(super) fn finish(&self) {
        self.lock().finished = true;
        self.progress.notify_all();
    }

    /// Waits, but not once it is closing; whether it waited to the end.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let (state, _) = self
            .work
            .wait_timeout_while(self.lock(), time, |state| !state.closing)
            .unwrap_or_else(PoisonError::into_inner);
        !state.closing
    }

    /// Spans dropped so far for want of room.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until the spans pushed before are done with.
    pub(super) fn flush(&self, within: Duration) -> bool {
        let mut state = self.lock();
        let target = state.pushed;
        state.urgent = true;
        self.work.notify_one();
        self.wait(state, within, |state| state.done >= target)
    }

    /// Takes no more spans and waits until the thread is done.
    pub(super) fn close(&self, within: Duration) -> bool {
        let mut state = self.lock();
        state.closing = true;
        self.work.notify_one();
        self.wait(state, within, |state| state.finished)
    }

    fn wait(
        &self,
        state: MutexGuard<'_, State>,
        within: Duration,
        reached: impl Fn(&State) -> bool,
    ) -> bool {
        let (state, _) = self
            .progress
            .wait_timeout_while(state, within, |state| !reached(state))
            .unwrap_or_else(PoisonError::into_inner);
        reached(&state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole at every step; a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
