//! A codec of a dialect's own crate, put where this vendor serves the dialect.
//!
//! The body is the business of that crate; here the deployment's name takes the place of the model's,
//! the API version goes into the address, and failures are read once more. Every method is handed on:
//! a default of the trait would undo what the inner codec says.

use bytes::Bytes;
use http::HeaderMap;
use std::borrow::Cow;
use std::sync::Arc;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{Dialect, Operation, UpstreamError};
use tollgate_providers_common::scan::Layout;
use tollgate_providers_common::splice::{Edits, quote};
use tollgate_providers_common::{
    Account, ChatCodec, Codec, DecodeError, EmbedCodec, EmbedReply, EmbedRequest, EncodeError,
    Encoded, Inbound, Piece, StreamDecoder, UpstreamTarget,
};

use crate::address::{self, Surface};
use crate::error;

/// What a deployment changes about its dialect's requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) surface: Surface,
    /// The model behind a deployment's name that does not say it.
    pub(crate) base_model: Option<Arc<str>>,
    /// The API version of the query.
    pub(crate) version: Option<Arc<str>>,
}

impl Place {
    /// A codec of this place, where there is one.
    fn around(self: &Arc<Self>, inner: Option<Arc<dyn ChatCodec>>) -> Option<Arc<dyn ChatCodec>> {
        let inner = inner?;
        Some(Arc::new(Placed::new(inner, Arc::clone(self))))
    }

    /// The target with the model's name in the place of the deployment's.
    fn named<'t>(&self, target: &'t UpstreamTarget) -> Cow<'t, UpstreamTarget> {
        match &self.base_model {
            Some(model) => {
                Cow::Owned(UpstreamTarget { model: model.to_string(), ..target.clone() })
            }
            None => Cow::Borrowed(target),
        }
    }

    /// A request that was made for [`Place::named`], for the deployment again.
    fn deployed(&self, encoded: Encoded, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let mut encoded = encoded;
        if self.base_model.is_some() {
            let edits = Edits::new().set("model", quote(&target.model));
            // An empty layout does not fit the body, so that `apply` reads the body's own.
            let body = edits.apply(encoded.request.body(), &Layout::default());
            *encoded.request.body_mut() = body;
        }
        self.addressed(encoded)
    }

    fn addressed(&self, mut encoded: Encoded) -> Result<Encoded, EncodeError> {
        if let Some(version) = &self.version {
            let uri = address::finished(encoded.request.uri(), version);
            *encoded.request.uri_mut() =
                uri.map_err(|error| EncodeError::Build(error.to_string()))?;
        }
        Ok(encoded)
    }
}

/// A codec and its place.
#[derive(Debug)]
pub(crate) struct Placed<C: ?Sized> {
    inner: Arc<C>,
    place: Arc<Place>,
}

impl<C: ?Sized> Placed<C> {
    pub(crate) fn new(inner: Arc<C>, place: Arc<Place>) -> Self {
        Self { inner, place }
    }
}

impl<C: Codec + ?Sized> Codec for Placed<C> {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    fn operation(&self) -> Operation {
        self.inner.operation()
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        match self.place.surface {
            // Only Anthropic's codec asks which model a body is for.
            Surface::Claude => {
                let encoded = self.inner.splice(inbound, &self.place.named(target))?;
                self.place.deployed(encoded, target)
            }
            Surface::Deployments | Surface::V1 => {
                self.place.addressed(self.inner.splice(inbound, target)?)
            }
        }
    }

    fn instead(&self, inbound: &Inbound, target: &UpstreamTarget) -> Option<Arc<dyn ChatCodec>> {
        self.place.around(self.inner.instead(inbound, &self.place.named(target)))
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        self.inner.account(body)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        error::adjusted(self.inner.decode_error(status, headers, body), body)
    }

    fn takes_urls(&self, target: &UpstreamTarget) -> bool {
        self.inner.takes_urls(&self.place.named(target))
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

impl<C: ChatCodec + ?Sized> ChatCodec for Placed<C> {
    fn other_for(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Option<Arc<dyn ChatCodec>> {
        self.place.around(self.inner.other_for(chat, &self.place.named(target)))
    }

    fn encode(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let encoded = self.inner.encode(chat, &self.place.named(target))?;
        self.place.deployed(encoded, target)
    }

    fn decode(&self, body: &[u8]) -> Result<ChatReply, DecodeError> {
        self.inner.decode(body)
    }
}

impl<C: EmbedCodec + ?Sized> EmbedCodec for Placed<C> {
    fn most_texts(&self) -> Option<usize> {
        self.inner.most_texts()
    }

    fn encode_embed(
        &self,
        asked: &EmbedRequest,
        target: &UpstreamTarget,
    ) -> Result<Encoded, EncodeError> {
        self.place.addressed(self.inner.encode_embed(asked, target)?)
    }

    fn decode_embed(&self, body: &[u8]) -> Result<EmbedReply, DecodeError> {
        self.inner.decode_embed(body)
    }
}

#[cfg(test)]
mod tests;
