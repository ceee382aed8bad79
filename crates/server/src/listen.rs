//! Accepting connections: what axum's plain `serve` has no knobs for.
//!
//! TCP_NODELAY on every connection (without it a stream's first token waits up to 40 ms for an
//! acknowledgement), a bound on the time for headers and another on idleness, a bound on
//! connections, and a drain at the end. Every connection is a task of one set that is joined; none
//! outlives the listener.

use arc_swap::ArcSwap;
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
use tokio::sync::watch;
use tokio::task::JoinSet;
use tollgate_telemetry::{HttpRejection, Telemetry};

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
    /// How old a connection gets before the answer to its next request closes it, so that clients
    /// behind a load balancer spread anew. Up to a tenth less, for not all of them to come at once.
    pub max_age: Duration,
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
            max_age: Duration::from_secs(3600),
            max_connections: 10_000,
            drain: Duration::from_secs(30),
        }
    }
}

/// How long requests have for their last words after the drain time.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The options of a listener, to be changed while it serves: connections made before keep theirs.
#[derive(Debug, Clone)]
pub struct ListenControl(Arc<ArcSwap<ListenOptions>>);

impl ListenControl {
    /// Other options from now on.
    pub fn set(&self, options: ListenOptions) {
        self.0.store(Arc::new(options));
    }

    fn now(&self) -> ListenOptions {
        **self.0.load()
    }
}

/// A bound socket that serves a router until told to stop.
pub struct Listener {
    socket: TcpListener,
    control: ListenControl,
    telemetry: Option<Telemetry>,
    at_deadline: Option<Box<dyn FnOnce() + Send>>,
}

impl Listener {
    /// Binds `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be had, for example because another process holds it.
    pub async fn bind(address: SocketAddr, options: ListenOptions) -> io::Result<Self> {
        let control = ListenControl(Arc::new(ArcSwap::from_pointee(options)));
        let socket = TcpListener::bind(address).await?;
        Ok(Self { socket, control, telemetry: None, at_deadline: None })
    }

    /// The same, counting its connections and the heads that it refuses.
    #[must_use]
    pub fn counted(self, telemetry: Telemetry) -> Self {
        Self { telemetry: Some(telemetry), ..self }
    }

    /// The same, doing `act` when the drain time is up and requests are still under way; they have
    /// a moment after it for their last words.
    #[must_use]
    pub fn at_deadline(self, act: impl FnOnce() + Send + 'static) -> Self {
        Self { at_deadline: Some(Box::new(act)), ..self }
    }

    /// The address that is really bound.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// What changes the options while it serves.
    #[must_use]
    pub fn control(&self) -> ListenControl {
        self.control.clone()
    }

    /// Serves until `stop` resolves, then closes the socket and lets requests in flight finish
    /// within the drain time.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket and every connection at once.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()> + Send) {
        let Self { socket, control, telemetry, at_deadline } = self;
        let (stopping, stopped) = watch::channel(());
        let mut server =
            ConnectionServer { builder: builder(), router, control, telemetry, stopped, made: 0 };
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            let room = connections.len() < server.control.now().max_connections;
            let accepted = tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = connections.join_next() => continue,
                accepted = accept(&socket), if room => accepted,
            };
            if let Some(stream) = accepted {
                connections.spawn(server.serve(stream));
            }
        }
        let drain = server.control.now().drain;
        drop((socket, server));
        // Fails where no connection is left to be told.
        let _ = stopping.send(());
        if !ended(&mut connections, drain).await {
            tracing::warn!(open = connections.len(), "drain time is up; ending requests");
            if let Some(act) = at_deadline {
                act();
                ended(&mut connections, LAST_WORDS).await;
            }
        }
        connections.shutdown().await;
    }
}

/// Whether all of `connections` ended within this time.
async fn ended(connections: &mut JoinSet<()>, within: Duration) -> bool {
    let ends = async { while connections.join_next().await.is_some() {} };
    tokio::time::timeout(within, ends).await.is_ok()
}

/// What every connection is served with.
struct ConnectionServer {
    builder: auto::Builder<TokioExecutor>,
    router: Router,
    control: ListenControl,
    telemetry: Option<Telemetry>,
    stopped: watch::Receiver<()>,
    /// Connections made so far; spreads their ages.
    made: u32,
}

impl ConnectionServer {
    /// Serves one connection until it ends, its client takes too long, or, after the stop, what is
    /// under way has ended.
    fn serve<S>(&mut self, stream: S) -> impl Future<Output = ()> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.made = self.made.wrapping_add(1);
        let options = self.control.now();
        let options = ListenOptions { max_age: spread(options.max_age, self.made), ..options };
        let pace = Arc::new(Pace::new(&options, clock::now()));
        let io = TokioIo::new(Observed::new(stream, &pace));
        let service = Observed::new(TowerToHyperService::new(self.router.clone()), &pace);
        let connection = self.builder.serve_connection(io, service).into_owned();
        let stopped = self.stopped.clone();
        let telemetry = self.telemetry.clone();
        async move {
            let _open = telemetry.as_ref().map(Telemetry::connection);
            let refused = drive(connection, &pace, stopped).await;
            if let Some((telemetry, refused)) = telemetry.as_ref().zip(refused) {
                telemetry.http_rejection(refused);
            }
        }
    }
}

/// The age less a part of its tenth, another part for each of some connections in a row.
fn spread(age: Duration, number: u32) -> Duration {
    // Steps of the golden ratio fall evenly over the whole.
    let part = number.wrapping_mul(0x9E37_79B9) >> 16;
    age - age.mul_f64(f64::from(part) / f64::from(1_u32 << 16) / 10.0)
}

/// Why the client's head was refused, where it was.
async fn drive<C>(
    connection: C,
    pace: &Pace,
    mut stopped: watch::Receiver<()>,
) -> Option<HttpRejection>
where
    C: GracefulConnection<Error = Box<dyn std::error::Error + Send + Sync>>,
{
    let mut connection = pin!(connection);
    let mut alarm = pin!(pace.alarm());
    let mut stopping = false;
    loop {
        tokio::select! {
            biased;
            // An error here is the client's (a reset, bytes that are no HTTP); hyper has answered
            // where it could, and there is nobody left to tell.
            ended = connection.as_mut() => return ended.err().and_then(refusal),
            _ = stopped.changed(), if !stopping => stopping = true,
            overdue = poll_fn(|cx| pace.poll_overdue(alarm.as_mut(), cx)) => match overdue {
                Overdue::Head => return Some(HttpRejection::HeadTimeout),
                Overdue::Idle => pace.closing(clock::now()),
                Overdue::Age => {}
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

/// Whether hyper refused a head, which it has answered itself.
fn refusal(error: Box<dyn std::error::Error + Send + Sync>) -> Option<HttpRejection> {
    let error = error.downcast_ref::<hyper::Error>()?;
    error.is_parse().then_some(HttpRejection::InvalidHead)
}

/// Waits for a connection.
async fn accept(socket: &TcpListener) -> Option<TcpStream> {
    match socket.accept().await {
        Ok((stream, _peer)) => {
            // Refused only for a socket that is already gone.
            let _ = stream.set_nodelay(true);
            Some(stream)
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
