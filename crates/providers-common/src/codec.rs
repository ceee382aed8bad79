//! The vendor side of a dialect: bytes for a vendor, and what the vendor's bytes mean.
//!
//! Implementations are pure: no I/O, no clock, no randomness. Errors are values; nothing here logs.

use bytes::Bytes;
use http::HeaderMap;
use std::sync::Arc;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::{ChatReply, Finish};
use tollgate_core_types::{
    ChatEvent, Dialect, Lost, Operation, ProviderName, UpstreamError, Usage,
};

use crate::client::ErrorReport;
use crate::embed::EmbedCodec;
use crate::framing::Framing;
use crate::inbound::Inbound;
use crate::piece::Piece;
use crate::sse::Frame;
use crate::target::UpstreamTarget;

/// A vendor: a name and the dialects that its deployments speak.
pub trait Provider: Send + Sync + 'static {
    /// The vendor's name.
    fn name(&self) -> &ProviderName;

    /// The codec that relays a client of `dialect` verbatim, where this vendor speaks it.
    fn codec(&self, dialect: Dialect) -> Option<Arc<dyn Codec>>;

    /// The codec that any chat client is translated to.
    fn chat(&self) -> Option<Arc<dyn ChatCodec>>;

    /// The codec that reads whole answers of `dialect`, where one comes although a stream was asked
    /// for; [`Provider::chat`] by default, where that is its dialect.
    fn reader(&self, dialect: Dialect) -> Option<Arc<dyn ChatCodec>> {
        self.chat().filter(|codec| codec.dialect() == dialect)
    }

    /// The codec that any client of embeddings is translated to; none by default.
    fn embeddings(&self) -> Option<Arc<dyn EmbedCodec>> {
        None
    }
}

/// One dialect of a vendor, as far as the verbatim path needs it.
pub trait Codec: Send + Sync + 'static {
    /// The dialect.
    fn dialect(&self) -> Dialect;

    /// What it does.
    fn operation(&self) -> Operation;

    /// Makes the vendor's request from a client's of the same dialect by editing, not rebuilding:
    /// model, parameter rules and `stream_options` change, every other byte stays. No credentials.
    ///
    /// As it stands here it is for dialects that no client speaks, whose vendors relay nobody.
    ///
    /// # Errors
    /// When a rule or address cannot be applied.
    fn splice(&self, _inbound: &Inbound, _target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        Err(EncodeError::Build(format!("no client speaks {}", self.dialect())))
    }

    /// The codec that a request must be translated to although it is of this dialect, because the
    /// vendor takes what it asks in another one alone; none by default.
    fn instead(&self, _inbound: &Inbound, _target: &UpstreamTarget) -> Option<Arc<dyn ChatCodec>> {
        None
    }

    /// Reads a whole answer for accounting without decoding its content.
    ///
    /// # Errors
    /// When the body is not a whole answer of this dialect: not JSON, truncated, HTML, an error
    /// inside a 200.
    fn account(&self, body: &[u8]) -> Result<Account, DecodeError>;

    /// Classifies an error answer. Total: any status and any bytes make an error.
    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError;

    /// Whether the target's vendor takes addresses of pictures and documents: fetches them, or knows
    /// better than we what they are.
    fn takes_urls(&self, _target: &UpstreamTarget) -> bool {
        true
    }

    /// Whether a success may be anything that its content type says (audio, plain text), to be
    /// relayed as it comes.
    fn answers_anything(&self) -> bool {
        false
    }

    /// The answer as a client of the same dialect receives it: the bytes as they came, unless the
    /// vendor wraps the dialect's answers in others. Asked after [`Codec::account`] read them.
    ///
    /// # Errors
    /// As [`Codec::account`].
    fn relayed(&self, body: Bytes, _inbound: &Inbound) -> Result<Bytes, DecodeError> {
        Ok(body)
    }

    /// The pieces that a client's request is cut into, where the vendor takes fewer inputs at once;
    /// empty where it is sent as it is.
    fn pieces(&self, _inbound: &Inbound) -> Vec<Piece> {
        Vec::new()
    }

    /// Joins the answers to [`Codec::pieces`], relayed and in their order, into the client's one.
    ///
    /// # Errors
    /// When an answer is not what was relayed, there is none, or it does not hold as much as its
    /// piece asked for.
    fn joined(&self, _pieces: &[Piece], answers: &[Bytes]) -> Result<Bytes, DecodeError> {
        let one = <[Bytes; 1]>::try_from(answers.to_vec());
        one.map(|[answer]| answer).map_err(|answers| {
            DecodeError::Malformed(format!("{} answers where one was asked for", answers.len()))
        })
    }

    /// Whether an error says that this request is answered as a stream alone, although nobody knew.
    fn wants_stream(&self, _error: &UpstreamError) -> bool {
        false
    }

    /// A decoder for one streamed answer.
    fn stream(&self) -> Box<dyn StreamDecoder>;
}

