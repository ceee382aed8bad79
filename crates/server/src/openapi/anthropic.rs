//! Anthropic's shapes as the document tells them: what clients send.
//!
//! Nothing is read through these types: the readers of `tollgate-providers-anthropic` decide. A field
//! or block that is not here goes to Anthropic's own deployments as it is, so every object is open;
//! `null` is as good as absent.
#![expect(dead_code, reason = "types that are described and never made")]

mod answers;

pub(crate) use answers::{ErrorBody, Event, Message, Model, ModelList, TokenCount};

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::openai::Strategy;

/// A request for an answer to a conversation.
#[derive(JsonSchema)]
#[schemars(rename = "MessagesRequest")]
pub(crate) struct Request {
    /// Bound of the answer, in tokens.
    max_tokens: u64,
    /// Whether the answer comes piece by piece, as server-sent events.
    stream: Option<bool>,
    /// Between 0 and 1; less is more to the point.
    temperature: Option<f64>,
    /// Only the likeliest tokens that together reach this probability.
    top_p: Option<f64>,
    /// Only so many of the likeliest tokens.
    top_k: Option<u64>,
    /// The answer ends before one of these texts.
    stop_sequences: Option<Vec<String>>,
    metadata: Option<Metadata>,
    /// A container of an earlier answer, or what is to be in a new one.
    container: Option<Container>,
    /// Asks the vendor what became of its cache.
    diagnostics: Option<Map<String, Value>>,
    /// Where the vendor computes.
    inference_geo: Option<String>,
    /// `auto` or `standard_only`.
    service_tier: Option<String>,
    load_balance_strategy: Option<Strategy>,
    #[schemars(flatten)]
    conversation: CountRequest,
}

/// A conversation whose size is asked.
#[derive(JsonSchema)]
#[schemars(rename = "CountTokensRequest")]
pub(crate) struct CountRequest {
    /// A model of `GET /v1/models`; the configured default where it is left out.
    model: Option<String>,
    /// The conversation so far.
    #[schemars(length(min = 1))]
    messages: Vec<Turn>,
    /// What holds for the whole conversation.
    system: Option<SystemContent>,
    /// Tools that the model may use.
    tools: Option<Vec<Tool>>,
    tool_choice: Option<ToolChoice>,
    thinking: Option<Thinking>,
    /// The form of the answer, and how much effort goes into it.
    output_config: Option<Map<String, Value>>,
    /// Where the vendor may begin from its cache, for the request as a whole.
    cache_control: Option<CacheControl>,
    /// `standard` or `fast`.
    speed: Option<String>,
}

/// A container's id, or its settings.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum Container {
    Id(String),
    Settings(Map<String, Value>),
}

/// Who asks.
#[derive(JsonSchema)]
#[schemars(rename = "AnthropicMetadata")]
struct Metadata {
    /// An id of the end user.
    user_id: Option<String>,
}

/// One message of a conversation.
#[derive(JsonSchema)]
#[schemars(rename = "MessageParam")]
struct Turn {
    role: Role,
    content: Content,
}

/// Who speaks.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "snake_case")]
enum Role {
    User,
    Assistant,
    System,
}

/// A text, or blocks of several kinds.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum Content {
    Text(String),
    Blocks(Vec<Block>),
}

/// A text, or blocks of text.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum SystemContent {
    Text(String),
    Blocks(Vec<TextBlock>),
}

/// A block of text.
#[derive(JsonSchema)]
#[schemars(rename = "SystemBlock", tag = "type", rename_all = "snake_case")]
enum TextBlock {
    /// A text.
    Text { text: String, cache_control: Option<CacheControl> },
}

/// Where the vendor may begin from its cache.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case")]
enum CacheControl {
    /// For some minutes.
    Ephemeral {
        /// `5m` or `1h`.
        ttl: Option<String>,
    },
}

/// A block of a message.
#[derive(JsonSchema)]
#[schemars(rename = "ContentBlock", tag = "type", rename_all = "snake_case")]
enum Block {
    /// A text.
    Text { text: String, cache_control: Option<CacheControl> },
    /// A picture.
    Image { source: Source, cache_control: Option<CacheControl> },
    /// A document.
    Document {
        source: Source,
        title: Option<String>,
        context: Option<String>,
        cache_control: Option<CacheControl>,
    },
    /// A tool that the model used.
    ToolUse {
        id: String,
        name: String,
        /// Its arguments.
        input: Map<String, Value>,
        cache_control: Option<CacheControl>,
    },
    /// What a tool returned.
    ToolResult {
        /// The use that this answers.
        tool_use_id: String,
        content: Option<ResultContent>,
        is_error: Option<bool>,
        cache_control: Option<CacheControl>,
    },
    /// What the model thought; send it back as it came.
    Thinking { thinking: String, signature: String },
    /// Thoughts that are not shown; send them back as they came.
    RedactedThinking { data: String },
}

/// What a tool returned: a text, or blocks.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum ResultContent {
    Text(String),
    Blocks(Vec<TextBlock>),
}

/// Where a picture or document is.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case")]
enum Source {
    /// Here.
    Base64 {
        /// For example `image/png` or `application/pdf`.
        media_type: String,
        data: String,
    },
    /// At an address.
    Url { url: String },
    /// Here, as text.
    Text { media_type: String, data: String },
    /// At the vendor.
    File { file_id: String },
}

/// A tool that the model may use: the client's own with `input_schema`, or one of the vendor's with
/// `type`.
#[derive(JsonSchema)]
#[schemars(rename = "AnthropicTool")]
struct Tool {
    name: String,
    description: Option<String>,
    /// Its arguments, as a JSON Schema.
    input_schema: Option<Map<String, Value>>,
    /// A tool that the vendor knows, for example `web_search_20250305`.
    r#type: Option<String>,
    cache_control: Option<CacheControl>,
}

/// Whether and which tool is used.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case")]
enum ToolChoice {
    /// As the model likes.
    Auto { disable_parallel_tool_use: Option<bool> },
    /// One at least.
    Any { disable_parallel_tool_use: Option<bool> },
    /// This one.
    Tool { name: String, disable_parallel_tool_use: Option<bool> },
    /// None.
    None,
}

/// How much the model thinks.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case")]
enum Thinking {
    /// Up to so many tokens.
    Enabled { budget_tokens: u64 },
    /// As the question needs it.
    Adaptive,
    /// Not at all.
    Disabled,
}
