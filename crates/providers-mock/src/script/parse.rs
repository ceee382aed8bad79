//! Scripts from strings, as configuration gives them.
//!
//! Options: `latency`, `token_delay` and `fail_retry_after` (`50ms`, `2s`, `1m`), `fail_every`,
//! `fail_status` (default 503), `faults` (comma-separated) and `repeat_faults` (`true`, `false`).
//! Faults: `healthy`, `status:CODE[:RETRY_AFTER]`, `refuse`, `stall`, `reset`, `html`, `empty`,
//! `error_at:FRAME`, `cut_after:FRAMES`, `end_after:FRAMES`, `stall_after:FRAMES`,
//! `malformed_at:FRAME`, `missing_done`.

use std::str::FromStr;
use std::time::Duration;

use super::{Fault, Flaky, MockScript, ScriptError};

/// Status of regular failures where none is named.
const FAIL_STATUS: u16 = 503;

impl MockScript {
    /// A script from named options; see the module's head for names and values.
    ///
    /// # Errors
    /// At the first option that is not known or cannot be read.
    pub fn from_options<'a>(
        options: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ScriptError> {
        let mut script = Self::default();
        let mut flaky = Flaky { every: 0, status: FAIL_STATUS, retry_after: None };
        for (option, value) in options {
            let value = value.trim();
            let read = match option {
                "latency" => duration(value).map(|wait| script.latency = wait),
                "token_delay" => duration(value).map(|wait| script.token_delay = wait),
                "fail_every" => number(value).map(|every| flaky.every = every),
                "fail_status" => status(value).map(|status| flaky.status = status),
                "fail_retry_after" => duration(value).map(|wait| flaky.retry_after = Some(wait)),
                "faults" => faults(value).map(|faults| script.faults = faults),
                "repeat_faults" => boolean(value).map(|repeat| script.repeat_faults = repeat),
                _ => Err("is not an option of the mock".to_owned()),
            };
            read.map_err(|reason| ScriptError { option: option.to_owned(), reason })?;
        }
        script.flaky = (flaky.every > 0).then_some(flaky);
        Ok(script)
    }
}

impl FromStr for Fault {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        fault(text).map_err(|reason| ScriptError { option: text.to_owned(), reason })
    }
}

fn fault(text: &str) -> Result<Fault, String> {
    let mut parts = text.trim().split(':');
    let name = parts.next().unwrap_or_default();
    let arguments: Vec<&str> = parts.collect();
    let fault = match (name, arguments.as_slice()) {
        ("healthy", []) => Fault::Healthy,
        ("status", [code]) => {
            Fault::Status { status: status(code)?, retry_after: None, body: None }
        }
        ("status", [code, wait]) => {
            Fault::Status { status: status(code)?, retry_after: Some(duration(wait)?), body: None }
        }
        ("refuse", []) => Fault::Refuse,
        ("stall", []) => Fault::StallBeforeHead,
        ("reset", []) => Fault::ResetBeforeHead,
        ("html", []) => Fault::Html,
        ("empty", []) => Fault::Empty,
        ("error_at", [frame]) => Fault::ErrorAt { frame: number(frame)? },
        ("cut_after", [frames]) => Fault::CutAfter { frames: number(frames)? },
        ("end_after", [frames]) => Fault::EndAfter { frames: number(frames)? },
        ("stall_after", [frames]) => Fault::StallAfter { frames: number(frames)? },
        ("malformed_at", [frame]) => Fault::MalformedAt { frame: number(frame)? },
        ("missing_done", []) => Fault::MissingDone,
        _ => return Err("is not a fault, or has the wrong number of arguments".to_owned()),
    };
    Ok(fault)
}

fn faults(value: &str) -> Result<Vec<Fault>, String> {
    let named = |text: &str| fault(text).map_err(|reason| format!("`{}` {reason}", text.trim()));
    value.split(',').filter(|text| !text.trim().is_empty()).map(named).collect()
}

fn number<N: FromStr>(value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("`{value}` is not a whole number"))
}

fn boolean(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| format!("`{value}` is neither `true` nor `false`"))
}

fn status(value: &str) -> Result<u16, String> {
    let status = number(value)?;
    if (400..=599).contains(&status) {
        Ok(status)
    } else {
        Err(format!("`{value}` is not an error status (400 to 599)"))
    }
}

fn duration(value: &str) -> Result<Duration, String> {
    let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (amount, unit) = value.split_at(digits);
    let make = match unit {
        "ms" => Duration::from_millis,
        "s" => Duration::from_secs,
        "m" => |minutes: u64| Duration::from_secs(minutes.saturating_mul(60)),
        _ => return Err(format!("`{value}` is not a duration like `50ms`, `2s` or `1m`")),
    };
    number(amount).map(make)
}
