//! What the vendor says: whole answers and stream events, as views of their bytes.
//!
//! Of a union every kind is optional; a kind that is unknown here is let through as content without
//! a name. Unknown fields, padding among them, are passed over.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::UpstreamError;
use tollgate_core_types::Usage;
use tollgate_core_types::error::clean;
use tollgate_core_types::usage::{ServiceTier, UsageDetail};
use tollgate_providers_common::DecodeError;

/// A body that is no answer; `what` says why.
pub(crate) fn malformed(what: &str) -> DecodeError {
    DecodeError::Malformed(clean(what, UpstreamError::MESSAGE_MAX))
}

/// Reads JSON of this shape.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a [u8], what: &str) -> Result<T, DecodeError> {
    serde_json::from_slice(json).map_err(|problem| {
        let how = if problem.is_eof() { "truncated JSON" } else { "unreadable JSON" };
        malformed(&format!("{what}: {how}: {problem}"))
    })
}

/// A whole answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer<'a> {
    #[serde(borrow)]
    pub(crate) output: Option<Output<'a>>,
    #[serde(borrow)]
    pub(crate) stop_reason: Option<Cow<'a, str>>,
    pub(crate) usage: Option<Counts>,
    #[serde(borrow)]
    pub(crate) service_tier: Option<Tier<'a>>,
    #[serde(borrow)]
    pub(crate) trace: Option<Trace<'a>>,
}

/// What an answer holds.
#[derive(Debug, Deserialize)]
pub(crate) struct Output<'a> {
    #[serde(borrow)]
    pub(crate) message: Option<Message<'a>>,
}

/// A message of the model.
#[derive(Debug, Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow, default)]
    pub(crate) content: Vec<Block<'a>>,
}

/// The tier that served.
#[derive(Debug, Deserialize)]
pub(crate) struct Tier<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Option<Cow<'a, str>>,
}

/// What happened on the way, as far as it names the model.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trace<'a> {
    #[serde(borrow)]
    pub(crate) prompt_router: Option<PromptRouter<'a>>,
}

/// A router's choice.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PromptRouter<'a> {
    #[serde(borrow)]
    pub(crate) invoked_model_id: Option<Cow<'a, str>>,
}

impl Trace<'_> {
    /// The model that a prompt router chose.
    pub(crate) fn model(&self) -> Option<&str> {
        self.prompt_router.as_ref()?.invoked_model_id.as_deref()
    }
}

/// Token counts. Input leaves out what the prompt cache read and wrote.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    pub(crate) input_tokens: Option<u64>,
    pub(crate) output_tokens: Option<u64>,
    pub(crate) cache_read_input_tokens: Option<u64>,
    pub(crate) cache_write_input_tokens: Option<u64>,
    #[serde(default)]
    pub(crate) cache_details: HourLong,
}

/// Of tokens written to the cache, those that are kept for an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HourLong(pub(crate) Option<u64>);

impl<'de> Deserialize<'de> for HourLong {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Part {
            ttl: Option<String>,
            input_tokens: Option<u64>,
        }
        let parts = Option::<Vec<Part>>::deserialize(reader)?.unwrap_or_default();
        let hour = parts.iter().find(|part| part.ttl.as_deref() == Some("1h"));
        Ok(Self(hour.and_then(|part| part.input_tokens)))
    }
}

impl Counts {
    /// The counts in the domain's inclusive way.
    pub(crate) fn usage(self, tier: Option<&Tier<'_>>) -> Usage {
        let cached = [self.cache_read_input_tokens, self.cache_write_input_tokens];
        let cached = cached.into_iter().flatten().fold(0, u64::saturating_add);
        Usage {
            input_tokens: self.input_tokens.map(|input| input.saturating_add(cached)),
            output_tokens: self.output_tokens,
            cache_read_tokens: self.cache_read_input_tokens,
            cache_write_tokens: self.cache_write_input_tokens,
            reasoning_tokens: None,
            detail: UsageDetail {
                cache_write_hour_tokens: self.cache_details.0,
                tier: tier.and_then(|tier| tier.kind.as_deref()).and_then(ServiceTier::named),
                ..UsageDetail::default()
            },
        }
    }
}

/// A content block: one of its kinds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Block<'a> {
    #[serde(borrow)]
    pub(crate) text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) tool_use: Option<ToolUse<'a>>,
    #[serde(borrow)]
    pub(crate) reasoning_content: Option<Reasoning<'a>>,
    #[serde(borrow)]
    pub(crate) citations_content: Option<Citations<'a>>,
}

/// A tool call; in a stream's start without its input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolUse<'a> {
    #[serde(borrow)]
    pub(crate) tool_use_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) input: Option<&'a RawValue>,
    /// Set where the vendor runs the tool itself.
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Option<Cow<'a, str>>,
}

/// Reasoning, readable or sealed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reasoning<'a> {
    #[serde(borrow)]
    pub(crate) reasoning_text: Option<ReasoningText<'a>>,
    #[serde(borrow)]
    pub(crate) redacted_content: Option<Cow<'a, str>>,
}

/// Readable reasoning.
#[derive(Debug, Deserialize)]
pub(crate) struct ReasoningText<'a> {
    #[serde(borrow)]
    pub(crate) text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) signature: Option<Cow<'a, str>>,
}

/// Text with its sources, of which the text is kept.
#[derive(Debug, Deserialize)]
pub(crate) struct Citations<'a> {
    #[serde(borrow, default)]
    pub(crate) content: Vec<Cited<'a>>,
}

/// A piece of cited text.
#[derive(Debug, Deserialize)]
pub(crate) struct Cited<'a> {
    #[serde(borrow)]
    pub(crate) text: Option<Cow<'a, str>>,
}

/// `contentBlockStart`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlockStart<'a> {
    #[serde(default)]
    pub(crate) content_block_index: u64,
    #[serde(borrow)]
    pub(crate) start: Option<Start<'a>>,
}

/// What begins.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Start<'a> {
    #[serde(borrow)]
    pub(crate) tool_use: Option<ToolUse<'a>>,
}

/// `contentBlockDelta`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlockDelta<'a> {
    #[serde(default)]
    pub(crate) content_block_index: u64,
    #[serde(borrow)]
    pub(crate) delta: Option<Delta<'a>>,
}

/// What is added.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delta<'a> {
    #[serde(borrow)]
    pub(crate) text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) tool_use: Option<InputDelta<'a>>,
    #[serde(borrow)]
    pub(crate) reasoning_content: Option<ReasoningDelta<'a>>,
    /// A source of the text before it.
    #[serde(borrow)]
    pub(crate) citation: Option<&'a RawValue>,
}

/// More of a call's arguments, as text.
#[derive(Debug, Deserialize)]
pub(crate) struct InputDelta<'a> {
    #[serde(borrow)]
    pub(crate) input: Option<Cow<'a, str>>,
}

/// More reasoning.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReasoningDelta<'a> {
    #[serde(borrow)]
    pub(crate) text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) signature: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) redacted_content: Option<Cow<'a, str>>,
}

/// `contentBlockStop`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlockStop {
    #[serde(default)]
    pub(crate) content_block_index: u64,
}

/// `messageStop`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageStop<'a> {
    #[serde(borrow)]
    pub(crate) stop_reason: Option<Cow<'a, str>>,
}

/// `metadata`.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata<'a> {
    pub(crate) usage: Option<Counts>,
    #[serde(rename = "serviceTier", borrow)]
    pub(crate) service_tier: Option<Tier<'a>>,
}
