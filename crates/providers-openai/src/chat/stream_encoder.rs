//! Domain events as Chat Completions chunks.
//!
//! Chunks are written straight into the caller's buffer. Usage is kept until the end, where OpenAI
//! sends it, and only if the client asked. It never writes `[DONE]` but for [`ChatEvent::End`].

use bytes::BytesMut;
use serde::Serialize;
use tollgate_core_types::{ChatEvent, Dialect, Usage};
use tollgate_providers_common::{RenderContext, StreamEncoder};

use super::details::Detail;
use super::finish;
use super::google::ExtraContent;
use super::render::{ID_PREFIX, ThinkingBlock};
use crate::outgoing::{UsageOut, answer_id, answer_model, put_json};

/// Longest reasoning kept for its signature, in bytes. A longer block is shown but cannot be
/// replayed.
const BLOCK_MAX: usize = 1 << 20;

/// Writes the chunks of one answer.
pub(super) struct Encoder {
    context: RenderContext,
    /// Everything before `choices`, once the answer began.
    head: Option<Vec<u8>>,
    usage: Usage,
    thinking: Thinking,
    /// Calls that began and have no arguments yet.
    bare: Vec<usize>,
    /// Gemini's signature, whose part comes next.
    signed: Option<String>,
}

/// The reasoning block that is being streamed.
#[derive(Default)]
struct Thinking {
    text: String,
    overflown: bool,
    /// Blocks written so far.
    blocks: usize,
}

/// What one chunk adds.
#[derive(Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_blocks: Option<[ThinkingBlock<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_details: Option<[Detail<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[Call<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<ExtraContent<'a>>,
}

#[derive(Serialize)]
struct Call<'a> {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: Function<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<ExtraContent<'a>>,
}

#[derive(Serialize)]
struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

impl Encoder {
    pub(super) fn new(context: RenderContext) -> Self {
        Self {
            context,
            head: None,
            usage: Usage::default(),
            thinking: Thinking::default(),
            bare: Vec::new(),
            signed: None,
        }
    }

    /// Begins the answer, unless it began before.
    fn start(&mut self, id: &str, model: &str, created: Option<u64>, out: &mut BytesMut) {
        if self.head.is_some() {
            return;
        }
        let mut head = BytesMut::with_capacity(160);
        head.extend_from_slice(b"data: {\"id\":");
        put_json(&mut head, &answer_id(ID_PREFIX, id, &self.context));
        head.extend_from_slice(b",\"object\":\"chat.completion.chunk\",\"created\":");
        put_json(&mut head, &created.unwrap_or(self.context.created));
        head.extend_from_slice(b",\"model\":");
        put_json(&mut head, answer_model(model, &self.context));
        head.extend_from_slice(b",\"choices\":");
        self.head = Some(head.into());
        let opening = Delta { role: Some("assistant"), content: Some(""), ..Delta::default() };
        self.chunk(&opening, None, out);
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut BytesMut) {
        self.start("", "", None, out);
        self.chunk(delta, None, out);
    }

