//! Chat Completions, both halves: the codec towards vendors and the dialect towards clients.
//!
//! This file only joins the parts; each part is pure and knows nothing of the others.

pub(crate) mod client;
pub(crate) mod decode;
mod encode;
pub(crate) mod facts;
pub(crate) mod finish;
mod google;
pub(crate) mod parse;
mod render;
pub(crate) mod stream;
mod stream_encoder;

use bytes::Bytes;
use http::HeaderMap;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{Dialect, Operation, UpstreamError};
use tollgate_providers_common::{
    Account, ChatCodec, Codec, DecodeError, EncodeError, Encoded, Inbound, StreamDecoder,
    UpstreamTarget,
};

use crate::splice::{self, Endpoint};
use crate::{account, error};

pub(crate) use client::ChatDialect;

/// Where its requests go.
const ENDPOINT: Endpoint = Endpoint { path: "/chat/completions", streams: true, newer_bound: true };

/// What an answer of this dialect is called in errors.
pub(crate) const ANSWER: &str = "a chat completion";

/// The vendor side of Chat Completions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenAiChat;

impl Codec for OpenAiChat {
    fn dialect(&self) -> Dialect {
        Dialect::OPENAI_CHAT
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        splice::relay(inbound, target, ENDPOINT)
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        account::choices(body, ANSWER)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        error::decode_error(status, headers, body)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::default())
    }
}

impl ChatCodec for OpenAiChat {
    fn encode(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let (body, lost) = encode::body(chat, target)?;
        let body = splice::with_rules(Bytes::from(body), target, &chat.extra)?;
        let request = splice::request(target, ENDPOINT.path, body, &HeaderMap::new())?;
        Ok(Encoded { request, lost })
    }

    fn decode(&self, body: &[u8]) -> Result<ChatReply, DecodeError> {
        decode::whole(body)
    }
}
