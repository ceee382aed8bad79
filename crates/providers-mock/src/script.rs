//! How a mock deployment behaves: its pace, its regular failures and its scripted faults.
//!
//! Plain data, made in code or from strings ([`MockScript::from_options`], `Fault::from_str`).
//! Which request meets what depends on the request's number alone, never on chance.

mod parse;

use std::time::Duration;

/// The behaviour of one mock deployment. The default answers everything at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MockScript {
    /// Wait before the head of every answer.
    pub latency: Duration,
    /// Wait before every streamed frame that carries content.
    pub token_delay: Duration,
    /// Failures at regular intervals.
    pub flaky: Option<Flaky>,
    /// What the first requests meet, one each in order; these come before `flaky`.
    pub faults: Vec<Fault>,
    /// Whether `faults` start over after the last; otherwise later requests meet none.
    pub repeat_faults: bool,
}

/// Failures at regular intervals: the first of every `every` requests fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaky {
    /// One request of so many fails; 1 fails all, 0 none.
    pub every: u64,
    /// Status of the failure, 400..=599.
    pub status: u16,
    /// The pause that it asks for.
    pub retry_after: Option<Duration>,
}

/// What one request meets. Frames count from 0: every `data:` of a stream is one, so 0 is the role.
///
/// An answer that is not streamed has no frames: there, the faults of a stream hit the middle of the
/// body, and [`Fault::MissingDone`] does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: the request is answered.
    Healthy,
    /// An error answer.
    Status {
        /// Its status, 400..=599.
        status: u16,
        /// The pause that it asks for.
        retry_after: Option<Duration>,
        /// Its body; `None` gives the vendor's usual envelope for the status.
        body: Option<String>,
    },
    /// No connection.
    Refuse,
    /// The request is taken and never answered.
    StallBeforeHead,
    /// The connection breaks before the head.
    ResetBeforeHead,
    /// A captive portal: 200 and an HTML page.
    Html,
    /// 200 and no body.
    Empty,
    /// An error object instead of frame `frame`, and then the end.
    ErrorAt {
        /// The frame.
        frame: usize,
    },
    /// The connection breaks after so many frames.
    CutAfter {
        /// Whole frames before.
        frames: usize,
    },
    /// The body ends in good order after so many frames, without finish and `[DONE]`.
    EndAfter {
        /// Whole frames before.
        frames: usize,
    },
    /// Nothing more comes after so many frames, and nothing ends.
    StallAfter {
        /// Whole frames before.
        frames: usize,
    },
    /// Frame `frame` is broken JSON; the others are whole.
    MalformedAt {
        /// The frame.
        frame: usize,
    },
    /// Everything but `[DONE]`.
    MissingDone,
}

/// An option that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{option}`: {reason}")]
pub struct ScriptError {
    /// The option's name, or the fault's text.
    pub option: String,
    /// What is wrong with it.
    pub reason: String,
}

impl MockScript {
    /// What request number `n` (from 0) meets.
    pub(crate) fn fault(&self, n: u64) -> Fault {
        let Self { latency: _, token_delay: _, flaky, faults, repeat_faults } = self;
        let count = u64::try_from(faults.len()).unwrap_or(u64::MAX);
        let place = if *repeat_faults { n.checked_rem(count) } else { Some(n) };
        let scripted = place.and_then(|at| usize::try_from(at).ok()).and_then(|at| faults.get(at));
        if let Some(fault) = scripted {
            return fault.clone();
        }
        match flaky {
            Some(Flaky { every, status, retry_after }) if n.checked_rem(*every) == Some(0) => {
                Fault::Status { status: *status, retry_after: *retry_after, body: None }
            }
            Some(_) | None => Fault::Healthy,
        }
    }
}

#[cfg(test)]
mod tests;
