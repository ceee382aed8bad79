//! The response object as OpenAI's SDKs check it: items, usage, and what is repeated of the request.
//!
//! Whole answers and the events of a stream are made of the same parts, so that the two cannot
//! differ. What a gateway cannot know is said as OpenAI says it of a request that is not stored.

use serde::Serialize;
use serde_json::value::RawValue;
use tollgate_core_types::Dialect;
use tollgate_core_types::Usage;
use tollgate_core_types::chat::{ReasoningPart, ToolCall};
use tollgate_core_types::reply::{Finish, FinishReason};
use tollgate_providers_common::{Inbound, RenderContext};

use super::sealed;
use crate::outgoing::{answer_id, answer_model, arguments_or_empty};

/// Prefix of the ids of responses.
const ID_PREFIX: &str = "resp_";
/// Longest piece of a response's id within those of its items.
const STEM_MAX: usize = 40;

/// What an answer is known by.
#[derive(Debug, Clone)]
pub(super) struct Head {
    id: String,
    model: String,
    created: u64,
    /// What the ids of items have in common.
    stem: String,
}

impl Head {
    pub(super) fn new(
        id: &str,
        model: &str,
        created: Option<u64>,
        context: &RenderContext,
    ) -> Self {
        let id = answer_id(ID_PREFIX, id, context);
        // What tells answers apart stands at the end of their ids.
        let kept = |c: &char| c.is_ascii_alphanumeric();
        let mut stem: Vec<char> = id.chars().rev().filter(kept).take(STEM_MAX).collect();
        stem.reverse();
        Self {
            stem: stem.into_iter().collect(),
            id,
            model: answer_model(model, context).to_owned(),
            created: created.unwrap_or(context.created),
        }
    }
}

/// The state of an answer or an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    InProgress,
    Completed,
    Incomplete,
}

/// One item of the output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item {
    Reasoning {
        id: String,
        summary: Vec<Summary>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<String>,
    },
    Message {
        id: String,
        status: Status,
        role: &'static str,
        content: Vec<Content>,
    },
    FunctionCall {
        id: String,
        status: Status,
        call_id: String,
        name: String,
        arguments: String,
    },
}

/// A part of a summary of reasoning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Summary {
    SummaryText { text: String },
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Content {
    OutputText { text: String, annotations: [(); 0], logprobs: [(); 0] },
    Refusal { refusal: String },
}

impl Content {
    pub(super) fn text(text: String) -> Self {
        Self::OutputText { text, annotations: [], logprobs: [] }
    }
}

impl Item {
    /// A message of nothing yet, the `at`-th item.
    pub(super) fn message(head: &Head, at: usize) -> Self {
        let id = format!("msg_{}_{at}", head.stem);
        Self::Message { id, status: Status::InProgress, role: "assistant", content: Vec::new() }
    }

    /// Reasoning of nothing yet, the `at`-th item.
    pub(super) fn reasoning(head: &Head, at: usize) -> Self {
        let id = format!("{}{}_{at}", sealed::ID_MARK, head.stem);
        Self::Reasoning { id, summary: Vec::new(), encrypted_content: None }
    }

    /// A call without its arguments, the `at`-th item.
    pub(super) fn call(head: &Head, at: usize, call_id: &str, name: &str) -> Self {
        Self::FunctionCall {
            id: format!("fc_{}_{at}", head.stem),
            status: Status::InProgress,
            call_id: call_id.to_owned(),
            name: name.to_owned(),
            arguments: String::new(),
        }
    }

    /// All of a whole answer's reasoning.
    pub(super) fn of_reasoning(head: &Head, at: usize, part: &ReasoningPart) -> Self {
        let mut item = Self::reasoning(head, at);
        if let Self::Reasoning { summary, .. } = &mut item
            && !part.text.is_empty()
        {
            summary.push(Summary::SummaryText { text: part.text.clone() });
        }
        item.seal(part);
        item
    }

