//! Makes connections: DNS, TCP and TLS within one deadline.
//!
//! The pool calls a connector with an address only, so the deadline of the request that asked
//! travels in a task-local ([`CONNECT_WITHIN`]). hyper-util calls the connector inside that
//! request's future; a connection that outlives its request (another one became idle first) goes on
//! under the same deadline and is pooled.

use futures_core::future::BoxFuture;
use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::config::TransportConfig;
use crate::dns::Resolver;
use crate::tls::Tls;

/// How long a connection may take where no request says it.
const CONNECT_DEFAULT: Duration = Duration::from_secs(10);

tokio::task_local! {
    /// How long the current request allows a connection to take.
    static CONNECT_WITHIN: Duration;
}

/// Runs `request` so that a connection made for it takes at most `within`.
pub(crate) fn within<F: Future>(within: Duration, request: F) -> impl Future<Output = F::Output> {
    CONNECT_WITHIN.scope(within, request)
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Plain = TokioIo<TcpStream>;

/// Connects to `http` and `https` addresses, and to nothing else.
#[derive(Clone)]
pub(crate) struct Connector {
    tcp: HttpConnector<Resolver>,
    tls: Arc<Tls>,
}

impl Connector {
    /// A connector with the settings of `config`.
    pub(crate) fn new(config: &TransportConfig, tls: Arc<Tls>) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver::system());
        tcp.enforce_http(false);
        // A request is one write and then a wait: Nagle's delay would add up to 40 ms to it.
        tcp.set_nodelay(true);
        tcp.set_keepalive(config.tcp_keepalive);
        tcp.set_keepalive_interval(config.tcp_keepalive);
        tcp.set_keepalive_retries(config.tcp_keepalive.map(|_| 3));
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // Keep-alive does not watch a socket with unacknowledged data; this does.
        tcp.set_tcp_user_timeout(config.tcp_keepalive.map(|idle| idle.saturating_mul(4)));
        Self { tcp, tls }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Plain>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let limit = CONNECT_WITHIN.try_with(|within| *within).unwrap_or(CONNECT_DEFAULT);
        let Self { tcp, tls } = self.clone();
        Box::pin(async move {
            match tokio::time::timeout(limit, connect(tcp, tls, to)).await {
                Ok(connected) => connected,
                Err(_) => Err(late(limit)),
            }
        })
    }
}

async fn connect(
    mut tcp: HttpConnector<Resolver>,
    tls: Arc<Tls>,
    to: Uri,
) -> Result<MaybeHttpsStream<Plain>, BoxError> {
    if to.scheme() == Some(&Scheme::HTTP) {
        return Ok(MaybeHttpsStream::Http(tcp.call(to).await?));
    }
    if to.scheme() != Some(&Scheme::HTTPS) {
        return Err(io::Error::other("the address is neither http nor https").into());
    }
    let config = tls.config().await?;
    HttpsConnector::from((tcp, config)).call(to).await
}

fn late(limit: Duration) -> BoxError {
    let text = format!("no connection within {} ms", limit.as_millis());
    io::Error::new(io::ErrorKind::TimedOut, text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sockets_do_not_delay_small_writes() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let config = TransportConfig::default();
        let tls = Arc::new(Tls::new(&config).unwrap());
        let MaybeHttpsStream::Http(stream) = Connector::new(&config, tls).call(to).await.unwrap()
        else {
            panic!("not plain");
        };
        assert!(stream.inner().nodelay().unwrap());
    }
}
