//! A streamed invocation: binary messages around the dialect's own events.
//!
//! Each message of type `chunk` holds one event as base64. It is unwrapped, read by the dialect's
//! own decoder, and told to clients as the server-sent event that Anthropic itself would send.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use std::borrow::Cow;
use tollgate_core_types::ChatEvent;
use tollgate_providers_common::{DecodeError, Frame, FrameKind, Framing, StreamDecoder};

use crate::error;
use crate::wire::answer::{malformed, read};

/// Unwraps events and has them read.
pub(super) struct Decoder {
    inner: Box<dyn StreamDecoder>,
    /// The last event, as a server-sent one.
    event: Bytes,
    failed: bool,
}

impl Decoder {
    pub(super) fn new(inner: Box<dyn StreamDecoder>) -> Self {
        Self { inner, event: Bytes::new(), failed: false }
    }
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    bytes: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
}

/// The event within a message.
fn unwrapped(frame: &Frame) -> Result<Frame, DecodeError> {
    let chunk: Chunk<'_> = read(frame.data.as_deref().unwrap_or_default(), "chunk")?;
    let text = chunk.bytes.ok_or_else(|| malformed("`bytes` is missing in a chunk"))?;
    let json = STANDARD
        .decode(text.as_bytes())
        .map_err(|_| malformed("`bytes` of a chunk is not base64"))?;
    let kind: Kind<'_> = read(&json, "an event of a chunk")?;
    let name = kind.kind.as_deref().unwrap_or_default();
    if json.iter().chain(name.as_bytes()).any(|byte| matches!(byte, b'\n' | b'\r')) {
        return Err(malformed("an event of a chunk has line ends"));
    }
    let mut raw = BytesMut::with_capacity(json.len() + name.len() + 24);
    raw.extend_from_slice(b"event: ");
    raw.extend_from_slice(name.as_bytes());
    raw.extend_from_slice(b"\ndata: ");
    let from = raw.len();
    raw.extend_from_slice(&json);
    let to = raw.len();
    raw.extend_from_slice(b"\n\n");
    let raw = raw.freeze();
    let event = Bytes::copy_from_slice(name.as_bytes());
    Ok(Frame { kind: FrameKind::Event, event, data: Some(raw.slice(from..to)), raw })
}

impl StreamDecoder for Decoder {
    fn framing(&self) -> Framing {
        Framing::EventStream
    }

    fn frame(&mut self, frame: &Frame, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        self.event = Bytes::new();
        match frame.kind {
            _ if self.failed => Ok(()),
            FrameKind::Event if &*frame.event == b"chunk" => {
                let event = unwrapped(frame)?;
                self.inner.frame(&event, out)?;
                self.event = event.raw;
                Ok(())
            }
            // Of no type that is known: nothing for anybody.
            FrameKind::Event => Ok(()),
            FrameKind::Exception | FrameKind::Error => {
                self.failed = true;
                out.push(ChatEvent::Error(error::in_stream(frame)));
                Ok(())
            }
        }
    }

    fn relayed(&mut self, _: Frame) -> Bytes {
        std::mem::take(&mut self.event)
    }

    fn end(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        if self.failed { Ok(()) } else { self.inner.end(out) }
    }
}
