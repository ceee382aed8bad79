//! A streamed answer for a client: the domain's events as the dialect's frames.
//!
//! The dialect has exactly one block open at a time and gives usage before its end. So the start is
//! held until there is content (usage may come first), what arrives while a tool call's arguments
//! are still open is held until they are whole, and the end is held until nothing can follow.
//! Tool arguments go out as the model wrote them, also where they are no valid JSON.

mod frames;
mod held;
mod progress;

use bytes::BytesMut;
use tollgate_core_types::reply::Finish;
use tollgate_core_types::{ChatEvent, Dialect, Usage};
use tollgate_providers_common::{RenderContext, StreamEncoder};

use super::render::{call_id, message_id, model_name};
use crate::foreign;
use frames::{Delta, Frames, Opened};
use held::{Held, Piece};
use progress::Progress;

pub(super) use frames::MESSAGE_STOP;

/// Writes one streamed answer.
#[derive(Debug)]
pub(super) struct Encoder {
    context: RenderContext,
    id: String,
    model: String,
    usage: Usage,
    finish: Option<Finish>,
    frames: Frames,
    open: Open,
    held: Held,
    calls: usize,
    refused: bool,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing written.
    Waiting,
    /// `message_start` written.
    Started,
    /// The last frame written.
    Over,
}

/// The one block that is open.
#[derive(Debug)]
enum Open {
    Nothing,
    Text,
    Thinking,
    /// A tool call, and how far its arguments are.
    Tool {
        call: usize,
        progress: Progress,
    },
}

impl StreamEncoder for Encoder {
    fn event(&mut self, event: &ChatEvent, out: &mut BytesMut) {
        if self.phase == Phase::Over {
            return;
        }
        match event {
            ChatEvent::Start { id, model, created: _ } => {
                self.id.clone_from(id);
                self.model.clone_from(model);
            }
            ChatEvent::Usage(usage) => self.usage.merge(usage),
            ChatEvent::Finish(finish) => {
                self.start(out);
                self.flush(true, out);
                self.finish = Some(finish.clone());
            }
            ChatEvent::End => self.end(out),
            // Neither has a form in this dialect: the caller reports the one as lost and writes
            // the other itself.
            ChatEvent::Other { .. } | ChatEvent::Error(_) => {}
            ChatEvent::ReasoningSignature { signature, issuer }
                if *issuer != Dialect::ANTHROPIC_MESSAGES =>
            {
                if let Some(tagged) = foreign::tagged(*issuer, signature) {
                    self.start(out);
                    self.content(Piece::Signature(&tagged), out);
                }
            }
            ChatEvent::Text(_)
            | ChatEvent::Reasoning(_)
            | ChatEvent::ReasoningSignature { .. }
            | ChatEvent::ReasoningRedacted { .. }
            | ChatEvent::Refusal(_)
            | ChatEvent::ToolCallStart { .. }
            | ChatEvent::ToolCallArguments { .. } => {
                if let Some(piece) = piece(event) {
                    self.start(out);
                    self.content(piece, out);
                }
            }
        }
    }
}

/// A content event as a piece of a block; `None` for what this dialect's clients are not given.
fn piece(event: &ChatEvent) -> Option<Piece<'_>> {
    let ours = |issuer: &Dialect| *issuer == Dialect::ANTHROPIC_MESSAGES;
    match event {
        ChatEvent::Text(text) => Some(Piece::Text { text, refusal: false }),
        ChatEvent::Refusal(text) => Some(Piece::Text { text, refusal: true }),
        ChatEvent::Reasoning(text) => Some(Piece::Thinking(text)),
        ChatEvent::ReasoningSignature { signature, issuer } if ours(issuer) => {
            Some(Piece::Signature(signature))
        }
        ChatEvent::ReasoningRedacted { data, issuer } if ours(issuer) => {
            Some(Piece::Redacted(data))
        }
        ChatEvent::ToolCallStart { index, id, name } => {
            Some(Piece::Call { call: *index, id, name })
        }
        ChatEvent::ToolCallArguments { index, fragment } => {
            Some(Piece::Arguments { call: *index, fragment })
        }
        ChatEvent::ReasoningSignature { .. }
        | ChatEvent::ReasoningRedacted { .. }
        | ChatEvent::Other { .. }
        | ChatEvent::Start { .. }
        | ChatEvent::Usage(_)
        | ChatEvent::Finish(_)
        | ChatEvent::End
        | ChatEvent::Error(_) => None,
    }
}

