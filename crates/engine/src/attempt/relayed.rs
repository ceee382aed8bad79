//! Answers that are no JSON and no events: audio, plain text. Relayed as they come.

use http::response::Parts;
use http::{HeaderValue, header};
use std::time::Instant;
use tollgate_core_types::{ChatEvent, UpstreamError};
use tollgate_providers_common::{ByteStream, DecodeError, Frame, Framing, StreamDecoder};

use super::{Content, Relayed, read};
use crate::stream::{Path, Pump};

/// What bytes are whose vendor does not say it.
const UNKNOWN: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Reads up to the first bytes.
pub(super) async fn content(
    head: &Parts,
    body: ByteStream,
    until: Instant,
) -> Result<Content, UpstreamError> {
    let content_type = head.headers.get(header::CONTENT_TYPE).cloned().unwrap_or(UNKNOWN);
    let length = head.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let relayed = Relayed { content_type, length: length.and_then(|length| length.parse().ok()) };
    let pump = Pump::new(Box::new(Raw), Path::Verbatim { hide_usage: false, terminator: None });
    let read = read::first(body, pump, until).await?;
    Ok(match read {
        Content::Stream { upstream, pump, .. } => {
            Content::Stream { upstream, pump, bytes: Some(relayed) }
        }
        Content::Whole { .. } => read,
    })
}

/// Bytes whose end is the transport's.
struct Raw;

impl StreamDecoder for Raw {
    fn framing(&self) -> Framing {
        Framing::Chunks
    }

    fn frame(&mut self, _: &Frame, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        out.push(ChatEvent::Other { kind: "bytes" });
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        out.push(ChatEvent::End);
        Ok(())
    }
}
