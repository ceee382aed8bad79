//! A streamed answer: the vendor's chunks into the domain's events.
//!
//! Each chunk is an answer that holds what is new. Calls come whole. There is no terminal frame: the
//! stream ends with the transport, and without a finish reason it is truncated. What the domain has
//! no word for counts as content and is named.

use tollgate_core_types::reply::Finish;
use tollgate_core_types::{ChatEvent, Dialect, ErrorClass, UpstreamError, Usage};
use tollgate_providers_common::{DecodeError, Frame, StreamDecoder};

use super::Reader;
use crate::wire::answer::{self, Answer, Call, Candidate, Part, PromptFeedback, malformed};
use crate::{error, finish, usage};

/// Most calls read of one answer; more is a vendor gone wild.
const CALLS_MAX: usize = 4096;

/// Reads one streamed answer.
#[derive(Debug)]
pub(super) struct Decoder {
    reader: Reader,
    phase: Phase,
    id: String,
    usage: Usage,
    calls: usize,
    /// Whether anything was said.
    spoke: bool,
}

/// How far the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing but keep-alives.
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
        let data = data.trim_ascii();
        if self.phase == Phase::Over || data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        const WHAT: &str = "a chunk that cannot be read";
        if data.starts_with(b"[") {
            let list: Vec<Answer<'_>> = answer::read(data, WHAT)?;
            return list.into_iter().try_for_each(|answer| self.chunk(answer, out));
        }
        self.chunk(answer::read(data, WHAT)?, out)
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
    /// A decoder for one answer to `reader`.
    pub(super) fn new(reader: Reader) -> Self {
        Self {
            reader,
            phase: Phase::Waiting,
            id: String::new(),
            usage: Usage::default(),
            calls: 0,
            spoke: false,
        }
    }

    /// Reads one chunk.
    pub(super) fn chunk(
        &mut self,
        answer: Answer<'_>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        let Answer {
            candidates,
            prompt_feedback,
            usage_metadata,
            model_version,
            response_id,
            error,
        } = answer;
        if self.phase == Phase::Over {
            return Ok(());
        }
        if let Some(error) = error {
            self.over(ChatEvent::Error(error::in_band(error)), out);
            return Ok(());
        }
        let candidates = candidates.unwrap_or_default();
        let reason = prompt_feedback.as_ref().and_then(|it| it.block_reason.as_deref());
        let blocked = reason.is_some_and(|reason| !reason.is_empty()) && candidates.is_empty();
        if candidates.is_empty() && usage_metadata.is_none() && !blocked {
            // Nothing that an answer has: another vendor's words, or none.
            let what = if response_id.is_some() || model_version.is_some() {
                // A head alone says nothing and does no harm.
                return Ok(());
            } else {
                "an answer without candidates"
            };
            return Err(malformed(what));
        }
        self.start(response_id, model_version, out);
        if let Some(counts) = usage_metadata {
            let before = self.usage;
            self.usage.merge(&usage::read(&counts));
            if self.usage != before {
                out.push(ChatEvent::Usage(self.usage));
            }
        }
        if let Some(feedback) = prompt_feedback.filter(|_| blocked) {
            self.blocked(&feedback, out);
            return Ok(());
        }
        candidates.into_iter().try_for_each(|candidate| self.candidate(candidate, out))
    }

    /// The one chunk of a whole answer was given: without a word on why it ended, it is whole all
    /// the same.
    pub(super) fn whole(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        if self.phase == Phase::Open && self.spoke {
            self.finish(finish::read("", self.calls > 0), out);
        } else if matches!(self.phase, Phase::Waiting | Phase::Open) {
            return Err(malformed("an answer without candidates"));
        }
        self.end(out)
    }

    fn start(&mut self, id: Option<String>, model: Option<String>, out: &mut Vec<ChatEvent>) {
        if self.phase == Phase::Waiting {
            self.phase = Phase::Open;
            self.id = id.unwrap_or_default();
            let model = model.unwrap_or_default();
            out.push(ChatEvent::Start { id: self.id.clone(), model, created: None });
        }
    }

    fn blocked(&mut self, feedback: &PromptFeedback, out: &mut Vec<ChatEvent>) {
        let reason = feedback.block_reason.as_deref().unwrap_or_default();
        match self.reader {
            Reader::Own => self.finish(finish::blocked(reason), out),
            Reader::Other => {
                let message = feedback.block_reason_message.as_deref();
                self.over(ChatEvent::Error(error::blocked(reason, message)), out);
            }
        }
    }

    fn candidate(
        &mut self,
        candidate: Candidate<'_>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        let Candidate {
            index,
            content,
            finish_reason,
            grounding_metadata,
            citation_metadata,
            logprobs_result,
        } = candidate;
        if self.phase != Phase::Open {
            return Ok(());
        }
        if index.unwrap_or(0) != 0 {
            out.push(ChatEvent::Other { kind: "candidate" });
            return Ok(());
        }
        for part in content.and_then(|content| content.parts).unwrap_or_default() {
            self.part(part, out)?;
        }
        for (kind, value) in [
            ("groundingMetadata", grounding_metadata),
            ("citationMetadata", citation_metadata),
            ("logprobsResult", logprobs_result),
        ] {
            // An empty one says nothing, and beside no content there is nothing that it is about.
            if self.spoke && value.is_some_and(|value| value.get().trim() != "{}") {
                out.push(ChatEvent::Other { kind });
            }
        }
        let Some(word) = finish_reason.filter(|word| !word.is_empty()) else { return Ok(()) };
        if finish::is_spoilt(&word) && !self.spoke && self.reader == Reader::Other {
            // The model made no sense and said nothing else: worth another attempt.
            let message = format!("the model's answer was spoilt ({word})");
            let error = UpstreamError::new(ErrorClass::Malformed, message).with_status(200);
            self.over(ChatEvent::Error(error), out);
            return Ok(());
        }
        self.finish(finish::read(&word, self.calls > 0), out);
        Ok(())
    }

    fn part(&mut self, part: Part<'_>, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        let other = part.other();
        let Part { text, thought, thought_signature, function_call, .. } = part;
        let signature = thought_signature.filter(|signature| !signature.is_empty());
        let text = text.filter(|text| !text.is_empty());
        self.spoke |=
            signature.is_some() || text.is_some() || function_call.is_some() || other.is_some();
        let sign = |signature: String| ChatEvent::ReasoningSignature {
            signature,
            issuer: Dialect::GEMINI_GENERATE,
        };
        if thought == Some(true) {
            out.extend(text.map(ChatEvent::Reasoning));
            out.extend(signature.map(sign));
            return Ok(());
        }
        // A signature covers what led to its part, so it goes before it.
        out.extend(signature.map(sign));
        out.extend(text.map(ChatEvent::Text));
        out.extend(other.map(|kind| ChatEvent::Other { kind }));
        function_call.map_or(Ok(()), |call| self.call(call, out))
    }

    fn call(&mut self, call: Call<'_>, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        let Call { id, name, args } = call;
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            // More of a call's arguments, which only a client of this dialect can have asked for.
            out.push(ChatEvent::Other { kind: "partialArgs" });
            return Ok(());
        };
        if self.calls >= CALLS_MAX {
            return Err(malformed("too many calls in one answer"));
        }
        let index = self.calls;
        self.calls += 1;
        let id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| self.call_id(&name, index));
        out.push(ChatEvent::ToolCallStart { index, id, name });
        let fragment = args.map_or("{}", serde_json::value::RawValue::get).to_owned();
        out.push(ChatEvent::ToolCallArguments { index, fragment });
        Ok(())
    }

    /// An id for a call that the vendor gave none: the same bytes always make the same one.
    fn call_id(&self, name: &str, index: usize) -> String {
        let of = if self.id.is_empty() { name } else { &self.id };
        format!("call_{of}_{index}")
    }

    fn finish(&mut self, finish: Finish, out: &mut Vec<ChatEvent>) {
        if self.phase == Phase::Open {
            self.phase = Phase::Finished;
            out.push(ChatEvent::Finish(finish));
        }
    }

    fn over(&mut self, last: ChatEvent, out: &mut Vec<ChatEvent>) {
        self.phase = Phase::Over;
        out.push(last);
    }
}
