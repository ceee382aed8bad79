//! The client side of Responses.

use bytes::Bytes;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{Dialect, Operation};
use tollgate_providers_common::{
    BadRequest, ClientDialect, ErrorReport, Facts, Inbound, RenderContext, StreamEncoder,
};

use super::object::Echo;
use super::{broken, facts, parse, render, stream_encoder};
use crate::chat::client::KEEP_ALIVE;
use crate::error;

/// Responses as clients speak it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResponsesDialect;

impl ClientDialect for ResponsesDialect {
    fn dialect(&self) -> Dialect {
        Dialect::OPENAI_RESPONSES
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
        render::whole(reply, context, Echo::default())
    }

    fn render_to(&self, reply: &ChatReply, context: &RenderContext, inbound: &Inbound) -> Bytes {
        render::whole(reply, context, Echo::of(inbound))
    }

    fn stream_encoder(&self, context: RenderContext) -> Box<dyn StreamEncoder> {
        Box::new(stream_encoder::Encoder::new(context, Echo::default()))
    }

    fn stream_encoder_to(
        &self,
        context: RenderContext,
        inbound: &Inbound,
    ) -> Box<dyn StreamEncoder> {
        Box::new(stream_encoder::Encoder::new(context, Echo::of(inbound)))
    }

    fn render_error(&self, report: &ErrorReport) -> Bytes {
        error::error_body(report)
    }

    fn render_stream_error(&self, report: &ErrorReport) -> Bytes {
        broken::event(report, 0)
    }

    fn keep_alive(&self) -> Bytes {
        Bytes::from_static(KEEP_ALIVE)
    }

    fn terminator(&self) -> Option<Bytes> {
        None
    }
}
