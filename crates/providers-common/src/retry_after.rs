//! How long a vendor asks us to wait, in every form that vendors use.
//!
//! Vendors say it in milliseconds, seconds, dates and spent limits, and some of them say nonsense.
//! Here nonsense is silence, never an error and never a pause of weeks. It must not read a clock:
//! dates count from the answer's own `date`.

mod date;
mod span;

use http::HeaderMap;
use std::time::Duration;
use tollgate_core_types::UpstreamError;

use date::Moment;

/// A pause longer than this is no pause but a mistake (a timestamp where a span belongs, a date of
/// another century).
const ABSURD: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Headers in milliseconds; more exact than `retry-after`, so they go first.
const MILLISECONDS: [&str; 2] = ["retry-after-ms", "x-ms-retry-after-ms"];

/// Pairs of headers: what remains of a limit, and when the limit is whole again.
const LIMITS: [(&str, &str); 7] = [
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
];

/// The pause in an answer's headers: `retry-after-ms`, `x-ms-retry-after-ms`, `retry-after` as
/// seconds (also fractional) or HTTP-date, then the reset headers of the limits that are spent, of
/// which the latest counts.
///
/// Dates are read against the answer's own `date` header, so that no clock is needed; a date in
/// the past is zero, nonsense is `None`. At most [`UpstreamError::RETRY_AFTER_MAX`].
#[must_use]
pub fn from_headers(headers: &HeaderMap) -> Option<Duration> {
    let now = latest(headers, "date", |text| date::http(text, None));
    let pause = MILLISECONDS
        .iter()
        .find_map(|name| latest(headers, name, span::milliseconds))
        .or_else(|| latest(headers, "retry-after", |text| retry_after(text, now)))
        .or_else(|| spent_limits(headers, now))?;
    Some(pause.min(UpstreamError::RETRY_AFTER_MAX))
}

fn retry_after(text: &str, now: Option<Moment>) -> Option<Duration> {
    span::seconds(text).or_else(|| now?.until(date::http(text, now)?))
}

/// The longest wait of the limits of which nothing remains. The shortest would let the next
/// request meet the limit that is still spent.
fn spent_limits(headers: &HeaderMap, now: Option<Moment>) -> Option<Duration> {
    LIMITS
        .iter()
        .filter(|(remaining, _)| latest(headers, remaining, span::spent) == Some(true))
        .filter_map(|(_, reset)| latest(headers, reset, |text| reset_at(text, now)))
        .max()
}

/// A span, a Unix time or a date. The three cannot be confused: no span has the size of a Unix
/// time of this century.
fn reset_at(text: &str, now: Option<Moment>) -> Option<Duration> {
    span::seconds(text)
        .or_else(|| span::go(text))
        .or_else(|| now?.until(date::unix(text).or_else(|| date::rfc3339(text))?))
}

/// What `read` makes of a header; where the header is repeated, the largest.
fn latest<T: Ord>(headers: &HeaderMap, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| read(std::str::from_utf8(value.as_bytes()).ok()?.trim()))
        .max()
}

#[cfg(test)]
mod tests;