/// A dialect that any chat request can be translated to.
pub trait ChatCodec: Codec {
    /// The codec that must carry this request in place of this one, because the vendor takes what it
    /// asks in another dialect alone; none by default.
    fn other_for(
        &self,
        _chat: &ChatRequest,
        _target: &UpstreamTarget,
    ) -> Option<Arc<dyn ChatCodec>> {
        None
    }

    /// Makes the vendor's request from a domain request, and says what it could not carry. The
    /// target's parameter rules are applied, except that its defaults must stand in the client's
    /// request already: only those that the client's dialect could not read are written here.
    ///
    /// # Errors
    /// [`EncodeError::Unsupported`] where leaving a field out would change the meaning.
    fn encode(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Result<Encoded, EncodeError>;

    /// Reads a whole answer.
    ///
    /// # Errors
    /// As [`Codec::account`].
    fn decode(&self, body: &[u8]) -> Result<ChatReply, DecodeError>;
}

/// A request for a vendor, ready but for its credential.
#[derive(Debug)]
pub struct Encoded {
    /// The request. `accept-encoding: identity` and `content-type` are set.
    pub request: http::Request<Bytes>,
    /// What it could not carry.
    pub lost: Vec<Lost>,
}

/// What accounting needs of a whole answer; both body paths give the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The model that answered, in the vendor's words.
    pub model: Option<String>,
    /// What it took.
    pub usage: Usage,
    /// Why it ended; `None` for operations that do not generate.
    pub finish: Option<Finish>,
}

/// Reads the frames of one streamed answer. Stateful; one value per response.
pub trait StreamDecoder: Send {
    /// How the streams that it reads are cut into frames.
    fn framing(&self) -> Framing {
        Framing::Sse
    }

    /// Reads one frame and appends its events.
    ///
    /// The event order of [`tollgate_core_types::event`] is kept. Frames after
    /// [`ChatEvent::End`] are ignored.
    ///
    /// # Errors
    /// When the frame is not of this dialect; the decoder stays usable and the caller may go on
    /// with the next frame.
    fn frame(&mut self, frame: &Frame, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError>;

    /// What a client of the same dialect receives of `frame`, which was the last one read: its bytes
    /// as they came, unless the vendor wraps the dialect's stream in another framing.
    fn relayed(&mut self, frame: Frame) -> Bytes {
        frame.raw
    }

    /// The one error event that ends the stream for a client of the same dialect, where the dialect's
    /// has to fit what was read before (a running number); none where it stands for itself.
    fn broken(&self, _report: &ErrorReport) -> Option<Bytes> {
        None
    }

    /// The transport ended; appends [`ChatEvent::End`] where the answer is complete without its
    /// terminal frame and that was not said before.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where the answer is not complete: never presented as success.
    fn end(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError>;
}

/// A request that cannot be made for a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The target's dialect has no way to say this; another deployment's may.
    #[error("`{field}`: {reason}")]
    Unsupported {
        /// The field in the client's words.
        field: String,
        /// Why it cannot be carried.
        reason: String,
    },
    /// The client's value is wrong in itself (arguments that are no JSON object, a bad data URL).
    #[error("`{field}`: {reason}")]
    Invalid {
        /// The field in the client's words.
        field: String,
        /// What is wrong.
        reason: String,
    },
    /// The request could not be put together: a fault of ours or of the configuration.
    #[error("cannot build the upstream request: {0}")]
    Build(String),
}

/// Vendor bytes that are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not of this dialect: HTML, broken JSON, missing parts. The text says what and where.
    #[error("malformed answer: {0}")]
    Malformed(String),
    /// The answer stopped before its end.
    #[error("the answer ended before it was complete")]
    Truncated,
    /// The vendor reports a failure inside a 200.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
}
