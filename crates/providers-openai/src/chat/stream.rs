//! A vendor's stream as domain events, for chat and for text completions.
//!
//! One value reads one answer. Servers differ wildly in what a chunk looks like, so almost
//! everything is tolerated; what is never tolerated is an end that nobody announced: a stream
//! without a finish is truncated, and nothing here invents one, except for a server that says
//! `[DONE]` after content without having given a reason. It never buffers content.

mod calls;
mod quick;

use tollgate_core_types::ChatEvent;
use tollgate_core_types::reply::Finish;
use tollgate_providers_common::{DecodeError, Frame, StreamDecoder};

use super::finish::{self, Ended};
use crate::error::{in_band, in_band_or_unknown};
use crate::malformed::{malformed, not_json};
use crate::wire::{self, Answer, Choice, Content, Said, Text, usage_as};
use calls::Calls;
use quick::Piece;

/// Choices tracked: OpenAI's own bound of `n`.
const CHOICES_MAX: u64 = 128;

/// Reads the frames of one answer.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    phase: Phase,
    /// The vendor's id of the answer, for tool calls without an id.
    id: String,
    calls: Calls,
    /// One bit per choice that was met, and per choice that finished.
    seen: u128,
    finished: u128,
    /// The finish of choice 0, held until every choice has finished and no content comes with it.
    finish: Option<Finish>,
    /// Whether reasoning is counted beside the output.
    beside: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing of an answer came yet.
    #[default]
    Waiting,
    /// The answer began.
    Started,
    /// The finish was said; only usage may follow.
    Finished,
    /// The end or an error was said; what follows is ignored.
    Over,
}

impl StreamDecoder for Decoder {
    fn frame(&mut self, frame: &Frame, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        let Some(data) = frame.data.as_deref().filter(|_| self.phase != Phase::Over) else {
            return Ok(());
        };
        let data = data.trim_ascii();
        if data == b"[DONE]" {
            return self.done(out);
        }
        if frame.event.as_ref() == b"error" {
            self.fail(data, out);
            return Ok(());
        }
        if data.is_empty() || self.piece(data, out) {
            return Ok(());
        }
        let chunk: Answer<'_> =
            wire::read(data).map_err(|error| not_json("a chunk of a stream", data, &error))?;
        self.chunk(&chunk, data, out)
    }

    fn end(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        if self.phase == Phase::Over {
            return Ok(());
        }
        if self.finish.is_none() || self.seen != self.finished {
            return Err(DecodeError::Truncated);
        }
        self.say_finish(out);
        self.over(out);
        Ok(())
    }
}

impl Decoder {
    /// A decoder for a server that counts reasoning `beside` the output, or within it.
    pub(crate) fn counting(beside: bool) -> Self {
        Self { beside, ..Self::default() }
    }

    /// Reads a chunk that only brings more text to the one choice of an answer that began; false
    /// where it is another.
    fn piece(&mut self, data: &[u8], out: &mut Vec<ChatEvent>) -> bool {
        if self.phase != Phase::Started || self.seen != 1 {
            return false;
        }
        let Some(Piece { reasoning, text }) = quick::read(data) else { return false };
        out.extend(reasoning.map(|text| ChatEvent::Reasoning(text.into_owned())));
        out.extend(text.map(|text| ChatEvent::Text(text.into_owned())));
        true
    }

    fn chunk(
        &mut self,
        chunk: &Answer<'_>,
        data: &[u8],
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        let choices = chunk.choices.as_deref().unwrap_or_default();
        if chunk.error.0 || choices.iter().any(|choice| choice.error.0) {
            self.fail(data, out);
            return Ok(());
        }
        let usage = usage_as(chunk, self.beside);
        if chunk.choices.is_none() && usage.is_empty() {
            // An error in another envelope, or a vendor's own notice.
            if in_band(data).is_some() {
                self.fail(data, out);
            }
            return Ok(());
        }
        if !choices.is_empty() || !usage.is_empty() {
            self.start(chunk, out);
        }
        for choice in choices {
            self.choice(choice, out)?;
            if self.phase == Phase::Over {
                return Ok(());
            }
        }
        // Some say `stop` in every chunk: a finish beside content is held until none comes.
        let content = choices.iter().any(says_something);
        if !usage.is_empty() {
            out.push(ChatEvent::Usage(usage));
        }
        if !content && self.seen == self.finished {
            self.say_finish(out);
        }
        Ok(())
    }

