//! When a connection's client has taken too long: for a request's head, or between two requests.
//!
//! hyper has one timer for both, and none before the first byte. Here they are two: a head has its
//! time from its first byte (the first head from the connection's beginning), and an idle
//! connection is kept for another. A request under way, whole or streamed, is none of this module's
//! business: its body and its answer have bounds of their own.

use http::Version;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::time::Sleep;

use super::ListenOptions;
use crate::clock;

/// What a connection is waiting for, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The rest of a request's head, or all of the first one.
    Head(Instant),
    /// The ends of this many requests.
    Busy(u32),
    /// A request, after one.
    Idle(Instant),
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    /// A head: the client is slow, silent or hostile, and is told nothing.
    Head,
    /// The next request: the connection may end in peace.
    Idle,
    /// The connection itself, which has a request again: its answer may be the last.
    Age,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Streams of HTTP/2 share the connection: bytes between two requests are pings and the like,
    /// which neither begin a head nor keep a connection.
    multiplexed: bool,
    /// When a request is to be the last one; none once that was told.
    last_from: Option<Instant>,
    /// It was reached and is yet to be told.
    is_last: bool,
}

/// The pace of one connection, told by its socket and its requests.
#[derive(Debug)]
pub(super) struct Pace {
    header_time: Duration,
    keep_alive: Duration,
    state: Mutex<State>,
}

impl Pace {
    /// The pace of a connection that begins now.
    pub(super) fn new(options: &ListenOptions, now: Instant) -> Self {
        let ListenOptions { header_time, keep_alive, max_age, max_connections: _, drain: _ } =
            *options;
        let last_from = now.checked_add(max_age);
        let phase = Phase::Head(now);
        let state = State { phase, multiplexed: false, last_from, is_last: false };
        Self { header_time, keep_alive, state: Mutex::new(state) }
    }

    /// Bytes came.
    pub(super) fn received(&self, now: impl FnOnce() -> Instant) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Idle(_)) && !state.multiplexed {
            state.phase = Phase::Head(now());
        }
    }

    /// Bytes went out: the end of an answer may reach a slow client long after it was produced.
    pub(super) fn sent(&self, now: impl FnOnce() -> Instant) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Idle(_)) && !state.multiplexed {
            state.phase = Phase::Idle(now());
        }
    }

    /// A request's head is complete; the request is under way until the guard drops.
    pub(super) fn begin(self: &Arc<Self>, version: Version, now: Instant) -> UnderWay {
        let mut state = self.lock();
        if state.last_from.is_some_and(|from| from <= now) {
            (state.last_from, state.is_last) = (None, true);
        }
        state.multiplexed |= version == Version::HTTP_2;
        state.phase = match state.phase {
            Phase::Head(_) | Phase::Idle(_) => Phase::Busy(1),
            Phase::Busy(requests) => Phase::Busy(requests.saturating_add(1)),
        };
        drop(state);
        UnderWay(Arc::clone(self))
    }

    fn end(&self, now: Instant) {
        let mut state = self.lock();
        state.phase = match state.phase {
            Phase::Busy(requests) if requests > 1 => Phase::Busy(requests - 1),
            Phase::Busy(_) | Phase::Head(_) | Phase::Idle(_) => Phase::Idle(now),
        };
    }

    /// The connection was asked to end: what is under way may, and a client that does not answer
    /// gets no longer than for a head.
    pub(super) fn closing(&self, now: Instant) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Idle(_)) {
            state.phase = Phase::Head(now);
        }
    }

    /// When something is overdue; none while requests are under way.
    fn due(&self) -> Option<(Instant, Overdue)> {
        match self.lock().phase {
            Phase::Head(since) => Some((since + self.header_time, Overdue::Head)),
            Phase::Idle(since) => Some((since + self.keep_alive, Overdue::Idle)),
            Phase::Busy(_) => None,
        }
    }

    /// A timer for [`Self::poll_overdue`].
    pub(super) fn alarm(&self) -> Sleep {
        tokio::time::sleep(self.header_time)
    }

    /// Ready when something is overdue; to be polled after the connection was.
    ///
    /// The alarm is set anew only where it would ring too late, so that a request costs no timer: it
    /// may ring in vain, but at least once in every `keep_alive`, so that no end is missed.
    pub(super) fn poll_overdue(
        &self,
        mut alarm: Pin<&mut Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<Overdue> {
        if std::mem::take(&mut self.lock().is_last) {
            return Poll::Ready(Overdue::Age);
        }
        loop {
            let due = self.due();
            if let Some((at, _)) = due
                && at < alarm.deadline().into_std()
            {
                alarm.as_mut().reset(at.into());
            }
            ready!(alarm.as_mut().poll(cx));
            let now = clock::now();
            match due {
                Some((at, what)) if at <= now => return Poll::Ready(what),
                Some((at, _)) => alarm.as_mut().reset(at.into()),
                None => alarm.as_mut().reset((now + self.keep_alive.max(A_MOMENT)).into()),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The shortest time after which a busy connection is looked at again.
const A_MOMENT: Duration = Duration::from_millis(100);

/// A request under way.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Pace>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.end(clock::now());
    }
}
