//! Which API the upstream speaks, and what of it a request asks for.

use clap::ValueEnum;
use serde_json::Value;

use crate::answer::Answer;
use crate::frames::Frame;
use crate::request::Request;
use crate::script::{ErrorText, Why};
use crate::{anthropic, gemini, openai};

/// An API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// OpenAI and everything compatible.
    Openai,
    /// Anthropic.
    Anthropic,
    /// Gemini.
    Gemini,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Chat,
    /// OpenAI's newer way to converse.
    Responses,
    Completions,
    Embeddings,
    CountTokens,
    Models,
}

/// One call, read.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The upstream's name.
    pub(crate) upstream: &'a str,
    /// What is asked.
    pub(crate) operation: Operation,
    /// The path, in which some dialects say what others say in the body.
    pub(crate) path: &'a str,
    /// The request's body; `null` where there is none.
    pub(crate) body: &'a Value,
    /// What to say.
    pub(crate) answer: &'a Answer,
}

impl Call<'_> {
    /// The model that answers.
    pub(crate) fn model(&self) -> &str {
        let asked = self.body.get("model").and_then(Value::as_str);
        let in_path = || self.path.contains(':').then(|| gemini::model(self.path));
        self.answer.model.as_deref().or(asked).or_else(in_path).unwrap_or("unknown")
    }

    /// The text to say.
    pub(crate) fn text(&self) -> Option<String> {
        self.answer.said(self.upstream, self.body)
    }

    /// Whether a stream is asked for.
    pub(crate) fn streams(&self) -> bool {
        matches!(self.operation, Operation::Chat | Operation::Responses | Operation::Completions)
            && (self.body.get("stream").and_then(Value::as_bool) == Some(true)
                || self.path.ends_with(":streamGenerateContent"))
    }
}

/// A request that the vendor refuses: status and words.
pub(crate) type Refused = (u16, ErrorText);

impl Dialect {
    /// What is asked for, by method and the end of the path; bases differ.
    ///
    /// # Errors
    /// When the vendor has no such endpoint.
    pub(crate) fn operation(self, request: &Request) -> Result<Operation, Refused> {
        let path = request.path.trim_end_matches('/');
        let found = match (self, request.method.as_str()) {
            (Self::Openai, "POST") if path.ends_with("/chat/completions") => Some(Operation::Chat),
            (Self::Openai, "POST") if path.ends_with("/responses") => Some(Operation::Responses),
            (Self::Openai, "POST") if path.ends_with("/completions") => {
                Some(Operation::Completions)
            }
            (Self::Openai, "POST") if path.ends_with("/embeddings") => Some(Operation::Embeddings),
            (Self::Anthropic, "POST") if path.ends_with("/v1/messages") => Some(Operation::Chat),
            (Self::Anthropic, "POST") if path.ends_with("/v1/messages/count_tokens") => {
                Some(Operation::CountTokens)
            }
            (Self::Gemini, "POST") => gemini::operation(path),
            (_, "GET") if path.ends_with("/models") => Some(Operation::Models),
            _ => None,
        };
        found.ok_or_else(|| {
            let message = format!("Unknown request URL: {} {}", request.method, request.path);
            (404, ErrorText { message: Some(message), ..ErrorText::default() })
        })
    }

    /// What the vendor checks before it does anything.
    ///
    /// # Errors
    /// When the request would be refused.
    pub(crate) fn check(
        self,
        request: &Request,
        operation: Operation,
        body: &Value,
    ) -> Result<(), Refused> {
        if operation == Operation::Models {
            return Ok(());
        }
        let fields: &[&str] = match (self, operation) {
            (Self::Openai, Operation::Chat) => &["model", "messages"],
            (Self::Openai, Operation::Responses) => &["model", "input"],
            (Self::Openai, Operation::Completions) => &["model", "prompt"],
            (Self::Openai, Operation::Embeddings) => &["model", "input"],
            (Self::Anthropic, Operation::Chat) => &["model", "messages", "max_tokens"],
            (Self::Gemini, Operation::Chat) => &["contents"],
            (Self::Gemini, Operation::CountTokens) => &[],
            (_, Operation::CountTokens) => &["model", "messages"],
            (
                _,
                Operation::Models
                | Operation::Responses
                | Operation::Completions
                | Operation::Embeddings,
            ) => &[],
        };
        if self == Self::Anthropic && request.header("anthropic-version").is_none() {
            return Err(missing("anthropic-version: header is required", None));
        }
        match fields.iter().find(|field| body.get(field).is_none()) {
            Some(field) => Err(missing(&format!("{field}: Field required"), Some(field))),
            None => Ok(()),
        }
    }

    /// A whole answer.
    pub(crate) fn whole(self, call: &Call<'_>) -> Value {
        match self {
            Self::Openai => openai::whole(call),
            Self::Anthropic => anthropic::whole(call),
            Self::Gemini => gemini::whole(call),
        }
    }

    /// A streamed answer.
    pub(crate) fn frames(self, call: &Call<'_>) -> Vec<Frame> {
        match self {
            Self::Openai => openai::frames(call),
            Self::Anthropic => anthropic::frames(call),
            Self::Gemini => gemini::frames(call),
        }
    }

    /// One more frame of text.
    pub(crate) fn text_frame(self, call: &Call<'_>, text: &str) -> Frame {
        match self {
            Self::Openai => openai::text_frame(call, text),
            Self::Anthropic => anthropic::text_frame(text),
            Self::Gemini => gemini::text_frame(call, text),
        }
    }

    /// An error as the body of an answer, with the vendor's words where the script has none.
    pub(crate) fn error(self, status: u16, text: &ErrorText) -> Value {
        match self {
            Self::Openai => openai::error(status, text),
            Self::Anthropic => anthropic::error(status, text),
            Self::Gemini => gemini::error(status, text),
        }
    }

    /// How the vendor refuses.
    pub(crate) fn refusal(self, why: Why) -> Refused {
        match self {
            Self::Openai => openai::refusal(why),
            Self::Anthropic => anthropic::refusal(why),
            Self::Gemini => gemini::refusal(why),
        }
    }

    /// An error as a frame of a stream.
    pub(crate) fn error_frame(self, text: &ErrorText) -> Frame {
        match self {
            Self::Openai => openai::error_frame(text),
            Self::Anthropic => anthropic::error_frame(text),
            Self::Gemini => gemini::error_frame(text),
        }
    }

    /// What keeps an idle stream alive.
    pub(crate) fn ping(self) -> &'static [u8] {
        match self {
            Self::Openai | Self::Gemini => b": ping\n\n",
            Self::Anthropic => b"event: ping\ndata: {\"type\":\"ping\"}\n\n",
        }
    }

    /// The header that carries the vendor's id of a request.
    pub(crate) fn id_header(self) -> &'static str {
        match self {
            Self::Openai | Self::Gemini => "x-request-id",
            Self::Anthropic => "request-id",
        }
    }
}

fn missing(message: &str, param: Option<&str>) -> Refused {
    let text = ErrorText {
        message: Some(message.to_owned()),
        param: param.map(str::to_owned),
        ..ErrorText::default()
    };
    (400, text)
}
