//! The client side of Chat Completions.

use bytes::Bytes;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{Dialect, Operation};
use tollgate_providers_common::{
    BadRequest, ClientDialect, ErrorReport, Facts, Inbound, RenderContext, StreamEncoder,
};

use super::{facts, parse, render, stream_encoder};
use crate::error;

/// A comment, which every event-stream reader skips.
pub(crate) const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// The frame that ends a complete stream.
pub(crate) const DONE: &[u8] = b"data: [DONE]\n\n";

/// Chat Completions as clients speak it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChatDialect;

impl ClientDialect for ChatDialect {
    fn dialect(&self) -> Dialect {
        Dialect::OPENAI_CHAT
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn facts(&self, body: &[u8]) -> Result<Facts, BadRequest> {
        facts::read(body)
    }

    fn parse(&self, inbound: &Inbound) -> Result<ChatRequest, BadRequest> {
        parse::request(&inbound.body)
    }

    fn render(&self, reply: &ChatReply, context: &RenderContext) -> Bytes {
        render::whole(reply, context)
    }

    fn stream_encoder(&self, context: RenderContext) -> Box<dyn StreamEncoder> {
        Box::new(stream_encoder::Encoder::new(context))
    }

    fn render_error(&self, report: &ErrorReport) -> Bytes {
        error::error_body(report)
    }

    fn render_stream_error(&self, report: &ErrorReport) -> Bytes {
        error::stream_error(report)
    }

    fn keep_alive(&self) -> Bytes {
        Bytes::from_static(KEEP_ALIVE)
    }

    fn terminator(&self) -> Option<Bytes> {
        Some(Bytes::from_static(DONE))
    }
}
