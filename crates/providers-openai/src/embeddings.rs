//! Embeddings, both halves: relayed verbatim, or translated from and to another dialect's words.

mod batch;
mod client;
mod translate;

use bytes::Bytes;
use http::HeaderMap;
use std::sync::Arc;
use tollgate_core_types::{ChatEvent, Dialect, Operation, UpstreamError};
use tollgate_providers_common::splice::Edits;
use tollgate_providers_common::{
    Account, Codec, DecodeError, EmbedCodec, EmbedReply, EmbedRequest, EncodeError, Encoded, Facts,
    Frame, Inbound, Piece, StreamDecoder, UpstreamTarget, piece, scan,
};

use crate::malformed::malformed;
use crate::server::Server;
use crate::splice::{self, Endpoint};
use crate::{account, error};

pub(crate) use client::EmbeddingsDialect;

/// Where its requests go.
const ENDPOINT: Endpoint = Endpoint { path: "/embeddings", streams: false, newer_bound: false };

/// The vendor side of embeddings.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenAiEmbeddings {
    server: Arc<Server>,
}

impl OpenAiEmbeddings {
    pub(crate) fn at(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server) }
    }
}

/// How a client may ask for its vectors, and what it gets where it does not say.
const FORMAT: &str = "encoding_format";

impl Codec for OpenAiEmbeddings {
    fn dialect(&self) -> Dialect {
        Dialect::OPENAI_EMBEDDINGS
    }

    fn operation(&self) -> Operation {
        Operation::Embeddings
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        if !self.server.quirks.float_vectors || !packed(inbound) {
            return splice::relay(inbound, target, ENDPOINT);
        }
        let edits = Edits::new().set(FORMAT, "\"float\"");
        let body = edits.apply(&inbound.body, &inbound.facts.layout);
        let layout = scan::layout(&body).map_err(|bad| EncodeError::Build(bad.message))?;
        let facts = Facts { layout, ..inbound.facts.clone() };
        splice::relay(&Inbound { body, facts, ..inbound.clone() }, target, ENDPOINT)
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        account::embeddings(body).map_err(|error| self.server.judged_answer(error))
    }

    fn relayed(&self, body: Bytes, inbound: &Inbound) -> Result<Bytes, DecodeError> {
        if !self.server.quirks.float_vectors || !packed(inbound) {
            return Ok(body);
        }
        let reply = translate::decode(&body)?;
        let asked = inbound.facts.model.as_deref().unwrap_or_default();
        Ok(translate::render(&reply, inbound, asked))
    }

    fn pieces(&self, inbound: &Inbound) -> Vec<Piece> {
        let most = self.most_texts();
        most.map_or_else(Vec::new, |most| Piece::cut(inbound, most, piece::MOST_TEXTS))
    }

    fn joined(&self, pieces: &[Piece], answers: &[Bytes]) -> Result<Bytes, DecodeError> {
        batch::joined(pieces, answers)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        self.server.judged(error::decode_error(status, headers, body))
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(NoStream)
    }
}

/// Whether the client wants its vectors as base64.
fn packed(inbound: &Inbound) -> bool {
    inbound.facts.layout.value(&inbound.body, FORMAT) == Some("\"base64\"")
}

impl EmbedCodec for OpenAiEmbeddings {
    fn most_texts(&self) -> Option<usize> {
        usize::try_from(self.server.quirks.embed_batch).ok().filter(|most| *most > 0)
    }

    fn encode_embed(
        &self,
        asked: &EmbedRequest,
        target: &UpstreamTarget,
    ) -> Result<Encoded, EncodeError> {
        translate::encode(asked, target)
    }

    fn decode_embed(&self, body: &[u8]) -> Result<EmbedReply, DecodeError> {
        translate::decode(body).map_err(|error| self.server.judged_answer(error))
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
