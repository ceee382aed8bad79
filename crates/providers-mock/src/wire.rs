//! What the mock answers before any fault touches it, and OpenAI's error envelope.

use serde_json::{Value, json};

/// `created` of every answer: there is no clock here, and equal requests give equal bytes.
pub(crate) const CREATED: u64 = 1_767_225_600;

/// Who answers which request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The deployment's label.
    pub(crate) label: &'a str,
    /// The request's number, from 0.
    pub(crate) number: u64,
}

impl Context<'_> {
    /// An id with `prefix`, the same for every part of one answer.
    pub(crate) fn id(&self, prefix: &str) -> String {
        format!("{prefix}mock-{}-{}", slug(self.label), self.number)
    }
}

/// `label` with nothing but ASCII letters, digits and `-`, for ids and headers.
fn slug(label: &str) -> String {
    label.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// An answer in full.
#[derive(Debug)]
pub(crate) enum Answer {
    /// One JSON body.
    Whole {
        /// Its status.
        status: u16,
        /// The body.
        body: Value,
        /// What it took.
        spent: Spent,
    },
    /// A stream of frames that ends with `[DONE]`.
    Stream {
        /// The frames.
        frames: Vec<Frame>,
        /// Size of the prompt; the frames know their own.
        input_tokens: u64,
    },
}

/// One frame of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Its JSON.
    pub(crate) json: Value,
    /// Tokens of content in it; a frame without content comes without delay.
    pub(crate) tokens: u64,
}

/// What an answer took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Size of the prompt.
    pub(crate) input: u64,
    /// Size of what was generated.
    pub(crate) output: u64,
}

impl Spent {
    /// OpenAI's `usage` of an operation that generates.
    pub(crate) fn usage(self) -> Value {
        json!({
            "prompt_tokens": self.input,
            "completion_tokens": self.output,
            "total_tokens": self.input.saturating_add(self.output),
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        })
    }
}

/// A request that the mock refuses, as a vendor would: 400 and the field's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The field.
    pub(crate) param: &'static str,
    /// What is wrong with it.
    pub(crate) message: String,
}

impl Refusal {
    /// Refuses for what is wrong with `param`.
    pub(crate) fn new(param: &'static str, message: impl Into<String>) -> Self {
        Self { param, message: message.into() }
    }

    /// The refusal as an answer.
    pub(crate) fn answer(&self) -> Answer {
        let param = Some(self.param).filter(|param| !param.is_empty());
        failure(400, &self.message, param)
    }
}

/// An error answer with the type and code that OpenAI gives for `status`.
pub(crate) fn failure(status: u16, message: &str, param: Option<&str>) -> Answer {
    let body = json!({"error": error(status, message, param)});
    Answer::Whole { status, body, spent: Spent::default() }
}

/// OpenAI's error object for `status`.
pub(crate) fn error(status: u16, message: &str, param: Option<&str>) -> Value {
    let (kind, code) = match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        403 => ("permission_error", None),
        404 => ("invalid_request_error", Some("model_not_found")),
        429 => ("requests", Some("rate_limit_exceeded")),
        400..=499 => ("invalid_request_error", None),
        _ => ("server_error", None),
    };
    json!({"message": message, "type": kind, "param": param, "code": code})
}

/// Reads an optional member; `null` is as good as absent.
pub(crate) fn member<'a>(body: &'a Value, name: &str) -> Option<&'a Value> {
    body.get(name).filter(|value| !value.is_null())
}

/// The `model` of a request.
///
/// # Errors
/// When there is none.
pub(crate) fn model(body: &Value) -> Result<String, Refusal> {
    let model = member(body, "model").and_then(Value::as_str).map(str::to_owned);
    model.ok_or_else(|| Refusal::new("model", "you must provide a model parameter"))
}

/// Whether `stream` is on, and whether it is to report usage.
pub(crate) fn streaming(body: &Value) -> (bool, bool) {
    let on = |value: Option<&Value>| value.and_then(Value::as_bool).unwrap_or(false);
    let options = member(body, "stream_options");
    (on(member(body, "stream")), on(options.and_then(|options| options.get("include_usage"))))
}
