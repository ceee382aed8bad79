//! Responses' shapes as the document tells them: what clients send and what comes back.
//!
//! Nothing is read through these types: the readers of `tollgate-providers-openai` decide. A field or
//! item that is not here goes to vendors of this dialect as it is, so every object is open; `null` is
//! as good as absent.
#![expect(dead_code, reason = "types that are described and never made")]

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::openai::Strategy;

/// A request for an answer to a conversation.
#[derive(JsonSchema)]
#[schemars(rename = "ResponseRequest")]
pub(crate) struct Request {
    /// A model of `GET /v1/models`; the configured default where it is left out.
    model: Option<String>,
    /// A text, or the items of the conversation so far.
    input: Option<Input>,
    /// What holds for the whole conversation.
    instructions: Option<String>,
    /// Whether the answer comes piece by piece, as server-sent events.
    stream: Option<bool>,
    stream_options: Option<Map<String, Value>>,
    /// Bound of the answer, reasoning included, in tokens.
    max_output_tokens: Option<u64>,
    /// Between 0 and 2; less is more to the point.
    temperature: Option<f64>,
    /// Only the likeliest tokens that together reach this probability.
    top_p: Option<f64>,
    /// How many alternatives of each token.
    top_logprobs: Option<u64>,
    /// Functions that the model may call; tools of OpenAI's own at OpenAI.
    tools: Option<Vec<Map<String, Value>>>,
    /// `none`, `auto`, `required`, or `{"type": "function", "name": "…"}`.
    tool_choice: Option<Choice>,
    /// Whether several calls may come at once.
    parallel_tool_calls: Option<bool>,
    /// How many calls of OpenAI's own tools.
    max_tool_calls: Option<u64>,
    /// `effort` and `summary` of a reasoning model's thoughts.
    reasoning: Option<Map<String, Value>>,
    /// `format` of the answer (text, JSON, JSON of a schema) and `verbosity`.
    text: Option<Map<String, Value>>,
    /// What more is to come with the answer. Sealed reasoning comes always.
    include: Option<Vec<String>>,
    /// Whether the vendor keeps the answer. At OpenAI alone.
    store: Option<bool>,
    /// An earlier answer to go on from. At OpenAI alone.
    previous_response_id: Option<String>,
    /// A conversation that the vendor keeps. At OpenAI alone.
    conversation: Option<Choice>,
    /// Whether the answer is made in the background. At OpenAI alone.
    background: Option<bool>,
    /// A template that the vendor keeps. At OpenAI alone.
    prompt: Option<Map<String, Value>>,
    /// `auto` or `disabled`.
    truncation: Option<String>,
    /// Notes for the vendor's own records; the answer repeats them.
    metadata: Option<Map<String, Value>>,
    /// The vendor's class of service.
    service_tier: Option<String>,
    /// An id of the end user.
    user: Option<String>,
    /// An id of the end user; newer than `user`.
    safety_identifier: Option<String>,
    /// Groups requests that share the beginning of their prompts.
    prompt_cache_key: Option<String>,
    load_balance_strategy: Option<Strategy>,
}

/// A text, or items: messages, calls and their outputs, reasoning.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum Input {
    Text(String),
    Items(#[schemars(length(min = 1))] Vec<Map<String, Value>>),
}

/// A word or an object.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum Choice {
    Text(String),
    Object(Map<String, Value>),
}

/// An answer.
#[derive(JsonSchema)]
pub(crate) struct Response {
    id: String,
    /// `response`.
    object: String,
    /// Seconds since 1970.
    created_at: f64,
    /// `completed`, `incomplete` or `failed`; at OpenAI also `queued`, `in_progress`, `cancelled`.
    status: Option<String>,
    /// Why it failed.
    error: Option<Map<String, Value>>,
    /// Why it is not complete.
    incomplete_details: Option<Map<String, Value>>,
    /// The model that answered, in the vendor's words.
    model: String,
    /// Messages, calls of functions, reasoning. Send them back as they came.
    output: Vec<Map<String, Value>>,
    /// As asked.
    parallel_tool_calls: bool,
    /// As asked.
    tool_choice: Choice,
    /// As asked.
    tools: Vec<Map<String, Value>>,
    usage: Option<Usage>,
}

/// What a request came to, in tokens.
#[derive(JsonSchema)]
#[schemars(rename = "ResponseUsage")]
struct Usage {
    input_tokens: u64,
    input_tokens_details: Option<Map<String, Value>>,
    output_tokens: u64,
    output_tokens_details: Option<Map<String, Value>>,
    total_tokens: u64,
}

/// One event of a streamed answer.
#[derive(JsonSchema)]
#[schemars(rename = "ResponseEvent")]
pub(crate) struct Event {
    /// `response.created`, `response.output_text.delta`, …, or `error`.
    #[schemars(rename = "type")]
    kind: String,
    /// The event's number, from 0.
    sequence_number: u64,
    /// The answer as it is then, in the first and the last events.
    response: Option<Response>,
}
