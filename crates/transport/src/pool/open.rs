//! Making a connection, or waiting for one: the rare and slow way of a request to its connection.
//!
//! While a connection is made, one that becomes free is taken instead; the new one is then finished
//! for the next request. A request that is given up takes the connection under way with it. Where
//! an origin speaks HTTP/2, one request makes the connection and the others wait for it.

use futures_core::future::BoxFuture;
use hyper_util::client::legacy::connect::Connection as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::MutexGuard;

use super::conn::{Conn, One};
use super::origin::OriginPool;
use super::tasks;
use crate::clock;
use crate::connect::{self, BoxError, Io};

/// A connection, and whether it was made for this request.
pub(super) struct Got {
    pub(super) conn: Conn,
    pub(super) fresh: bool,
}

impl OriginPool {
    /// A connection to send on, made within `limit` or freed meanwhile.
    ///
    /// # Errors
    /// When none could be made. Nothing was sent.
    ///
    /// # Cancel safety
    /// Dropping the future drops the connection under way.
    pub(super) async fn connection(self: &Arc<Self>, limit: Duration) -> Result<Got, BoxError> {
        let _waits = self.wait();
        let mut opening = Arc::clone(self).open_within(limit);
        loop {
            tokio::select! {
                biased;
                opened = &mut opening => return opened,
                () = self.freed() => {}
            }
            if let Some(conn) = self.take(clock::now()) {
                tasks::start(finish(Arc::clone(self), opening));
                return Ok(Got { conn, fresh: false });
            }
        }
    }

    fn open_within(self: Arc<Self>, limit: Duration) -> BoxFuture<'static, Result<Got, BoxError>> {
        Box::pin(async move { connect::within(limit, self.open()).await })
    }

    async fn open(self: &Arc<Self>) -> Result<Got, BoxError> {
        let turn = match self.speaks_h2() {
            true => Some(self.turn().await),
            false => None,
        };
        if let Some(got) = self.join() {
            return Ok(got);
        }
        let io = self.settings().connector.connect(self.address().clone()).await?;
        if io.connected().is_negotiated_h2() {
            self.share(io, turn).await
        } else {
            let (sender, connection) = self.settings().h1.handshake(io).await?;
            let one = One::start(sender, connection, Arc::downgrade(self));
            Ok(Got { conn: Conn::One(one), fresh: true })
        }
    }

    /// Makes an HTTP/2 connection of `io` for everybody, unless somebody else just did.
    async fn share<'a>(
        self: &'a Arc<Self>,
        io: Io,
        turn: Option<MutexGuard<'a, ()>>,
    ) -> Result<Got, BoxError> {
        let _turn = match turn {
            Some(turn) => turn,
            None => self.turn().await,
        };
        if let Some(got) = self.join() {
            return Ok(got);
        }
        let (sender, connection) = self.settings().h2.handshake(io).await?;
        // Its errors are those of its requests, which are told there.
        tasks::start(async move { drop(connection.await) });
        self.publish(&sender, clock::now());
        Ok(Got { conn: Conn::Many(sender), fresh: true })
    }

    /// The HTTP/2 connection that somebody else made.
    fn join(&self) -> Option<Got> {
        let sender = self.shared(clock::now())?;
        Some(Got { conn: Conn::Many(sender), fresh: false })
    }
}

/// Finishes a connection that its request no longer needs.
async fn finish(home: Arc<OriginPool>, opening: BoxFuture<'static, Result<Got, BoxError>>) {
    if let Ok(Got { conn: Conn::One(one), .. }) = opening.await {
        home.release(one);
    }
}
