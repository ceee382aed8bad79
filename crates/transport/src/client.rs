//! The data path: one pooled client for all vendors.
//!
//! It adds nothing to a request but `host` and `user-agent`, and takes nothing from an answer. It
//! must never follow a redirect (a vendor's key would follow it) and never send twice what a vendor
//! may have seen: hyper-util repeats a request only where a reused connection closed before any of
//! the request was written.

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::pin::Pin;
use std::sync::Arc;
use tokio::time::Instant;
use tollgate_providers_common::{ByteStream, Deadlines, Transport, TransportError};

use crate::body::Chunks;
use crate::config::{TransportConfig, TransportInitError};
use crate::connect::{self, Connector};
use crate::control::Control;
use crate::origin::Origin;
use crate::tls::Tls;
use crate::{clock, reason};

/// Most bytes of one HTTP/1.1 answer that wait in memory for a slow reader.
const H1_BUFFER: usize = 64 * 1024;
/// Most bytes of one HTTP/2 answer that wait in memory for a slow reader.
const H2_STREAM_WINDOW: u32 = 256 * 1024;
/// The same for a whole HTTP/2 connection: 64 stuck readers do not stop the others.
const H2_CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

/// What we call ourselves to vendors.
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("tollgate/", env!("CARGO_PKG_VERSION")));

/// The HTTP client of the data path. Clones share one pool.
#[derive(Clone)]
pub struct HyperTransport {
    client: legacy::Client<Connector, Full<Bytes>>,
    tls: Arc<Tls>,
}

impl HyperTransport {
    /// A client with `config`. Opens no socket and reads no file but `extra_ca_pem`.
    ///
    /// # Errors
    /// When `extra_ca_pem` cannot be read or holds no usable certificate.
    pub fn new(config: TransportConfig) -> Result<Self, TransportInitError> {
        let tls = Arc::new(Tls::new(&config)?);
        let client = builder(&config).build(Connector::new(&config, Arc::clone(&tls)));
        Ok(Self { client, tls })
    }

    /// A client for the control plane that trusts the same authorities.
    #[must_use]
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.tls))
    }

    async fn exchange(
        &self,
        mut request: Request<Bytes>,
        deadlines: Deadlines,
    ) -> Result<Response<ByteStream>, TransportError> {
        let Deadlines { connect, until } = deadlines;
        let until = Instant::from_std(until);
        let origin = Origin::of(request.uri());
        // A timer lets its future run once even when it is over; that could send the request.
        if until <= clock::now() {
            return Err(TransportError::Timeout { origin: origin.to_string() });
        }
        // The connection decides the version; a request for another one would be refused.
        *request.version_mut() = Version::HTTP_11;
        request.headers_mut().entry(USER_AGENT).or_insert(AGENT);
        let sent = connect::within(connect, self.client.request(request.map(Full::new)));
        match tokio::time::timeout_at(until, sent).await {
            Ok(Ok(response)) => receive(response, origin),
            Ok(Err(error)) => Err(reason::unsent(&error, &origin)),
            Err(_) => Err(TransportError::Timeout { origin: origin.to_string() }),
        }
    }
}

impl Transport for HyperTransport {
    fn send(
        &self,
        request: Request<Bytes>,
        deadlines: Deadlines,
    ) -> BoxFuture<'_, Result<Response<ByteStream>, TransportError>> {
        Box::pin(self.exchange(request, deadlines))
    }
}

fn builder(config: &TransportConfig) -> legacy::Builder {
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(config.pool_idle)
        .pool_max_idle_per_host(config.max_idle_per_host)
        .http1_max_buf_size(H1_BUFFER)
        .http2_initial_stream_window_size(H2_STREAM_WINDOW)
        .http2_initial_connection_window_size(H2_CONNECTION_WINDOW)
        .http2_keep_alive_interval(config.tcp_keepalive);
    builder
}

/// The answer as the seam wants it.
///
/// We ask for the identity encoding. An answer that is encoded all the same cannot be read: as a
/// success it is unusable; as a failure its status and headers are what matters, so it is passed on
/// with an empty body.
fn receive(
    response: Response<Incoming>,
    origin: Origin,
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