    /// All of a whole answer's call.
    pub(super) fn of_call(head: &Head, at: usize, call: &ToolCall) -> Self {
        let ToolCall { id, name, arguments } = call;
        let mut item = Self::call(head, at, id, name);
        if let Self::FunctionCall { arguments: all, .. } = &mut item {
            arguments_or_empty(arguments).clone_into(all);
        }
        item.finish(Status::Completed);
        item
    }

    /// Gives reasoning what its issuer wants back. What OpenAI sealed keeps the id to which it is
    /// bound.
    pub(super) fn seal(&mut self, part: &ReasoningPart) {
        let Self::Reasoning { id, summary: _, encrypted_content } = self else { return };
        let own = part.issuer == Dialect::OPENAI_RESPONSES;
        let opened = part.signature.as_deref().filter(|_| own).and_then(sealed::open);
        *encrypted_content = Some(match opened {
            Some((given, encrypted)) => {
                given.clone_into(id);
                encrypted.to_owned()
            }
            None => sealed::wrap(part),
        });
    }

    /// The item is whole, or cut short.
    pub(super) fn finish(&mut self, to: Status) {
        match self {
            Self::Message { status, .. } | Self::FunctionCall { status, .. } => *status = to,
            Self::Reasoning { .. } => {}
        }
    }
}

/// Usage in this dialect, whose every count is required.
#[derive(Debug, Serialize)]
pub(super) struct UsageOut {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Debug, Serialize)]
struct InputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Debug, Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

impl UsageOut {
    /// `None` where the vendor reported neither input nor output.
    fn of(usage: &Usage) -> Option<Self> {
        let Usage {
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            reasoning_tokens,
            detail: _,
        } = *usage;
        if input_tokens.is_none() && output_tokens.is_none() {
            return None;
        }
        // The shape has no word for "unknown".
        let (input, output) = (input_tokens.unwrap_or(0), output_tokens.unwrap_or(0));
        Some(Self {
            input_tokens: input,
            input_tokens_details: InputDetails {
                cached_tokens: cache_read_tokens.unwrap_or(0),
                cache_write_tokens: cache_write_tokens.unwrap_or(0),
            },
            output_tokens: output,
            output_tokens_details: OutputDetails {
                reasoning_tokens: reasoning_tokens.unwrap_or(0),
            },
            total_tokens: input.saturating_add(output),
        })
    }
}

/// What a response repeats of its request, in the client's own bytes.
#[derive(Debug, Default)]
pub(super) struct Echo(Vec<(&'static str, Box<RawValue>)>);

/// The fields repeated.
const ECHOED: &[&str] = &[
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "truncation",
    "user",
];

impl Echo {
    /// What is to be repeated of `inbound`.
    pub(super) fn of(inbound: &Inbound) -> Self {
        let value = |key: &&'static str| {
            let json = inbound.facts.layout.value(&inbound.body, key)?;
            let raw = RawValue::from_string(json.to_owned()).ok()?;
            (json != "null").then_some((*key, raw))
        };
        Self(ECHOED.iter().filter_map(value).collect())
    }

    fn get(&self, key: &str) -> Option<&RawValue> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, raw)| raw.as_ref())
    }

    fn or<'e>(&'e self, key: &str, default: &'e RawValue) -> &'e RawValue {
        self.get(key).unwrap_or(default)
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Failure<'a> {
    pub(super) code: &'static str,
    pub(super) message: &'a str,
}

#[derive(Debug, Serialize)]
struct Details {
    reason: &'static str,
}

/// The whole object.
#[derive(Debug, Serialize)]
pub(super) struct Object<'a> {
    id: &'a str,
    object: &'static str,
    created_at: u64,
    status: &'static str,
    background: bool,
    error: Option<Failure<'a>>,
    incomplete_details: Option<Details>,
    instructions: Option<&'a RawValue>,
    max_output_tokens: Option<&'a RawValue>,
    max_tool_calls: Option<&'a RawValue>,
    model: &'a str,
    output: &'a [Item],
    parallel_tool_calls: &'a RawValue,
    previous_response_id: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a RawValue>,
    reasoning: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_identifier: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    store: bool,
    temperature: Option<&'a RawValue>,
    text: &'a RawValue,
    tool_choice: &'a RawValue,
    tools: &'a RawValue,
    top_p: Option<&'a RawValue>,
    truncation: &'a RawValue,
    usage: Option<UsageOut>,
    user: Option<&'a RawValue>,
    metadata: &'a RawValue,
}

