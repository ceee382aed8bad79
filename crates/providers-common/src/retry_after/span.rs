//! Lengths of time as headers write them.

use std::time::Duration;

use super::ABSURD;

/// Plain seconds, also fractional. Negative is zero.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    length(number(text)?)
}

/// Plain milliseconds, also fractional. Negative is zero.
pub(super) fn milliseconds(text: &str) -> Option<Duration> {
    length(number(text)? / 1000.0)
}

/// Whether a count says that nothing remains.
pub(super) fn spent(text: &str) -> Option<bool> {
    number(text).map(|remaining| remaining <= 0.0)
}

/// A duration as Go prints it: `6m0s`, `1.5s`, `20ms`, `1h2m3.5s`. Negative is zero.
pub(super) fn go(text: &str) -> Option<Duration> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (count, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        total += count.parse::<f64>().ok()? * unit_seconds(unit)?;
        rest = tail;
    }
    length(if negative { 0.0 } else { total })
}

fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 1e-3,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    })
}

/// A finite number in plain decimal notation; `parse` alone would also take `inf` and `1e9`.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
    text.parse::<f64>().ok().filter(|number| plain && number.is_finite())
}

fn length(seconds: f64) -> Option<Duration> {
    let length = Duration::try_from_secs_f64(seconds.max(0.0)).ok()?;
    (length <= ABSURD).then_some(length)
}
