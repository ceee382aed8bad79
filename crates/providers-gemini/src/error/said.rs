//! What an error answer says, whatever its shape.

use serde_json::Value;
use std::time::Duration;
use tollgate_core_types::UpstreamError;

/// Larger bodies are no error of any API; only their start is looked at.
const BODY_MAX: usize = 256 * 1024;
/// Longest plain text taken as a message, in bytes; it is cut further when the error is made.
const TEXT_MAX: usize = 2048;
/// Most details looked at.
const DETAILS_MAX: usize = 32;

/// The words for a prompt that does not fit, lower case.
const CONTEXT_WINDOW: [&str; 7] = [
    "exceeds the maximum number of tokens",
    "exceed the maximum number of tokens",
    "maximum context length",
    "context window",
    "input context is too long",
    "prompt is too long",
    "too many input tokens",
];

/// An error in words; every part may be missing.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Said {
    /// The HTTP status as the body repeats it.
    pub(super) code: Option<u16>,
    /// The canonical word, for example `RESOURCE_EXHAUSTED`.
    pub(super) status: Option<String>,
    /// The finer reason of a `google.rpc.ErrorInfo`, for example `API_KEY_INVALID`.
    pub(super) reason: Option<String>,
    /// The field of a `google.rpc.BadRequest`.
    pub(super) field: Option<String>,
    /// What happened.
    pub(super) message: Option<String>,
    /// The pause of a `google.rpc.RetryInfo`.
    pub(super) retry_delay: Option<Duration>,
    /// Whether a quota of the day is spent, rather than one of the minute.
    pub(super) per_day: bool,
}

impl Said {
    /// Reads a whole body.
    pub(super) fn read(body: &[u8]) -> Self {
        let body = body.get(..BODY_MAX).unwrap_or(body);
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        if text.starts_with('<') {
            return Self {
                message: Some("an HTML page instead of JSON".into()),
                ..Self::default()
            };
        }
        match serde_json::from_str(text) {
            Ok(value) => Self::of_body(&value),
            Err(_) if text.is_empty() => Self::default(),
            Err(_) => Self { message: Some(head(text)), ..Self::default() },
        }
    }

    fn of_body(body: &Value) -> Self {
        match body {
            // A stream that never began is a list of one.
            Value::Array(list) => list.first().filter(|first| first.is_object()).map_or_else(
                || Self { message: Some(head(&body.to_string())), ..Self::default() },
                Self::of_body,
            ),
            Value::Object(fields) => match fields.get("error") {
                Some(error @ Value::Object(_)) => Self::of_error(error),
                Some(Value::String(message)) => {
                    Self { message: filled(message), ..Self::of_error(body) }
                }
                _ => Self::of_error(body),
            },
            Value::String(text) => Self { message: filled(text), ..Self::default() },
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::default(),
        }
    }

    /// Reads an error object.
    pub(super) fn of_error(error: &Value) -> Self {
        let text = |key: &str| error.get(key).and_then(Value::as_str);
        let code = error.get("code").and_then(Value::as_u64);
        let mut said = Self {
            code: code.and_then(|code| u16::try_from(code).ok()),
            status: text("status").or_else(|| text("code")).or_else(|| text("type")).and_then(word),
            message: text("message").or_else(|| text("detail")).and_then(filled),
            ..Self::default()
        };
        let details = error.get("details").and_then(Value::as_array);
        for detail in details.into_iter().flatten().take(DETAILS_MAX) {
            said.detail(detail);
        }
        said
    }

    fn detail(&mut self, detail: &Value) {
        let text = |key: &str| detail.get(key).and_then(Value::as_str);
        let kind = text("@type").unwrap_or_default();
        let list = |key: &str| detail.get(key).and_then(Value::as_array).into_iter().flatten();
        match kind.rsplit('.').next().unwrap_or_default() {
            "RetryInfo" => {
                let delay = text("retryDelay").and_then(seconds);
                self.retry_delay = self.retry_delay.max(delay);
            }
            "ErrorInfo" => self.reason = text("reason").and_then(word),
            "QuotaFailure" => {
                self.per_day |= list("violations").any(|violation| {
                    let id = violation.get("quotaId").and_then(Value::as_str).unwrap_or_default();
                    id.contains("PerDay")
                });
            }
            "BadRequest" => {
                self.field = list("fieldViolations").find_map(|violation| {
                    violation.get("field").and_then(Value::as_str).and_then(word)
                });
            }
            _ => {}
        }
    }

    /// A key that is none comes with 400.
    pub(super) fn is_bad_key(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or_default();
        reason.starts_with("API_KEY_") || reason == "ACCESS_TOKEN_EXPIRED"
    }

    /// Only the vendor's own words for it, never a message alone.
    pub(super) fn is_billing(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or_default();
        let unmet = self.status.as_deref() == Some("FAILED_PRECONDITION");
        reason == "BILLING_DISABLED" || (unmet && self.lower().contains("billing"))
    }

    pub(super) fn is_context_window(&self) -> bool {
        let message = self.lower();
        CONTEXT_WINDOW.iter().any(|word| message.contains(word))
    }

    pub(super) fn is_missing_model(&self) -> bool {
        self.status.as_deref() == Some("NOT_FOUND") && self.lower().contains("model")
    }

    fn lower(&self) -> String {
        self.message.as_deref().unwrap_or_default().to_lowercase()
    }
}

/// `34s` or `34.074824224s`, at most the longest pause that is believed.
fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().strip_suffix('s')?.parse().ok()?;
    let longest = UpstreamError::RETRY_AFTER_MAX.as_secs_f64();
    (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(longest)))
}

fn word(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| head(text))
}

fn filled(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| head(text))
}

fn head(text: &str) -> String {
    text.get(..text.floor_char_boundary(TEXT_MAX)).unwrap_or(text).to_owned()
}
