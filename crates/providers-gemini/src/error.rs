//! What the vendor's failures mean: any status and any bytes become one class.
//!
//! Every answer classifies: Google's envelope, alone or in a list, other servers' shapes, plain
//! text, HTML, nothing. A client's text can reach the vendor's message, so a message alone decides
//! only between kinds of a wrong request, never on credentials or retries.

mod said;

use http::HeaderMap;
use serde_json::Value;
use serde_json::value::RawValue;
use std::time::Duration;
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::retry_after;

use said::Said;

/// A day's quota comes back at midnight Pacific time, in winter 8 o'clock UTC: in seconds.
const DAY_BEGINS: u64 = 8 * 60 * 60;
const DAY: u64 = 24 * 60 * 60;
/// The pause after a spent day where the answer does not say what time it is.
const LONG_PAUSE: Duration = Duration::from_secs(60 * 60);

/// Classifies an error answer.
pub(crate) fn decode(status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
    let said = Said::read(body);
    let pause = retry_after::from_headers(headers).or(said.retry_delay);
    let spent = (class(status, &said) == ErrorClass::Throttle && said.per_day)
        .then(|| until_next_day(headers));
    error(status, &said).with_retry_after(spent.max(pause))
}

/// Whether an error answer is in Google's envelope: its code is a number and its status a word.
pub(crate) fn is_googles(body: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return false };
    let first = value.as_array().and_then(|list| list.first()).unwrap_or(&value);
    let Some(error) = first.get("error") else { return false };
    error.get("code").is_some_and(Value::is_number) && error.get("type").is_none()
}

/// Classifies an error object that came inside a 200: its code is the status that it would have had.
pub(crate) fn in_band(error_object: &RawValue) -> UpstreamError {
    let value = serde_json::from_str(error_object.get()).unwrap_or(Value::Null);
    let said = Said::of_error(&value);
    let status = said.code.filter(|code| (400..600).contains(code)).unwrap_or(500);
    error(status, &said).with_retry_after(said.retry_delay)
}

/// The vendor would not answer this prompt, and said so with status 200.
pub(crate) fn blocked(reason: &str, message: Option<&str>) -> UpstreamError {
    let because = message.map(|message| format!(": {message}")).unwrap_or_default();
    UpstreamError::new(
        ErrorClass::ContentPolicy,
        format!("the vendor refused the prompt ({reason}){because}"),
    )
    .with_status(200)
    .with_code(Some(reason))
}

fn error(status: u16, said: &Said) -> UpstreamError {
    let message = said.message.clone().unwrap_or_else(|| format!("HTTP {status} without a reason"));
    UpstreamError::new(class(status, said), message)
        .with_status(status)
        .with_code(said.reason.as_deref().or(said.status.as_deref()))
        .with_param(said.field.as_deref())
}

fn class(status: u16, said: &Said) -> ErrorClass {
    if said.is_bad_key() {
        return ErrorClass::Auth;
    }
    if said.is_billing() {
        return ErrorClass::Billing;
    }
    match status {
        400 | 413 | 422 | 500 if said.is_context_window() => ErrorClass::ContextWindow,
        401 | 403 => ErrorClass::Auth,
        402 => ErrorClass::Billing,
        404 if said.is_missing_model() => ErrorClass::ModelMissing,
        // 499 is the vendor's own "cancelled"; what we cancel we do not hear of.
        408 | 499 => ErrorClass::Server,
        429 => ErrorClass::Throttle,
        400..=499 => ErrorClass::Client,
        503 | 529 => ErrorClass::Overload,
        500..=599 => ErrorClass::Server,
        // No error status at all: not an answer of this dialect.
        _ => ErrorClass::Malformed,
    }
}

/// From the answer's own `date` to the hour at which a day's quota comes back.
fn until_next_day(headers: &HeaderMap) -> Duration {
    let now = headers.get(http::header::DATE).and_then(|date| time_of_day(date.to_str().ok()?));
    now.map_or(LONG_PAUSE, |now| Duration::from_secs((DAY_BEGINS + DAY).saturating_sub(now) % DAY))
}

/// Seconds since midnight of `Fri, 20 Nov 2026 19:49:16 GMT`.
fn time_of_day(date: &str) -> Option<u64> {
    let clock = date.split_ascii_whitespace().find(|word| word.contains(':'))?;
    let mut fields = clock.split(':').map(|field| field.parse::<u64>().ok());
    let mut next = |below: u64| fields.next().flatten().filter(|field| *field < below);
    Some(next(24)? * 3600 + next(60)? * 60 + next(61)?)
}

#[cfg(test)]
mod tests;
