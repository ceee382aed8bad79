//! What only the beta endpoints take: an answer begun by the client, tools that are held to their
//! schema, and text completions. Such requests go there; all others stay where they are.

use bytes::Bytes;
use http::{HeaderMap, Uri};
use serde::Deserialize;
use std::sync::Arc;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{Dialect, Operation, UpstreamError};
use tollgate_providers_common::{
    Account, ChatCodec, Codec, DecodeError, EncodeError, Encoded, Inbound, Piece, StreamDecoder,
    UpstreamTarget,
};

/// Where the beta endpoints stand at the vendor's host.
const BETA: &str = "/beta";

/// A codec whose requests all go to the beta endpoints.
pub(crate) struct Always(pub(crate) Arc<dyn Codec>);

/// The chat codec, whose requests go there where they must.
pub(crate) struct WhereNeeded(pub(crate) Arc<dyn ChatCodec>);

/// The part of a body that tells.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    messages: Vec<Message>,
    #[serde(default)]
    tools: Vec<Tool>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    prefix: Option<bool>,
}

#[derive(Deserialize)]
struct Tool {
    #[serde(default)]
    function: Function,
}

#[derive(Default, Deserialize)]
struct Function {
    #[serde(default)]
    strict: Option<bool>,
}

/// Whether a body asks for what is beta. One that cannot be read is the vendor's to judge.
fn is_beta(body: &[u8]) -> bool {
    let text = std::str::from_utf8(body).unwrap_or_default();
    // Most requests have neither word; those are not read again.
    if !text.contains("\"prefix\"") && !text.contains("\"strict\"") {
        return false;
    }
    let Ok(Told { messages, tools }) = serde_json::from_str(text) else { return false };
    messages.last().is_some_and(|last| last.prefix == Some(true))
        || tools.iter().any(|tool| tool.function.strict == Some(true))
}

/// The request at the beta endpoint; one behind a path of somebody's own stays there.
fn at_beta(mut encoded: Encoded, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
    let base = target.base.path().trim_end_matches('/');
    if !base.is_empty() && base != "/v1" {
        return Ok(encoded);
    }
    let path = encoded.request.uri().path();
    let path = format!("{BETA}{}", path.strip_prefix(base).unwrap_or(path));
    let mut parts = encoded.request.uri().clone().into_parts();
    let build = |error: String| EncodeError::Build(error);
    parts.path_and_query =
        Some(path.parse().map_err(|error: http::uri::InvalidUri| build(error.to_string()))?);
    let uri = Uri::from_parts(parts).map_err(|error| build(error.to_string()))?;
    *encoded.request.uri_mut() = uri;
    Ok(encoded)
}

fn where_needed(encoded: Encoded, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
    if is_beta(encoded.request.body()) { at_beta(encoded, target) } else { Ok(encoded) }
}

/// The codec that takes the place of one of these, whose requests go there where they must too.
fn other(codec: Option<Arc<dyn ChatCodec>>) -> Option<Arc<dyn ChatCodec>> {
    let codec = codec?;
    Some(Arc::new(WhereNeeded(codec)))
}

/// Passes on everything but where requests go.
macro_rules! passed_on {
    () => {
        fn dialect(&self) -> Dialect {
            self.0.dialect()
        }

        fn operation(&self) -> Operation {
            self.0.operation()
        }

        fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
            self.0.account(body)
        }

        fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
            self.0.decode_error(status, headers, body)
        }

        fn relayed(&self, body: Bytes, inbound: &Inbound) -> Result<Bytes, DecodeError> {
            self.0.relayed(body, inbound)
        }

        fn instead(
            &self,
            inbound: &Inbound,
            target: &UpstreamTarget,
        ) -> Option<Arc<dyn ChatCodec>> {
            other(self.0.instead(inbound, target))
        }

        fn takes_urls(&self, target: &UpstreamTarget) -> bool {
            self.0.takes_urls(target)
        }

        fn answers_anything(&self) -> bool {
            self.0.answers_anything()
        }

        fn pieces(&self, inbound: &Inbound) -> Vec<Piece> {
            self.0.pieces(inbound)
        }

        fn joined(&self, pieces: &[Piece], answers: &[Bytes]) -> Result<Bytes, DecodeError> {
            self.0.joined(pieces, answers)
        }

        fn wants_stream(&self, error: &UpstreamError) -> bool {
            self.0.wants_stream(error)
        }

        fn stream(&self) -> Box<dyn StreamDecoder> {
            self.0.stream()
        }
    };
}

impl Codec for Always {
    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        at_beta(self.0.splice(inbound, target)?, target)
    }

    passed_on!();
}

impl Codec for WhereNeeded {
    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        where_needed(self.0.splice(inbound, target)?, target)
    }

    passed_on!();
}

impl ChatCodec for WhereNeeded {
    fn other_for(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Option<Arc<dyn ChatCodec>> {
        other(self.0.other_for(chat, target))
    }

    fn encode(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        where_needed(self.0.encode(chat, target)?, target)
    }

    fn decode(&self, body: &[u8]) -> Result<ChatReply, DecodeError> {
        self.0.decode(body)
    }
}
