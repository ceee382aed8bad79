//! What an error answer says, whatever its shape.

use serde_json::Value;

/// Larger bodies are no error of any API; only their start is looked at.
const BODY_MAX: usize = 256 * 1024;
/// Longest plain text taken as a message, in bytes; it is cut further when the error is made.
const TEXT_MAX: usize = 2048;

/// The words for a prompt that does not fit, lower case, of this vendor and of those that proxies
/// put behind this dialect.
const CONTEXT_WINDOW: [&str; 16] = [
    "prompt is too long",
    "input length and `max_tokens` exceed",
    "input length and max_tokens exceed",
    "input is too long",
    "maximum context length",
    "context_length_exceeded",
    "context window",
    "too many tokens",
    "too many input tokens",
    "exceed the context",
    "exceeds the context",
    "exceed context limit",
    "exceeds the available context size",
    "exceeds the maximum number of tokens",
    "range of input length should be",
    "longer than the model's context length",
];

/// Messages that hold such words about something else.
const NOT_CONTEXT_WINDOW: [&str; 2] = ["string_above_max_length", "invalid 'user'"];

/// An error in words; every part may be missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The vendor's type, for example `overloaded_error`.
    pub(super) kind: Option<String>,
    /// A finer code, for example `enforced_spend_limit_reached`.
    pub(super) code: Option<String>,
    /// The field at fault.
    pub(super) param: Option<String>,
    /// What happened.
    pub(super) message: Option<String>,
}

/// How the vendor begins to say, under the type of a wrong request, that money or a limit that the
/// account's owner set is spent; lower case.
const SPENT: [&str; 4] = [
    "your credit balance is too low",
    "you have reached your specified api usage limits",
    "you have reached your spend limit",
    "you have reached your spending limit",
];

impl Said {
    /// Reads a whole body.
    pub(super) fn read(body: &[u8]) -> Self {
        let body = body.get(..BODY_MAX).unwrap_or(body);
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        if text.starts_with('<') {
            return Self { message: Some(html(text)), ..Self::default() };
        }
        match serde_json::from_str(text) {
            Ok(value) => Self::of_body(&value),
            Err(_) if text.is_empty() => Self::default(),
            Err(_) => Self { message: Some(head(text).to_owned()), ..Self::default() },
        }
    }

    fn of_body(body: &Value) -> Self {
        match body {
            // Some vendors wrap their one error in a list.
            Value::Array(list) => list.first().filter(|v| v.is_object()).map_or_else(
                || Self { message: Some(head(&body.to_string()).to_owned()), ..Self::default() },
                Self::of_body,
            ),
            Value::Object(fields) => match fields.get("error") {
                Some(error @ Value::Object(_)) => Self::of_error(error),
                Some(Value::String(message)) => {
                    let said = Self::of_error(body);
                    Self { message: said.message.or_else(|| Some(message.clone())), ..said }
                }
                _ => Self::of_error(body),
            },
            Value::String(text) => Self { message: Some(head(text).to_owned()), ..Self::default() },
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::default(),
        }
    }

    /// Reads an error object, the vendor's or one of its likes.
    pub(super) fn of_error(error: &Value) -> Self {
        let text = |key: &str| error.get(key).and_then(word);
        let kind = text("type").filter(|kind| kind != "error");
        let code = error.pointer("/details/error_code").and_then(word).or_else(|| text("code"));
        let message = ["message", "detail", "msg", "error_message"]
            .into_iter()
            .find_map(text)
            .or_else(|| error.get("detail").filter(|d| !d.is_null()).map(Value::to_string))
            .or_else(|| error.as_str().map(str::to_owned))
            .filter(|message| !message.is_empty())
            .map(|message| head(&message).to_owned());
        let param = text("param").or_else(|| {
            let about_a_field = kind.as_deref() == Some("invalid_request_error");
            message.as_deref().filter(|_| about_a_field).and_then(leading_path)
        });
        Self { kind, code, param, message }
    }

    /// The vendor's own type or code says that money is spent, or a sentence that it begins with:
    /// what a message quotes of a request never stands at its beginning.
    pub(super) fn is_billing(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        let message = self.lower();
        self.kind.as_deref() == Some("billing_error")
            || code.contains("spend_limit")
            || code == "insufficient_quota"
            || SPENT.iter().any(|sentence| message.starts_with(sentence))
    }

    pub(super) fn is_context_window(&self) -> bool {
        let message = self.lower();
        let code = self.code.as_deref().unwrap_or_default();
        let about = |words: &[&str]| words.iter().any(|word| message.contains(word));
        (about(&CONTEXT_WINDOW) || code == "context_length_exceeded")
            && !about(&NOT_CONTEXT_WINDOW)
            && code != "string_above_max_length"
    }

    pub(super) fn is_content_policy(&self) -> bool {
        self.lower().contains("blocked by content filtering policy")
            || self.code.as_deref() == Some("content_filter")
    }

    pub(super) fn is_missing_model(&self) -> bool {
        let not_found = self.kind.as_deref() == Some("not_found_error");
        (not_found && self.lower().contains("model"))
            || self.code.as_deref() == Some("model_not_found")
    }

    pub(super) fn is_overload(&self) -> bool {
        self.kind.as_deref() == Some("overloaded_error") || self.lower().contains("overloaded")
    }

    fn lower(&self) -> String {
        self.message.as_deref().unwrap_or_default().to_lowercase()
    }
}

/// A text or a number as text.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `messages.0.content` of a message such as `messages.0.content: Field required`.
fn leading_path(message: &str) -> Option<String> {
    let (path, _) = message.split_once(": ")?;
    let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.');
    (!path.is_empty() && path.chars().all(part)).then(|| path.to_owned())
}

/// A page's title in a sentence; the page itself may carry scripts and goes nowhere.
fn html(page: &str) -> String {
    // ASCII lower case keeps byte positions.
    let lower = page.to_ascii_lowercase();
    let title = lower.find("<title>").zip(lower.find("</title>")).and_then(|(start, end)| {
        page.get(start + "<title>".len()..end).map(str::trim).filter(|title| !title.is_empty())
    });
    match title {
        Some(title) => format!("an HTML page instead of JSON: {}", head(title)),
        None => "an HTML page instead of JSON".to_owned(),
    }
}

fn head(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_MAX)).unwrap_or(text)
}
