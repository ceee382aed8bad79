//! Server-sent events, byte by byte: the WHATWG grammar as an incremental framer without I/O.
//!
//! Written here because the data path needs three things that no crate has together: zero copies on
//! the verbatim path, a bound on a frame's size, and raw bytes beside the parsed fields.
//!
//! The frames are a function of the byte stream alone: however it is cut into chunks, the same
//! frames come out, and their raw bytes joined are the stream (but for blank lines at its end). It
//! never decodes text, never looks into `data`, and never reads a byte twice to find a frame's end.

mod boundary;
mod fields;

use bytes::{Buf, Bytes};
use std::collections::VecDeque;

use boundary::Boundary;

/// One event-stream unit: its bytes, for server-sent events up to and including the blank line, and
/// what they say. Of a binary message `event` is its type and `data` its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The frame's bytes as they came, line ends and comments included. Blank lines before a frame
    /// belong to it.
    pub raw: Bytes,
    /// What the framing itself says of the frame.
    pub kind: FrameKind,
    /// The `event:` field, empty where there is none.
    pub event: Bytes,
    /// The `data:` lines joined by `\n`; `None` for a frame without such a line, for example one of
    /// comments alone.
    pub data: Option<Bytes>,
}

impl Frame {
    /// Bytes that say nothing but themselves.
    pub(crate) fn bytes(raw: Bytes) -> Self {
        Self { raw, kind: FrameKind::Event, event: Bytes::new(), data: None }
    }
}

/// What a framing that knows kinds says of a frame. Server-sent events are all [`Self::Event`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FrameKind {
    /// Part of the answer.
    #[default]
    Event,
    /// A failure that the vendor's model of errors knows; `event` is its type.
    Exception,
    /// A failure without a model; `event` is its code and `data` its message.
    Error,
}

/// A stream that is no event stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// One frame is larger than the framer's bound.
    #[error("an event of the stream is larger than {max} bytes")]
    TooLarge {
        /// The bound, in bytes.
        max: usize,
    },
    /// A binary message is not what its own sums and lengths say.
    #[error("the event stream is corrupt: {what}")]
    Corrupt {
        /// What is wrong.
        what: &'static str,
    },
}

/// Cuts a byte stream into frames. Chunks may be cut anywhere, also inside a character or CRLF.
///
/// Push a chunk, then take frames until there is none. A frame that lies within one chunk is a
/// slice of it; only a frame that crosses a chunk's border is copied, once. Memory stays below the
/// bound plus the chunks pushed and not yet taken.
#[derive(Debug)]
pub struct SseFramer {
    max: usize,
    /// Chunks not yet searched, oldest first; the first one may be partly taken.
    chunks: VecDeque<Bytes>,
    /// The start of a frame whose end has not come; all of it has been searched.
    partial: Vec<u8>,
    boundary: Boundary,
    /// Whether no frame has been given, so that a byte order mark may stand at its start.
    first: bool,
    broken: bool,
}

impl SseFramer {
    /// The bound used where nothing else is configured: 16 MiB.
    pub const DEFAULT_MAX: usize = 16 << 20;

    /// A framer that refuses frames of more than `max` bytes, line ends included.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self {
            max,
            chunks: VecDeque::new(),
            partial: Vec::new(),
            boundary: Boundary::default(),
            first: true,
            broken: false,
        }
    }

    /// Takes the next chunk.
    pub fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() && !self.broken {
            self.chunks.push_back(chunk);
        }
    }

    /// The next whole frame; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`], after which the stream cannot be read on: every further call says
    /// the same and nothing is kept.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        if self.broken {
            return Err(FrameError::TooLarge { max: self.max });
        }
        while let Some(chunk) = self.chunks.front_mut() {
            let end = self.boundary.find(chunk);
            let taken = end.unwrap_or(chunk.len());
            if self.partial.len().saturating_add(taken) > self.max {
                return Err(self.give_up());
            }
            if end.is_some() && self.partial.is_empty() {
                let raw = chunk.split_to(taken);
                self.drop_empty_chunk();
                return Ok(Some(self.frame(raw)));
            }
            append(&mut self.partial, chunk.get(..taken).unwrap_or_default(), self.max);
            chunk.advance(taken);
            self.drop_empty_chunk();
            if end.is_some() {
                let raw = Bytes::from(std::mem::take(&mut self.partial));
                return Ok(Some(self.frame(raw)));
            }
        }
        Ok(None)
    }

    /// What is left when the transport ended, as a last frame: vendors leave out the final blank
    /// line. `None` where nothing but blank lines and comments is left.
    ///
    /// Whole frames that were not yet taken come first, so that calling it until `None` loses none.
    pub fn finish(&mut self) -> Option<Frame> {
        if let Some(frame) = self.next_frame().ok()? {
            return Some(frame);
        }
        let raw = Bytes::from(std::mem::take(&mut self.partial));
        self.boundary = Boundary::default();
        fields::any(&raw, self.first).then(|| self.frame(raw))
    }

    fn frame(&mut self, raw: Bytes) -> Frame {
        fields::read(raw, std::mem::take(&mut self.first))
    }

    fn drop_empty_chunk(&mut self) {
        if self.chunks.front().is_some_and(Bytes::is_empty) {
            self.chunks.pop_front();
        }
    }

    fn give_up(&mut self) -> FrameError {
        self.broken = true;
        self.chunks = VecDeque::new();
        self.partial = Vec::new();
        FrameError::TooLarge { max: self.max }
    }
}

/// Appends with doubling capacity, but never reserves more than `max`, which `Vec` alone would.
fn append(partial: &mut Vec<u8>, bytes: &[u8], max: usize) {
    let needed = partial.len().saturating_add(bytes.len());
    if needed > partial.capacity() {
        let doubled = partial.capacity().saturating_mul(2).min(max);
        partial.reserve_exact(doubled.max(needed).saturating_sub(partial.len()));
    }
    partial.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests;
