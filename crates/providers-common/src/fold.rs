//! A streamed answer made whole, and a whole one made a stream.
//!
//! For the crossings where vendor and client disagree: a vendor that only streams and a client that
//! wants one answer, or the reverse. An answer without its end is never made whole.

use std::collections::BTreeMap;
use tollgate_core_types::chat::{ReasoningPart, ToolCall};
use tollgate_core_types::reply::{ChatReply, Finish, ReplyPart};
use tollgate_core_types::{ChatEvent, Dialect, UpstreamError, Usage};

use crate::codec::DecodeError;

/// Puts the events of one answer together.
///
/// Pieces of text, reasoning or refusal become one part until a part of another kind begins; a
/// signature belongs to the reasoning just given and closes it; arguments go to their call by its
/// index, wherever they arrive. Empty pieces say nothing.
#[derive(Debug)]
pub struct ReplyBuilder {
    /// Whose reasoning this is, where no signature says so.
    issuer: Dialect,
    reply: Begun,
    /// Where the part of a tool call's index stands.
    calls: BTreeMap<usize, usize>,
    others: Vec<&'static str>,
    finish: Option<Finish>,
    ended: bool,
    failed: Option<DecodeError>,
}

/// What is known so far of the answer.
#[derive(Debug, Default)]
struct Begun {
    id: String,
    model: String,
    created: Option<u64>,
    parts: Vec<ReplyPart>,
    usage: Usage,
}

impl ReplyBuilder {
    /// Nothing yet of an answer that a vendor of dialect `issuer` gives.
    #[must_use]
    pub fn new(issuer: Dialect) -> Self {
        Self {
            issuer,
            reply: Begun::default(),
            calls: BTreeMap::new(),
            others: Vec::new(),
            finish: None,
            ended: false,
            failed: None,
        }
    }

    /// Takes the next event. What follows [`ChatEvent::End`] or an error is ignored.
    pub fn event(&mut self, event: ChatEvent) {
        if self.ended || self.failed.is_some() {
            return;
        }
        match event {
            ChatEvent::Start { id, model, created } => self.start(id, model, created),
            ChatEvent::Text(piece) => self.text(piece),
            ChatEvent::Reasoning(piece) => self.reasoning(piece),
            ChatEvent::ReasoningSignature { signature, issuer } => self.sign(signature, issuer),
            ChatEvent::ReasoningRedacted { data, issuer } => {
                let redacted = Some(data);
                let part = ReasoningPart { text: String::new(), signature: None, redacted, issuer };
                self.reply.parts.push(ReplyPart::Reasoning(part));
            }
            ChatEvent::Refusal(piece) => self.refusal(piece),
            ChatEvent::ToolCallStart { index, id, name } => self.call(index, id, name),
            ChatEvent::ToolCallArguments { index, fragment } => self.arguments(index, &fragment),
            ChatEvent::Other { kind } => {
                if !self.others.contains(&kind) {
                    self.others.push(kind);
                }
            }
            ChatEvent::Usage(usage) => self.reply.usage.merge(&usage),
            ChatEvent::Finish(finish) => self.finish = Some(finish),
            ChatEvent::End => self.ended = true,
            ChatEvent::Error(error) => self.fail(error),
        }
    }

    /// Kinds of content met that an answer has no word for, each once: what [`Self::finish`] loses.
    #[must_use]
    pub fn others(&self) -> &[&'static str] {
        &self.others
    }

    /// The whole answer.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where the end or the reason for it did not come, the vendor's
    /// error where there was one, [`DecodeError::Malformed`] where the pieces do not fit together.
    pub fn finish(self) -> Result<ChatReply, DecodeError> {
        let Self { issuer: _, reply, calls: _, others: _, finish, ended, failed } = self;
        if let Some(error) = failed {
            return Err(error);
        }
        let finish = finish.filter(|_| ended).ok_or(DecodeError::Truncated)?;
        let Begun { id, model, created, parts, usage } = reply;
        Ok(ChatReply { id, model, created, parts, finish, usage, service_tier: None })
    }

    fn start(&mut self, id: String, model: String, created: Option<u64>) {
        self.reply.id = id;
        self.reply.model = model;
        self.reply.created = created;
    }

    fn text(&mut self, piece: String) {
        if let Some(ReplyPart::Text(text)) = self.reply.parts.last_mut() {
            text.push_str(&piece);
        } else if !piece.is_empty() {
            self.reply.parts.push(ReplyPart::Text(piece));
        }
    }

