//! An answer on its way from a vendor to a client, piece by piece.
//!
//! Nothing runs by itself here: the client's connection pulls, so a slow client slows the vendor
//! and memory per stream is bounded; dropping the stream cancels the request at the vendor and
//! settles it. After the commit point nothing is retried, and a failure becomes exactly one error
//! event in the client's dialect.

mod out;
mod pump;

use bytes::Bytes;
use futures_core::Stream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::sync::futures::OwnedNotified;
use tokio::time::Sleep;
use tollgate_balancer::Committed;
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::{ByteStream, ClientDialect};
use tollgate_telemetry::Outcome;

use crate::cutoff::Cutoff;
use crate::deployment::Deployment;
use crate::record::{AttemptRecord, End, RequestRecord};
use crate::{clock, error, estimate};

pub(crate) use pump::{Path, Pump, Tally};

/// How often a client hears from an idle stream: below the idle timeouts of common proxies.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a complete answer's connection is read on, so that it can be used again.
const LINGER: Duration = Duration::from_millis(50);

/// A committed stream in the client's dialect.
///
/// Ends after its terminal frames, or after one error event. Dropping it cancels.
pub struct AnswerStream(Box<Flow>);

/// The parts of a stream at the commit point.
pub(crate) struct Start {
    pub(crate) upstream: Option<ByteStream>,
    pub(crate) pump: Box<Pump>,
    pub(crate) client: Arc<dyn ClientDialect>,
    pub(crate) lease: Committed<Arc<Deployment>>,
    pub(crate) attempt: Box<AttemptRecord>,
    pub(crate) request: Box<RequestRecord>,
    pub(crate) limits: FlowLimits,
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) cutoff: Arc<Cutoff>,
}

/// How long a stream may take after its commit point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlowLimits {
    /// Between two pieces of content.
    pub(crate) idle: Duration,
    /// Until then all must have come.
    pub(crate) until: Instant,
}

struct Flow {
    upstream: Option<ByteStream>,
    pump: Box<Pump>,
    client: Arc<dyn ClientDialect>,
    lease: Option<Committed<Arc<Deployment>>>,
    attempt: Box<AttemptRecord>,
    request: Box<RequestRecord>,
    limits: FlowLimits,
    deployment: Arc<Deployment>,
    timer: Pin<Box<Sleep>>,
    cutoff: Arc<Cutoff>,
    /// Rings for a cut; made before the first look at it.
    bell: Pin<Box<OwnedNotified>>,
    last_progress: Instant,
    last_output: Instant,
    state: State,
    /// The bytes ended before their end and nothing could say so.
    broken: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Flowing,
    /// All was said; the transport's own end is awaited until then.
    Lingering(Instant),
    Done,
}

impl AnswerStream {
    /// Takes over at the commit point.
    pub(crate) fn new(start: Start) -> Self {
        let Start { upstream, pump, client, lease, attempt, request, limits, deployment, cutoff } =
            start;
        let now = clock::now();
        let mut flow = Flow {
            upstream,
            pump,
            client,
            lease: Some(lease),
            attempt,
            request,
            limits,
            deployment,
            timer: Box::pin(tokio::time::sleep_until(now.into())),
            bell: Box::pin(cutoff.bell()),
            cutoff,
            last_progress: now,
            last_output: now,
            state: State::Flowing,
            broken: false,
        };
        flow.attempt.first_content(now);
        flow.request.first_content(now);
        if flow.pump.is_ended() {
            flow.complete(now);
        }
        flow.arm(now);
        Self(Box::new(flow))
    }

    /// Whether it ended before its end and could not say so: its bytes are no event stream. Whoever
    /// relays them must not end in order.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.0.broken
    }
}

impl Stream for AnswerStream {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let flow = &mut *self.0;
        loop {
            if let Some(bytes) = flow.pump.out.take() {
                return Poll::Ready(Some(bytes));
            }
            match flow.state {
                State::Done => return Poll::Ready(None),
                State::Flowing => ready!(flow.poll_flowing(cx)),
                State::Lingering(until) => ready!(flow.poll_lingering(cx, until)),
            }
        }
    }
}

impl Flow {
    /// Ready where something changed and the caller is to look again.
    fn poll_flowing(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.cutoff.is_cut() {
            self.stop();
            return Poll::Ready(());
        }
        let Some(upstream) = &mut self.upstream else {
            self.finish();
            return Poll::Ready(());
        };
        match upstream.as_mut().poll_next(cx) {
            Poll::Ready(Some(Ok(chunk))) => self.take(chunk),
            Poll::Ready(Some(Err(error))) => self.break_off(error.into()),
            Poll::Ready(None) => self.finish(),
            Poll::Pending if self.is_cut(cx) => self.stop(),
            Poll::Pending => {
                ready!(self.timer.as_mut().poll(cx));
                self.on_timer();
            }
        }
        Poll::Ready(())
    }

