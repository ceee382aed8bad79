//! What can be set of the clients, with defaults that suit vendors on the open internet.
//!
//! Data only; nothing here opens a file or a socket.

use std::path::PathBuf;
use std::time::Duration;

/// Settings of the clients. Everything else (deadlines, addresses, headers) comes with each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportConfig {
    /// How long an idle connection is kept; below the 60 s after which common load balancers close
    /// theirs, so that we close first. Default 30 s.
    pub pool_idle: Duration,
    /// Idle connections kept per host (HTTP/1.1; HTTP/2 needs one). Default 512.
    pub max_idle_per_host: usize,
    /// Idle time after which TCP asks the peer whether it lives, and HTTP/2 pings it while requests
    /// are open. `None` turns both off. Default 15 s.
    pub tcp_keepalive: Option<Duration>,
    /// Whether HTTP/2 is offered over TLS (ALPN). Plain `http` is always HTTP/1.1. Default `true`.
    pub http2: bool,
    /// PEM file with further certificate authorities to trust, beside the system's.
    pub extra_ca_pem: Option<PathBuf>,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            pool_idle: Duration::from_secs(30),
            max_idle_per_host: 512,
            tcp_keepalive: Some(Duration::from_secs(15)),
            http2: true,
            extra_ca_pem: None,
        }
    }
}

/// Settings with which no client can be made.
#[derive(Debug, thiserror::Error)]
pub enum TransportInitError {
    /// The file with further authorities cannot be read.
    #[error("cannot read the CA file {}: {source}", path.display())]
    CaUnreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file holds something that is no certificate authority, or nothing.
    #[error("the CA file {} is not usable: {reason}", path.display())]
    CaInvalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}
