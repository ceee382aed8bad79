//! Requests, deadlines and reading, for all tests.

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response};
use std::time::{Duration, Instant};
use tollgate_providers_common::{ByteStream, Deadlines, Transport, TransportError};
use tollgate_transport::{HyperTransport, TransportConfig};

/// A path with what must never be shown.
pub(crate) const SECRET_PATH: &str = "/v1/chat?key=sk-secret";

pub(crate) fn transport() -> HyperTransport {
    HyperTransport::new(TransportConfig::default()).unwrap()
}

pub(crate) fn post(url: &str, body: &'static str) -> Request<Bytes> {
    Request::post(url).body(Bytes::from_static(body.as_bytes())).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the test is the shell; paused where it says so")]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Deadlines that no healthy test meets.
pub(crate) fn patient() -> Deadlines {
    let minute = Duration::from_secs(60);
    Deadlines { connect: minute, until: now() + minute }
}

/// Sends an empty POST to `url` with patience.
pub(crate) async fn send(
    transport: &HyperTransport,
    url: impl AsRef<str>,
) -> Result<Response<ByteStream>, TransportError> {
    transport.send(post(url.as_ref(), ""), patient()).await
}

/// All chunks up to the first error or the end.
pub(crate) async fn read(response: Response<ByteStream>) -> (String, Option<TransportError>) {
    let mut body = response.into_body();
    let mut read = Vec::new();
    while let Some(chunk) = body.next().await {
        match chunk {
            Ok(bytes) => read.extend_from_slice(&bytes),
            Err(error) => {
                assert!(body.next().await.is_none(), "nothing follows an error");
                return (String::from_utf8(read).unwrap(), Some(error));
            }
        }
    }
    (String::from_utf8(read).unwrap(), None)
}

/// The failure of a request that must not have got a head.
pub(crate) fn failure(result: Result<Response<ByteStream>, TransportError>) -> TransportError {
    match result {
        Ok(response) => panic!("got {}", response.status()),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains("secret") && !text.contains("/v1"), "shows too much: {text}");
            error
        }
    }
}
