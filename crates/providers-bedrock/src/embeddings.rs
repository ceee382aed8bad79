//! Embeddings for clients of OpenAI's dialect, by InvokeModel: Titan's and Cohere's bodies, and
//! their vectors told as OpenAI tells them.
//!
//! Vectors of different models have nothing to do with one another, so nothing is translated but the
//! words around them. Titan takes one text per request, so that several are asked one by one.

mod ask;
mod tell;

use bytes::Bytes;
use http::HeaderMap;
use std::sync::Arc;
use tollgate_core_types::{Dialect, Operation as Asks, UpstreamError};
use tollgate_providers_common::{
    Account, Codec, DecodeError, EncodeError, Encoded, Inbound, Piece, StreamDecoder,
    UpstreamTarget,
};

use crate::address::{self, Operation};
use crate::count_tokens::NoStream;
use crate::error;
use crate::models::Family;
use crate::provider::Settings;

/// The codec of `openai.embeddings` for one family of models.
#[derive(Debug, Clone)]
pub(crate) struct Embeddings {
    family: Family,
    model: Arc<str>,
    settings: Arc<Settings>,
}

impl Embeddings {
    /// For `model`, by its name.
    pub(crate) fn new(family: Family, model: Arc<str>, settings: Arc<Settings>) -> Self {
        Self { family, model, settings }
    }
}

impl Codec for Embeddings {
    fn dialect(&self) -> Dialect {
        Dialect::OPENAI_EMBEDDINGS
    }

    fn operation(&self) -> Asks {
        Asks::Embeddings
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let (body, lost) = ask::body(self.family, &self.model, inbound, target)?;
        let operation = Operation::Invoke;
        let request = address::request(operation, &target.model, target, &self.settings, body)?;
        Ok(Encoded { request, lost })
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        tell::account(body)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        error::decode(status, headers, body)
    }

    fn relayed(&self, body: Bytes, inbound: &Inbound) -> Result<Bytes, DecodeError> {
        tell::relayed(&body, inbound, &self.model)
    }

    fn pieces(&self, inbound: &Inbound) -> Vec<Piece> {
        if self.family == Family::TitanEmbed { ask::pieces(inbound) } else { Vec::new() }
    }

    fn joined(&self, pieces: &[Piece], answers: &[Bytes]) -> Result<Bytes, DecodeError> {
        tell::joined(pieces, answers)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(NoStream("vectors"))
    }
}

#[cfg(test)]
mod tests;
