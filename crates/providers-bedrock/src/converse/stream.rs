//! A streamed answer: the vendor's messages into the domain's events.
//!
//! Blocks of text and reasoning have no start of their own. Usage comes behind the finish, and ends
//! the stream; where the transport ends between the two, the answer is whole all the same. What is
//! unknown is let through: unknown events are skipped, unknown content counts as content.

use std::borrow::Cow;
use tollgate_core_types::{ChatEvent, Dialect};
use tollgate_providers_common::{DecodeError, Frame, FrameKind, Framing, StreamDecoder};

use super::JSON_TOOL;
use crate::error;
use crate::stop;
use crate::wire::answer::{
    BlockDelta, BlockStart, BlockStop, Delta, MessageStop, Metadata, ReasoningDelta, ToolUse, read,
};

/// Reads one streamed answer.
#[derive(Debug)]
pub(super) struct Decoder {
    issuer: Dialect,
    phase: Phase,
    /// The tool calls that are open, by the vendor's index of their blocks.
    open: Vec<Call>,
    /// Calls of the client's tools so far.
    calls: usize,
    /// Whether the tool that carries structured output was called.
    json: bool,
}

/// How far the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Open,
    Finished,
    /// The end or a failure was given; nothing follows.
    Over,
}

/// A tool call whose block is open.
#[derive(Debug)]
struct Call {
    block: u64,
    /// Which call of the answer; `None` for structured output, and for what the vendor runs itself.
    index: Option<usize>,
    json: bool,
    has_arguments: bool,
}

impl Decoder {
    pub(super) fn new(issuer: Dialect) -> Self {
        Self { issuer, phase: Phase::Waiting, open: Vec::new(), calls: 0, json: false }
    }

    /// Gives the start, where it was not given: a stream is read also without its first message.
    fn open(&mut self, out: &mut Vec<ChatEvent>) {
        if self.phase == Phase::Waiting {
            self.phase = Phase::Open;
            out.push(ChatEvent::Start { id: String::new(), model: String::new(), created: None });
        }
    }

    fn event(&mut self, frame: &Frame, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        let data = frame.data.as_deref().unwrap_or_default();
        match (&*frame.event, self.phase) {
            (_, Phase::Over) => {}
            (b"messageStart", _) => self.open(out),
            (b"contentBlockStart", Phase::Waiting | Phase::Open) => {
                let start: BlockStart<'_> = read(data, "contentBlockStart")?;
                self.open(out);
                self.start(start, out);
            }
            (b"contentBlockDelta", Phase::Waiting | Phase::Open) => {
                let delta: BlockDelta<'_> = read(data, "contentBlockDelta")?;
                self.open(out);
                if let Some(added) = delta.delta {
                    self.delta(delta.content_block_index, added, out);
                }
            }
            (b"contentBlockStop", Phase::Waiting | Phase::Open) => {
                let stop: BlockStop = read(data, "contentBlockStop")?;
                self.close(|call| call.block == stop.content_block_index, out);
            }
            (b"messageStop", Phase::Waiting | Phase::Open) => {
                let stop: MessageStop<'_> = read(data, "messageStop")?;
                self.open(out);
                self.close(|_| true, out);
                let only_json = self.json && self.calls == 0;
                let reason = stop.stop_reason.as_deref();
                out.push(ChatEvent::Finish(stop::finish(reason, self.calls > 0, only_json)));
                self.phase = Phase::Finished;
            }
            (b"metadata", Phase::Waiting | Phase::Open | Phase::Finished) => {
                let metadata: Metadata<'_> = read(data, "metadata")?;
                self.open(out);
                let tier = metadata.service_tier.as_ref();
                out.extend(metadata.usage.map(|counts| ChatEvent::Usage(counts.usage(tier))));
                if self.phase == Phase::Finished {
                    self.phase = Phase::Over;
                    out.push(ChatEvent::End);
                }
            }
            (_, Phase::Waiting | Phase::Open | Phase::Finished) => {}
        }
        Ok(())
    }

