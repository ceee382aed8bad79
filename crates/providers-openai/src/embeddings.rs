//! Embeddings, both halves: relayed verbatim, or translated from and to another dialect's words.

mod client;
mod translate;

use http::HeaderMap;
use tollgate_core_types::{ChatEvent, Dialect, Operation, UpstreamError};
use tollgate_providers_common::{
    Account, Codec, DecodeError, EmbedCodec, EmbedReply, EmbedRequest, EncodeError, Encoded, Frame,
    Inbound, StreamDecoder, UpstreamTarget,
};

use crate::malformed::malformed;
use crate::splice::{self, Endpoint};
use crate::{account, error};

pub(crate) use client::EmbeddingsDialect;

/// Where its requests go.
const ENDPOINT: Endpoint = Endpoint { path: "/embeddings", streams: false, newer_bound: false };

/// The vendor side of embeddings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenAiEmbeddings;

impl Codec for OpenAiEmbeddings {
    fn dialect(&self) -> Dialect {
        Dialect::OPENAI_EMBEDDINGS
    }

    fn operation(&self) -> Operation {
        Operation::Embeddings
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        splice::relay(inbound, target, ENDPOINT)
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        account::embeddings(body)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        error::decode_error(status, headers, body)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(NoStream)
    }
}

impl EmbedCodec for OpenAiEmbeddings {
    fn encode_embed(
        &self,
        asked: &EmbedRequest,
        target: &UpstreamTarget,
    ) -> Result<Encoded, EncodeError> {
        translate::encode(asked, target)
    }

    fn decode_embed(&self, body: &[u8]) -> Result<EmbedReply, DecodeError> {
        translate::decode(body)
    }
}

/// Embeddings are never streamed: an event stream in answer to them is no answer.
#[derive(Debug)]
struct NoStream;

impl StreamDecoder for NoStream {
    fn frame(&mut self, _: &Frame, _: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        Err(malformed("an event stream instead of an embeddings answer"))
    }

    fn end(&mut self, _: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        Err(DecodeError::Truncated)
    }
}