    fn chunk(&self, delta: &Delta<'_>, finish: Option<&'static str>, out: &mut BytesMut) {
        out.extend_from_slice(self.head.as_deref().unwrap_or_default());
        out.extend_from_slice(b"[{\"index\":0,\"delta\":");
        put_json(out, delta);
        out.extend_from_slice(b",\"logprobs\":null,\"finish_reason\":");
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
            self.start("", "", None, out);
            out.extend_from_slice(self.head.as_deref().unwrap_or_default());
            out.extend_from_slice(b"[],\"usage\":");
            put_json(out, &usage);
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// A call's start, with its id and name, or more of its arguments.
    fn call(
        &mut self,
        index: usize,
        begins: Option<(&str, &str)>,
        arguments: &str,
        out: &mut BytesMut,
    ) {
        let function = Function { name: begins.map(|(_, name)| name), arguments };
        let kind = begins.map(|_| "function");
        let signed = begins.and_then(|_| self.signed.take());
        let extra_content = signed.as_deref().map(ExtraContent::new);
        let call = Call { index, id: begins.map(|(id, _)| id), kind, function, extra_content };
        self.delta(&Delta { tool_calls: Some([call]), ..Delta::default() }, out);
    }

    fn reasoning(&mut self, text: &str, out: &mut BytesMut) {
        self.thinking.add(text);
        self.delta(&Delta { reasoning_content: Some(text), ..Delta::default() }, out);
    }

    /// A block for replay. Only some issuers' have a place in this dialect.
    fn block(&mut self, block: Sealing<'_>, issuer: Dialect, out: &mut BytesMut) {
        let kept = std::mem::take(&mut self.thinking.text);
        let overflown = std::mem::take(&mut self.thinking.overflown);
        if let Sealing::Signature(signature) = &block
            && issuer == Dialect::GEMINI_GENERATE
        {
            self.signed = Some((*signature).to_owned());
        }
        if let Sealing::Signature(signature) = &block
            && let Some(detail) = Detail::of(Some(signature), issuer, self.thinking.blocks)
        {
            self.thinking.blocks += 1;
            self.delta(&Delta { reasoning_details: Some([detail]), ..Delta::default() }, out);
            return;
        }
        if issuer != Dialect::ANTHROPIC_MESSAGES {
            return;
        }
        let index = Some(self.thinking.blocks);
        let block = match block {
            Sealing::Signature(_) if overflown => return,
            Sealing::Signature(signature) => {
                ThinkingBlock::Signed { index, thinking: &kept, signature }
            }
            Sealing::Redacted(data) => ThinkingBlock::Sealed { index, data },
        };
        self.thinking.blocks += 1;
        self.delta(&Delta { thinking_blocks: Some([block]), ..Delta::default() }, out);
    }
}

/// How a block of reasoning is closed.
enum Sealing<'a> {
    Signature(&'a str),
    Redacted(&'a str),
}

impl Thinking {
    fn add(&mut self, text: &str) {
        if self.overflown || self.text.len() + text.len() > BLOCK_MAX {
            self.overflown = true;
            self.text = String::new();
        } else {
            self.text.push_str(text);
        }
    }
}

impl StreamEncoder for Encoder {
    fn event(&mut self, event: &ChatEvent, out: &mut BytesMut) {
        match event {
            ChatEvent::Start { id, model, created } => self.start(id, model, *created, out),
            ChatEvent::Text(text) => {
                self.delta(&Delta { content: Some(text), ..Delta::default() }, out);
            }
            ChatEvent::Reasoning(text) => self.reasoning(text, out),
            ChatEvent::ReasoningSignature { signature, issuer } => {
                self.block(Sealing::Signature(signature), *issuer, out);
            }
            ChatEvent::ReasoningRedacted { data, issuer } => {
                self.block(Sealing::Redacted(data), *issuer, out);
            }
            ChatEvent::Refusal(text) => {
                self.delta(&Delta { refusal: Some(text), ..Delta::default() }, out);
            }
            ChatEvent::ToolCallStart { index, id, name } => {
                self.bare.push(*index);
                self.call(*index, Some((id, name)), "", out);
            }
            ChatEvent::ToolCallArguments { index, fragment } => {
                if !fragment.trim().is_empty() {
                    self.bare.retain(|bare| bare != index);
                }
                self.call(*index, None, fragment, out);
            }
            ChatEvent::Usage(usage) => self.usage.merge(usage),
            ChatEvent::Finish(finish) => {
                // A call without arguments has an empty object: clients parse what they gathered.
                for index in std::mem::take(&mut self.bare) {
                    self.call(index, None, "{}", out);
                }
                self.start("", "", None, out);
                // A signature that no call bears is the message's own.
                if let Some(signed) = self.signed.take() {
                    let extra_content = Some(ExtraContent::new(&signed));
                    self.delta(&Delta { extra_content, ..Delta::default() }, out);
                }
                self.chunk(&Delta::default(), Some(finish::word(finish)), out);
            }
            ChatEvent::End => self.end(out),
            // The first has no word here; the second is the caller's to write.
            ChatEvent::Other { kind: _ } | ChatEvent::Error(_) => {}
        }
    }
}
