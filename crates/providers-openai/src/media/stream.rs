//! The event streams of these endpoints: partial images, pieces of transcripts, pieces of audio.
//!
//! Their events carry their kind in `type`, and the last of each kind ends in `completed` or `done`.
//! Some servers end with `[DONE]` as well, and some with nothing else.

use tollgate_core_types::ChatEvent;
use tollgate_core_types::reply::{Finish, FinishReason};
use tollgate_providers_common::{DecodeError, Frame, StreamDecoder};

use super::answer::Answer;
use crate::error::in_band_or_unknown;
use crate::malformed::not_json;
use crate::wire;

/// Reads one stream.
#[derive(Debug, Default)]
pub(super) struct MediaStream {
    done: bool,
    ended: bool,
}

impl StreamDecoder for MediaStream {
    fn frame(&mut self, frame: &Frame, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        let Some(data) = frame.data.as_ref().filter(|_| !self.ended) else { return Ok(()) };
        if data.trim_ascii() == b"[DONE]" {
            self.done = true;
            self.ended = true;
            out.push(ChatEvent::End);
            return Ok(());
        }
        let event: Answer<'_> =
            wire::read(data).map_err(|error| not_json("an event", data, &error))?;
        let kind = event.kind.filled().unwrap_or_default();
        if event.error.0 || kind == "error" {
            out.push(ChatEvent::Error(in_band_or_unknown(data)));
            return Ok(());
        }
        let usage = event.usage();
        if !usage.is_empty() {
            out.push(ChatEvent::Usage(usage));
        }
        out.push(ChatEvent::Other { kind: "media" });
        // Further images may follow the first one; the end is the transport's, or `[DONE]`.
        if kind.ends_with(".completed") || kind.ends_with(".done") {
            self.done = true;
            out.push(ChatEvent::Finish(Finish::new(FinishReason::Stop)));
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        if !self.done {
            return Err(DecodeError::Truncated);
        }
        if !std::mem::replace(&mut self.ended, true) {
            out.push(ChatEvent::End);
        }
        Ok(())
    }
}
