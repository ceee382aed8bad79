//! What a client asks, in no vendor's words: the domain request between two dialects.
//!
//! Codecs destructure these types in full (no `..`), so that a field added here fails to compile in
//! every codec that does not yet carry it. Fields that only one dialect knows travel in
//! [`ChatRequest::extra`] and are reported as lost by every other. Nothing here is serializable on
//! purpose: each dialect has wire types of its own.

use crate::json::JsonText;

/// One chat request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatRequest {
    /// The conversation in order, system and developer messages included where they stood.
    pub messages: Vec<Message>,
    /// Tools that the model may call.
    pub tools: Vec<Tool>,
    /// Which tool the model must, may or must not call.
    pub tool_choice: Option<ToolChoice>,
    /// Whether several tools may be called in one turn; `None` is the vendor's default.
    pub parallel_tool_calls: Option<bool>,
    /// The form of the answer; `None` is free text.
    pub response_format: Option<ResponseFormat>,
    /// How much the model should think.
    pub reasoning: Option<Reasoning>,
    /// Upper bound of generated tokens, reasoning included.
    pub max_output_tokens: Option<u64>,
    /// Sampling temperature as the client wrote it; ranges differ by dialect.
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f64>,
    /// Sample from the k likeliest tokens.
    pub top_k: Option<u64>,
    /// Penalty on frequent tokens, -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// Penalty on tokens that occurred, -2 to 2.
    pub presence_penalty: Option<f64>,
    /// Seed for repeatable sampling.
    pub seed: Option<i64>,
    /// Number of answers wanted.
    pub n: Option<u64>,
    /// Texts at which generation stops.
    pub stop: Vec<String>,
    /// The client's own id of its end user.
    pub user: Option<String>,
    /// Service tier by name.
    pub service_tier: Option<String>,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Fields of the client's dialect that the domain has no word for, in the client's words.
    pub extra: Vec<(String, JsonText)>,
}

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
    /// The speaker's name, where several share a role.
    pub name: Option<String>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Instructions of the operator.
    System,
    /// Instructions of the developer; ranks below system where a vendor knows both.
    Developer,
    /// The person or program that asks.
    User,
    /// The model.
    Assistant,
    /// The results of tool calls; all parts are [`Part::ToolResult`].
    Tool,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text.
    Text {
        /// The text.
        text: String,
        /// Prompt-cache breakpoint behind this part.
        cache: Option<CacheMarker>,
    },
    /// A picture.
    Image {
        /// Where it is.
        source: MediaSource,
        /// Resolution hint: `low`, `high`, `auto` ...
        detail: Option<String>,
        /// Prompt-cache breakpoint behind this part.
        cache: Option<CacheMarker>,
    },
    /// A file such as a PDF.
    Document {
        /// Where it is.
        source: MediaSource,
        /// File name or title.
        title: Option<String>,
        /// Prompt-cache breakpoint behind this part.
        cache: Option<CacheMarker>,
    },
    /// Recorded sound.
    Audio {
        /// Base64 data.
        data: String,
        /// `wav`, `mp3` ...
        format: String,
    },
    /// The model called a tool.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult {
        /// The call that it answers.
        call_id: String,
        /// The answer; text, images and documents only.
        parts: Vec<Part>,
        /// Whether the tool failed.
        is_error: bool,
        /// Prompt-cache breakpoint behind this part.
        cache: Option<CacheMarker>,
    },
    /// The model's own reasoning, to be replayed to its issuer alone.
    Reasoning(ReasoningPart),
    /// The model declined in these words.
    Refusal {
        /// The words.
        text: String,
    },
    /// A part that only one dialect knows, kept whole for that dialect.
    Foreign {
        /// The dialect's name, for example `anthropic.messages`.
        dialect: crate::Dialect,
        /// The part's type in that dialect.
        kind: String,
        /// The part.
        json: JsonText,
    },
}

impl Part {
    /// Plain text without a cache marker.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), cache: None }
    }
}

/// A prompt-cache breakpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheMarker {
    /// Time to live in the vendor's words, for example `5m` or `1h`.
    pub ttl: Option<String>,
}

/// Where a picture or document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// An http(s) address that the vendor fetches.
    Url(String),
    /// Data in the request.
    Base64 {
        /// IANA media type, for example `image/png`.
        media_type: String,
        /// Base64 text, standard alphabet.
        data: String,
    },
    /// Plain text (documents only).
    Text(String),
    /// The id of a file uploaded to the vendor before.
    FileId(String),
}

/// A tool call of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The vendor's id, which its result must repeat.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// Arguments exactly as the model wrote them; should be a JSON object, may be anything.
    pub arguments: String,
}

/// Reasoning of the model, readable, sealed, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasoningPart {
    /// Readable text; empty where the vendor shows none.
    pub text: String,
    /// The issuer's signature over the text.
    pub signature: Option<String>,
    /// Sealed reasoning that replaces the text.
    pub redacted: Option<String>,
    /// The dialect that issued it; signatures are replayed to that one alone.
    pub issuer: crate::Dialect,
}

/// A tool that the model may call.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Name, at most 64 of `[A-Za-z0-9_-]` for most vendors.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// JSON Schema of its arguments; `None` takes no arguments.
    pub parameters: Option<JsonText>,
    /// Whether the vendor must hold the model to the schema.
    pub strict: Option<bool>,
    /// Prompt-cache breakpoint behind this tool.
    pub cache: Option<CacheMarker>,
    /// A tool that only one dialect knows (hosted search, grammars), kept whole for that dialect.
    pub foreign: Option<(crate::Dialect, JsonText)>,
}

/// Which tool the model must, may or must not call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// None may be called.
    None,
    /// At least one must be called.
    Required,
    /// This one must be called.
    Named(String),
}

/// The form of the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ResponseFormat {
    /// Free text, said explicitly.
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that follows a schema.
    JsonSchema {
        /// The schema's name.
        name: String,
        /// What it is for.
        description: Option<String>,
        /// JSON Schema.
        schema: JsonText,
        /// Whether the vendor must hold the model to it.
        strict: Option<bool>,
    },
}

/// How much the model should think, in whichever of two ways the client said it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// Off, on with a budget, or left to the model.
    pub mode: Option<ReasoningMode>,
    /// Effort by name: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`.
    pub effort: Option<String>,
    /// Whether a readable summary is wanted: `summarized` or `omitted`.
    pub display: Option<String>,
}

/// How reasoning is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasoningMode {
    /// No reasoning.
    Disabled,
    /// Reasoning of at most this many tokens.
    Budget(u64),
    /// The model decides.
    Adaptive,
}
