//! A vendor's answer as a stream of chunks, as hyper read them and without a copy.
//!
//! The chunks' ends are the network's, not the dialect's. Reading is what drives the connection: a
//! reader that stops stops the vendor, and dropping the stream closes the connection.

use bytes::Bytes;
use futures_core::Stream;
use http_body::Body as _;
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tollgate_providers_common::TransportError;

use crate::origin::Origin;
use crate::reason;

/// First bytes of a gzip member: no JSON and no event stream begins so.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The chunks of one answer. Ends after its first error.
pub(crate) struct Chunks {
    incoming: Incoming,
    origin: Arc<Origin>,
    state: State,
}

/// How far the answer was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing came yet.
    Fresh,
    /// Some bytes came.
    Flowing,
    /// It ended or failed.
    Over,
}

impl Chunks {
    /// The body of an answer from `origin`.
    pub(crate) fn new(incoming: Incoming, origin: Arc<Origin>) -> Self {
        Self { incoming, origin, state: State::Fresh }
    }

    fn accept(&mut self, data: Bytes) -> Result<Bytes, TransportError> {
        let first = std::mem::replace(&mut self.state, State::Flowing) == State::Fresh;
        if first && data.starts_with(&GZIP) {
            self.state = State::Over;
            return Err(TransportError::Unusable {
                origin: self.origin.to_string(),
                reason: "the body is gzip, which was neither asked for nor declared".to_owned(),
            });
        }
        Ok(data)
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        while this.state != State::Over {
            match ready!(Pin::new(&mut this.incoming).poll_frame(cx)) {
                // Trailers say nothing that any dialect uses.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Poll::Ready(Some(this.accept(data))),
                    Ok(_) | Err(_) => {}
                },
                Some(Err(error)) => {
                    this.state = State::Over;
                    return Poll::Ready(Some(Err(reason::cut(&error, &this.origin))));
                }
                None => this.state = State::Over,
            }
        }
        Poll::Ready(None)
    }
}
