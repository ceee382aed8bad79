//! Converse: one way to every chat model of the vendor, one file per direction.

mod decode;
mod encode;
mod stream;

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
use crate::models::Family;
use crate::provider::Settings;

/// The tool that carries structured output to models that have none of their own. A decoder turns
/// its input back into text by this name alone, so that it needs to know nothing of the request.
const JSON_TOOL: &str = "tollgate_json_response";

/// Who signs the reasoning of a family's answers. Claude's signatures are the same wherever Claude
/// runs, so that a conversation may move between this vendor and Anthropic.
fn issuer(family: Family) -> Dialect {
    match family {
        Family::Claude => Dialect::ANTHROPIC_MESSAGES,
        Family::Nova
        | Family::GptOss
        | Family::Mistral
        | Family::TitanEmbed
        | Family::CohereEmbed
        | Family::Other => Dialect::BEDROCK_CONVERSE,
    }
}

/// The codec of `bedrock.converse` for one family of models.
#[derive(Debug, Clone)]
pub(crate) struct Converse {
    family: Family,
    settings: Arc<Settings>,
}

impl Converse {
    pub(crate) fn new(family: Family, settings: Arc<Settings>) -> Self {
        Self { family, settings }
    }
}

impl Codec for Converse {
    fn dialect(&self) -> Dialect {
        Dialect::BEDROCK_CONVERSE
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    /// No client speaks this dialect to us, so nothing is ever relayed.
    fn splice(&self, _: &Inbound, _: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        Err(EncodeError::Build("no client speaks bedrock.converse".to_owned()))
    }

    /// Bedrock fetches nothing, whatever the model.
    fn takes_urls(&self, _: &UpstreamTarget) -> bool {
        false
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        decode::account(body)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        error::decode(status, headers, body)
    }

    fn relayed(&self, body: Bytes, _: &Inbound) -> Result<Bytes, DecodeError> {
        Ok(body)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new(issuer(self.family)))
    }
}

impl ChatCodec for Converse {
    fn encode(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        encode::encode(chat, target, self.family, &self.settings)
    }

    fn decode(&self, body: &[u8]) -> Result<ChatReply, DecodeError> {
        decode::decode(body, issuer(self.family))
    }
}

#[cfg(test)]
mod tests;