    fn start(&mut self, chunk: &Answer<'_>, out: &mut Vec<ChatEvent>) {
        if self.phase != Phase::Waiting {
            return;
        }
        self.phase = Phase::Started;
        chunk.id.or_empty().clone_into(&mut self.id);
        out.push(ChatEvent::Start {
            id: self.id.clone(),
            model: chunk.model.or_empty().to_owned(),
            created: chunk.created.0,
        });
    }

    fn choice(&mut self, choice: &Choice<'_>, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        let index = choice.index.0.unwrap_or(0);
        if index >= CHOICES_MAX {
            return Err(malformed(format!("more than {CHOICES_MAX} choices")));
        }
        let bit = 1_u128 << index;
        self.seen |= bit;
        let before = out.len();
        if index == 0 {
            self.content(choice, out)?;
        } else if says_something(choice) {
            out.push(ChatEvent::Other { kind: "choice" });
        }
        if self.phase == Phase::Finished && out.len() > before {
            out.truncate(before);
            return Err(malformed("content after the answer's finish"));
        }
        match finish::read(&choice.finish_reason, self.calls.any()) {
            Ended::Not => {}
            Ended::With(finish) => {
                self.finished |= bit;
                if index == 0 {
                    self.finish = Some(finish);
                }
                if self.phase == Phase::Started && (index > 0 || self.seen != self.finished) {
                    // The chunk says something that no event can: it is not one of usage alone.
                    out.push(ChatEvent::Other { kind: "finish" });
                }
            }
            Ended::Failed(error) => {
                self.phase = Phase::Over;
                out.push(ChatEvent::Error(error));
            }
        }
        Ok(())
    }

    fn content(
        &mut self,
        choice: &Choice<'_>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        push_text(&choice.text, out);
        // A whole message instead of a piece comes from servers that do not really stream.
        let Some(said) = choice.delta.as_ref().or(choice.message.as_ref()) else { return Ok(()) };
        if let Some(text) = said.reasoning_text() {
            out.push(ChatEvent::Reasoning(text));
        }
        push_content(&said.content, out);
        if let Some(text) = said.refusal.filled() {
            out.push(ChatEvent::Refusal(text.to_owned()));
        }
        if said.audio.0 {
            out.push(ChatEvent::Other { kind: "audio" });
        }
        if said.images.0 {
            out.push(ChatEvent::Other { kind: "images" });
        }
        self.calls.take(said, &self.id, out)
    }

    /// The vendor says that the stream is complete.
    fn done(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        if self.seen & 1 == 0 {
            // An answer of which nothing came is no empty answer.
            return Err(DecodeError::Truncated);
        }
        if self.finish.is_none() {
            self.finish = Some(finish::unsaid(self.calls.any()));
        }
        self.say_finish(out);
        self.over(out);
        Ok(())
    }

    fn say_finish(&mut self, out: &mut Vec<ChatEvent>) {
        if self.phase == Phase::Started
            && let Some(finish) = self.finish.clone()
        {
            self.phase = Phase::Finished;
            out.push(ChatEvent::Finish(finish));
        }
    }

    fn over(&mut self, out: &mut Vec<ChatEvent>) {
        self.phase = Phase::Over;
        out.push(ChatEvent::End);
    }

    fn fail(&mut self, data: &[u8], out: &mut Vec<ChatEvent>) {
        self.phase = Phase::Over;
        out.push(ChatEvent::Error(in_band_or_unknown(data)));
    }
}

fn push_text(text: &Text<'_>, out: &mut Vec<ChatEvent>) {
    if let Some(text) = text.filled() {
        out.push(ChatEvent::Text(text.to_owned()));
    }
}

fn push_content(content: &Content<'_>, out: &mut Vec<ChatEvent>) {
    match content {
        Content::None => {}
        Content::Text(text) if text.is_empty() => {}
        Content::Text(text) => out.push(ChatEvent::Text(text.clone().into_owned())),
        Content::Parts(parts) => {
            for part in parts {
                let thinking = part.thinking.flat();
                if !thinking.is_empty() {
                    out.push(ChatEvent::Reasoning(thinking.into_owned()));
                }
                push_text(&part.text, out);
                if let Some(text) = part.refusal.filled() {
                    out.push(ChatEvent::Refusal(text.to_owned()));
                }
            }
        }
    }
}

/// Whether a choice brings content.
fn says_something(choice: &Choice<'_>) -> bool {
    let said = choice.delta.as_ref().or(choice.message.as_ref());
    choice.text.filled().is_some() || said.is_some_and(Said::has_content)
}

#[cfg(test)]
mod tests;
