//! OpenAI's shapes: what comes back. Answers of vendors of this dialect are relayed as they came, so
//! that only what every one of them writes is required.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::ToolCall;

/// An answer to a conversation.
#[derive(JsonSchema)]
pub(crate) struct ChatCompletion {
    id: String,
    /// `chat.completion`.
    object: String,
    /// Seconds since 1970.
    created: u64,
    /// The model that answered, in the vendor's words.
    model: String,
    choices: Vec<Choice>,
    usage: Option<Usage>,
    service_tier: Option<String>,
    system_fingerprint: Option<String>,
}

/// One of the answers.
#[derive(JsonSchema)]
#[schemars(rename = "ChatChoice")]
struct Choice {
    index: u64,
    message: Answer,
    logprobs: Option<Map<String, Value>>,
    /// `stop`, `length`, `tool_calls`, `content_filter` or a further word of the vendor.
    finish_reason: Option<String>,
}

/// What the model said.
#[derive(JsonSchema)]
#[schemars(rename = "ChatAnswer")]
struct Answer {
    /// `assistant`.
    role: Option<String>,
    content: Option<String>,
    refusal: Option<String>,
    tool_calls: Option<Vec<ToolCall>>,
    /// What it thought, where the vendor shows it.
    reasoning_content: Option<String>,
    /// Signed thoughts of Anthropic's models; send them back as they came.
    thinking_blocks: Option<Vec<Map<String, Value>>>,
}

/// What a request came to, in tokens.
#[derive(JsonSchema)]
#[schemars(rename = "OpenAiUsage")]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: Option<u64>,
    total_tokens: u64,
    prompt_tokens_details: Option<Map<String, Value>>,
    completion_tokens_details: Option<Map<String, Value>>,
}

/// One event of a streamed answer. The last event is the word `[DONE]`; a stream that fails after
/// content ends with one event that holds an `ErrorBody` instead.
#[derive(JsonSchema)]
pub(crate) struct ChatCompletionChunk {
    id: String,
    /// `chat.completion.chunk`.
    object: String,
    created: u64,
    model: String,
    choices: Vec<ChunkChoice>,
    /// In the last chunk, where `stream_options.include_usage` asks for it.
    usage: Option<Usage>,
}

/// A piece of one of the answers.
#[derive(JsonSchema)]
struct ChunkChoice {
    index: u64,
    /// A message of which each piece is added to what came before.
    delta: Map<String, Value>,
    finish_reason: Option<String>,
}

/// A text that goes on from a prompt.
#[derive(JsonSchema)]
pub(crate) struct Completion {
    id: String,
    /// `text_completion`.
    object: String,
    created: u64,
    model: String,
    choices: Vec<CompletionChoice>,
    usage: Option<Usage>,
}

/// One of the texts.
#[derive(JsonSchema)]
struct CompletionChoice {
    index: u64,
    text: String,
    logprobs: Option<Map<String, Value>>,
    finish_reason: Option<String>,
}

/// Vectors, one for each input and in its order.
#[derive(JsonSchema)]
pub(crate) struct EmbeddingList {
    /// `list`.
    object: String,
    data: Vec<Embedding>,
    model: Option<String>,
    usage: Option<Usage>,
}

/// A vector.
#[derive(JsonSchema)]
struct Embedding {
    /// `embedding`.
    object: Option<String>,
    index: u64,
    embedding: Vector,
}

/// Numbers, or their bytes as Base64.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum Vector {
    Numbers(Vec<f64>),
    Base64(String),
}

/// An error as OpenAI's SDKs read it.
#[derive(JsonSchema)]
#[schemars(rename = "OpenAiError")]
pub(crate) struct ErrorBody {
    error: ErrorMembers,
}

/// What went wrong.
#[derive(JsonSchema)]
#[schemars(rename = "OpenAiErrorMembers")]
struct ErrorMembers {
    /// For people.
    message: String,
    /// The kind, for example `invalid_request_error`.
    r#type: String,
    /// The field at fault, for example `messages[0].role`.
    param: Option<String>,
    /// For programs, for example `model_not_found`.
    code: String,
}

/// A model.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Model {
    /// What clients send as `model`.
    pub(crate) id: String,
    /// `model`.
    pub(crate) object: &'static str,
    /// Seconds since 1970.
    pub(crate) created: u64,
    /// The vendors behind it.
    pub(crate) owned_by: String,
}

/// Every model, in the order of the configuration.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ModelList {
    /// `list`.
    pub(crate) object: &'static str,
    pub(crate) data: Vec<Model>,
}
