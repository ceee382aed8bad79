//! Images, speech, moderation and rerank, both halves: relayed as they are and translated for nobody.
//!
//! These endpoints differ between vendors in what they take and give, so that little is read of
//! them: the model, whether a stream is wanted, what was used. Everything else is the client's and
//! the vendor's business.

mod answer;
mod client;
mod stream;

use bytes::Bytes;
use http::HeaderMap;
use std::sync::Arc;
use tollgate_core_types::{Dialect, Operation, UpstreamError};
use tollgate_providers_common::{
    Account, Codec, DecodeError, EncodeError, Encoded, Inbound, StreamDecoder, UpstreamTarget,
};

use crate::error;
use crate::splice::{self, Endpoint};

pub(crate) use client::MediaDialect;

/// One of these endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Images,
    ImageEdits,
    ImageVariations,
    Transcriptions,
    Translations,
    Speech,
    Moderations,
    Rerank,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Images,
        Self::ImageEdits,
        Self::ImageVariations,
        Self::Transcriptions,
        Self::Translations,
        Self::Speech,
        Self::Moderations,
        Self::Rerank,
    ];

    pub(crate) fn of(dialect: Dialect) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.dialect() == dialect)
    }

    const fn dialect(self) -> Dialect {
        match self {
            Self::Images => Dialect::OPENAI_IMAGES,
            Self::ImageEdits => Dialect::OPENAI_IMAGE_EDITS,
            Self::ImageVariations => Dialect::OPENAI_IMAGE_VARIATIONS,
            Self::Transcriptions => Dialect::OPENAI_TRANSCRIPTIONS,
            Self::Translations => Dialect::OPENAI_TRANSLATIONS,
            Self::Speech => Dialect::OPENAI_SPEECH,
            Self::Moderations => Dialect::OPENAI_MODERATIONS,
            Self::Rerank => Dialect::RERANK,
        }
    }

    const fn operation(self) -> Operation {
        match self {
            Self::Images | Self::ImageEdits | Self::ImageVariations => Operation::Images,
            Self::Transcriptions | Self::Translations => Operation::Transcription,
            Self::Speech => Operation::Speech,
            Self::Moderations => Operation::Moderation,
            Self::Rerank => Operation::Rerank,
        }
    }

    /// The path below a base address.
    const fn path(self) -> &'static str {
        match self {
            Self::Images => "/images/generations",
            Self::ImageEdits => "/images/edits",
            Self::ImageVariations => "/images/variations",
            Self::Transcriptions => "/audio/transcriptions",
            Self::Translations => "/audio/translations",
            Self::Speech => "/audio/speech",
            Self::Moderations => "/moderations",
            Self::Rerank => "/rerank",
        }
    }

    /// Whether its answers may be something else than JSON.
    const fn answers_anything(self) -> bool {
        match self {
            Self::Images
            | Self::ImageEdits
            | Self::ImageVariations
            | Self::Transcriptions
            | Self::Translations
            | Self::Speech => true,
            Self::Moderations | Self::Rerank => false,
        }
    }
}

/// The vendor side of one endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Media(pub(crate) Kind);

impl Codec for Media {
    fn dialect(&self) -> Dialect {
        self.0.dialect()
    }

    fn operation(&self) -> Operation {
        self.0.operation()
    }

    /// A form has no body here: it is sent as it comes, by whoever holds it.
    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let path = self.0.path();
        if inbound.body.is_empty() {
            let request = splice::request(target, path, Bytes::new(), &inbound.headers)?;
            return Ok(Encoded { request, lost: Vec::new() });
        }
        splice::relay(inbound, target, Endpoint { path, streams: false, newer_bound: false })
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        answer::account(body)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        error::decode_error(status, headers, body)
    }

    fn answers_anything(&self) -> bool {
        self.0.answers_anything()
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::MediaStream::default())
    }
}

/// The vendor side of an endpoint of this dialect, for vendors whose addresses differ; `None` where
/// it is none of images, audio, moderation and rerank.
#[must_use]
pub fn media_codec(dialect: Dialect) -> Option<Arc<dyn Codec>> {
    Kind::of(dialect).map(|kind| Arc::new(Media(kind)) as Arc<dyn Codec>)
}

#[cfg(test)]
mod tests;
