//! generateContent: the vendor's codec and the clients' dialect, one file per direction.
//!
//! Vendor side: `encode` writes a domain request, `stream` reads an answer chunk by chunk, `decode`
//! a whole one as its only chunk. Client side: `facts` checks and `parse` reads a request, `render`
//! writes a whole answer, `stream_encoder` a streamed one. What a request of the same dialect needs
//! is in `request`.
//!
//! The model and whether the answer is streamed stand in this dialect's path and not in its body:
//! the server takes them from there and puts them into the facts.

mod decode;
mod encode;
pub(crate) mod facts;
pub(crate) mod parse;
mod render;
mod stream;
mod stream_encoder;

use bytes::Bytes;
use http::HeaderMap;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{Dialect, Operation, UpstreamError};
use tollgate_providers_common::{
    Account, BadRequest, ChatCodec, ClientDialect, Codec, DecodeError, EncodeError, Encoded,
    ErrorReport, Facts, Inbound, RenderContext, StreamDecoder, StreamEncoder, UpstreamTarget,
};

use crate::{envelope, error, request};

/// Who reads the vendor's answer: a refused prompt comes with status 200, which says everything to a
/// client of this dialect and nothing to any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A client of this dialect: a refused prompt is an answer.
    Own,
    /// Any other client: a refused prompt is an error of its own class.
    Other,
}

/// The vendor's half.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Generate {
    pub(crate) reader: Reader,
}

/// The clients' half.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GenerateClient;

impl Codec for Generate {
    fn dialect(&self) -> Dialect {
        Dialect::GEMINI_GENERATE
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        request::splice(inbound, target)
    }

    fn takes_urls(&self, target: &UpstreamTarget) -> bool {
        crate::models::fetches(&target.model)
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        decode::account(body, self.reader)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        error::decode(status, headers, body)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new(self.reader))
    }
}

impl ChatCodec for Generate {
    fn encode(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        encode::encode(chat, target)
    }

    fn decode(&self, body: &[u8]) -> Result<ChatReply, DecodeError> {
        decode::decode(body, self.reader)
    }
}

impl ClientDialect for GenerateClient {
    fn dialect(&self) -> Dialect {
        Dialect::GEMINI_GENERATE
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn facts(&self, body: &[u8]) -> Result<Facts, BadRequest> {
        facts::facts(body)
    }

    fn parse(&self, inbound: &Inbound) -> Result<ChatRequest, BadRequest> {
        parse::parse(&inbound.body, inbound.facts.stream)
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
        Bytes::from_static(b": keep-alive\n\n")
    }

    /// None: this dialect's streams end with their last chunk.
    fn terminator(&self) -> Option<Bytes> {
        None
    }
}

#[cfg(test)]
mod tests;
