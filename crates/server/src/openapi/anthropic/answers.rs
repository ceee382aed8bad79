//! Anthropic's shapes: what comes back. Answers of Anthropic's own deployments are relayed as they
//! came, so that only what every version writes is required.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// An answer to a conversation.
#[derive(JsonSchema)]
pub(crate) struct Message {
    id: String,
    /// `message`.
    r#type: String,
    /// `assistant`.
    role: String,
    /// The model that answered, in the vendor's words.
    model: String,
    content: Vec<AnswerBlock>,
    /// `end_turn`, `max_tokens`, `stop_sequence`, `tool_use`, `refusal` or a further word.
    stop_reason: Option<String>,
    stop_sequence: Option<String>,
    usage: Usage,
}

/// A block of an answer: `text`, `tool_use`, `thinking` or a further kind, by its `type`.
#[derive(JsonSchema)]
struct AnswerBlock {
    r#type: String,
    /// Of `text`.
    text: Option<String>,
    /// Of `tool_use`.
    id: Option<String>,
    /// Of `tool_use`.
    name: Option<String>,
    /// Of `tool_use`: its arguments.
    input: Option<Map<String, Value>>,
    /// Of `thinking`.
    thinking: Option<String>,
    /// Of `thinking`.
    signature: Option<String>,
}

/// What a request came to, in tokens.
#[derive(JsonSchema)]
#[schemars(rename = "AnthropicUsage")]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
}

/// One event of a streamed answer, by its `type`: `message_start`, `content_block_start`,
/// `content_block_delta`, `content_block_stop`, `message_delta`, `message_stop`, and `ping`. A stream
/// that fails after content ends with one `error` event.
#[derive(JsonSchema)]
#[schemars(rename = "MessageEvent")]
pub(crate) struct Event {
    r#type: String,
}

/// The size of a request.
#[derive(JsonSchema)]
pub(crate) struct TokenCount {
    input_tokens: u64,
}

/// An error as Anthropic's SDKs read it.
#[derive(JsonSchema)]
#[schemars(rename = "AnthropicError")]
pub(crate) struct ErrorBody {
    /// `error`.
    r#type: String,
    error: ErrorMembers,
    request_id: String,
}

/// What went wrong.
#[derive(JsonSchema)]
#[schemars(rename = "AnthropicErrorMembers")]
struct ErrorMembers {
    /// The kind, for example `invalid_request_error`.
    r#type: String,
    /// For people.
    message: String,
}

/// A model.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AnthropicModel")]
pub(crate) struct Model {
    /// `model`.
    pub(crate) r#type: &'static str,
    /// What clients send as `model`.
    pub(crate) id: String,
    pub(crate) display_name: String,
    /// RFC 3339.
    pub(crate) created_at: String,
    /// `active`.
    pub(crate) lifecycle: &'static str,
}

/// Every model, in the order of the configuration.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AnthropicModelList")]
pub(crate) struct ModelList {
    pub(crate) data: Vec<Model>,
    pub(crate) first_id: Option<String>,
    pub(crate) last_id: Option<String>,
    /// Whether there are more behind them, or before them.
    pub(crate) has_more: bool,
}
