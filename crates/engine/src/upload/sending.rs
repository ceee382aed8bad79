//! One sending of a form: what was held of it first, then what comes.

use bytes::Bytes;
use futures_core::Stream;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tollgate_providers_common::multipart::{Edit, Rewriter};
use tollgate_providers_common::{RequestStream, StreamBroken};

use super::Shared;

/// The right to send a form. Dropped, what reads by it can read no more.
pub(crate) struct Turn(Option<Arc<Shared>>);

impl Turn {
    /// The vendor answers: what is still to be sent may be.
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.source().revoke();
        }
    }
}

/// Starts a sending.
pub(super) fn start(
    shared: &Arc<Shared>,
    turn: u64,
    held: VecDeque<Bytes>,
    edit: Option<Edit>,
) -> (RequestStream, Turn) {
    let sending = Sending {
        shared: Some(Arc::clone(shared)),
        turn,
        held,
        rewriter: Rewriter::new(edit),
        ready: VecDeque::new(),
    };
    (Box::pin(sending), Turn(Some(Arc::clone(shared))))
}

struct Sending {
    /// Gone once the form is over.
    shared: Option<Arc<Shared>>,
    turn: u64,
    held: VecDeque<Bytes>,
    rewriter: Rewriter,
    /// Pieces of what was taken last.
    ready: VecDeque<Bytes>,
}

impl Stream for Sending {
    type Item = Result<Bytes, StreamBroken>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(shared) = &this.shared else {
                return Poll::Ready(this.ready.pop_front().map(Ok));
            };
            let mut source = shared.source();
            let next = if source.turn() != this.turn {
                this.ready.clear();
                Some(Err(StreamBroken))
            } else if let Some(piece) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(piece)));
            } else if let Some(chunk) = this.held.pop_front() {
                source.given();
                Some(Ok(chunk))
            } else {
                ready!(source.poll_more(cx)).map(|taken| taken.map_err(|_| StreamBroken))
            };
            drop(source);
            match next {
                Some(Ok(chunk)) => this.ready.extend(this.rewriter.push(chunk)),
                Some(Err(broken)) => {
                    this.shared = None;
                    return Poll::Ready(Some(Err(broken)));
                }
                None => this.shared = None,
            }
        }
    }
}
