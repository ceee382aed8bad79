//! The thread that carries log lines to their target.
//!
//! Requests append to one buffer under a short lock; the thread swaps it for an empty one and
//! writes. The first line of a batch wakes the thread, which then gathers for a moment, so that a
//! busy gateway pays one wake-up per [`GATHER`] and an idle one pays none. The buffer is bounded:
//! it must never grow with a target that has stopped reading, and never make a request wait.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long lines gather before they are written together: the most that a line is late.
const GATHER: Duration = Duration::from_millis(20);
/// A batch this large is written at once.
const URGENT: usize = 256 * 1024;
/// Memory that a quiet log keeps per buffer.
const KEEP: usize = 64 * 1024;
/// How long a dropped log waits for its last lines.
const DROP_WAIT: Duration = Duration::from_millis(500);
/// The writer's loop is shallow.
const STACK: usize = 128 * 1024;

/// The sending half and the owner of the thread.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Wakes the thread: a first line, an urgent batch, a flush, the end.
    work: Condvar,
    /// Wakes those who wait for the thread.
    progress: Condvar,
    capacity: usize,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    pending: Vec<u8>,
    /// Lines in `pending`.
    lines: u64,
    /// Lines ever taken, and of these the lines done with.
    pushed: u64,
    done: u64,
    /// Write without gathering.
    urgent: bool,
    closing: bool,
    finished: bool,
}

impl Writer {
    /// Starts the thread, which owns `sink`.
    pub(super) fn start(sink: Box<dyn Write + Send>, capacity: usize) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            progress: Condvar::new(),
            capacity,
            dropped: AtomicU64::new(0),
        });
        let theirs = Arc::clone(&shared);
        thread::Builder::new()
            .name("tollgate-log".to_owned())
            .stack_size(STACK)
            .spawn(move || theirs.run(sink))?;
        Ok(Self { shared })
    }

    /// Takes one whole line, or drops and counts it where there is no room.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.shared.lock();
        if state.closing || state.pending.len().saturating_add(line.len()) > self.shared.capacity {
            drop(state);
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let was_empty = state.pending.is_empty();
        state.pending.extend_from_slice(line);
        state.lines += 1;
        state.pushed += 1;
        let now_urgent = !state.urgent && state.pending.len() >= URGENT;
        state.urgent |= now_urgent;
        drop(state);
        if was_empty || now_urgent {
            self.shared.work.notify_one();
        }
    }

    /// Lines dropped so far.
    pub(super) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Waits until the lines pushed before are written.
    pub(super) fn flush(&self, within: Duration) -> bool {
        let mut state = self.shared.lock();
        let target = state.pushed;
        state.urgent = true;
        self.shared.work.notify_one();
        self.shared.wait(state, within, |state| state.done >= target)
    }

    /// Takes no more lines and waits until the thread is done.
    pub(super) fn close(&self, within: Duration) -> bool {
        let mut state = self.shared.lock();
        state.closing = true;
        self.shared.work.notify_one();
        self.shared.wait(state, within, |state| state.finished)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.close(DROP_WAIT);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole at every step; a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `reached`; whether it was reached in time.
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

    /// The thread: batch after batch until closed and empty.
    fn run(&self, mut sink: Box<dyn Write + Send>) {
        let mut batch = Vec::new();
        // After a failed write the target may hold half a line; the next batch starts a new one.
        let mut torn = false;
        while let Some(lines) = self.gather(&mut batch) {
            let written = write(&mut *sink, &batch, torn);
            torn = written.is_err();
            if torn {
                self.dropped.fetch_add(lines, Ordering::Relaxed);
            }
            batch.clear();
            batch.shrink_to(KEEP);
            self.lock().done += lines;
            self.progress.notify_all();
        }
        self.lock().finished = true;
        self.progress.notify_all();
    }

    /// Waits for lines, lets more gather, and swaps them into the empty `batch`; their number, or
    /// `None` once closed and empty.
    fn gather(&self, batch: &mut Vec<u8>) -> Option<u64> {
        let state = self
            .work
            .wait_while(self.lock(), |state| state.pending.is_empty() && !state.closing)
            .unwrap_or_else(PoisonError::into_inner);
        let (mut state, _) = self
            .work
            .wait_timeout_while(state, GATHER, |state| !state.urgent && !state.closing)
            .unwrap_or_else(PoisonError::into_inner);
        if state.pending.is_empty() {
            return None;
        }
        std::mem::swap(&mut state.pending, batch);
        state.urgent = false;
        Some(std::mem::take(&mut state.lines))
    }
}

fn write(sink: &mut dyn Write, batch: &[u8], torn: bool) -> io::Result<()> {
    if torn {
        sink.write_all(b"\n")?;
    }
    sink.write_all(batch)?;
    sink.flush()
}

#[cfg(test)]
mod tests;