/// Values that stand where the request said nothing.
#[derive(Debug)]
struct Defaults {
    yes: Box<RawValue>,
    reasoning: Box<RawValue>,
    text: Box<RawValue>,
    auto: Box<RawValue>,
    none: Box<RawValue>,
    disabled: Box<RawValue>,
    metadata: Box<RawValue>,
}

impl Default for Defaults {
    fn default() -> Self {
        // Constants of ours; `null` stands in where that were not so.
        let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap_or_default();
        Self {
            yes: raw("true"),
            reasoning: raw(r#"{"effort":null,"summary":null}"#),
            text: raw(r#"{"format":{"type":"text"}}"#),
            auto: raw(r#""auto""#),
            none: raw("[]"),
            disabled: raw(r#""disabled""#),
            metadata: raw("{}"),
        }
    }
}

/// Makes the objects of one answer.
#[derive(Debug)]
pub(super) struct Maker {
    pub(super) head: Head,
    echo: Echo,
    defaults: Defaults,
}

/// How far an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    InProgress,
    Completed,
    /// Cut short, for this reason.
    Incomplete(&'static str),
    /// It cannot be told whole.
    Failed(&'static str),
}

impl State {
    /// How an answer ended.
    pub(super) fn of(finish: &Finish) -> Self {
        match finish.reason {
            FinishReason::Stop | FinishReason::ToolCalls | FinishReason::Pause => Self::Completed,
            FinishReason::Length | FinishReason::ContextWindow => {
                Self::Incomplete("max_output_tokens")
            }
            FinishReason::ContentFilter => Self::Incomplete("content_filter"),
        }
    }

    /// The state of the items that were open at the end.
    pub(super) fn of_items(self) -> Status {
        match self {
            Self::InProgress => Status::InProgress,
            Self::Completed => Status::Completed,
            Self::Incomplete(_) | Self::Failed(_) => Status::Incomplete,
        }
    }
}

impl Maker {
    pub(super) fn new(head: Head, echo: Echo) -> Self {
        Self { head, echo, defaults: Defaults::default() }
    }

    /// The object.
    pub(super) fn object<'a>(
        &'a self,
        state: State,
        output: &'a [Item],
        usage: &Usage,
        service_tier: Option<&str>,
    ) -> Object<'a> {
        let (echo, defaults) = (&self.echo, &self.defaults);
        let (status, reason, failure) = match state {
            State::InProgress => ("in_progress", None, None),
            State::Completed => ("completed", None, None),
            State::Incomplete(reason) => ("incomplete", Some(Details { reason }), None),
            State::Failed(message) => {
                ("failed", None, Some(Failure { code: "server_error", message }))
            }
        };
        Object {
            id: &self.head.id,
            object: "response",
            created_at: self.head.created,
            status,
            background: false,
            error: failure,
            incomplete_details: reason,
            instructions: echo.get("instructions"),
            max_output_tokens: echo.get("max_output_tokens"),
            max_tool_calls: echo.get("max_tool_calls"),
            model: &self.head.model,
            output,
            parallel_tool_calls: echo.or("parallel_tool_calls", &defaults.yes),
            previous_response_id: None,
            prompt_cache_key: echo.get("prompt_cache_key"),
            reasoning: echo.or("reasoning", &defaults.reasoning),
            safety_identifier: echo.get("safety_identifier"),
            service_tier: service_tier.and_then(crate::chat::render::tier),
            store: false,
            temperature: echo.get("temperature"),
            text: echo.or("text", &defaults.text),
            tool_choice: echo.or("tool_choice", &defaults.auto),
            tools: echo.or("tools", &defaults.none),
            top_p: echo.get("top_p"),
            truncation: echo.or("truncation", &defaults.disabled),
            usage: UsageOut::of(usage),
            user: echo.get("user"),
            metadata: echo.or("metadata", &defaults.metadata),
        }
    }
}
