//! A vendor's stream of Responses as domain events.
//!
//! Content is told as it comes; what a server leaves out of its pieces is taken from the item or the
//! response that ends them, so that nothing is lost and nothing said twice. Only the three terminal
//! events end a stream: without one it is truncated. It never buffers content.

mod seen;

use bytes::Bytes;
use serde_json::value::RawValue;
use std::sync::Arc;
use tollgate_core_types::{ChatEvent, Dialect};
use tollgate_providers_common::{DecodeError, ErrorReport, Frame, StreamDecoder};

use super::broken;
use super::decode::{completed, failure, finish, incomplete};
use super::wire::{Event, Item, Kind, PARAGRAPH, Response, arguments_text};
use crate::error::in_band_or_unknown;
use crate::malformed::not_json;
use crate::server::Server;
use crate::wire;
use crate::wire::on_terms;
use seen::Seen;

/// Reads the frames of one response.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    started: bool,
    over: bool,
    /// The number of the next event.
    next: u64,
    seen: Seen,
    server: Arc<Server>,
}

impl StreamDecoder for Decoder {
    fn frame(&mut self, frame: &Frame, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        let Some(data) = frame.data.as_deref().filter(|_| !self.over) else { return Ok(()) };
        let data = data.trim_ascii();
        if data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        if frame.event.as_ref() == b"error" {
            self.fail(data, out);
            return Ok(());
        }
        let event: Event<'_> =
            wire::read(data).map_err(|error| not_json("an event of a stream", data, &error))?;
        if let Some(number) = event.sequence_number.0 {
            self.next = number.saturating_add(1);
        }
        self.event(&event, data, out)
    }

    fn broken(&self, report: &ErrorReport) -> Option<Bytes> {
        Some(broken::event(report, self.next))
    }

    fn end(&mut self, _: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        if self.over { Ok(()) } else { Err(DecodeError::Truncated) }
    }
}

