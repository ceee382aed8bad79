//! A streamed answer: the vendor's events into the domain's.
//!
//! Events are told apart by the JSON's own `type`, by the frame's `event:` line where that is
//! missing. What is unknown is let through: unknown events are skipped, unknown content counts as
//! content. The end is never invented: without `message_stop` or a stop reason the answer is
//! truncated.

mod blocks;

use tollgate_core_types::ChatEvent;
use tollgate_providers_common::{DecodeError, Frame, StreamDecoder};

use crate::error;
use crate::stop::{self, Said};
use crate::usage::Counted;
use crate::wire::Str;
use crate::wire::answer::{Counts, Delta, Event, EventKind, Started, malformed, read};
use blocks::Blocks;

/// Reads one streamed answer.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    phase: Phase,
    counted: Counted,
    blocks: Blocks,
}

/// How far the answer is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing but keep-alives.
    #[default]
    Waiting,
    /// The start was given.
    Open,
    /// The finish was given.
    Finished,
    /// The end or an error was given; nothing follows.
    Over,
}

impl StreamDecoder for Decoder {
    fn frame(&mut self, frame: &Frame, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        let Some(data) = frame.data.as_deref() else { return Ok(()) };
        if self.phase == Phase::Over || data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        match read::<Event<'_>>(data) {
            Ok(event) => self.event(event, frame, out),
            Err(problem) => self.unreadable(&problem, frame, out),
        }
    }

    fn end(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        match self.phase {
            Phase::Waiting | Phase::Open => Err(DecodeError::Truncated),
            Phase::Finished => {
                self.over(ChatEvent::End, out);
                Ok(())
            }
            Phase::Over => Ok(()),
        }
    }
}

impl Decoder {
    fn event(
        &mut self,
        event: Event<'_>,
        frame: &Frame,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        let Event { kind, message, index, content_block, delta, usage, error } = event;
        let kind = kind.as_deref().unwrap_or_else(|| event_line(frame));
        match kind {
            // Behind its finish an answer has no more content.
            _ if self.phase == Phase::Finished && kind.starts_with("content_block") => {}
            "message_start" => self.start(message.unwrap_or_default(), out),
            "content_block_start" => {
                let block = content_block.ok_or_else(|| lacks(kind, "content_block"))?;
                self.open(out);
                self.blocks.start(index.unwrap_or(0), block, out)?;
            }
            "content_block_delta" => {
                let delta = delta.ok_or_else(|| lacks(kind, "delta"))?;
                self.open(out);
                self.blocks.delta(index.unwrap_or(0), delta, out)?;
            }
            "content_block_stop" => self.blocks.stop(index.unwrap_or(0), out),
            "message_delta" => self.delta(delta.unwrap_or_default(), usage, out),
            "message_stop" => {
                self.finish(&Delta::default(), out);
                self.over(ChatEvent::End, out);
            }
            "error" => self.failed(error, frame, out),
            _ if error.is_some() => self.failed(error, frame, out),
            _ => {}
        }
        Ok(())
    }

    /// A frame that does not read as an event: an error in words, an unknown event that uses a
    /// known field for something else, or garbage.
    fn unreadable(
        &mut self,
        problem: &serde_json::Error,
        frame: &Frame,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        let data = frame.data.as_deref().unwrap_or_default();
        let said = serde_json::from_slice::<EventKind<'_>>(data).ok().and_then(|event| event.kind);
        let kind = said.as_deref().unwrap_or_else(|| event_line(frame));
        if kind == "error" {
            self.failed(None, frame, out);
            return Ok(());
        }
        if problem.is_data() && !KNOWN.contains(&kind) {
            return Ok(());
        }
        Err(malformed(&format!("an event that cannot be read: {problem}")))
    }

    fn start(&mut self, message: Started<'_>, out: &mut Vec<ChatEvent>) {
        let Started { id, model, usage } = message;
        if self.phase == Phase::Waiting {
            self.phase = Phase::Open;
            out.push(ChatEvent::Start {
                id: id.map(Str::into_owned).unwrap_or_default(),
                model: model.map(Str::into_owned).unwrap_or_default(),
                created: None,
            });
        }
        self.usage(usage, out);
    }

    /// Gives the start where the vendor left it out.
    fn open(&mut self, out: &mut Vec<ChatEvent>) {
        if self.phase == Phase::Waiting {
            self.start(Started::default(), out);
        }
    }

    fn usage(&mut self, usage: Option<Counts<'_>>, out: &mut Vec<ChatEvent>) {
        let before = self.counted;
        if let Some(usage) = usage {
            self.counted.merge(&usage);
        }
        if self.counted != before {
            out.push(ChatEvent::Usage(self.counted.usage()));
        }
    }

    fn delta(&mut self, delta: Delta<'_>, usage: Option<Counts<'_>>, out: &mut Vec<ChatEvent>) {
        self.open(out);
        self.usage(usage, out);
        if delta.stop_reason.is_some() {
            self.finish(&delta, out);
        }
    }

    /// Gives the finish, once, after whatever open tools still owe.
    fn finish(&mut self, delta: &Delta<'_>, out: &mut Vec<ChatEvent>) {
        self.open(out);
        if self.phase != Phase::Open {
            return;
        }
        self.phase = Phase::Finished;
        self.blocks.close(out);
        let tools = self.blocks.tools();
        out.push(ChatEvent::Finish(stop::finish(Said {
            reason: delta.stop_reason.as_deref(),
            sequence: delta.stop_sequence.as_deref(),
            category: delta.stop_details.as_ref().and_then(|details| details.category.as_deref()),
            calls_tools: tools.client,
            only_json_tool: tools.only_json(),
        })));
    }

    fn failed(
        &mut self,
        error: Option<&serde_json::value::RawValue>,
        frame: &Frame,
        out: &mut Vec<ChatEvent>,
    ) {
        let error = match error {
            Some(object) if object.get().starts_with('{') => error::in_band(object),
            Some(_) | None => error::in_band_bytes(frame.data.as_deref().unwrap_or_default()),
        };
        self.over(ChatEvent::Error(error), out);
    }

    fn over(&mut self, last: ChatEvent, out: &mut Vec<ChatEvent>) {
        self.phase = Phase::Over;
        out.push(last);
    }
}

/// The events whose fields must read.
const KNOWN: [&str; 6] = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
];

fn event_line(frame: &Frame) -> &str {
    std::str::from_utf8(&frame.event).unwrap_or_default()
}

fn lacks(event: &str, field: &str) -> DecodeError {
    malformed(&format!("`{field}` is missing in `{event}`"))
}

#[cfg(test)]
mod tests;
