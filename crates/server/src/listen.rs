//! Accepting connections: what axum's plain `serve` has no knobs for.
//!
//! TCP_NODELAY on every connection (without it a stream's first token waits up to 40 ms for an
//! acknowledgement), a bound on the time for headers, a bound on connections, and a drain at the
//! end. Every connection is a task of one set that is joined; none outlives the listener.

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

/// Bounds of one listener.
#[derive(Debug, Clone, Copy)]
pub struct ListenOptions {
    /// All of a request's headers must have come within this time.
    pub header_time: Duration,
    /// Open connections at once; further ones wait in the kernel's queue.
    pub max_connections: usize,
    /// How long requests in flight may go on after the stop.
    pub drain: Duration,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self {
            header_time: Duration::from_secs(10),
            max_connections: 10_000,
            drain: Duration::from_secs(30),
        }
    }
}

/// A bound socket that serves a router until told to stop.
pub struct Listener {
    socket: TcpListener,
    options: ListenOptions,
}

impl Listener {
    /// Binds `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be had, for example because another process holds it.
    pub async fn bind(address: SocketAddr, options: ListenOptions) -> io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(address).await?, options })
    }

    /// The address that is really bound.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop` resolves, then closes the socket and lets requests in flight finish
    /// within the drain time.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket and every connection at once.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()> + Send) {
        let Self { socket, options } = self;
        let builder = Arc::new(builder(options));
        let graceful = GracefulShutdown::new();
        let slots = Arc::new(Semaphore::new(options.max_connections));
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = connections.join_next() => continue,
                accepted = accept(&socket, &slots) => accepted,
            };
            let Some((stream, permit)) = accepted else { continue };
            let service = TowerToHyperService::new(router.clone());
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            let connection = graceful.watch(connection);
            connections.spawn(async move {
                // An error here is the client's (a reset, bytes that are no HTTP); hyper has
                // answered where it could, and there is nobody left to tell.
                let _ = connection.await;
                drop(permit);
            });
        }
        drop(socket);
        let drained = tokio::time::timeout(options.drain, graceful.shutdown()).await;
        if drained.is_err() {
            tracing::warn!(open = connections.len(), "drain time is up; closing connections");
        }
        connections.shutdown().await;
    }
}

fn builder(options: ListenOptions) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_time)
        .keep_alive(true);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(100);
    builder
}

/// Waits for a free slot, then for a connection.
async fn accept(
    socket: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(slots).acquire_owned().await.ok()?;
    match socket.accept().await {
        Ok((stream, _peer)) => {
            // Refused only for a socket that is already gone.
            let _ = stream.set_nodelay(true);
            Some((stream, permit))
        }
        Err(error) => {
            tracing::warn!(%error, "cannot accept a connection");
            // Out of file descriptors, most likely: a moment lets some close.
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}
