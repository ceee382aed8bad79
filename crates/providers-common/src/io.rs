//! The seams through which I/O enters: a transport, an authorizer, and nothing else.

use bytes::Bytes;
use futures_core::Stream;
use futures_core::future::BoxFuture;
use std::pin::Pin;
use std::time::{Duration, Instant};
use tollgate_core_types::{ErrorClass, UpstreamError};

/// The body of a vendor's answer. Dropping it cancels the request at the vendor.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>;

/// The body of a request that is sent as it comes.
pub type RequestStream = Pin<Box<dyn Stream<Item = Result<Bytes, StreamBroken>> + Send>>;

/// A request's body cannot be sent on: whoever makes it knows why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request's body broke off")]
pub struct StreamBroken;

/// A body that is sent as it comes.
pub struct Upload {
    /// Its bytes.
    pub body: RequestStream,
    /// How many there are, where that is known.
    pub length: Option<u64>,
}

/// Sends requests to vendors.
pub trait Transport: Send + Sync + 'static {
    /// Sends one request and gives the head of its answer.
    ///
    /// # Errors
    /// When no head came: see [`TransportError`].
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request and closes its connection if it was in use.
    fn send(
        &self,
        request: http::Request<Bytes>,
        deadlines: Deadlines,
    ) -> BoxFuture<'_, Result<http::Response<ByteStream>, TransportError>>;

    /// The same for a request whose body is sent as it comes: it is read as fast as the vendor takes
    /// it and never again. By default it cannot be sent.
    ///
    /// # Errors
    /// When no head came, a body that broke off among the reasons.
    ///
    /// # Cancel safety
    /// As [`Transport::send`].
    fn send_upload(
        &self,
        request: http::Request<Upload>,
        _deadlines: Deadlines,
    ) -> BoxFuture<'_, Result<http::Response<ByteStream>, TransportError>> {
        let origin = request.uri().host().unwrap_or_default().to_owned();
        let reason = "it takes no bodies that come in pieces".to_owned();
        Box::pin(async { Err(TransportError::Connect { origin, reason }) })
    }
}

/// How long the steps of an attempt may take. The caller enforces first token, idle and total on
/// what it reads; the transport enforces `connect`, and gives up at `until` at the latest.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// DNS, TCP and TLS together.
    pub connect: Duration,
    /// The head must have come by then.
    pub until: Instant,
}

/// Puts a credential into a request. May wait, for a token to be fetched.
pub trait Authorizer: Send + Sync + 'static {
    /// Adds the credential if it is at hand, without waiting and without an allocation; false where
    /// [`Authorizer::authorize`] must be asked.
    fn authorize_now(&self, _request: &mut http::Request<Bytes>) -> bool {
        false
    }

    /// Adds the credential.
    ///
    /// # Errors
    /// When no credential could be had.
    fn authorize<'a>(
        &'a self,
        request: &'a mut http::Request<Bytes>,
    ) -> BoxFuture<'a, Result<(), UpstreamError>>;
}

/// A request that got no whole answer. Texts hold no credentials and no query strings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection (DNS, TCP, TLS): nothing was sent.
    #[error("cannot connect to {origin}: {reason}")]
    Connect {
        /// Scheme, host and port.
        origin: String,
        /// What failed.
        reason: String,
    },
    /// The connection broke after the request, or part of it, was sent.
    #[error("connection to {origin} broke: {reason}")]
    Broken {
        /// Scheme, host and port.
        origin: String,
        /// What failed.
        reason: String,
    },
    /// No head in time.
    #[error("no answer from {origin} in time")]
    Timeout {
        /// Scheme, host and port.
        origin: String,
    },
    /// The answer's body is larger than allowed, or encoded in a way we did not ask for.
    #[error("unusable answer from {origin}: {reason}")]
    Unusable {
        /// Scheme, host and port.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl From<TransportError> for UpstreamError {
    fn from(error: TransportError) -> Self {
        let class = match &error {
            TransportError::Connect { .. } => ErrorClass::Connect,
            TransportError::Broken { .. } => ErrorClass::Transport,
            TransportError::Timeout { .. } => ErrorClass::FirstTokenTimeout,
            TransportError::Unusable { .. } => ErrorClass::Malformed,
        };
        Self::new(class, error.to_string())
    }
}
