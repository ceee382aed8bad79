//! The simple faces: messages in, text out. Requests are OpenAI's, answers are bare.

use bytes::{BufMut as _, Bytes, BytesMut};
use serde_json::{Value, json};
use std::sync::Arc;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::{ChatReply, ReplyPart};
use tollgate_core_types::{ChatEvent, Dialect, Operation};
use tollgate_providers_common::{
    BadRequest, ClientDialect, ErrorReport, Facts, Inbound, RenderContext, StreamEncoder,
};

/// `POST /llm/chat`: `{"result": "text"}`.
pub const SIMPLE_CHAT: Dialect = Dialect::named("tollgate.simple");
/// `POST /llm/chat/stream`: the text as it comes.
pub const SIMPLE_STREAM: Dialect = Dialect::named("tollgate.simple_stream");

/// Which of the two faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Whole,
    Stream,
}

/// One of the two faces, reading requests as `inner` does.
pub(super) struct Simple {
    style: Style,
    inner: Arc<dyn ClientDialect>,
}

impl Simple {
    pub(super) fn new(style: Style, inner: Arc<dyn ClientDialect>) -> Self {
        Self { style, inner }
    }
}

impl ClientDialect for Simple {
    fn dialect(&self) -> Dialect {
        match self.style {
            Style::Whole => SIMPLE_CHAT,
            Style::Stream => SIMPLE_STREAM,
        }
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn facts(&self, body: &[u8]) -> Result<Facts, BadRequest> {
        let facts = self.inner.facts(body)?;
        Ok(Facts { stream: self.style == Style::Stream, include_usage: true, ..facts })
    }

    fn parse(&self, inbound: &Inbound) -> Result<ChatRequest, BadRequest> {
        let chat = self.inner.parse(inbound)?;
        Ok(ChatRequest { stream: self.style == Style::Stream, ..chat })
    }

    fn render(&self, reply: &ChatReply, _context: &RenderContext) -> Bytes {
        let mut text = String::new();
        let mut calls = Vec::new();
        for part in &reply.parts {
            match part {
                ReplyPart::Text(piece) | ReplyPart::Refusal(piece) => text.push_str(piece),
                ReplyPart::ToolCall(call) => calls.push(json!({
                    "id": call.id, "name": call.name, "arguments": call.arguments,
                })),
                ReplyPart::Reasoning(_) => {}
            }
        }
        let mut body = json!({ "result": text });
        if !calls.is_empty() {
            body["tool_calls"] = Value::Array(calls);
        }
        Bytes::from(body.to_string())
    }

    fn stream_encoder(&self, _context: RenderContext) -> Box<dyn StreamEncoder> {
        Box::new(TextOnly)
    }

    fn render_error(&self, report: &ErrorReport) -> Bytes {
        self.inner.render_error(report)
    }

    fn render_stream_error(&self, report: &ErrorReport) -> Bytes {
        // Plain text has no events; a line of its own is the loudest thing left.
        Bytes::from(format!("\n[error] {}\n", report.message))
    }

    fn keep_alive(&self) -> Bytes {
        Bytes::new()
    }

    fn terminator(&self) -> Option<Bytes> {
        None
    }
}

/// Writes text and refusals, nothing else.
struct TextOnly;

impl StreamEncoder for TextOnly {
    fn event(&mut self, event: &ChatEvent, out: &mut BytesMut) {
        if let ChatEvent::Text(text) | ChatEvent::Refusal(text) = event {
            out.put_slice(text.as_bytes());
        }
    }
}
