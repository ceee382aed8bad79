//! What vendors send, as tolerant types: one shape for whole answers, chunks and text completions.
//!
//! Servers that call themselves compatible differ in what they leave out, repeat or type wrongly.
//! Every field here is optional and takes a wrong type as absent, except where that would hide that
//! an answer is none. Text borrows from the body where it needs no unescaping.

mod lenient;
mod usage;

use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) use lenient::{Content, Count, Key, Lax, List, Present, Text};
pub(crate) use usage::{GroqExtra, WireUsage, on_terms, usage_as};

/// Reads JSON. Text that is checked once as a whole reads faster than string by string; bytes that
/// are no UTF-8 everywhere are still read, for they may be so only where nobody looks.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, serde_json::Error> {
    match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(json),
    }
}

/// A whole answer or one chunk of a stream.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Answer<'a> {
    #[serde(borrow, default)]
    pub(crate) id: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) model: Text<'a>,
    #[serde(default)]
    pub(crate) created: Count,
    /// `None` where the key is missing or null: this is no answer then.
    #[serde(borrow, default)]
    pub(crate) choices: Option<Vec<Choice<'a>>>,
    #[serde(default)]
    pub(crate) usage: Lax<WireUsage>,
    #[serde(default)]
    pub(crate) x_groq: Lax<GroqExtra>,
    #[serde(borrow, default)]
    pub(crate) service_tier: Text<'a>,
    #[serde(default)]
    pub(crate) error: Present,
}

/// One choice of an answer.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Choice<'a> {
    #[serde(default)]
    pub(crate) index: Count,
    #[serde(borrow, default)]
    pub(crate) message: Option<Said<'a>>,
    #[serde(borrow, default)]
    pub(crate) delta: Option<Said<'a>>,
    /// Text completions only.
    #[serde(borrow, default)]
    pub(crate) text: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) finish_reason: Text<'a>,
    /// OpenRouter reports a failure of one choice here.
    #[serde(default)]
    pub(crate) error: Present,
    /// Moonshot reports usage here.
    #[serde(default)]
    pub(crate) usage: Lax<WireUsage>,
}

/// A message, or a piece of one.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Said<'a> {
    #[serde(borrow, default)]
    pub(crate) content: Content<'a>,
    #[serde(borrow, default)]
    pub(crate) reasoning_content: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) reasoning: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) reasoning_details: List<ReasoningDetail<'a>>,
    #[serde(borrow, default)]
    pub(crate) refusal: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) tool_calls: List<WireToolCall<'a>>,
    #[serde(borrow, default)]
    pub(crate) function_call: Option<WireFunction<'a>>,
    #[serde(default)]
    pub(crate) audio: Present,
    #[serde(default)]
    pub(crate) images: Present,
}

/// A piece of OpenRouter's structured reasoning.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ReasoningDetail<'a> {
    #[serde(borrow, default)]
    pub(crate) text: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) summary: Text<'a>,
}

/// A tool call, or a piece of one.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct WireToolCall<'a> {
    #[serde(default)]
    pub(crate) index: Count,
    #[serde(borrow, default)]
    pub(crate) id: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) function: Option<WireFunction<'a>>,
    /// A call of a custom tool (free text instead of JSON).
    #[serde(borrow, default)]
    pub(crate) custom: Option<WireCustom<'a>>,
}

/// What a tool call calls.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct WireFunction<'a> {
    #[serde(borrow, default)]
    pub(crate) name: Text<'a>,
    /// A string of JSON at OpenAI; an object or null elsewhere.
    #[serde(borrow, default)]
    pub(crate) arguments: Option<&'a RawValue>,
}

/// What a custom tool call calls.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct WireCustom<'a> {
    #[serde(borrow, default)]
    pub(crate) name: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) input: Text<'a>,
}

impl Said<'_> {
    /// Whether it brings content of any kind.
    pub(crate) fn has_content(&self) -> bool {
        let text = match &self.content {
            Content::None => false,
            Content::Text(text) => !text.is_empty(),
            Content::Parts(parts) => !parts.is_empty(),
        };
        text || self.reasoning_text().is_some()
            || self.refusal.filled().is_some()
            || !self.tool_calls.0.is_empty()
            || self.function_call.is_some()
            || self.audio.0
            || self.images.0
    }

    /// The readable reasoning, whichever of three fields brings it. Servers that send two send the
    /// same text twice.
    pub(crate) fn reasoning_text(&self) -> Option<String> {
        if let Some(text) = self.reasoning_content.filled().or(self.reasoning.filled()) {
            return Some(text.to_owned());
        }
        let details = self.reasoning_details.0.iter();
        let joined: String =
            details.filter_map(|detail| detail.text.filled().or(detail.summary.filled())).collect();
        (!joined.is_empty()).then_some(joined)
    }
}

impl WireFunction<'_> {
    /// The arguments as text: an object sent as such becomes its text, null is nothing.
    pub(crate) fn arguments_text(&self) -> String {
        let Some(raw) = self.arguments else { return String::new() };
        if !raw.get().starts_with('"') {
            return raw.get().to_owned();
        }
        serde_json::from_str(raw.get()).unwrap_or_default()
    }
}
