//! Domain events as chunks of a text completion, which have the shape of whole ones.
//!
//! Before the last one `finish_reason` is null, as OpenAI itself sends it. The SDKs' own type forbids
//! that (it was made for whole answers), so that strict validation refuses such streams, OpenAI's
//! included; a made-up reason would end them early in clients that do not validate.

use bytes::BytesMut;
use tollgate_core_types::{ChatEvent, Usage};
use tollgate_providers_common::{RenderContext, StreamEncoder};

use super::render::{ID_PREFIX, finish_word};
use crate::chat::client::DONE;
use crate::outgoing::{UsageOut, answer_id, answer_model, put_json};

/// Writes the chunks of one answer.
pub(super) struct Encoder {
    context: RenderContext,
    /// Everything before `choices`, once the answer began.
    head: Option<Vec<u8>>,
    usage: Usage,
}

impl Encoder {
    pub(super) fn new(context: RenderContext) -> Self {
        Self { context, head: None, usage: Usage::default() }
    }

    /// Begins the answer, unless it began before. Nothing is written: there is no role to give.
    fn start(&mut self, id: &str, model: &str, created: Option<u64>) {
        if self.head.is_some() {
            return;
        }
        let mut head = BytesMut::with_capacity(160);
        head.extend_from_slice(b"data: {\"id\":");
        put_json(&mut head, &answer_id(ID_PREFIX, id, &self.context));
        head.extend_from_slice(b",\"object\":\"text_completion\",\"created\":");
        put_json(&mut head, &created.unwrap_or(self.context.created));
        head.extend_from_slice(b",\"model\":");
        put_json(&mut head, answer_model(model, &self.context));
        head.extend_from_slice(b",\"choices\":");
        self.head = Some(head.into());
    }

    fn chunk(&mut self, text: &str, finish: Option<&'static str>, out: &mut BytesMut) {
        self.start("", "", None);
        out.extend_from_slice(self.head.as_deref().unwrap_or_default());
        out.extend_from_slice(b"[{\"text\":");
        put_json(out, text);
        out.extend_from_slice(b",\"index\":0,\"logprobs\":null,\"finish_reason\":");
        put_json(out, &finish);
        out.extend_from_slice(b"}]");
        if self.context.include_usage {
            out.extend_from_slice(b",\"usage\":null");
        }
        out.extend_from_slice(b"}\n\n");
    }

    fn end(&mut self, out: &mut BytesMut) {
        if self.context.include_usage
            && let Some(usage) = UsageOut::of(&self.usage)
        {
            self.start("", "", None);
            out.extend_from_slice(self.head.as_deref().unwrap_or_default());
            out.extend_from_slice(b"[],\"usage\":");
            put_json(out, &usage);
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(DONE);
    }
}

impl StreamEncoder for Encoder {
    fn event(&mut self, event: &ChatEvent, out: &mut BytesMut) {
        match event {
            ChatEvent::Start { id, model, created } => self.start(id, model, *created),
            ChatEvent::Text(text) | ChatEvent::Refusal(text) => self.chunk(text, None, out),
            ChatEvent::Usage(usage) => self.usage.merge(usage),
            ChatEvent::Finish(finish) => self.chunk("", Some(finish_word(finish)), out),
            ChatEvent::End => self.end(out),
            // Only text has a place here; an error is the caller's to write.
            ChatEvent::Reasoning(_)
            | ChatEvent::ReasoningSignature { .. }
            | ChatEvent::ReasoningRedacted { .. }
            | ChatEvent::ToolCallStart { .. }
            | ChatEvent::ToolCallArguments { .. }
            | ChatEvent::Other { .. }
            | ChatEvent::Error(_) => {}
        }
    }
}
