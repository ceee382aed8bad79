//! Legacy text completions, both halves.
//!
//! Towards a vendor that serves them they are relayed verbatim. Where the target is a chat model, a
//! plain prompt becomes a user message; what only raw models can do is refused by name.

mod client;
mod facts;
mod parse;
mod render;
mod stream_encoder;

use http::HeaderMap;
use std::sync::Arc;
use tollgate_core_types::{Dialect, Operation, UpstreamError};
use tollgate_providers_common::{
    Account, Codec, DecodeError, EncodeError, Encoded, Inbound, StreamDecoder, UpstreamTarget,
};

use crate::server::Server;
use crate::splice::{self, Endpoint};
use crate::{account, chat, error};

pub(crate) use client::CompletionsDialect;

/// Where its requests go.
const ENDPOINT: Endpoint = Endpoint { path: "/completions", streams: true, newer_bound: false };

/// The vendor side of text completions. There is no translation to it: a chat request has more to
/// say than a prompt can hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenAiCompletions {
    server: Arc<Server>,
}

impl OpenAiCompletions {
    pub(crate) fn at(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server) }
    }
}

impl Codec for OpenAiCompletions {
    fn dialect(&self) -> Dialect {
        Dialect::OPENAI_COMPLETIONS
    }

    fn operation(&self) -> Operation {
        Operation::TextCompletion
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        splice::relay(inbound, target, ENDPOINT)
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        account::choices_of(&self.server, body, "a text completion")
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        self.server.judged(error::decode_error(status, headers, body))
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        // A chunk differs only in where its text stands, and the decoder looks in both places.
        chat::reading::decoder(&self.server)
    }
}
