//! Reading a request's body once: bounded in bytes and in time.
//!
//! An oversized body is read and thrown away for a short while before the answer, because a client
//! that is still sending would otherwise see a reset connection instead of its 413.

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

use crate::clock;

/// How much of an oversized body is drained, in bytes, so that its sender gets to read the 413.
const DRAIN_BYTES: u64 = 128 << 20;
/// How long it is drained.
const DRAIN_TIME: Duration = Duration::from_secs(3);

/// Bounds on one body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    /// Largest body, in bytes.
    pub(crate) bytes: usize,
    /// All of it must have come within this time.
    pub(crate) time: Duration,
}

/// A body that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// Larger than allowed.
    #[error("the request body is larger than {max} bytes")]
    TooLarge {
        /// The bound.
        max: usize,
    },
    /// Did not come in time.
    #[error("the request body did not arrive within {} s", time.as_secs())]
    TooSlow {
        /// The bound.
        time: Duration,
    },
    /// The client broke it off, or sent something that is no HTTP.
    #[error("the request body broke off")]
    Broken,
}

/// Reads a whole body.
///
/// # Errors
/// See [`BodyError`].
///
/// # Cancel safety
/// Dropping the future leaves the rest of the body unread; hyper then closes the connection.
pub(crate) async fn read(body: axum::body::Body, limits: BodyLimits) -> Result<Bytes, BodyError> {
    let until = Instant::from_std(clock::now() + limits.time);
    let declared = body.size_hint().lower();
    if declared > limits.bytes as u64 {
        drain(body).await;
        return Err(BodyError::TooLarge { max: limits.bytes });
    }
    let mut collector = Collector { first: None, rest: BytesMut::new(), declared };
    let mut body = body;
    loop {
        let frame = timeout_at(until, body.frame())
            .await
            .map_err(|_| BodyError::TooSlow { time: limits.time })?;
        match frame {
            None => return Ok(collector.done()),
            Some(Err(_)) => return Err(BodyError::Broken),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    collector.push(data);
                }
            }
        }
        if collector.len() > limits.bytes {
            // Nothing of it is needed any more, and draining takes a while.
            drop(collector);
            drain(body).await;
            return Err(BodyError::TooLarge { max: limits.bytes });
        }
    }
}

/// Joins chunks; a body that came as one chunk is not copied.
struct Collector {
    first: Option<Bytes>,
    rest: BytesMut,
    declared: u64,
}

impl Collector {
    fn push(&mut self, data: Bytes) {
        if self.first.is_none() && self.rest.is_empty() {
            self.first = Some(data);
            return;
        }
        if let Some(first) = self.first.take() {
            // The declared length is bounded by the limit, which was checked before.
            self.rest.reserve((self.declared as usize).max(first.len() + data.len()));
            self.rest.extend_from_slice(&first);
        }
        self.rest.extend_from_slice(&data);
    }

    fn len(&self) -> usize {
        self.first.as_ref().map_or(0, Bytes::len) + self.rest.len()
    }

    fn done(self) -> Bytes {
        self.first.unwrap_or_else(|| self.rest.freeze())
    }
}

async fn drain(mut body: axum::body::Body) {
    let until = Instant::from_std(clock::now() + DRAIN_TIME);
    let mut drained = 0_u64;
    while drained < DRAIN_BYTES {
        match timeout_at(until, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                drained += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            Ok(Some(Err(_)) | None) | Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use futures_util::stream;

    const LIMITS: BodyLimits = BodyLimits { bytes: 8, time: Duration::from_secs(5) };

    fn chunks(parts: &[&'static str]) -> Body {
        let parts: Vec<Result<Bytes, std::io::Error>> =
            parts.iter().map(|part| Ok(Bytes::from_static(part.as_bytes()))).collect();
        Body::from_stream(stream::iter(parts))
    }

    #[tokio::test]
    async fn a_body_is_joined_up_to_the_limit_and_refused_beyond() {
        assert_eq!(read(chunks(&["abcd", "", "efgh"]), LIMITS).await.unwrap(), "abcdefgh");
        assert_eq!(read(chunks(&[]), LIMITS).await.unwrap(), "");
        let error = read(chunks(&["abcd", "efghi"]), LIMITS).await.unwrap_err();
        assert_eq!(error, BodyError::TooLarge { max: 8 });
        let error = read(Body::from("123456789"), LIMITS).await.unwrap_err();
        assert_eq!(error, BodyError::TooLarge { max: 8 });
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up_in_time() {
        let endless = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let error = read(endless, LIMITS).await.unwrap_err();
        assert_eq!(error, BodyError::TooSlow { time: LIMITS.time });
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_an_error() {
        let broken = Body::from_stream(stream::iter([
            Ok(Bytes::from_static(b"ab")),
            Err(std::io::Error::other("reset")),
        ]));
        assert_eq!(read(broken, LIMITS).await.unwrap_err(), BodyError::Broken);
    }
}
