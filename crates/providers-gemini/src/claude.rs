//! Claude at Vertex AI: Anthropic's dialect by `rawPredict`, with the model in the address, the
//! version in the body, and Google's failures beside Claude's own.
//!
//! What the body says is the business of the dialect's own crate; this file only moves things.

mod betas;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Uri};
use std::fmt::Write as _;
use std::sync::Arc;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{Dialect, Operation, ProviderName, UpstreamError};
use tollgate_providers_anthropic::Anthropic;
use tollgate_providers_common::scan::Layout;
use tollgate_providers_common::splice::{Edits, quote};
use tollgate_providers_common::{
    Account, ChatCodec, Codec, DecodeError, EncodeError, Encoded, Inbound, Piece, Provider,
    StreamDecoder, UpstreamTarget,
};

use crate::error;

/// The version that every Claude of this vendor takes.
const VERSION: &str = "vertex-2023-10-16";
/// Anthropic's own newer version, which those models take that refuse sampling parameters anyway.
const NEWER: &str = "2026-10-21";

const VERSION_HEADER: HeaderName = HeaderName::from_static("anthropic-version");

/// Where Google's own models stand, and where these do.
const GOOGLE: &str = "/publishers/google";
const ANTHROPIC: &str = "/publishers/anthropic";

/// Claude at Vertex AI.
#[derive(Debug, Clone)]
pub struct ClaudeOnVertex {
    inner: Anthropic,
}

impl ClaudeOnVertex {
    /// The vendor under the name that logs and metrics use.
    #[must_use]
    pub fn new(name: ProviderName) -> Self {
        Self { inner: Anthropic::new(name) }
    }

    /// The base that its requests are made for, from the one of Google's own models; any other stays.
    ///
    /// # Errors
    /// Never for an address that was one before.
    pub fn base(given: &Uri) -> Result<Uri, http::Error> {
        let Some(place) = given.path().trim_end_matches('/').strip_suffix(GOOGLE) else {
            return Ok(given.clone());
        };
        let mut parts = given.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(format!("{place}{ANTHROPIC}"))?);
        Ok(Uri::from_parts(parts)?)
    }
}

impl Provider for ClaudeOnVertex {
    fn name(&self) -> &ProviderName {
        self.inner.name()
    }

    fn codec(&self, dialect: Dialect) -> Option<Arc<dyn Codec>> {
        let inner = self.inner.codec(dialect)?;
        Some(Arc::new(RawPredict { inner }))
    }

    fn chat(&self) -> Option<Arc<dyn ChatCodec>> {
        let inner = self.inner.chat()?;
        Some(Arc::new(RawPredict { inner }))
    }
}

/// A codec of Anthropic's, put here.
#[derive(Debug)]
struct RawPredict<C: ?Sized> {
    inner: Arc<C>,
}

/// Another codec of Anthropic's, put here as well.
fn here(other: Option<Arc<dyn ChatCodec>>) -> Option<Arc<dyn ChatCodec>> {
    let inner = other?;
    Some(Arc::new(RawPredict { inner }))
}

impl<C: Codec + ?Sized> RawPredict<C> {
    /// What Anthropic itself would be sent, for this vendor.
    fn moved(
        &self,
        encoded: Encoded,
        stream: bool,
        target: &UpstreamTarget,
    ) -> Result<Encoded, EncodeError> {
        let Encoded { mut request, mut lost } = encoded;
        let counts = self.inner.operation() == Operation::CountTokens;
        let mut edits =
            Edits::new().set("anthropic_version", quote(version(request.headers(), target)));
        let path = if counts {
            "/models/count-tokens:rawPredict".to_owned()
        } else {
            edits = edits.remove("model");
            let how = if stream { "streamRawPredict" } else { "rawPredict" };
            format!("/models/{}:{how}", segment(&target.model))
        };
        // An empty layout does not fit the body, so that `apply` reads the body's own.
        let body = edits.apply(request.body(), &Layout::default());
        *request.body_mut() = body;
        let uri = target.uri(&path, None);
        *request.uri_mut() = uri.map_err(|error| EncodeError::Build(error.to_string()))?;
        request.headers_mut().remove(VERSION_HEADER);
        betas::keep_known(request.headers_mut(), target, &mut lost);
        Ok(Encoded { request, lost })
    }
}

fn version(headers: &HeaderMap, target: &UpstreamTarget) -> &'static str {
    let asked = headers.get(VERSION_HEADER).and_then(|value| value.to_str().ok());
    let newer = asked.is_some_and(|asked| asked.trim() == NEWER) && target.quirks.no_sampling;
    if newer { NEWER } else { VERSION }
}

/// A model's name as the last segment of a path.
fn segment(model: &str) -> String {
    let mut path = String::with_capacity(model.len());
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

impl<C: Codec + ?Sized> Codec for RawPredict<C> {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    fn operation(&self) -> Operation {
        self.inner.operation()
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        self.moved(self.inner.splice(inbound, target)?, inbound.facts.stream, target)
    }

    fn instead(&self, inbound: &Inbound, target: &UpstreamTarget) -> Option<Arc<dyn ChatCodec>> {
        here(self.inner.instead(inbound, target))
    }

    /// Vertex AI fetches nothing for Claude.
    fn takes_urls(&self, _: &UpstreamTarget) -> bool {
        false
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        self.inner.account(body)
    }

    /// Claude's failures come in its own envelope, those of what stands before it in Google's.
    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        if error::is_googles(body) {
            error::decode(status, headers, body)
        } else {
            self.inner.decode_error(status, headers, body)
        }
    }

    fn answers_anything(&self) -> bool {
        self.inner.answers_anything()
    }

    fn relayed(&self, body: Bytes, inbound: &Inbound) -> Result<Bytes, DecodeError> {
        self.inner.relayed(body, inbound)
    }

    fn pieces(&self, inbound: &Inbound) -> Vec<Piece> {
        self.inner.pieces(inbound)
    }

    fn joined(&self, pieces: &[Piece], answers: &[Bytes]) -> Result<Bytes, DecodeError> {
        self.inner.joined(pieces, answers)
    }

    fn wants_stream(&self, error: &UpstreamError) -> bool {
        self.inner.wants_stream(error)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        self.inner.stream()
    }
}

impl<C: ChatCodec + ?Sized> ChatCodec for RawPredict<C> {
    fn other_for(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Option<Arc<dyn ChatCodec>> {
        here(self.inner.other_for(chat, target))
    }

    fn encode(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        self.moved(self.inner.encode(chat, target)?, chat.stream, target)
    }

    fn decode(&self, body: &[u8]) -> Result<ChatReply, DecodeError> {
        self.inner.decode(body)
    }
}

#[cfg(test)]
mod tests;
