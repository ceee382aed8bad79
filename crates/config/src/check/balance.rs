//! `breaker` and `queue`: of `defaults`, and of a model over those.

use std::time::Duration;

use super::section;
use crate::read::Section;
use crate::report::Report;
use crate::types::{Breaker, Panic, Queue};

/// The longest that a breaker may stay open.
const LONGEST: Duration = Duration::from_secs(300);

/// Reads `breaker`.
pub(super) fn breaker(parent: &mut Section<'_>, below: Breaker, report: &mut Report) -> Breaker {
    let at = parent.at.child("breaker");
    let Some(mut all) = section(parent, &["breaker"], report) else { return below };
    let failures = all.take(&["failures"], report).and_then(|at| at.whole(1..=1000, report));
    let open = all.take(&["open"], report).and_then(|at| at.duration(report));
    let max_open = all.take(&["max_open"], report).and_then(|at| at.duration(report));
    let choices = Panic::ALL.map(|panic| (panic.as_str(), panic));
    let panic = all.take(&["panic"], report).and_then(|at| at.one_of("mode", &choices, report));
    let too_long = max_open.filter(|max_open| *max_open > LONGEST);
    let read = Breaker {
        failures: failures.and_then(|n| u32::try_from(n).ok()).unwrap_or(below.failures),
        open: open.unwrap_or(below.open),
        // What is refused is not told a second time of every model that takes it over.
        max_open: max_open.filter(|_| too_long.is_none()).unwrap_or(below.max_open),
        panic: panic.unwrap_or(below.panic),
    };
    if let (Some(at), Some(max_open)) = (&at, too_long) {
        at.problem(report, format!("max_open ({max_open:?}) is longer than five minutes"));
    } else if let Some(at) = at.filter(|_| read.max_open < read.open) {
        let (max, first) = (read.max_open, read.open);
        at.problem(report, format!("max_open ({max:?}) is shorter than open ({first:?})"));
    }
    all.finish(report);
    read
}

/// Reads `queue`.
pub(super) fn queue(parent: &mut Section<'_>, below: Queue, report: &mut Report) -> Queue {
    let Some(mut all) = section(parent, &["queue"], report) else { return below };
    let max = all.take(&["max"], report).and_then(|at| at.whole(0..=100_000, report));
    let timeout = all.take(&["timeout"], report).and_then(|at| at.duration(report));
    all.finish(report);
    Queue {
        max: max.and_then(|n| u32::try_from(n).ok()).unwrap_or(below.max),
        timeout: timeout.unwrap_or(below.timeout),
    }
}
