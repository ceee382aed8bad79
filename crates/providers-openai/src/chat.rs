//! Chat Completions, both halves: the codec towards vendors and the dialect towards clients.
//!
//! This file only joins the parts; each part is pure and knows nothing of the others.

mod bridge;
pub(crate) mod client;
pub(crate) mod decode;
mod details;
pub(crate) mod encode;
pub(crate) mod facts;
pub(crate) mod finish;
mod google;
pub(crate) mod parse;
pub(crate) mod reading;
pub(crate) mod render;
mod spare;
pub(crate) mod stream;
mod stream_encoder;

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

use crate::responses::OpenAiResponses;
use crate::server::Server;
use crate::splice::{self, Endpoint};
use crate::{account, error};

pub(crate) use client::ChatDialect;
use spare::Told;

/// Where its requests go.
const ENDPOINT: Endpoint = Endpoint { path: "/chat/completions", streams: true, newer_bound: true };

/// What an answer of this dialect is called in errors.
pub(crate) const ANSWER: &str = "a chat completion";

/// The vendor side of Chat Completions.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenAiChat {
    server: Arc<Server>,
    /// Whether what a model takes at Responses alone goes there.
    bridges: bool,
}

impl OpenAiChat {
    pub(crate) fn at(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server), bridges: false }
    }

    /// The same, handing over to Responses what a model takes there alone.
    pub(crate) fn bridging(self, bridges: bool) -> Self {
        Self { bridges, ..self }
    }

    fn endpoint(&self) -> &str {
        self.server.chat_path.as_deref().unwrap_or(ENDPOINT.path)
    }
}

/// How servers begin to say that they answer a request as a stream alone, in lower case: what a
/// message quotes of a request never stands at its beginning.
const STREAM_ALONE: &[&str] = &[
    "parameter.enable_thinking must be set to false for non-streaming calls",
    "enable_thinking must be set to false for non-streaming calls",
    "this model only support stream mode",
    "this model only supports stream mode",
];

/// What DashScope puts before it where the model's own server said it.
const PASSED_ON: &str = "<400> internalerror.algo.invalidparameter: ";

impl Codec for OpenAiChat {
    fn dialect(&self) -> Dialect {
        Dialect::OPENAI_CHAT
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let mut encoded = splice::relay(inbound, target, ENDPOINT)?;
        if self.server.chat_path.is_some() {
            let uri = target.uri(self.endpoint(), None);
            *encoded.request.uri_mut() = uri.map_err(|e| EncodeError::Build(e.to_string()))?;
        }
        let foreign = self.server.own && !inbound.facts.plain;
        if foreign { spare::spared(encoded, Told::AsField) } else { Ok(encoded) }
    }

    fn instead(&self, inbound: &Inbound, target: &UpstreamTarget) -> Option<Arc<dyn ChatCodec>> {
        let needed = || bridge::is_needed(inbound, target);
        (self.bridges && needed())
            .then(|| Arc::new(OpenAiResponses::at(&self.server)) as Arc<dyn ChatCodec>)
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        account::choices_of(&self.server, body, ANSWER)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        self.server.judged(error::decode_error(status, headers, body))
    }

    fn wants_stream(&self, error: &UpstreamError) -> bool {
        let text = error.message.to_ascii_lowercase();
        let said = text.strip_prefix(PASSED_ON).unwrap_or(&text).trim_start();
        STREAM_ALONE.iter().any(|phrase| said.starts_with(phrase))
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        reading::decoder(&self.server)
    }
}

impl ChatCodec for OpenAiChat {
    fn other_for(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Option<Arc<dyn ChatCodec>> {
        let needed = || bridge::is_needed_for(chat, &target.model);
        (self.bridges && needed())
            .then(|| Arc::new(OpenAiResponses::at(&self.server)) as Arc<dyn ChatCodec>)
    }

    fn encode(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let (body, lost) = encode::body(chat, target)?;
        let body = splice::with_rules(Bytes::from(body), target, &chat.extra)?;
        let request = splice::request(target, self.endpoint(), body, &HeaderMap::new())?;
        let encoded = Encoded { request, lost };
        if self.server.own { spare::spared(encoded, Told::AsReasoning) } else { Ok(encoded) }
    }

    fn decode(&self, body: &[u8]) -> Result<ChatReply, DecodeError> {
        decode::whole_of(&self.server, body)
    }
}