    /// Whether the process stops; wakes its caller when it does.
    fn is_cut(&mut self, cx: &mut Context<'_>) -> bool {
        // The bell is asked first: a cut between the two is seen by the look at the flag.
        self.bell.as_mut().poll(cx).is_ready() || self.cutoff.is_cut()
    }

    fn poll_lingering(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        let next = match &mut self.upstream {
            Some(upstream) => upstream.as_mut().poll_next(cx),
            None => Poll::Ready(None),
        };
        match next {
            Poll::Ready(Some(Ok(_))) if clock::now() < until => {}
            Poll::Ready(_) => self.close(),
            Poll::Pending => {
                ready!(self.timer.as_mut().poll(cx));
                self.close();
            }
        }
        Poll::Ready(())
    }

    fn take(&mut self, chunk: Bytes) {
        match self.pump.feed(chunk) {
            Ok(step) => {
                let now = clock::now();
                if step.progress {
                    self.last_progress = now;
                }
                if !self.pump.out.is_empty() {
                    self.last_output = now;
                }
                if step.ended {
                    self.complete(now);
                }
            }
            Err(error) => self.break_off(error),
        }
    }

    /// The transport ended.
    fn finish(&mut self) {
        match self.pump.finish() {
            Ok(_) => {
                self.complete(clock::now());
                self.close();
            }
            Err(error) => self.break_off(error),
        }
    }

    /// The answer is whole: all is settled, whatever becomes of the connections.
    fn complete(&mut self, now: Instant) {
        let tally = &self.pump.tally;
        if let Some(mut lease) = self.lease.take() {
            if let Some(tokens) = estimate::taken(&tally.usage) {
                lease.used(tokens);
            }
            lease.complete();
        }
        self.attempt.complete(200, tally);
        self.request.settle(&End {
            outcome: Outcome::Ok,
            status: 200,
            error: None,
            usage: tally.usage,
            response_model: tally.model.as_deref(),
        });
        let until = now + LINGER;
        self.state = State::Lingering(until);
        self.timer.as_mut().reset(until.into());
    }

    /// The answer is broken: the client is told, once, and the vendor is left.
    fn break_off(&mut self, cause: UpstreamError) {
        let ours = matches!(cause.class, ErrorClass::Deadline | ErrorClass::Stopping);
        let class = if ours { cause.class } else { ErrorClass::BrokenStream };
        let broken = UpstreamError { class, ..cause };
        let broken = self.deployment.told(broken, self.pump.translates());
        match self.lease.take() {
            // The vendor did nothing wrong: the attempt is given up, as by a client that leaves.
            Some(lease) if class == ErrorClass::Stopping => drop(lease),
            Some(lease) => lease.broke(&broken),
            None => {}
        }
        let tally = &self.pump.tally;
        self.attempt.fail(Outcome::Truncated, &broken, tally);
        let report = error::report(&broken, Some(&self.deployment.id), self.request.request_id());
        self.request.settle(&End {
            outcome: Outcome::Truncated,
            status: 200,
            error: Some((class, &report.message)),
            usage: tally.usage,
            response_model: tally.model.as_deref(),
        });
        if self.pump.is_raw() {
            self.broken = true;
        } else {
            let told = self.pump.broken(&report);
            let told = told.unwrap_or_else(|| self.client.render_stream_error(&report));
            self.pump.out.push(told);
        }
        self.close();
    }

    /// The process stops and the answer is not whole.
    fn stop(&mut self) {
        self.break_off(UpstreamError::new(ErrorClass::Stopping, error::STOPPING));
    }

    fn close(&mut self) {
        self.upstream = None;
        self.state = State::Done;
    }

    fn on_timer(&mut self) {
        let now = clock::now();
        if now >= self.limits.until {
            let message = "the request's time was up before the answer was complete";
            self.break_off(UpstreamError::new(ErrorClass::Deadline, message));
        } else if now >= self.last_progress + self.limits.idle {
            let message = format!("no content came for {:?}", self.limits.idle);
            self.break_off(UpstreamError::new(ErrorClass::BrokenStream, message));
        } else {
            if now >= self.last_output + KEEP_ALIVE {
                // Bytes of another kind have no place for it; an empty piece is none.
                let raw = self.pump.is_raw();
                self.pump.out.push(if raw { Bytes::new() } else { self.client.keep_alive() });
                self.last_output = now;
            }
            self.arm(now);
        }
    }

    /// Sets the timer to whatever is due first. It is not set again for every chunk: when it fires
    /// early it is only looked at and set again.
    fn arm(&mut self, now: Instant) {
        if self.state != State::Flowing {
            return;
        }
        let due = (self.last_progress + self.limits.idle)
            .min(self.last_output + KEEP_ALIVE)
            .min(self.limits.until)
            .max(now);
        self.timer.as_mut().reset(due.into());
    }
}
