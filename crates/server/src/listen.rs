//! Accepting connections: what axum's plain `serve` has no knobs for.
//!
//! TCP_NODELAY on every connection (without it a stream's first token waits up to 40 ms for an
//! acknowledgement), a bound on the time for headers and another on idleness, a bound on
//! connections, and a drain at the end. Every connection is a task of one set that is joined; none
//! outlives the listener.

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulConnection;
use hyper_util::service::TowerToHyperService;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

mod observed;
mod pace;

use crate::clock;
use observed::Observed;
use pace::{Overdue, Pace};

/// Bounds of one listener.
#[derive(Debug, Clone, Copy)]
pub struct ListenOptions {
    /// All of a request's head must have come within this time of its first byte, that of the first
    /// request within this time of the connection's beginning.
    pub header_time: Duration,
    /// How long a connection without a request is kept for the next one.
    pub keep_alive: Duration,
    /// Open connections at once; further ones wait in the kernel's queue.
    pub max_connections: usize,
    /// How long requests in flight may go on after the stop.
    pub drain: Duration,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self {
            header_time: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
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
        let slots = Arc::new(Semaphore::new(options.max_connections));
        let (stopping, stopped) = watch::channel(());
        let server = ConnectionServer { builder: builder(), router, options, stopped };
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = connections.join_next() => continue,
                accepted = accept(&socket, &slots) => accepted,
            };
            let Some((stream, permit)) = accepted else { continue };
            let connection = server.serve(stream);
            connections.spawn(async move {
                connection.await;
                drop(permit);
            });
        }
        drop((socket, server));
        // Fails where no connection is left to be told.
        let _ = stopping.send(());
        let ends = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(options.drain, ends).await.is_err() {
            tracing::warn!(open = connections.len(), "drain time is up; closing connections");
        }
        connections.shutdown().await;
    }
}

/// What every connection is served with.
struct ConnectionServer {
    builder: auto::Builder<TokioExecutor>,
    router: Router,
    options: ListenOptions,
    stopped: watch::Receiver<()>,
}

impl ConnectionServer {
    /// Serves one connection until it ends, its client takes too long, or, after the stop, what is
    /// under way has ended.
    fn serve<S>(&self, stream: S) -> impl Future<Output = ()> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pace = Arc::new(Pace::new(&self.options, clock::now()));
        let io = TokioIo::new(Observed::new(stream, &pace));
        let service = Observed::new(TowerToHyperService::new(self.router.clone()), &pace);
        let connection = self.builder.serve_connection(io, service).into_owned();
        let stopped = self.stopped.clone();
        async move { drive(connection, &pace, stopped).await }
    }
}

async fn drive<C: GracefulConnection>(
    connection: C,
    pace: &Pace,
    mut stopped: watch::Receiver<()>,
) {
    let mut connection = pin!(connection);
    let mut alarm = pin!(pace.alarm());
    let mut stopping = false;
    loop {
        tokio::select! {
            biased;
            // An error here is the client's (a reset, bytes that are no HTTP); hyper has answered
            // where it could, and there is nobody left to tell.
            _ = connection.as_mut() => return,
            _ = stopped.changed(), if !stopping => stopping = true,
            overdue = poll_fn(|cx| pace.poll_overdue(alarm.as_mut(), cx)) => match overdue {
                Overdue::Head => return,
                Overdue::Idle => pace.closing(clock::now()),
            }
        }
        connection.as_mut().graceful_shutdown();
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // hyper's own timer for heads also runs while a connection is idle: `Pace` does both.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).keep_alive(true);
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

#[cfg(test)]
mod tests;
