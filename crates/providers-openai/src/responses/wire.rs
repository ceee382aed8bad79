//! What vendors of Responses send, as tolerant types: whole answers, and the events of a stream.
//!
//! As in `crate::wire`, everything is optional and a wrong type is absent, except where that would
//! hide that an answer is none.

use serde::Deserialize;
use serde_json::value::RawValue;
use tollgate_core_types::Usage;
use tollgate_core_types::chat::ReasoningPart;

use super::sealed;
use crate::wire::{Count, Lax, List, Text};
use tollgate_core_types::Dialect;

/// A response, whole or as an event of a stream shows it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Response<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) model: Text<'a>,
    #[serde(default)]
    pub(super) created_at: Count,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) incomplete_details: Lax<Incomplete<'a>>,
    /// `None` where the key is missing or null: this is no answer then.
    #[serde(borrow, default)]
    pub(super) output: Option<Vec<Item<'a>>>,
    #[serde(default)]
    pub(super) usage: Lax<WireUsage>,
    #[serde(borrow, default)]
    pub(super) service_tier: Text<'a>,
}

/// Why a response is not complete.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Incomplete<'a> {
    #[serde(borrow, default)]
    pub(super) reason: Text<'a>,
}

/// One item of an answer's output.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Item<'a> {
    #[serde(rename = "type", borrow, default)]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) call_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    /// A string of JSON; an object at odd servers.
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
    /// Of a custom tool's call: free text.
    #[serde(borrow, default)]
    pub(super) input: Text<'a>,
    #[serde(borrow, default)]
    pub(super) content: List<Piece<'a>>,
    #[serde(borrow, default)]
    pub(super) summary: List<Piece<'a>>,
    #[serde(borrow, default)]
    pub(super) encrypted_content: Text<'a>,
}

/// A piece of a message, or of reasoning.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Piece<'a> {
    #[serde(borrow, default)]
    pub(super) text: Text<'a>,
    #[serde(borrow, default)]
    pub(super) refusal: Text<'a>,
}

/// The `usage` object.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WireUsage {
    #[serde(default)]
    input_tokens: Count,
    #[serde(default)]
    input_tokens_details: Lax<InputDetails>,
    #[serde(default)]
    output_tokens: Count,
    #[serde(default)]
    output_tokens_details: Lax<OutputDetails>,
}

#[derive(Debug, Default, Deserialize)]
struct InputDetails {
    #[serde(default)]
    cached_tokens: Count,
    #[serde(default)]
    cache_write_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
struct OutputDetails {
    #[serde(default)]
    reasoning_tokens: Count,
}

/// An event of a stream: the fields of all kinds together.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Event<'a> {
    #[serde(rename = "type", borrow, default)]
    pub(super) kind: Text<'a>,
    #[serde(default)]
    pub(super) sequence_number: Count,
    #[serde(borrow, default)]
    pub(super) response: Option<Response<'a>>,
    #[serde(borrow, default)]
    pub(super) item: Option<Item<'a>>,
    #[serde(default)]
    pub(super) output_index: Count,
    #[serde(default)]
    pub(super) content_index: Count,
    #[serde(default)]
    pub(super) summary_index: Count,
    #[serde(borrow, default)]
    pub(super) delta: Text<'a>,
    #[serde(borrow, default)]
    pub(super) text: Text<'a>,
    #[serde(borrow, default)]
    pub(super) refusal: Text<'a>,
    #[serde(borrow, default)]
    pub(super) input: Text<'a>,
    #[serde(borrow, default)]
    pub(super) arguments: Option<&'a RawValue>,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    Reasoning,
    /// A call whose arguments are JSON.
    Call,
    /// A call whose input is free text.
    CustomCall,
    /// What only OpenAI can do, or nobody knows yet.
    Other,
}

impl Item<'_> {
    pub(super) fn kind(&self) -> Kind {
        match self.kind.or_empty() {
            "message" => Kind::Message,
            "reasoning" => Kind::Reasoning,
            "function_call" => Kind::Call,
            "custom_tool_call" => Kind::CustomCall,
            _ => Kind::Other,
        }
    }

    /// The id by which a call's result names it.
    pub(super) fn called(&self) -> &str {
        self.call_id.filled().unwrap_or(self.id.or_empty())
    }

    /// A call's arguments as text.
    pub(super) fn arguments(&self) -> String {
        match self.kind() {
            Kind::CustomCall => self.input.or_empty().to_owned(),
            Kind::Message | Kind::Reasoning | Kind::Call | Kind::Other => {
                arguments_text(self.arguments)
            }
        }
    }

    /// Reasoning as the domain has it; `None` where the item says nothing.
    pub(super) fn reasoning(&self) -> Option<ReasoningPart> {
        let texts = |pieces: &[Piece<'_>]| {
            let texts: Vec<&str> = pieces.iter().filter_map(|piece| piece.text.filled()).collect();
            texts.join(PARAGRAPH)
        };
        let summary = texts(&self.summary.0);
        // Open models show the reasoning itself.
        let text = if summary.is_empty() { texts(&self.content.0) } else { summary };
        let signature = self.signature();
        let issuer = Dialect::OPENAI_RESPONSES;
        let says = !text.is_empty() || signature.is_some();
        says.then_some(ReasoningPart { text, signature, redacted: None, issuer })
    }

    /// The sealed content of reasoning, with the id to which it is bound.
    pub(super) fn signature(&self) -> Option<String> {
        let encrypted = self.encrypted_content.filled()?;
        Some(sealed::signature(self.id.or_empty(), encrypted))
    }
}

/// Between the parts of a summary, which stand apart.
pub(super) const PARAGRAPH: &str = "\n\n";

/// Arguments as text: an object sent as such becomes its text, null is nothing.
pub(super) fn arguments_text(raw: Option<&RawValue>) -> String {
    let Some(raw) = raw else { return String::new() };
    if !raw.get().starts_with('"') {
        return raw.get().to_owned();
    }
    serde_json::from_str(raw.get()).unwrap_or_default()
}

impl WireUsage {
    /// The counts; parts that were not reported stay absent.
    pub(super) fn read(&self) -> Usage {
        let Self { input_tokens, input_tokens_details, output_tokens, output_tokens_details } =
            self;
        Usage {
            input_tokens: input_tokens.0,
            output_tokens: output_tokens.0,
            cache_read_tokens: input_tokens_details.0.cached_tokens.0,
            cache_write_tokens: input_tokens_details.0.cache_write_tokens.0,
            reasoning_tokens: output_tokens_details.0.reasoning_tokens.0,
            ..Usage::default()
        }
    }
}