impl Encoder {
    /// An encoder for one answer.
    pub(super) fn new(context: RenderContext) -> Self {
        Self {
            context,
            id: String::new(),
            model: String::new(),
            usage: Usage::default(),
            finish: None,
            frames: Frames::default(),
            open: Open::Nothing,
            held: Held::default(),
            calls: 0,
            refused: false,
            phase: Phase::Waiting,
        }
    }

    fn start(&mut self, out: &mut BytesMut) {
        if self.phase == Phase::Waiting {
            self.phase = Phase::Started;
            let id = message_id(&self.id, &self.context);
            let model = model_name(&self.model, &self.context);
            self.frames.message_start(&id, model, &self.usage, out);
        }
    }

    /// Writes a piece, or holds it where it does not belong to the call that is being written.
    fn content(&mut self, piece: Piece<'_>, out: &mut BytesMut) {
        let other = match (&self.open, &piece) {
            (Open::Tool { call, .. }, Piece::Arguments { call: of, .. }) => call != of,
            (Open::Tool { progress, .. }, _) => !progress.is_whole(),
            (Open::Nothing | Open::Text | Open::Thinking, _) => false,
        };
        if !other {
            self.write(piece, out);
        } else if self.held.push(piece).is_err() {
            self.fail(out);
            return;
        }
        self.flush(false, out);
    }

    /// Writes what is held, as far as the open call's arguments are whole; all of it where
    /// `everything` is asked for.
    fn flush(&mut self, everything: bool, out: &mut BytesMut) {
        loop {
            if let Open::Tool { progress, .. } = &self.open
                && !progress.is_whole()
                && !everything
            {
                return;
            }
            let Some(block) = self.held.pop() else { return };
            for piece in block.pieces() {
                self.write(piece, out);
            }
        }
    }

    /// Writes a piece into the open block where it fits, into a new one where not.
    fn write(&mut self, piece: Piece<'_>, out: &mut BytesMut) {
        match piece {
            Piece::Text { text, refusal } => {
                self.refused |= refusal;
                if !text.is_empty() {
                    self.ensure(&Opened::Text { text: "" }, out);
                    self.frames.delta(&Delta::Text { text }, out);
                }
            }
            Piece::Thinking(thinking) => {
                if !thinking.is_empty() {
                    self.ensure(&Opened::THINKING, out);
                    self.frames.delta(&Delta::Thinking { thinking }, out);
                }
            }
            Piece::Signature(signature) => {
                self.ensure(&Opened::THINKING, out);
                self.frames.delta(&Delta::Signature { signature }, out);
                // A signature covers all of its block: nothing may follow in it.
                self.close(out);
            }
            Piece::Redacted(data) => {
                self.close(out);
                self.frames.open(&Opened::RedactedThinking { data }, out);
                self.frames.close(out);
            }
            Piece::Call { call, id, name } => {
                self.close(out);
                let id = call_id(id, self.calls, &self.context);
                self.frames.open(&Opened::tool_use(&id, name), out);
                self.calls += 1;
                self.open = Open::Tool { call, progress: Progress::default() };
            }
            Piece::Arguments { call, fragment } => self.arguments(call, fragment, out),
        }
    }

    /// Arguments of a call that is not open belong to none that can still be written.
    fn arguments(&mut self, of: usize, fragment: &str, out: &mut BytesMut) {
        if let Open::Tool { call, progress } = &mut self.open
            && *call == of
            && !fragment.is_empty()
        {
            progress.push(fragment);
            self.frames.delta(&Delta::InputJson { partial_json: fragment }, out);
        }
    }

    /// Opens a block of text or thinking unless one of its kind is open.
    fn ensure(&mut self, block: &Opened<'_>, out: &mut BytesMut) {
        let wanted = match block {
            Opened::Thinking { .. } => Open::Thinking,
            Opened::Text { .. } | Opened::RedactedThinking { .. } | Opened::ToolUse { .. } => {
                Open::Text
            }
        };
        if std::mem::discriminant(&wanted) != std::mem::discriminant(&self.open) {
            self.close(out);
            self.frames.open(block, out);
            self.open = wanted;
        }
    }

    fn close(&mut self, out: &mut BytesMut) {
        if !matches!(std::mem::replace(&mut self.open, Open::Nothing), Open::Nothing) {
            self.frames.close(out);
        }
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.start(out);
        self.flush(true, out);
        self.close(out);
        let said = (self.calls > 0, self.refused);
        self.frames.message_end(self.finish.as_ref(), said, &self.usage, out);
        self.phase = Phase::Over;
    }

    /// More was held than may be: the answer cannot be written in this dialect.
    fn fail(&mut self, out: &mut BytesMut) {
        self.held = Held::default();
        self.phase = Phase::Over;
        frames::error("tool calls that interleave are too large", &self.context.request_id, out);
    }
}

#[cfg(test)]
mod tests;
