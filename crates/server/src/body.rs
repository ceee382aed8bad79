//! Reading a request's body once: bounded in bytes, in time, and in what all bodies hold together.
//!
//! A body that is refused is read and thrown away for a short while before the answer, because a client
//! that is still sending would otherwise see a reset connection instead of its 413.

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tollgate::{Memory, NoRoom};

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
    /// Other bodies hold all the memory that bodies may hold.
    #[error("the gateway is busy: {0}; try again in a moment")]
    NoRoom(NoRoom),
}

/// Reads a whole body, which counts in `memory` until the last of it is gone.
///
/// # Errors
/// See [`BodyError`].
///
/// # Cancel safety
/// Dropping the future leaves the rest of the body unread; hyper then closes the connection.
pub(crate) async fn read(
    body: axum::body::Body,
    limits: BodyLimits,
    memory: &Memory,
) -> Result<Bytes, BodyError> {
    let until = Instant::from_std(clock::now() + limits.time);
    let declared = body.size_hint().lower();
    if declared > limits.bytes as u64 {
        drain(body).await;
        return Err(BodyError::TooLarge { max: limits.bytes });
    }
    // Nobody sends megabytes for a refusal that is known before the first of them.
    if !memory.fits(declared) {
        drain(body).await;
        return Err(BodyError::NoRoom(NoRoom));
    }
    let mut collector = Collector::new();
    let mut room = memory.room();
    let mut body = body;
    // Known with the last byte of most bodies, which spares another look.
    while !body.is_end_stream() {
        let frame = timeout_at(until, body.frame())
            .await
            .map_err(|_| BodyError::TooSlow { time: limits.time })?;
        match frame {
            None => break,
            Some(Err(_)) => return Err(BodyError::Broken),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    if let Err(none) = room.grow(data.len()) {
                        drop((collector, room, data));
                        drain(body).await;
                        return Err(BodyError::NoRoom(none));
                    }
                    collector.push(data);
                }
            }
        }
        if collector.len > limits.bytes {
            // Nothing of it is needed any more, and draining takes a while.
            drop((collector, room));
            drain(body).await;
            return Err(BodyError::TooLarge { max: limits.bytes });
        }
    }
    Ok(room.hold(collector.done()))
}

/// A chunk of this size is kept as it came; smaller ones are gathered, for each that is kept costs
/// a handle and may hold on to the buffer it was cut from.
const KEPT: usize = 16 << 10;
/// How much is gathered in one piece.
const GATHERED: usize = 64 << 10;

/// Collects chunks and joins them once, when their length is known: a buffer that doubles would
/// take three times the body. A body that came as one chunk is not copied.
struct Collector {
    pieces: Vec<Bytes>,
    gathering: BytesMut,
    len: usize,
}

impl Collector {
    fn new() -> Self {
        Self { pieces: Vec::new(), gathering: BytesMut::new(), len: 0 }
    }

    fn push(&mut self, data: Bytes) {
        let first = self.len == 0;
        self.len += data.len();
        if first || data.len() >= KEPT {
            self.flush();
            self.pieces.push(data);
            return;
        }
        self.gathering.extend_from_slice(&data);
        if self.gathering.len() >= GATHERED {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.gathering.is_empty() {
            self.pieces.push(self.gathering.split().freeze());
        }
    }

    fn done(mut self) -> Bytes {
        self.flush();
        if self.pieces.len() == 1 {
            return self.pieces.pop().unwrap_or_default();
        }
        let mut whole = BytesMut::with_capacity(self.len);
        for piece in self.pieces {
            whole.extend_from_slice(&piece);
        }
        whole.freeze()
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
        assert_eq!(
            read(chunks(&["abcd", "", "efgh"]), LIMITS, &Memory::default()).await.unwrap(),
            "abcdefgh"
        );
        assert_eq!(read(chunks(&[]), LIMITS, &Memory::default()).await.unwrap(), "");
        let error = read(chunks(&["abcd", "efghi"]), LIMITS, &Memory::default()).await.unwrap_err();
        assert_eq!(error, BodyError::TooLarge { max: 8 });
        let error = read(Body::from("123456789"), LIMITS, &Memory::default()).await.unwrap_err();
        assert_eq!(error, BodyError::TooLarge { max: 8 });
    }

    #[tokio::test]
    async fn chunks_of_every_size_are_joined_in_order() {
        let parts: Vec<Vec<u8>> = (0..40_usize)
            .map(|at| vec![b'a' + u8::try_from(at % 26).unwrap(); (at * at * 37) % (40 << 10)])
            .collect();
        let whole = parts.concat();
        let chunks: Vec<Result<Bytes, std::io::Error>> =
            parts.into_iter().map(|part| Ok(Bytes::from(part))).collect();
        let limits = BodyLimits { bytes: 4 << 20, ..LIMITS };
        let read = read(Body::from_stream(stream::iter(chunks)), limits, &Memory::default())
            .await
            .unwrap();
        assert!(read == whole, "{} bytes of {}", read.len(), whole.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up_in_time() {
        let endless = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let error = read(endless, LIMITS, &Memory::default()).await.unwrap_err();
        assert_eq!(error, BodyError::TooSlow { time: LIMITS.time });
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_an_error() {
        let broken = Body::from_stream(stream::iter([
            Ok(Bytes::from_static(b"ab")),
            Err(std::io::Error::other("reset")),
        ]));
        assert_eq!(read(broken, LIMITS, &Memory::default()).await.unwrap_err(), BodyError::Broken);
    }

    #[tokio::test]
    async fn bodies_that_find_no_room_are_refused_and_what_they_took_comes_back() {
        const KIB: usize = 1 << 10;
        let memory = Memory::new(64 * KIB);
        let limits = BodyLimits { bytes: 1 << 20, ..LIMITS };
        let large = || Body::from(vec![b'x'; 40 * KIB]);
        let first = read(large(), limits, &memory).await.unwrap();
        assert_eq!(memory.held(), 40 * KIB);
        let none = BodyError::NoRoom(NoRoom);
        assert_eq!(read(large(), limits, &memory).await.unwrap_err(), none);
        // Of unknown length: it is found out on the way.
        let pieces = (0..40).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; KIB])));
        let chunked = || Body::from_stream(stream::iter(pieces.clone()));
        assert_eq!(read(chunked(), limits, &memory).await.unwrap_err(), none);
        assert_eq!(memory.held(), 40 * KIB, "nothing of the refused ones is held");
        drop(first);
        assert_eq!(read(chunked(), limits, &memory).await.unwrap().len(), 40 * KIB);
        assert_eq!(memory.held(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_announces_much_takes_nothing_before_it_sends_it() {
        let memory = Memory::new(64 << 10);
        let silent = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let waiting = read(silent, BodyLimits { bytes: 1 << 20, ..LIMITS }, &memory);
        let looked = async { memory.held() };
        let (waited, held) = tokio::join!(waiting, looked);
        assert_eq!((waited.unwrap_err(), held), (BodyError::TooSlow { time: LIMITS.time }, 0));
    }
}
