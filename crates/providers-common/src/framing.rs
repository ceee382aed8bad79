//! The one seam between chunks and frames: a dialect's stream is cut as its decoder says.
//!
//! It exists so that whoever reads streams (the gateway's pump, the conformance kit) needs to know
//! no framing. An enum and no trait object: the set is small, and a frame costs no virtual call.

use bytes::Bytes;
use std::collections::VecDeque;

use crate::eventstream::EventStreamFramer;
use crate::sse::{Frame, FrameError, SseFramer};

/// How the streams of a dialect are cut into frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    #[default]
    Sse,
    /// AWS's binary messages, `application/vnd.amazon.eventstream`.
    EventStream,
    /// None: bytes of any kind, of which every chunk is a frame. Alone in that its frames follow from
    /// the cuts.
    Chunks,
}

impl Framing {
    /// A framer that refuses frames of more than `max` bytes.
    #[must_use]
    pub fn framer(self, max: usize) -> Framer {
        match self {
            Self::Sse => Framer::Sse(SseFramer::new(max)),
            Self::EventStream => Framer::EventStream(EventStreamFramer::new(max)),
            Self::Chunks => Framer::Chunks(VecDeque::new()),
        }
    }
}

/// Cuts a byte stream into frames, whatever its framing. However it is cut into chunks, the same
/// frames come out.
#[derive(Debug)]
pub enum Framer {
    /// Server-sent events.
    Sse(SseFramer),
    /// AWS's binary messages.
    EventStream(EventStreamFramer),
    /// Bytes of any kind.
    Chunks(VecDeque<Bytes>),
}

impl Framer {
    /// The bound used where nothing else is configured: 16 MiB.
    pub const DEFAULT_MAX: usize = SseFramer::DEFAULT_MAX;

    /// Takes the next chunk.
    pub fn push(&mut self, chunk: Bytes) {
        match self {
            Self::Sse(framer) => framer.push(chunk),
            Self::EventStream(framer) => framer.push(chunk),
            Self::Chunks(chunks) => chunks.push_back(chunk),
        }
    }

    /// The next whole frame; `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the stream cannot be read on; every further call says the same.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        match self {
            Self::Sse(framer) => framer.next_frame(),
            Self::EventStream(framer) => framer.next_frame(),
            Self::Chunks(chunks) => Ok(chunks.pop_front().map(Frame::bytes)),
        }
    }

    /// What is left when the transport ended, as a last frame. A binary message says its own length,
    /// so that a part of one is never a frame.
    pub fn finish(&mut self) -> Option<Frame> {
        match self {
            Self::Sse(framer) => framer.finish(),
            Self::EventStream(framer) => framer.next_frame().ok().flatten(),
            Self::Chunks(chunks) => chunks.pop_front().map(Frame::bytes),
        }
    }
}
