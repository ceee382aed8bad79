//! What the vendor says: whole messages and stream events, as views of their bytes.
//!
//! One struct with optional fields stands for every kind of block, event and delta: serde's tagged
//! enums would copy each value into a tree first. Which fields a kind needs is checked where the
//! kind is read. Unknown fields and kinds are let through.

use serde::Deserialize;
use serde_json::value::RawValue;
use tollgate_core_types::UpstreamError;
use tollgate_core_types::error::clean;
use tollgate_providers_common::DecodeError;

use super::{Str, lenient};
use crate::error;

/// A kind of body that the vendor may answer with an error object in its place.
pub(crate) trait Whole<'a>: Deserialize<'a> {
    /// The body's `type` and its `error`.
    fn failure(&self) -> (Option<&str>, Option<&'a RawValue>);
}

/// Reads a whole body that came with a success status.
///
/// # Errors
/// [`DecodeError::Upstream`] where it is an error object, [`DecodeError::Malformed`] where it is
/// not what it should be.
pub(crate) fn whole<'a, T: Whole<'a>>(body: &'a [u8]) -> Result<T, DecodeError> {
    match body.trim_ascii_start().first() {
        None => return Err(malformed("the body is empty")),
        Some(b'<') => return Err(malformed("HTML instead of JSON")),
        Some(b'{') => {}
        Some(_) => return Err(malformed("no JSON object")),
    }
    match read::<T>(body) {
        Ok(answer) => refuse_failure(answer.failure(), body).map(|()| answer),
        Err(problem) => {
            // An error object may hold a known field in another type.
            let failure = serde_json::from_slice::<Failure<'_>>(body).unwrap_or_default();
            refuse_failure(failure.failure(), body)?;
            let what = if problem.is_eof() { "truncated JSON" } else { "not a message" };
            Err(malformed(&format!("{what}: {problem}")))
        }
    }
}

/// Reads JSON. Text that is checked once as a whole reads faster than string by string; bytes that
/// are no UTF-8 everywhere are still read, for they may be so only where nobody looks.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, serde_json::Error> {
    match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(json),
    }
}

fn refuse_failure(
    failure: (Option<&str>, Option<&RawValue>),
    body: &[u8],
) -> Result<(), DecodeError> {
    match failure {
        (_, Some(object)) if object.get().starts_with('{') => Err(error::in_band(object).into()),
        (Some("error"), _) | (_, Some(_)) => Err(error::in_band_bytes(body).into()),
        (_, None) => Ok(()),
    }
}

/// A body that is no answer; `what` says why.
pub(crate) fn malformed(what: &str) -> DecodeError {
    DecodeError::Malformed(clean(what, UpstreamError::MESSAGE_MAX))
}

#[derive(Debug, Default, Deserialize)]
struct Failure<'a> {
    #[serde(rename = "type", borrow, default, deserialize_with = "lenient::text")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl<'a> Whole<'a> for Failure<'a> {
    fn failure(&self) -> (Option<&str>, Option<&'a RawValue>) {
        (self.kind.as_deref(), self.error)
    }
}

/// A token count.
#[derive(Debug, Deserialize)]
pub(crate) struct Count<'a> {
    #[serde(rename = "type", borrow, default, deserialize_with = "lenient::text")]
    pub(crate) kind: Option<Str<'a>>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub(crate) input_tokens: Option<u64>,
    #[serde(borrow)]
    pub(crate) error: Option<&'a RawValue>,
}

impl<'a> Whole<'a> for Count<'a> {
    fn failure(&self) -> (Option<&str>, Option<&'a RawValue>) {
        (self.kind.as_deref(), self.error)
    }
}

/// A whole answer; `C` is how much of its content is read.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "C: Deserialize<'de>"))]
pub(crate) struct Message<'a, C> {
    #[serde(rename = "type", borrow, default, deserialize_with = "lenient::text")]
    pub(crate) kind: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) id: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) model: Option<Str<'a>>,
    pub(crate) content: Option<C>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) stop_reason: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) stop_sequence: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) stop_details: Option<StopDetails<'a>>,
    #[serde(borrow)]
    pub(crate) usage: Option<Counts<'a>>,
    #[serde(borrow)]
    pub(crate) error: Option<&'a RawValue>,
}

impl<'a, C: Deserialize<'a>> Whole<'a> for Message<'a, C> {
    fn failure(&self) -> (Option<&str>, Option<&'a RawValue>) {
        (self.kind.as_deref(), self.error)
    }
}

/// Why a stop happened, beyond its reason.
#[derive(Debug, Deserialize)]
pub(crate) struct StopDetails<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) category: Option<Str<'a>>,
}

/// Token counts as the vendor gives them: input excludes the cache parts.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Counts<'a> {
    #[serde(default, deserialize_with = "lenient::count")]
    pub(crate) input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub(crate) cache_creation_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub(crate) cache_read_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub(crate) output_tokens: Option<u64>,
    pub(crate) output_tokens_details: Option<OutputDetails>,
    pub(crate) cache_creation: Option<CacheCreation>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) service_tier: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) speed: Option<Str<'a>>,
}

/// What was written to the cache, by how long it is kept.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct CacheCreation {
    #[serde(default, deserialize_with = "lenient::count")]
    pub(crate) ephemeral_1h_input_tokens: Option<u64>,
}

/// What output tokens were spent on.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct OutputDetails {
    #[serde(default, deserialize_with = "lenient::count")]
    pub(crate) thinking_tokens: Option<u64>,
}

/// A content block of any kind.
#[derive(Debug, Deserialize)]
pub(crate) struct Block<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Str<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) text: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) thinking: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) signature: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) data: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) id: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) input: Option<&'a RawValue>,
}

impl Block<'_> {
    /// A block of text.
    pub(crate) fn text(text: String) -> Self {
        Self {
            kind: Str("text".into()),
            text: Some(Str(text.into())),
            thinking: None,
            signature: None,
            data: None,
            id: None,
            name: None,
            input: None,
        }
    }
}

/// What accounting reads of a content block.
#[derive(Debug, Deserialize)]
pub(crate) struct BlockKind<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Str<'a>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) name: Option<Str<'a>>,
}

/// One event of a stream, of any kind.
#[derive(Debug, Deserialize)]
pub(crate) struct Event<'a> {
    #[serde(rename = "type", borrow, default, deserialize_with = "lenient::text")]
    pub(crate) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) message: Option<Started<'a>>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub(crate) index: Option<u64>,
    #[serde(borrow)]
    pub(crate) content_block: Option<Block<'a>>,
    #[serde(borrow)]
    pub(crate) delta: Option<Delta<'a>>,
    #[serde(borrow)]
    pub(crate) usage: Option<Counts<'a>>,
    #[serde(borrow)]
    pub(crate) error: Option<&'a RawValue>,
}

/// The kind of an event whose other fields could not be read.
#[derive(Debug, Deserialize)]
pub(crate) struct EventKind<'a> {
    #[serde(rename = "type", borrow, default, deserialize_with = "lenient::text")]
    pub(crate) kind: Option<Str<'a>>,
}

/// The message of a `message_start`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Started<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) id: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) model: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) usage: Option<Counts<'a>>,
}

/// The delta of a `content_block_delta` or a `message_delta`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Delta<'a> {
    #[serde(rename = "type", borrow, default, deserialize_with = "lenient::text")]
    pub(crate) kind: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) text: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) partial_json: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) thinking: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) signature: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) stop_reason: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(crate) stop_sequence: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) stop_details: Option<StopDetails<'a>>,
}
