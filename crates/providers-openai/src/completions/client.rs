//! The client side of text completions.

use bytes::Bytes;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{Dialect, Operation};
use tollgate_providers_common::{
    BadRequest, ClientDialect, ErrorReport, Facts, Inbound, RenderContext, StreamEncoder,
};

use super::{facts, parse, render, stream_encoder};
use crate::chat::client::{DONE, KEEP_ALIVE};
use crate::error;

/// Text completions as clients speak it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompletionsDialect;

impl ClientDialect for CompletionsDialect {
    fn dialect(&self) -> Dialect {
        Dialect::OPENAI_COMPLETIONS
    }

    fn operation(&self) -> Operation {
        Operation::TextCompletion
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
