//! OpenAI's shapes as the document tells them: what clients send.
//!
//! Nothing is read through these types: the readers of `tollgate-providers-openai` decide. A field
//! that is not here goes to the vendor as it is, so every object is open; `null` is as good as absent.
#![expect(dead_code, reason = "types that are described and never made")]

mod answers;

pub(crate) use answers::{
    ChatCompletion, ChatCompletionChunk, Completion, EmbeddingList, ErrorBody, Model, ModelList,
};

use schemars::JsonSchema;
use serde_json::{Map, Value};

/// A request for an answer to a conversation.
#[derive(JsonSchema)]
#[schemars(rename = "ChatCompletionRequest")]
pub(crate) struct ChatRequest {
    /// A model of `GET /v1/models`; the configured default where it is left out.
    model: Option<String>,
    /// The conversation so far.
    #[schemars(length(min = 1))]
    messages: Vec<Message>,
    /// Whether the answer comes piece by piece, as server-sent events.
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    /// Bound of the answer, in tokens; the older name of `max_completion_tokens`.
    max_tokens: Option<u64>,
    /// Bound of the answer, reasoning included, in tokens.
    max_completion_tokens: Option<u64>,
    /// Between 0 and 2; less is more to the point.
    temperature: Option<f64>,
    /// Only the likeliest tokens that together reach this probability.
    top_p: Option<f64>,
    /// Only so many of the likeliest tokens; -1 and 0 are "off". Not every vendor has it.
    top_k: Option<i64>,
    /// Between -2 and 2; more avoids what was said often.
    frequency_penalty: Option<f64>,
    /// Between -2 and 2; more avoids what was said at all.
    presence_penalty: Option<f64>,
    /// How many answers.
    n: Option<u64>,
    /// The same seed gives, as far as the vendor can, the same answer.
    seed: Option<i64>,
    /// The answer ends before one of these texts.
    stop: Option<OneOrMany>,
    /// Functions that the model may call.
    tools: Option<Vec<Tool>>,
    /// `none`, `auto`, `required`, or `{"type": "function", "function": {"name": "…"}}`.
    tool_choice: Option<TextOrObject>,
    /// Whether several calls may come at once.
    parallel_tool_calls: Option<bool>,
    /// The form of the answer: text, JSON, or JSON of a schema.
    response_format: Option<ResponseFormat>,
    /// How much a reasoning model thinks: `none`, `minimal`, `low`, `medium`, `high` and further
    /// words of the vendor.
    reasoning_effort: Option<String>,
    /// `low`, `medium` or `high`.
    verbosity: Option<String>,
    /// Tokens to make likelier or rarer, by their ids.
    logit_bias: Option<Map<String, Value>>,
    /// Whether the answer comes with its tokens' probabilities.
    logprobs: Option<bool>,
    /// How many alternatives of each token.
    top_logprobs: Option<u64>,
    /// Notes for the vendor's own records.
    metadata: Option<Map<String, Value>>,
    /// What the answer may be: `text`, `audio`.
    modalities: Option<Vec<String>>,
    /// Voice and format of spoken answers.
    audio: Option<Map<String, Value>>,
    /// A text that much of the answer will repeat.
    prediction: Option<Map<String, Value>>,
    /// Whether the vendor keeps the answer.
    store: Option<bool>,
    /// The vendor's class of service.
    service_tier: Option<String>,
    /// An id of the end user.
    user: Option<String>,
    /// An id of the end user; newer than `user`.
    safety_identifier: Option<String>,
    /// Groups requests that share the beginning of their prompts.
    prompt_cache_key: Option<String>,
    /// How the vendor caches the prompt.
    prompt_cache_options: Option<Map<String, Value>>,
    /// The older form of `prompt_cache_options.ttl`.
    prompt_cache_retention: Option<String>,
    /// Whether the vendor moderates request and answer.
    moderation: Option<Map<String, Value>>,
    /// Lets the model search, where the vendor can.
    web_search_options: Option<Map<String, Value>>,
    /// The older form of `tools`.
    functions: Option<Vec<Function>>,
    /// The older form of `tool_choice`.
    function_call: Option<TextOrObject>,
    load_balance_strategy: Option<Strategy>,
}

/// How this one request chooses among a model's deployments. Tollgate's own; no vendor sees it.
#[derive(JsonSchema)]
#[schemars(rename = "LoadBalanceStrategy", rename_all = "snake_case")]
pub(crate) enum Strategy {
    Adaptive,
    RoundRobin,
    Random,
    FirstAvailable,
    LeastBusy,
    Usage,
}

/// What a stream is to bring beside the answer.
#[derive(JsonSchema)]
pub(crate) struct StreamOptions {
    /// Whether the last chunk before the end has the usage.
    include_usage: Option<bool>,
}

/// A text or several.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A word or an object.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum TextOrObject {
    Text(String),
    Object(Map<String, Value>),
}

