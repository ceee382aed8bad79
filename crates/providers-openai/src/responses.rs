//! Responses, both halves: the codec towards vendors and the dialect towards clients.
//!
//! It is the stateless part of the dialect that is translated; what OpenAI alone keeps or does goes
//! to vendors of the dialect as it came, and is refused elsewhere. This file only joins the parts.

mod broken;
pub(crate) mod client;
mod decode;
mod encode;
mod facts;
mod object;
mod parse;
mod render;
pub(crate) mod sealed;
mod splice;
mod stream;
mod stream_encoder;
mod wire;

use bytes::Bytes;
use http::HeaderMap;
use std::sync::Arc;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{Dialect, Operation, UpstreamError};
use tollgate_providers_common::{
    Account, ChatCodec, Codec, DecodeError, EncodeError, Encoded, Inbound, StreamDecoder,
    UpstreamTarget,
};

use crate::error;
use crate::server::Server;

pub(crate) use client::ResponsesDialect;

/// The vendor side of Responses.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenAiResponses {
    server: Arc<Server>,
}

impl OpenAiResponses {
    pub(crate) fn at(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server) }
    }
}

impl Codec for OpenAiResponses {
    fn dialect(&self) -> Dialect {
        Dialect::OPENAI_RESPONSES
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        splice::relay(inbound, target)
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        decode::account(body).map_err(|error| self.server.judged_answer(error))
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        self.server.judged(error::decode_error(status, headers, body))
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::at(&self.server))
    }
}

impl ChatCodec for OpenAiResponses {
    fn encode(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let (body, lost) = encode::body(chat, target)?;
        let body = splice::with_rules(Bytes::from(body), target, &chat.extra)?;
        let request = crate::splice::request(target, splice::PATH, body, &HeaderMap::new())?;
        Ok(Encoded { request, lost })
    }

    fn decode(&self, body: &[u8]) -> Result<ChatReply, DecodeError> {
        decode::whole(body).map_err(|error| self.server.judged_answer(error))
    }
}

#[cfg(test)]
mod tests;