    fn refusal(&mut self, piece: String) {
        if let Some(ReplyPart::Refusal(text)) = self.reply.parts.last_mut() {
            text.push_str(&piece);
        } else if !piece.is_empty() {
            self.reply.parts.push(ReplyPart::Refusal(piece));
        }
    }

    fn reasoning(&mut self, piece: String) {
        if let Some(open) = self.open_reasoning() {
            open.text.push_str(&piece);
        } else if !piece.is_empty() {
            let issuer = self.issuer;
            let part = ReasoningPart { text: piece, signature: None, redacted: None, issuer };
            self.reply.parts.push(ReplyPart::Reasoning(part));
        }
    }

    fn sign(&mut self, signature: String, issuer: Dialect) {
        if let Some(open) = self.open_reasoning() {
            open.signature = Some(signature);
            open.issuer = issuer;
            return;
        }
        // The vendor shows no reasoning, but seals it.
        let signature = Some(signature);
        let part = ReasoningPart { text: String::new(), signature, redacted: None, issuer };
        self.reply.parts.push(ReplyPart::Reasoning(part));
    }

    /// The reasoning that is being given.
    fn open_reasoning(&mut self) -> Option<&mut ReasoningPart> {
        match self.reply.parts.last_mut()? {
            ReplyPart::Reasoning(part) => {
                (part.signature.is_none() && part.redacted.is_none()).then_some(part)
            }
            ReplyPart::Text(_) | ReplyPart::ToolCall(_) | ReplyPart::Refusal(_) => None,
        }
    }

    fn call(&mut self, index: usize, id: String, name: String) {
        if self.calls.insert(index, self.reply.parts.len()).is_some() {
            return self.malformed(format!("tool call {index} begins twice"));
        }
        let call = ToolCall { id, name, arguments: String::new() };
        self.reply.parts.push(ReplyPart::ToolCall(call));
    }

    fn arguments(&mut self, index: usize, fragment: &str) {
        let part = self.calls.get(&index).and_then(|at| self.reply.parts.get_mut(*at));
        if let Some(ReplyPart::ToolCall(call)) = part {
            call.arguments.push_str(fragment);
        } else {
            self.malformed(format!("arguments of tool call {index}, which did not begin"));
        }
    }

    fn malformed(&mut self, what: String) {
        self.failed = Some(DecodeError::Malformed(what));
    }

    fn fail(&mut self, error: UpstreamError) {
        self.failed = Some(DecodeError::Upstream(error));
    }
}

/// Puts the events of one answer together at once; see [`ReplyBuilder`].
///
/// # Errors
/// As [`ReplyBuilder::finish`].
pub fn fold(
    issuer: Dialect,
    events: impl IntoIterator<Item = ChatEvent>,
) -> Result<ChatReply, DecodeError> {
    let mut builder = ReplyBuilder::new(issuer);
    for event in events {
        builder.event(event);
    }
    builder.finish()
}

/// A whole answer as the stream that it would have been: each part in one piece, usage before the
/// content so that dialects which open with it can. The service tier has no event and is lost.
#[must_use]
pub fn unfold(reply: ChatReply) -> Vec<ChatEvent> {
    let ChatReply { id, model, created, parts, finish, usage, service_tier: _ } = reply;
    let mut events = Vec::with_capacity(parts.len() * 2 + 4);
    events.push(ChatEvent::Start { id, model, created });
    if !usage.is_empty() {
        events.push(ChatEvent::Usage(usage));
    }
    let mut calls = 0..;
    for part in parts {
        match part {
            ReplyPart::Text(text) => events.push(ChatEvent::Text(text)),
            ReplyPart::Refusal(text) => events.push(ChatEvent::Refusal(text)),
            ReplyPart::Reasoning(part) => unfold_reasoning(part, &mut events),
            ReplyPart::ToolCall(ToolCall { id, name, arguments }) => {
                let index = calls.next().unwrap_or_default();
                events.push(ChatEvent::ToolCallStart { index, id, name });
                events.push(ChatEvent::ToolCallArguments { index, fragment: arguments });
            }
        }
    }
    events.push(ChatEvent::Finish(finish));
    events.push(ChatEvent::End);
    events
}

fn unfold_reasoning(part: ReasoningPart, events: &mut Vec<ChatEvent>) {
    let ReasoningPart { text, signature, redacted, issuer } = part;
    if !text.is_empty() {
        events.push(ChatEvent::Reasoning(text));
    }
    if let Some(signature) = signature {
        events.push(ChatEvent::ReasoningSignature { signature, issuer });
    }
    if let Some(data) = redacted {
        events.push(ChatEvent::ReasoningRedacted { data, issuer });
    }
}

#[cfg(test)]
mod tests;
