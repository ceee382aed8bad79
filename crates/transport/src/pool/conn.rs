//! One connection: its sender and, for HTTP/1.1, the way back into the pool.
//!
//! An HTTP/1.1 connection is free again when the answer has been read off the wire, and only the
//! task that drives it knows when that is. So the sender is left on a [`Desk`] that both sides see,
//! and that task puts it back. Nothing is started for a request, and the reader of an answer has no
//! part in it. It must never give back a connection on which something of an answer is still to
//! come.

use hyper::client::conn::{http1, http2};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::origin::OriginPool;
use super::{Outgoing, tasks};
use crate::connect::Io;

/// A connection to send on.
pub(super) enum Conn {
    /// HTTP/1.1: nobody else has it.
    One(One),
    /// HTTP/2: others send on it as well.
    Many(http2::SendRequest<Outgoing>),
}

/// An HTTP/1.1 connection. Dropping it closes the connection.
pub(super) struct One {
    pub(super) sender: http1::SendRequest<Outgoing>,
    desk: Arc<Desk>,
}

/// Where the sender of a connection waits until its answer was read.
#[derive(Default)]
struct Desk {
    left: Mutex<Option<http1::SendRequest<Outgoing>>>,
}

impl One {
    /// Starts to drive `connection`, whose sender is `sender`; it comes back to `home`.
    pub(super) fn start(
        sender: http1::SendRequest<Outgoing>,
        connection: http1::Connection<Io, Outgoing>,
        home: Weak<OriginPool>,
    ) -> Self {
        let desk = Arc::new(Desk::default());
        tasks::start(drive(connection, Arc::clone(&desk), home));
        Self { sender, desk }
    }

    /// Whether a request can be sent on it now.
    pub(super) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    /// Whether it will never carry another request.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Itself, if it is free by now; otherwise it is left to its task, which puts it back in time.
    pub(super) fn free(self) -> Option<Self> {
        if self.is_ready() {
            return Some(self);
        }
        let Self { sender, desk } = self;
        desk.leave(sender);
        // It may have become free before the desk was looked at for the last time.
        desk.collect()
    }
}

impl Desk {
    fn leave(&self, sender: http1::SendRequest<Outgoing>) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
    }

    /// The connection if it was left here and is free.
    fn collect(self: &Arc<Self>) -> Option<One> {
        let sender = {
            let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
            left.take_if(|sender| sender.is_ready())?
        };
        Some(One { sender, desk: Arc::clone(self) })
    }
}

/// Drives a connection to its end. Its errors are those of its request, which are told there.
async fn drive(
    connection: http1::Connection<Io, Outgoing>,
    desk: Arc<Desk>,
    home: Weak<OriginPool>,
) {
    {
        let mut connection = pin!(connection);
        std::future::poll_fn(|cx| {
            let over = connection.as_mut().poll(cx);
            // Where the pool is gone, dropping the sender ends the connection.
            if let Some(one) = desk.collect()
                && let Some(home) = home.upgrade()
            {
                home.put(one);
            }
            over.map(drop)
        })
        .await;
    }
    // Only now is its sender known to be closed.
    if let Some(home) = home.upgrade() {
        home.forget_closed();
    }
}
