//! Makes connections: DNS, TCP and TLS. All of them within the time that the request allows, which
//! may go on without it: a connection that is no longer needed is finished and pooled.

use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::config::TransportConfig;
use crate::dns::Resolver;
use crate::tls::Tls;

/// Why there is no connection.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// A connection, plain or not.
pub(crate) type Io = MaybeHttpsStream<TokioIo<TcpStream>>;

/// What `connecting` gives, or a failure that says the time when it takes longer than `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    connecting: impl Future<Output = Result<T, BoxError>>,
) -> Result<T, BoxError> {
    match tokio::time::timeout(limit, connecting).await {
        Ok(connected) => connected,
        Err(_) => Err(late(limit)),
    }
}

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

    /// A connection to `to`.
    ///
    /// # Errors
    /// When there is none; the chain of errors says why.
    ///
    /// # Cancel safety
    /// Dropping the future gives the connection up.
    pub(crate) async fn connect(&self, to: Uri) -> Result<Io, BoxError> {
        let mut tcp = self.tcp.clone();
        if to.scheme() == Some(&Scheme::HTTP) {
            return Ok(MaybeHttpsStream::Http(tcp.call(to).await?));
        }
        let config = self.tls.config().await?;
        HttpsConnector::from((tcp, config)).call(to).await
    }
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
        let MaybeHttpsStream::Http(stream) =
            Connector::new(&config, tls).connect(to).await.unwrap()
        else {
            panic!("not plain");
        };
        assert!(stream.inner().nodelay().unwrap());
    }
}
