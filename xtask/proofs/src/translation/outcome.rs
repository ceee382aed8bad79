//! What became of one field on one way, found by comparing what was sent with and without it.

use std::fmt;
use tollgate_core_types::Lost;
use tollgate_core_types::loss::HowLost;

use super::probe::Probe;

/// What a way made of a request or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    /// This text, with these losses.
    Text {
        /// Everything that goes out: address, headers, body.
        text: String,
        /// What could not be carried.
        lost: Vec<Lost>,
    },
    /// Nothing: it was refused in these words.
    Refused(String),
    /// There is no way from this dialect to that vendor.
    NoWay,
}

/// What became of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It arrived, word for word or in the vendor's words.
    Kept,
    /// It arrived with another value, and the loss is named.
    Approximated(Vec<String>),
    /// It arrives on some of the ways.
    InPart(&'static str),
    /// It was left out, and named.
    Dropped(Vec<String>),
    /// The request is refused.
    Refused(String),
    /// It changes nothing here, for the reason that its probe gives.
    Quiet,
    /// No way from this dialect to that vendor.
    NoWay,
    /// It vanished, or arrived as something else, without a word: a fault.
    Silent(&'static str),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kept => "kept",
            Self::Approximated(_) | Self::InPart(_) => "approximated",
            Self::Dropped(_) => "dropped",
            Self::Refused(_) => "refused",
            Self::Quiet => "–",
            Self::NoWay => "",
            Self::Silent(_) => "SILENT",
        })
    }
}

/// Compares what was sent to `column` without and with the field of `probe`.
pub(super) fn of(probe: &Probe, column: &str, without: &Sent, with: &Sent) -> Outcome {
    let (before, lost_before) = match without {
        Sent::Text { text, lost } => (text, lost),
        Sent::NoWay => return Outcome::NoWay,
        Sent::Refused(why) => return Outcome::Refused(why.clone()),
    };
    let (after, lost) = match with {
        Sent::Text { text, lost } => (text, lost),
        Sent::NoWay => return Outcome::NoWay,
        Sent::Refused(why) => return Outcome::Refused(why.clone()),
    };
    let named: Vec<&Lost> = lost.iter().filter(|lost| !lost_before.contains(lost)).collect();
    let names = || named.iter().map(|lost| lost.field.to_string()).collect();
    let changed = before != after;
    if !named.is_empty() {
        let all_dropped = named.iter().all(|lost| lost.how == HowLost::Dropped);
        let told = if all_dropped && !changed { Outcome::Dropped } else { Outcome::Approximated };
        return told(names());
    }
    let arrived = probe.marks().iter().all(|mark| said(after, mark));
    match (changed, arrived) {
        (true, true) => Outcome::Kept,
        (_, _) if probe.is_quiet(column) => Outcome::Quiet,
        (false, _) => Outcome::Silent("it changes nothing and is not named"),
        (true, false) => Outcome::Silent("its value does not arrive and is not named"),
    }
}

/// Whether `mark` stands in `text`, as itself or as JSON within a string of JSON.
fn said(text: &str, mark: &str) -> bool {
    let escaped = serde_json::Value::from(mark).to_string();
    let inner = escaped.trim_matches('"');
    text.contains(mark) || text.contains(inner)
}
