//! What a call gives back, before it is HTTP: the port that the server speaks to.

use bytes::Bytes;
use http::HeaderValue;
use std::sync::Arc;
use std::time::Instant;
use tollgate_providers_common::ErrorReport;

use crate::stream::AnswerStream;

/// What the caller of the engine knows of a request beside its content.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// Our id of the request: logged, returned, and used as the answer's id where a vendor has none.
    pub request_id: Arc<str>,
    /// When the request came in; deadlines and durations count from here.
    pub started: Instant,
    /// The client's W3C `traceparent`, continued in our spans.
    pub traceparent: Option<String>,
    /// The client's W3C `tracestate`.
    pub tracestate: Option<String>,
    /// The route that the request came by, for example `/v1/messages`; `None` where it did not come
    /// by HTTP.
    pub route: Option<&'static str>,
    /// How many gateways of our kind the request has passed before this one, by its `via` header.
    pub hops: usize,
}

/// A successful answer.
pub enum Answer {
    /// All of it.
    Whole {
        /// What is known beside the body.
        head: AnswerHead,
        /// JSON in the client's dialect.
        body: Bytes,
    },
    /// A stream of events in the client's dialect.
    Stream {
        /// What is known beside the stream.
        head: AnswerHead,
        /// The stream; dropping it cancels the request at the vendor and settles it.
        body: AnswerStream,
    },
    /// Bytes of another kind, as the vendor sends them: audio, plain text.
    Bytes {
        /// What is known beside the bytes.
        head: AnswerHead,
        /// What they are, in the vendor's words.
        content_type: HeaderValue,
        /// How many there are, where the vendor says it.
        length: Option<u64>,
        /// The bytes; as with a stream, dropping it cancels. Where [`AnswerStream::is_broken`] says so
        /// at its end, they are not all.
        body: AnswerStream,
    },
}

impl CallContext {
    /// Gateways of our kind that a request may pass; one more and it is going in circles, for
    /// example because a vendor's base address is this gateway's own.
    pub const MAX_HOPS: usize = 2;
}

/// What is known of an answer beside its content.
#[derive(Debug, Clone)]
pub struct AnswerHead {
    /// The model group that answered, by the alias of its configuration.
    pub model: Arc<str>,
    /// The deployment that answered, by id.
    pub deployment: Arc<str>,
    /// Attempts made, the successful one included.
    pub attempts: u32,
    /// Request fields that could not be carried to the deployment's dialect.
    pub dropped: Vec<String>,
    /// Whether numbers in the body are our estimate (token counts of vendors that cannot count).
    pub estimated: bool,
    /// What the answer cost, in pico-dollars (10⁻¹² US dollars); `None` of a stream, whose cost is
    /// known at its end, and where it is not known at all.
    pub cost: Option<u64>,
}

/// A call that got no answer.
#[derive(Debug)]
pub struct Denied {
    /// The error for the client; the client's dialect writes it.
    pub report: ErrorReport,
    /// Attempts made.
    pub attempts: u32,
}
