//! Plays a body's steps in time, and notices when its reader leaves.

use bytes::Bytes;
use futures_core::Stream;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use tokio::time::Sleep;
use tollgate_providers_common::TransportError;

use super::Counters;
use super::play::Step;

/// A body being played. Nothing moves unless it is read.
pub(super) struct Playback {
    steps: VecDeque<Step>,
    waiting: Option<Pin<Box<Sleep>>>,
    failure: TransportError,
    bill: Arc<Counters>,
    over: bool,
}

impl Playback {
    /// The body of `steps`; `failure` is the error of [`Step::Break`].
    pub(super) fn new(steps: VecDeque<Step>, failure: TransportError, bill: Arc<Counters>) -> Self {
        Self { steps, waiting: None, failure, bill, over: false }
    }
}

impl Stream for Playback {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(waiting) = &mut this.waiting {
                ready!(waiting.as_mut().poll(cx));
                this.waiting = None;
            }
            match this.steps.pop_front() {
                Some(Step::Wait(time)) => this.waiting = Some(Box::pin(tokio::time::sleep(time))),
                Some(Step::Send(bytes, tokens)) => {
                    this.bill.output_tokens.fetch_add(tokens, Ordering::Relaxed);
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Some(Step::Break) => {
                    this.steps.clear();
                    this.over = true;
                    return Poll::Ready(Some(Err(this.failure.clone())));
                }
                Some(Step::Stall) => {
                    // Only the reader can end this, so there is nobody to be woken by.
                    this.steps.push_front(Step::Stall);
                    return Poll::Pending;
                }
                None => {
                    this.over = true;
                    return Poll::Ready(None);
                }
            }
        }
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        if !self.over {
            self.bill.abandoned.fetch_add(1, Ordering::Relaxed);
        }
    }
}