    fn start(&mut self, start: BlockStart<'_>, out: &mut Vec<ChatEvent>) {
        let BlockStart { content_block_index: block, start } = start;
        let Some(start) = start else { return };
        let Some(ToolUse { tool_use_id, name, input: _, kind }) = start.tool_use else {
            out.push(ChatEvent::Other { kind: "block" });
            return;
        };
        let name = name.map(Cow::into_owned).unwrap_or_default();
        let (json, foreign) = (name == JSON_TOOL, kind.is_some());
        let mut call = Call { block, index: None, json, has_arguments: false };
        if foreign {
            out.push(ChatEvent::Other { kind: "server_tool_use" });
        } else if json {
            self.json = true;
        } else {
            let index = self.calls;
            self.calls += 1;
            call.index = Some(index);
            let id = tool_use_id.map(Cow::into_owned).unwrap_or_default();
            out.push(ChatEvent::ToolCallStart { index, id, name });
        }
        self.open.push(call);
    }

    fn delta(&mut self, block: u64, delta: Delta<'_>, out: &mut Vec<ChatEvent>) {
        let Delta { text, tool_use, reasoning_content, citation } = delta;
        let known = text.is_some()
            || tool_use.is_some()
            || reasoning_content.is_some()
            // The text that it belongs to was given.
            || citation.is_some();
        if !known {
            out.push(ChatEvent::Other { kind: "delta" });
        }
        piece(text, ChatEvent::Text, out);
        if let Some(input) = tool_use.and_then(|call| call.input).filter(|input| !input.is_empty())
        {
            let Some(call) = self.open.iter_mut().find(|call| call.block == block) else { return };
            call.has_arguments = true;
            out.extend(arguments(call, input.into_owned()));
        }
        if let Some(ReasoningDelta { text, signature, redacted_content }) = reasoning_content {
            let issuer = self.issuer;
            piece(text, ChatEvent::Reasoning, out);
            let signed = |signature| ChatEvent::ReasoningSignature { signature, issuer };
            piece(signature, signed, out);
            let sealed = |data| ChatEvent::ReasoningRedacted { data, issuer };
            piece(redacted_content, sealed, out);
        }
    }

    /// Closes calls, and gives those without arguments an empty object.
    fn close(&mut self, which: impl Fn(&Call) -> bool, out: &mut Vec<ChatEvent>) {
        for call in self.open.extract_if(.., |call| which(call)) {
            if !call.has_arguments {
                out.extend(arguments(&call, "{}".to_owned()));
            }
        }
    }
}

fn arguments(call: &Call, fragment: String) -> Option<ChatEvent> {
    match call.index {
        Some(index) => Some(ChatEvent::ToolCallArguments { index, fragment }),
        None => call.json.then_some(ChatEvent::Text(fragment)),
    }
}

fn piece(
    text: Option<Cow<'_, str>>,
    event: impl FnOnce(String) -> ChatEvent,
    out: &mut Vec<ChatEvent>,
) {
    out.extend(text.filter(|text| !text.is_empty()).map(|text| event(text.into_owned())));
}

impl StreamDecoder for Decoder {
    fn framing(&self) -> Framing {
        Framing::EventStream
    }

    fn frame(&mut self, frame: &Frame, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        match frame.kind {
            FrameKind::Event => self.event(frame, out),
            FrameKind::Exception | FrameKind::Error if self.phase == Phase::Over => Ok(()),
            FrameKind::Exception | FrameKind::Error => {
                self.phase = Phase::Over;
                out.push(ChatEvent::Error(error::in_stream(frame)));
                Ok(())
            }
        }
    }

    fn end(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        match self.phase {
            Phase::Waiting | Phase::Open => Err(DecodeError::Truncated),
            Phase::Finished => {
                self.phase = Phase::Over;
                out.push(ChatEvent::End);
                Ok(())
            }
            Phase::Over => Ok(()),
        }
    }
}
