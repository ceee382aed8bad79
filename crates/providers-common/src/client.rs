//! The client side of a dialect: what a client's bytes ask, and the bytes that it expects back.
//!
//! Pure like [`crate::codec`]. Ids and times that the vendor did not give come from
//! [`RenderContext`].

use bytes::{Bytes, BytesMut};
use std::time::Duration;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{ChatEvent, Dialect, Operation};

use crate::codec::EncodeError;
use crate::embed::{EmbedReply, EmbedRequest};
use crate::inbound::{Facts, Inbound};
use crate::inline::{MediaMap, MediaPlace};

/// A dialect that clients speak.
pub trait ClientDialect: Send + Sync + 'static {
    /// The dialect.
    fn dialect(&self) -> Dialect;

    /// What it asks.
    fn operation(&self) -> Operation;

    /// Reads the facts of a body in one pass and checks its shape: JSON, types of known fields,
    /// required fields, roles. It does not check what only a vendor can know.
    ///
    /// # Errors
    /// Names the field that is wrong.
    fn facts(&self, body: &[u8]) -> Result<Facts, BadRequest>;

    /// Reads the whole request into the domain.
    ///
    /// # Errors
    /// Names the field that is wrong, or that has no meaning outside this dialect.
    fn parse(&self, inbound: &Inbound) -> Result<ChatRequest, BadRequest>;

    /// Reads a request for embeddings, for a vendor of another dialect.
    ///
    /// # Errors
    /// Names the field that is wrong or cannot be said elsewhere; always where this dialect asks for
    /// something else than embeddings.
    fn parse_embed(&self, _inbound: &Inbound) -> Result<EmbedRequest, BadRequest> {
        Err(BadRequest::body("invalid_request", "this is no request for embeddings"))
    }

    /// Writes an answer of embeddings as `inbound` asked for it; empty where this dialect has none.
    fn render_embed(&self, _reply: &EmbedReply, _inbound: &Inbound, _model: &str) -> Bytes {
        Bytes::new()
    }

    /// Where a request points to pictures and documents, for vendors that take a body of this dialect
    /// and fetch nothing; none where the dialect has no such vendor.
    fn media_places(&self, _body: &[u8]) -> Vec<MediaPlace> {
        Vec::new()
    }

    /// The request with data in the place of the addresses that `media` has.
    fn with_media(&self, body: &Bytes, _media: &MediaMap) -> Bytes {
        body.clone()
    }

    /// Writes a whole answer.
    fn render(&self, reply: &ChatReply, context: &RenderContext) -> Bytes;

    /// Writes a whole answer to `inbound`, of which some dialects repeat parts in their answers.
    fn render_to(&self, reply: &ChatReply, context: &RenderContext, _inbound: &Inbound) -> Bytes {
        self.render(reply, context)
    }

    /// An encoder for one streamed answer.
    fn stream_encoder(&self, context: RenderContext) -> Box<dyn StreamEncoder>;

    /// An encoder for one streamed answer to `inbound`, of which some dialects repeat parts.
    fn stream_encoder_to(
        &self,
        context: RenderContext,
        _inbound: &Inbound,
    ) -> Box<dyn StreamEncoder> {
        self.stream_encoder(context)
    }

    /// Writes an error as the body of an error answer.
    fn render_error(&self, report: &ErrorReport) -> Bytes;

    /// Writes an error as the one terminal event of a stream whose status was already sent.
    fn render_stream_error(&self, report: &ErrorReport) -> Bytes;

    /// A keep-alive that clients ignore, for idle streams after the head was sent.
    fn keep_alive(&self) -> Bytes;

    /// The terminal frame that a complete stream of this dialect ends with where a vendor left it
    /// out (for example `data: [DONE]`).
    fn terminator(&self) -> Option<Bytes>;
}

/// Writes the frames of one streamed answer. Stateful; one value per response.
pub trait StreamEncoder: Send {
    /// Appends the frames of one event. [`ChatEvent::End`] writes the dialect's terminal frames;
    /// [`ChatEvent::Error`] must not be given (the caller writes the error event itself).
    fn event(&mut self, event: &ChatEvent, out: &mut BytesMut);

    /// The one error event that ends the stream, where the dialect's has to fit what was written
    /// before (a running number); none where [`ClientDialect::render_stream_error`] says it all.
    fn broken(&self, _report: &ErrorReport) -> Option<Bytes> {
        None
    }
}

/// What a renderer needs beside the answer.
#[derive(Debug, Clone)]
pub struct RenderContext {
    /// Our id of the request; used where the vendor gave no id.
    pub request_id: String,
    /// The model as the client named it; used where the vendor did not say which answered.
    pub model: String,
    /// Seconds since 1970.
    pub created: u64,
    /// Whether a stream must end with usage (OpenAI's `stream_options.include_usage`).
    pub include_usage: bool,
}

/// A request that is wrong in itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadRequest {
    /// What is wrong and where, in a sentence.
    pub message: String,
    /// The field, for example `messages[3].role`.
    pub param: Option<String>,
    /// A code for programs, for example `invalid_json`.
    pub code: &'static str,
}

impl BadRequest {
    /// A wrong or missing field.
    #[must_use]
    pub fn field(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { message: message.into(), param: Some(param.into()), code: "invalid_request" }
    }

    /// A field that has a meaning, but none outside its dialect: another deployment may know it.
    #[must_use]
    pub fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { message: message.into(), param: Some(param.into()), code: UNSUPPORTED }
    }

    /// A body that is no JSON object, or nested too deeply.
    #[must_use]
    pub fn body(code: &'static str, message: impl Into<String>) -> Self {
        Self { message: message.into(), param: None, code }
    }
}

/// The code of [`BadRequest::unsupported`].
const UNSUPPORTED: &str = "unsupported_parameter";

impl From<BadRequest> for EncodeError {
    fn from(bad: BadRequest) -> Self {
        if bad.code == UNSUPPORTED {
            let field = bad.param.unwrap_or_default();
            return Self::Unsupported { field, reason: bad.message };
        }
        Self::Invalid { field: bad.param.unwrap_or_default(), reason: bad.message }
    }
}

/// An error for a client, before it is written in the client's dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorReport {
    /// HTTP status; inside a stream the status that it would have been.
    pub status: u16,
    /// A code for programs, for example `model_not_found`.
    pub code: String,
    /// The field at fault.
    pub param: Option<String>,
    /// What happened, for people.
    pub message: String,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// Whether the client should try again; `Some(false)` once our own retries are spent.
    pub should_retry: Option<bool>,
    /// Our id of the request.
    pub request_id: String,
}