/// One message of a conversation.
#[derive(JsonSchema)]
#[schemars(rename = "ChatMessage", tag = "role", rename_all = "snake_case")]
enum Message {
    /// What holds for the whole conversation.
    System { content: Content, name: Option<String> },
    /// The newer word for `system`.
    Developer { content: Content, name: Option<String> },
    /// What a person, or a program in a person's place, says.
    User { content: Content, name: Option<String> },
    /// What a model said before.
    Assistant {
        content: Option<Content>,
        name: Option<String>,
        refusal: Option<String>,
        /// Functions that it called.
        tool_calls: Option<Vec<ToolCall>>,
        /// What it thought, where the vendor showed it.
        reasoning_content: Option<String>,
        /// Signed thoughts of Anthropic's models; send them back as they came.
        thinking_blocks: Option<Vec<Map<String, Value>>>,
    },
    /// What a function returned.
    Tool {
        content: Content,
        /// The call that this answers.
        tool_call_id: String,
    },
    /// The older form of `tool`.
    Function { content: Option<String>, name: String },
}

/// A text, or parts of several kinds.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// A part of a message.
#[derive(JsonSchema)]
#[schemars(rename = "ContentPart", tag = "type", rename_all = "snake_case")]
enum Part {
    /// A text.
    Text { text: String },
    /// A picture.
    ImageUrl { image_url: ImageUrl },
    /// A sound.
    InputAudio { input_audio: InputAudio },
    /// A document.
    File { file: FileInput },
    /// What a model said instead of an answer.
    Refusal { refusal: String },
}

/// Where a picture is.
#[derive(JsonSchema)]
struct ImageUrl {
    /// An address, or `data:image/png;base64,…`.
    url: String,
    /// `auto`, `low` or `high`.
    detail: Option<String>,
}

/// A sound.
#[derive(JsonSchema)]
struct InputAudio {
    /// Base64.
    data: String,
    /// `wav` or `mp3`.
    format: String,
}

/// A document.
#[derive(JsonSchema)]
struct FileInput {
    filename: Option<String>,
    /// `data:application/pdf;base64,…`.
    file_data: Option<String>,
    /// A file that the vendor has already.
    file_id: Option<String>,
}

/// A function that the model may call.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case")]
enum Tool {
    /// A function of the client's.
    Function { function: Function },
}

/// A function.
#[derive(JsonSchema)]
#[schemars(rename = "FunctionDefinition")]
struct Function {
    name: String,
    description: Option<String>,
    /// Its arguments, as a JSON Schema.
    parameters: Option<Map<String, Value>>,
    /// Whether the arguments keep to the schema exactly.
    strict: Option<bool>,
}

/// A call of a function.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToolCall {
    /// A function of the client's.
    Function { id: String, function: CalledFunction },
}

/// Which function, and with what.
#[derive(JsonSchema)]
pub(crate) struct CalledFunction {
    name: String,
    /// A JSON object, as text.
    arguments: String,
}

/// The form of an answer.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case")]
enum ResponseFormat {
    /// Text.
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON of a schema.
    JsonSchema { json_schema: SchemaFormat },
}

/// A schema for an answer.
#[derive(JsonSchema)]
struct SchemaFormat {
    name: String,
    description: Option<String>,
    schema: Option<Map<String, Value>>,
    strict: Option<bool>,
}

/// A request to go on with a text.
#[derive(JsonSchema)]
pub(crate) struct CompletionRequest {
    /// A model of `GET /v1/models`; the configured default where it is left out.
    model: Option<String>,
    prompt: Inputs,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    /// Bound of the answer, in tokens.
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<i64>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    /// How many answers.
    n: Option<u64>,
    /// How many are made, of which the best `n` come back.
    best_of: Option<u64>,
    seed: Option<i64>,
    /// How many alternatives of each token.
    logprobs: Option<u64>,
    logit_bias: Option<Map<String, Value>>,
    /// Whether the answer begins with the prompt.
    echo: Option<bool>,
    /// What comes after the answer.
    suffix: Option<String>,
    stop: Option<OneOrMany>,
    /// An id of the end user.
    user: Option<String>,
    load_balance_strategy: Option<Strategy>,
}

/// A text, tokens, or several of either.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum Inputs {
    Text(String),
    Texts(#[schemars(length(min = 1))] Vec<String>),
    Tokens(#[schemars(length(min = 1))] Vec<u64>),
    Lists(#[schemars(length(min = 1))] Vec<Vec<u64>>),
}

/// A request for vectors of texts.
#[derive(JsonSchema)]
pub(crate) struct EmbeddingRequest {
    /// A model of `GET /v1/models`; the configured default where it is left out.
    model: Option<String>,
    input: Inputs,
    /// The vectors' length.
    dimensions: Option<u64>,
    /// `float` or `base64`.
    encoding_format: Option<String>,
    /// An id of the end user.
    user: Option<String>,
    load_balance_strategy: Option<Strategy>,
}
