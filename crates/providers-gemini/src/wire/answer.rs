//! What the vendor answers, whole or as one chunk of a stream: both have the same shape.
//!
//! Every field may be missing or `null`, and unknown ones are passed over: the vendor adds fields
//! several times a year.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use tollgate_core_types::usage::ServiceTier;
use tollgate_providers_common::DecodeError;

/// One answer, or one chunk of it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Answer<'a> {
    #[serde(borrow)]
    pub(crate) candidates: Option<Vec<Candidate<'a>>>,
    pub(crate) prompt_feedback: Option<PromptFeedback>,
    pub(crate) usage_metadata: Option<Counts>,
    pub(crate) model_version: Option<String>,
    pub(crate) response_id: Option<String>,
    /// A failure inside a 200.
    #[serde(borrow)]
    pub(crate) error: Option<&'a RawValue>,
}

/// One of the answers that were asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Candidate<'a> {
    pub(crate) index: Option<u64>,
    #[serde(borrow)]
    pub(crate) content: Option<Content<'a>>,
    pub(crate) finish_reason: Option<String>,
    #[serde(borrow)]
    pub(crate) grounding_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) citation_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) logprobs_result: Option<&'a RawValue>,
}

/// What is said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Content<'a> {
    #[serde(borrow)]
    pub(crate) parts: Option<Vec<Part<'a>>>,
}

/// A piece of it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Part<'a> {
    pub(crate) text: Option<String>,
    pub(crate) thought: Option<bool>,
    pub(crate) thought_signature: Option<String>,
    #[serde(borrow)]
    pub(crate) function_call: Option<Call<'a>>,
    pub(crate) inline_data: Option<IgnoredAny>,
    pub(crate) file_data: Option<IgnoredAny>,
    pub(crate) executable_code: Option<IgnoredAny>,
    pub(crate) code_execution_result: Option<IgnoredAny>,
    pub(crate) tool_call: Option<IgnoredAny>,
    pub(crate) tool_response: Option<IgnoredAny>,
}

impl Part<'_> {
    /// What stands in a part that the domain has no word for.
    pub(crate) fn other(&self) -> Option<&'static str> {
        [
            ("inlineData", self.inline_data),
            ("fileData", self.file_data),
            ("executableCode", self.executable_code),
            ("codeExecutionResult", self.code_execution_result),
            ("toolCall", self.tool_call),
            ("toolResponse", self.tool_response),
        ]
        .into_iter()
        .find_map(|(kind, there)| there.map(|_| kind))
    }
}

/// A call of a function.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Call<'a> {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(borrow)]
    pub(crate) args: Option<&'a RawValue>,
}

/// What the vendor thinks of the prompt.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PromptFeedback {
    pub(crate) block_reason: Option<String>,
    pub(crate) block_reason_message: Option<String>,
}

/// Tokens as the vendor counts them; a zero is left out.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Counts {
    pub(crate) prompt_token_count: Option<u64>,
    pub(crate) cached_content_token_count: Option<u64>,
    pub(crate) candidates_token_count: Option<u64>,
    pub(crate) thoughts_token_count: Option<u64>,
    pub(crate) tool_use_prompt_token_count: Option<u64>,
    pub(crate) total_token_count: Option<u64>,
    pub(crate) prompt_tokens_details: Sound,
    pub(crate) candidates_tokens_details: Sound,
    pub(crate) traffic_type: Terms,
}

/// Of counts by modality, that of sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sound(pub(crate) Option<u64>);

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Part {
            modality: Option<String>,
            token_count: Option<u64>,
        }
        let parts = Option::<Vec<Part>>::deserialize(reader)?.unwrap_or_default();
        let sound = parts.iter().find(|part| part.modality.as_deref() == Some("AUDIO"));
        Ok(Self(sound.and_then(|part| part.token_count)))
    }
}

/// The terms of a request, by the vendor's word for its traffic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Terms(pub(crate) Option<ServiceTier>);

impl<'de> Deserialize<'de> for Terms {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let word = Option::<String>::deserialize(reader)?;
        Ok(Self(word.as_deref().and_then(ServiceTier::named)))
    }
}

/// An answer of a token count.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Count<'a> {
    pub(crate) total_tokens: Option<u64>,
    pub(crate) cached_content_token_count: Option<u64>,
    #[serde(borrow)]
    pub(crate) error: Option<&'a RawValue>,
}

/// Reads a body or the data of a frame.
///
/// # Errors
/// When it is not JSON of this shape; `what` names it.
pub(crate) fn read<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    what: &str,
) -> Result<T, DecodeError> {
    serde_json::from_slice(bytes).map_err(|error| malformed(format!("{what}: {error}")))
}

/// An answer that is none.
pub(crate) fn malformed(what: impl Into<String>) -> DecodeError {
    DecodeError::Malformed(what.into())
}
