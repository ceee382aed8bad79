//! AWS's binary event streams, byte by byte: an incremental framer without I/O.
//!
//! A message is big-endian: total length, headers' length, CRC-32 of those eight bytes, headers,
//! payload, CRC-32 of everything before. Both sums are checked before a byte is believed, and
//! lengths are bounded before anything is kept for them. Written here, because it is a hundred lines
//! and the vendor's crate brings its runtime's types along.
//!
//! The frames are a function of the byte stream alone, like those of [`crate::sse`]. It never looks
//! into a payload.

mod crc;
mod headers;
mod write;

use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;

use crate::sse::{Frame, FrameError, FrameKind};
pub use headers::{Header, HeaderValue, headers};
pub use write::{message, write};

/// Lengths and their sum.
const PRELUDE: usize = 12;
/// The sum at a message's end.
const TRAILER: usize = 4;
/// Most bytes of headers, as the format itself bounds them.
const HEADERS_MAX: usize = 128 << 10;

/// Cuts a byte stream into messages. Chunks may be cut anywhere.
///
/// A message that lies within one chunk is a slice of it; only one that crosses a chunk's border is
/// copied, once. Memory stays below the bound plus the chunks pushed and not yet taken.
#[derive(Debug)]
pub struct EventStreamFramer {
    max: usize,
    /// Chunks not yet looked at, oldest first; the first one may be partly taken.
    chunks: VecDeque<Bytes>,
    /// The start of a message whose end has not come.
    partial: BytesMut,
    broken: Option<FrameError>,
}

impl EventStreamFramer {
    /// A framer that refuses messages of more than `max` bytes.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { max, chunks: VecDeque::new(), partial: BytesMut::new(), broken: None }
    }

    /// Takes the next chunk.
    pub fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() && self.broken.is_none() {
            self.chunks.push_back(chunk);
        }
    }

    /// The next whole message; `None` when more bytes are needed.
    ///
    /// # Errors
    /// When a message is larger than the bound, or is not what its sums and lengths say. The stream
    /// cannot be read on then, for nothing tells where the next message begins: every further call
    /// says the same and nothing is kept.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let taken = self.take_message();
        if let Err(error) = &taken {
            self.broken = Some(error.clone());
            self.chunks = VecDeque::new();
            self.partial = BytesMut::new();
        }
        taken
    }

    fn take_message(&mut self) -> Result<Option<Frame>, FrameError> {
        if self.partial.is_empty() {
            let Some(chunk) = self.chunks.front_mut() else { return Ok(None) };
            if let Some(lengths) = Lengths::read(chunk, self.max)?
                && chunk.len() >= lengths.total
            {
                let raw = chunk.split_to(lengths.total);
                self.drop_empty_chunk();
                return frame(raw, lengths).map(Some);
            }
        }
        if !self.fill(PRELUDE) {
            return Ok(None);
        }
        let Some(lengths) = Lengths::read(&self.partial, self.max)? else { return Ok(None) };
        if !self.fill(lengths.total) {
            return Ok(None);
        }
        frame(std::mem::take(&mut self.partial).freeze(), lengths).map(Some)
    }

    /// Moves chunks into the partial message until it has `len` bytes; false where there are fewer.
    fn fill(&mut self, len: usize) -> bool {
        while let Some(chunk) = self.chunks.front_mut() {
            let missing = len.saturating_sub(self.partial.len());
            if missing == 0 {
                break;
            }
            let piece = chunk.split_to(missing.min(chunk.len()));
            self.partial.extend_from_slice(&piece);
            self.drop_empty_chunk();
        }
        self.partial.len() >= len
    }

    fn drop_empty_chunk(&mut self) {
        if self.chunks.front().is_some_and(Bytes::is_empty) {
            self.chunks.pop_front();
        }
    }
}

/// What a prelude says, checked.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    total: usize,
    headers: usize,
}

impl Lengths {
    /// `None` where a prelude is not whole yet.
    fn read(message: &[u8], max: usize) -> Result<Option<Self>, FrameError> {
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = message else { return Ok(None) };
        let total = u32::from_be_bytes([*a, *b, *c, *d]);
        let headers = u32::from_be_bytes([*e, *f, *g, *h]);
        let sum = u32::from_be_bytes([*i, *j, *k, *l]);
        let lengths = message.get(..8).unwrap_or_default();
        if crc::crc32(lengths) != sum {
            return Err(corrupt("the sum over a message's lengths is wrong"));
        }
        let (total, headers) = (to_usize(total), to_usize(headers));
        if total > max {
            return Err(FrameError::TooLarge { max });
        }
        let room = total.checked_sub(PRELUDE + TRAILER);
        if headers > HEADERS_MAX || room.is_none_or(|room| headers > room) {
            return Err(corrupt("a message's lengths contradict each other"));
        }
        Ok(Some(Self { total, headers }))
    }
}

fn to_usize(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// A whole message as a frame.
fn frame(raw: Bytes, lengths: Lengths) -> Result<Frame, FrameError> {
    let body_end = lengths.total.saturating_sub(TRAILER);
    let sum = raw.get(body_end..).and_then(|sum| <[u8; 4]>::try_from(sum).ok());
    let said = sum.map(u32::from_be_bytes);
    if Some(crc::crc32(raw.get(..body_end).unwrap_or_default())) != said {
        return Err(corrupt("the sum over a message is wrong"));
    }
    let headers_end = PRELUDE.saturating_add(lengths.headers);
    let said = headers::Said::read(&raw, PRELUDE..headers_end)?;
    let payload = raw.slice(headers_end..body_end);
    let (kind, event, data) = match said.message_type.as_deref() {
        // An error has no payload: its two headers are all of it.
        Some(b"error") => {
            let message = said.error_message.filter(|message| !message.is_empty());
            (FrameKind::Error, said.error_code, message.or(Some(payload)))
        }
        Some(b"exception") => (FrameKind::Exception, said.exception_type, Some(payload)),
        Some(_) | None => (FrameKind::Event, said.event_type, Some(payload)),
    };
    Ok(Frame { raw, kind, event: event.unwrap_or_default(), data })
}

fn corrupt(what: &'static str) -> FrameError {
    FrameError::Corrupt { what }
}

#[cfg(test)]
mod tests;
