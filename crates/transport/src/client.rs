//! The data path: one pooled client for all vendors.
//!
//! It adds nothing to a request but `host` and `user-agent`, and takes nothing from an answer. It
//! must never follow a redirect (a vendor's key would follow it) and never send twice what a vendor
//! may have seen: the pool repeats a request only where a reused connection closed before any of
//! the request was written.

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use tokio::time::Instant;
use tollgate_providers_common::{ByteStream, Deadlines, Transport, TransportError, Upload};

use crate::body::Chunks;
use crate::clock;
use crate::config::{TransportConfig, TransportInitError};
use crate::connect::Connector;
use crate::control::Control;
use crate::fetch::Fetcher;
use crate::origin::Origin;
use crate::outgoing::Outgoing;
use crate::pool::Pool;
use crate::tls::Tls;

/// What we call ourselves to vendors.
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("tollgate/", env!("CARGO_PKG_VERSION")));

/// The HTTP client of the data path. Clones share one pool.
#[derive(Clone)]
pub struct HyperTransport {
    pool: Arc<Pool>,
    tls: Arc<Tls>,
}

impl HyperTransport {
    /// A client with `config`. Opens no socket and reads no file but `extra_ca_pem`.
    ///
    /// # Errors
    /// When `extra_ca_pem` cannot be read or holds no usable certificate.
    pub fn new(config: TransportConfig) -> Result<Self, TransportInitError> {
        let tls = Arc::new(Tls::new(&config)?);
        let pool = Pool::new(&config, Connector::new(&config, Arc::clone(&tls)));
        Ok(Self { pool: Arc::new(pool), tls })
    }

    /// A client for the control plane that trusts the same authorities.
    #[must_use]
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.tls))
    }

    /// Fetches what clients' requests point to; trusts the same authorities.
    #[must_use]
    pub fn fetcher(&self) -> Fetcher {
        Fetcher::new(Arc::clone(&self.tls))
    }

    async fn exchange(
        &self,
        mut request: Request<Outgoing>,
        deadlines: Deadlines,
    ) -> Result<Response<ByteStream>, TransportError> {
        let Some(pool) = self.pool.origin(request.uri()) else {
            return Err(no_address(&request));
        };
        let until = Instant::from_std(deadlines.until);
        let now = clock::now();
        // A timer lets its future run once even when it is over; that could send the request.
        if until <= now {
            return Err(TransportError::Timeout { origin: pool.shown().to_string() });
        }
        // The connection decides the version; a request for another one would be refused.
        *request.version_mut() = Version::HTTP_11;
        request.headers_mut().entry(USER_AGENT).or_insert(AGENT);
        let sent = pool.exchange(request, deadlines.connect, now);
        match tokio::time::timeout_at(until, sent).await {
            Ok(Ok(response)) => receive(response, Arc::clone(pool.shown())),
            Ok(Err(failure)) => Err(failure.of(pool.shown())),
            Err(_) => Err(TransportError::Timeout { origin: pool.shown().to_string() }),
        }
    }
}

impl Transport for HyperTransport {
    fn send(
        &self,
        request: Request<Bytes>,
        deadlines: Deadlines,
    ) -> BoxFuture<'_, Result<Response<ByteStream>, TransportError>> {
        Box::pin(self.exchange(request.map(Outgoing::new), deadlines))
    }

    fn send_upload(
        &self,
        request: Request<Upload>,
        deadlines: Deadlines,
    ) -> BoxFuture<'_, Result<Response<ByteStream>, TransportError>> {
        Box::pin(self.exchange(request.map(|upload| Outgoing::Coming { upload }), deadlines))
    }
}

#[cold]
fn no_address(request: &Request<Outgoing>) -> TransportError {
    TransportError::Connect {
        origin: Origin::of(request.uri()).to_string(),
        reason: "the address is neither http nor https".to_owned(),
    }
}

/// The answer as the seam wants it.
///
/// We ask for the identity encoding. An answer that is encoded all the same cannot be read: as a
/// success it is unusable; as a failure its status and headers are what matters, so it is passed on
/// with an empty body.
fn receive(
    response: Response<Incoming>,
    origin: Arc<Origin>,
) -> Result<Response<ByteStream>, TransportError> {
    let (mut head, incoming) = response.into_parts();
    let encoding = head.headers.get(CONTENT_ENCODING).filter(|value| !is_identity(value));
    let Some(encoding) = encoding else {
        let body: ByteStream = Box::pin(Chunks::new(incoming, origin));
        return Ok(Response::from_parts(head, body));
    };
    if is_failure(head.status) {
        head.headers.remove(CONTENT_ENCODING);
        head.headers.remove(CONTENT_LENGTH);
        let body: ByteStream = Box::pin(Empty);
        return Ok(Response::from_parts(head, body));
    }
    let named: String = encoding.to_str().unwrap_or("?").chars().take(32).collect();
    let reason = format!("the body is encoded as `{named}`, which was not asked for");
    Err(TransportError::Unusable { origin: origin.to_string(), reason })
}

fn is_identity(value: &HeaderValue) -> bool {
    value.is_empty() || value.as_bytes().eq_ignore_ascii_case(b"identity")
}

fn is_failure(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// No chunks.
struct Empty;

impl futures_core::Stream for Empty {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(None)
    }
}