impl Decoder {
    /// For the answers of a server.
    pub(super) fn at(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server), ..Self::default() }
    }

    fn event(
        &mut self,
        event: &Event<'_>,
        data: &[u8],
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        let Some(kind) = event.kind.filled() else {
            // An error in the envelope of answers has no type.
            self.fail(data, out);
            return Ok(());
        };
        match kind {
            "response.created" | "response.in_progress" | "response.queued" => {
                self.start(event.response.as_ref(), out);
            }
            "response.completed"
            | "response.incomplete"
            | "response.failed"
            | "response.cancelled" => return self.finished(kind, event, out),
            "error" => self.fail(data, out),
            "response.output_item.added" => {
                self.start(None, out);
                if let Some(item) = &event.item {
                    self.added(index(event), item, out)?;
                }
            }
            "response.output_item.done" => {
                self.start(None, out);
                if let Some(item) = &event.item {
                    self.done(index(event), item, out)?;
                }
            }
            // Frames around content that say nothing of their own.
            "response.content_part.added"
            | "response.content_part.done"
            | "response.reasoning_summary_part.added"
            | "response.reasoning_summary_part.done" => {
                self.start(None, out);
            }
            "keepalive" => {}
            other => self.content(other, event, out)?,
        }
        Ok(())
    }

    /// Pieces of content, and their ends, which repeat them.
    fn content(
        &mut self,
        kind: &str,
        event: &Event<'_>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        self.start(None, out);
        let at = (index(event), event.content_index.0.unwrap_or(0));
        match kind {
            "response.output_text.delta" => {
                self.said(at, event.delta.or_empty(), ChatEvent::Text, out)
            }
            "response.output_text.done" if !self.seen.part(at) => {
                self.said(at, event.text.or_empty(), ChatEvent::Text, out)
            }
            "response.refusal.delta" => {
                self.said(at, event.delta.or_empty(), ChatEvent::Refusal, out)
            }
            "response.refusal.done" if !self.seen.part(at) => {
                self.said(at, event.refusal.or_empty(), ChatEvent::Refusal, out)
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.thought(event, event.delta.or_empty(), out)
            }
            "response.reasoning_summary_text.done" | "response.reasoning_text.done" => {
                if self.seen.thought_at(index(event)) == Some(thought(event)) {
                    return Ok(());
                }
                self.thought(event, event.text.or_empty(), out)
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.arguments(at.0, event.delta.or_empty(), out)
            }
            "response.function_call_arguments.done" => self.rest(at.0, event.arguments, out),
            "response.custom_tool_call_input.done" => {
                if self.seen.is_bare(at.0) {
                    return self.arguments(at.0, event.input.or_empty(), out);
                }
                Ok(())
            }
            "response.output_text.done" | "response.refusal.done" => Ok(()),
            _ => {
                // Steps of a tool of the vendor's own, citations, sound.
                out.push(ChatEvent::Other { kind: "event" });
                Ok(())
            }
        }
    }

    fn start(&mut self, response: Option<&Response<'_>>, out: &mut Vec<ChatEvent>) {
        if self.started {
            return;
        }
        self.started = true;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        out.push(ChatEvent::Start {
            id: text(response.and_then(|response| response.id.given())),
            model: text(response.and_then(|response| response.model.given())),
            created: response.and_then(|response| response.created_at.0),
        });
    }

    fn said(
        &mut self,
        (item, part): (u64, u64),
        text: &str,
        event: fn(String) -> ChatEvent,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        if !text.is_empty() {
            self.seen.say((item, part))?;
            out.push(event(text.to_owned()));
        }
        Ok(())
    }

    fn thought(
        &mut self,
        event: &Event<'_>,
        text: &str,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        if text.is_empty() {
            return Ok(());
        }
        let part = thought(event);
        let before = self.seen.think(index(event), part)?;
        // Parts of a summary stand apart.
        let apart = before.is_some_and(|before| before != part);
        let text = if apart { format!("{PARAGRAPH}{text}") } else { text.to_owned() };
        out.push(ChatEvent::Reasoning(text));
        Ok(())
    }

    fn added(
        &mut self,
        at: u64,
        item: &Item<'_>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        match item.kind() {
            Kind::Call | Kind::CustomCall => self.call(at, item, out),
            Kind::Other => {
                self.seen.item(at)?;
                out.push(ChatEvent::Other { kind: "item" });
                Ok(())
            }
            Kind::Message | Kind::Reasoning => Ok(()),
        }
    }

    fn call(
        &mut self,
        at: u64,
        item: &Item<'_>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        let Some(call) = self.seen.call(at)? else { return Ok(()) };
        let (id, name) = (item.called().to_owned(), item.name.or_empty().to_owned());
        out.push(ChatEvent::ToolCallStart { index: call, id, name });
        self.arguments(at, &item.arguments(), out)
    }

    fn arguments(
        &mut self,
        at: u64,
        fragment: &str,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        if fragment.is_empty() {
            return Ok(());
        }
        let index = self.seen.argue(at)?;
        out.push(ChatEvent::ToolCallArguments { index, fragment: fragment.to_owned() });
        Ok(())
    }

    /// All arguments of a call, of which nothing came in pieces.
    fn rest(
        &mut self,
        at: u64,
        arguments: Option<&RawValue>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        if self.seen.is_bare(at) {
            return self.arguments(at, &arguments_text(arguments), out);
        }
        Ok(())
    }

    /// A whole item: what of it did not come in pieces.
    fn done(
        &mut self,
        at: u64,
        item: &Item<'_>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        match item.kind() {
            Kind::Message => {
                for (part, piece) in (0_u64..).zip(&item.content.0) {
                    if self.seen.part((at, part)) {
                        continue;
                    }
                    self.said((at, part), piece.text.or_empty(), ChatEvent::Text, out)?;
                    self.said((at, part), piece.refusal.or_empty(), ChatEvent::Refusal, out)?;
                }
            }
            Kind::Reasoning => self.reasoned(at, item, out)?,
            Kind::Call | Kind::CustomCall => {
                self.call(at, item, out)?;
                if self.seen.is_bare(at) {
                    self.arguments(at, &item.arguments(), out)?;
                }
            }
            Kind::Other => {
                if self.seen.item(at)? {
                    out.push(ChatEvent::Other { kind: "item" });
                }
            }
        }
        Ok(())
    }

    fn reasoned(
        &mut self,
        at: u64,
        item: &Item<'_>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        let Some(part) = item.reasoning() else { return Ok(()) };
        if self.seen.thought_at(at).is_none() && !part.text.is_empty() {
            self.seen.think(at, 0)?;
            out.push(ChatEvent::Reasoning(part.text));
        }
        if let Some(signature) = part.signature
            && self.seen.sign(at)?
        {
            let issuer = Dialect::OPENAI_RESPONSES;
            out.push(ChatEvent::ReasoningSignature { signature, issuer });
        }
        Ok(())
    }

    fn finished(
        &mut self,
        kind: &str,
        event: &Event<'_>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        let none = Response::default();
        let response = event.response.as_ref().unwrap_or(&none);
        self.start(event.response.as_ref(), out);
        if matches!(kind, "response.failed" | "response.cancelled") {
            self.over = true;
            out.push(ChatEvent::Error(self.server.judged(failure(response))));
            return Ok(());
        }
        let items = response.output.as_deref().unwrap_or_default();
        for (at, item) in (0_u64..).zip(items) {
            self.done(at, item, out)?;
        }
        self.over = true;
        let usage = on_terms(response.usage.0.read(), &response.service_tier);
        if !usage.is_empty() {
            out.push(ChatEvent::Usage(usage));
        }
        let end = if kind == "response.incomplete" {
            incomplete(response.incomplete_details.0.reason.or_empty())
        } else {
            // A failure under the name of success is one.
            match finish(response, items) {
                Ok(end) => end.unwrap_or_else(|| completed(self.seen.has_calls())),
                Err(DecodeError::Upstream(error)) => {
                    out.push(ChatEvent::Error(self.server.judged(error)));
                    return Ok(());
                }
                Err(DecodeError::Malformed(_) | DecodeError::Truncated) => {
                    completed(self.seen.has_calls())
                }
            }
        };
        let end = if self.seen.has_calls() && kind == "response.completed" {
            completed(true)
        } else {
            end
        };
        out.push(ChatEvent::Finish(end));
        out.push(ChatEvent::End);
        Ok(())
    }

    fn fail(&mut self, data: &[u8], out: &mut Vec<ChatEvent>) {
        self.over = true;
        out.push(ChatEvent::Error(self.server.judged(in_band_or_unknown(data))));
    }
}

/// Which item of the output an event is about.
fn index(event: &Event<'_>) -> u64 {
    event.output_index.0.unwrap_or(0)
}

/// Which part of reasoning an event is about: of the summary, or of the reasoning itself.
fn thought(event: &Event<'_>) -> u64 {
    event.summary_index.0.or(event.content_index.0).unwrap_or(0)
}
