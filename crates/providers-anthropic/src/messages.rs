//! The Messages dialect: the vendor's codec and the clients' dialect, one file per direction.
//!
//! Vendor side: `encode` writes a domain request, `decode` reads a whole answer, `stream` a streamed
//! one. Client side: `facts` checks and `parse` reads a request, `render` writes a whole answer,
//! `stream_encoder` a streamed one. What a request of the same dialect needs is in `request`.

mod decode;
pub(crate) mod encode;
pub(crate) mod facts;
mod inline;
pub(crate) mod parse;
mod render;
mod stream;
mod stream_encoder;

use bytes::Bytes;
use http::HeaderMap;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{Dialect, Operation, UpstreamError};
use tollgate_providers_common::inline::{MediaMap, MediaPlace};
use tollgate_providers_common::{
    Account, BadRequest, ChatCodec, ClientDialect, Codec, DecodeError, EncodeError, Encoded,
    ErrorReport, Facts, Inbound, RenderContext, StreamDecoder, StreamEncoder, UpstreamTarget,
};

use crate::{envelope, error, request};

/// The tool that carries structured output to models that have none of their own. A decoder turns
/// its input back into text by this name alone, so that it needs to know nothing of the request.
pub(crate) const JSON_TOOL: &str = "tollgate_json_response";

/// Both halves of `anthropic.messages`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Messages;

impl Codec for Messages {
    fn dialect(&self) -> Dialect {
        Dialect::ANTHROPIC_MESSAGES
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        request::splice(inbound, target, request::MESSAGES_PATH, &target.params)
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        decode::account(body)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        error::decode(status, headers, body)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::default())
    }
}

impl ChatCodec for Messages {
    fn encode(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        encode::encode(chat, target)
    }

    fn decode(&self, body: &[u8]) -> Result<ChatReply, DecodeError> {
        decode::decode(body)
    }
}

impl ClientDialect for Messages {
    fn dialect(&self) -> Dialect {
        Dialect::ANTHROPIC_MESSAGES
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn facts(&self, body: &[u8]) -> Result<Facts, BadRequest> {
        facts::facts(body, facts::Of::Messages)
    }

    fn parse(&self, inbound: &Inbound) -> Result<ChatRequest, BadRequest> {
        parse::parse(&inbound.body, facts::Of::Messages)
    }

    fn media_places(&self, body: &[u8]) -> Vec<MediaPlace> {
        inline::places(body)
    }

    fn with_media(&self, body: &Bytes, media: &MediaMap) -> Bytes {
        inline::with_media(body, media)
    }

    fn render(&self, reply: &ChatReply, context: &RenderContext) -> Bytes {
        render::render(reply, context)
    }

    fn stream_encoder(&self, context: RenderContext) -> Box<dyn StreamEncoder> {
        Box::new(stream_encoder::Encoder::new(context))
    }

    fn render_error(&self, report: &ErrorReport) -> Bytes {
        envelope::render(report)
    }

    fn render_stream_error(&self, report: &ErrorReport) -> Bytes {
        envelope::render_event(report)
    }

    fn keep_alive(&self) -> Bytes {
        Bytes::from_static(envelope::PING.as_bytes())
    }

    fn terminator(&self) -> Option<Bytes> {
        Some(Bytes::from_static(stream_encoder::MESSAGE_STOP.as_bytes()))
    }
}
