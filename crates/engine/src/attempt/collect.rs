//! Reading a vendor's whole body: bounded, and copied only where it came in pieces.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use std::time::{Duration, Instant};
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::ByteStream;

use crate::clock;
use crate::memory::{Memory, Room};

/// Largest whole answer accepted, in bytes: images as base64 fit, a runaway vendor does not.
pub(crate) const MAX_ANSWER: usize = 64 << 20;
/// Largest error body read, in bytes; the message is cut far below.
pub(crate) const MAX_ERROR: usize = 64 << 10;

/// Reads all of `body`, which is counted as long as it lives: it was paid for, so it is read even
/// where memory is short, and new requests wait instead.
///
/// # Errors
/// When it breaks off, is larger than `max`, or is not whole at `until`.
pub(crate) async fn whole(
    body: &mut ByteStream,
    (memory, max): (&Memory, usize),
    until: Instant,
) -> Result<Bytes, UpstreamError> {
    let collected = tokio::time::timeout_at(until.into(), join(body, memory.room(), max)).await;
    collected.unwrap_or_else(|_| {
        let message = "the answer was not whole in time";
        Err(UpstreamError::new(ErrorClass::FirstTokenTimeout, message))
    })
}

/// How long an error's body is waited for: its status has told the most important already, and
/// another deployment may be well.
const ERROR_WAIT: Duration = Duration::from_secs(2);

/// Reads what comes of an error's body in a short while; the rest is told by its status.
pub(crate) async fn error_body(body: &mut ByteStream, until: Instant) -> Bytes {
    let until = until.min(clock::now() + ERROR_WAIT);
    let mut read = BytesMut::new();
    while read.len() < MAX_ERROR {
        match tokio::time::timeout_at(until.into(), body.next()).await {
            Ok(Some(Ok(chunk))) => {
                let room = MAX_ERROR.saturating_sub(read.len()).min(chunk.len());
                read.extend_from_slice(chunk.get(..room).unwrap_or_default());
            }
            Ok(Some(Err(_)) | None) | Err(_) => break,
        }
    }
    read.freeze()
}

async fn join(body: &mut ByteStream, mut room: Room, max: usize) -> Result<Bytes, UpstreamError> {
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        if first.as_ref().map_or(0, Bytes::len) + rest.len() + chunk.len() > max {
            let message = format!("the answer is larger than {max} bytes");
            return Err(UpstreamError::new(ErrorClass::Malformed, message));
        }
        room.grow_anyway(chunk.len());
        if first.is_none() && rest.is_empty() {
            first = Some(chunk);
        } else {
            if let Some(first) = first.take() {
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&chunk);
        }
    }
    Ok(room.hold(first.unwrap_or_else(|| rest.freeze())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_providers_common::TransportError;

    fn body(parts: Vec<Result<Bytes, TransportError>>) -> ByteStream {
        Box::pin(futures_util::stream::iter(parts))
    }

    fn soon() -> Instant {
        clock::now() + Duration::from_secs(1)
    }

    #[tokio::test]
    async fn pieces_are_joined_and_one_piece_is_not_copied() {
        let one = Bytes::from_static(b"{}");
        let read =
            whole(&mut body(vec![Ok(one.clone())]), (&Memory::default(), 9), soon()).await.unwrap();
        assert_eq!(read.as_ptr(), one.as_ptr());
        let parts = vec![Ok("a".into()), Ok("b".into()), Ok("c".into())];
        assert_eq!(whole(&mut body(parts), (&Memory::default(), 9), soon()).await.unwrap(), "abc");
    }

    #[tokio::test]
    async fn too_much_is_malformed_and_a_break_is_a_transport_failure() {
        let parts = vec![Ok("abc".into()), Ok("def".into())];
        let error = whole(&mut body(parts), (&Memory::default(), 5), soon()).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Malformed);
        let broken =
            TransportError::Broken { origin: "http://x".to_owned(), reason: "reset".to_owned() };
        let error =
            whole(&mut body(vec![Ok("a".into()), Err(broken)]), (&Memory::default(), 5), soon())
                .await;
        assert_eq!(error.unwrap_err().class, ErrorClass::Transport);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_given_up() {
        let mut stalled: ByteStream = Box::pin(futures_util::stream::pending());
        let error = whole(&mut stalled, (&Memory::default(), 5), soon()).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::FirstTokenTimeout);
        assert_eq!(error_body(&mut stalled, soon()).await, "");
    }

    #[tokio::test]
    async fn an_error_body_is_cut() {
        let parts = vec![Ok(Bytes::from(vec![b'x'; MAX_ERROR])), Ok("y".into())];
        assert_eq!(error_body(&mut body(parts), soon()).await.len(), MAX_ERROR);
    }
}
