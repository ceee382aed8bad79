//! Deadlines and retries, layer over layer.

use std::time::Duration;

use super::{Said, section};
use crate::read::{Holds, Section, decide};
use crate::report::Report;
use crate::types::{Retries, Timeouts};

/// The deadlines that one layer gives.
#[derive(Debug, Clone, Default)]
pub(super) struct TimeoutsGiven {
    connect: Option<(Duration, Said)>,
    first_token: Option<(Duration, Said)>,
    whole: Option<(Duration, Said)>,
    idle: Option<(Duration, Said)>,
    total: Option<Duration>,
}

impl TimeoutsGiven {
    /// Reads `timeout` (the total) and `timeouts`.
    pub(super) fn read(parent: &mut Section<'_>, report: &mut Report) -> Self {
        let short = parent.take(&["timeout"], report);
        let mut given = Self::default();
        let Some(mut all) = section(parent, &["timeouts"], report) else {
            given.total = short.and_then(|at| at.some_duration(report));
            return given;
        };
        let mut take = |name: &'static [&'static str], report: &mut Report| {
            let at = all.take(name, report)?;
            let duration = at.some_duration(report)?;
            Some((duration, Said { span: at.span(), path: at.path }))
        };
        given.connect = take(&["connect"], report);
        given.first_token = take(&["first_token"], report);
        given.whole = take(&["whole"], report);
        given.idle = take(&["idle"], report);
        let long = all.take(&["total"], report);
        all.finish(report);
        let holds = match (&short, &long) {
            (Some(short), Some(long)) => decide(short, long, report),
            (Some(_), None) => Holds::First,
            (None, _) => Holds::Second,
        };
        if let (Holds::Twice, Some(long)) = (holds, &long) {
            long.problem_hint(report, "`timeout` says the same", "keep one of them");
        }
        let total = if holds == Holds::First { short } else { long };
        given.total = total.and_then(|at| at.some_duration(report));
        given
    }

    /// These over `below`; not yet capped.
    pub(super) fn over(&self, below: Timeouts) -> Timeouts {
        let given =
            |value: &Option<(Duration, Said)>| value.as_ref().map(|(duration, _)| *duration);
        Timeouts {
            connect: given(&self.connect).unwrap_or(below.connect),
            first_token: given(&self.first_token).unwrap_or(below.first_token),
            // Whoever says how long to wait for the first content means answers of one piece too.
            whole: given(&self.whole).or(given(&self.first_token)).unwrap_or(below.whole),
            idle: given(&self.idle).unwrap_or(below.idle),
            total: self.total.unwrap_or(below.total),
        }
    }

    /// Warns of deadlines given here that the total makes pointless.
    pub(super) fn warn_beyond(&self, total: Duration, report: &mut Report) {
        let given = [
            ("connect", &self.connect),
            ("first_token", &self.first_token),
            ("whole", &self.whole),
            ("idle", &self.idle),
        ];
        for (name, given) in given {
            let beyond = given.as_ref().filter(|(duration, _)| *duration > total);
            if let Some((duration, said)) = beyond {
                let message = format!("{name} ({duration:?}) is longer than total ({total:?})");
                report.warn(said.span, &said.path, message, "the total ends it before");
            }
        }
    }
}

/// No deadline outlives the total: then comparing any two is never needed again.
pub(super) fn capped(timeouts: Timeouts) -> Timeouts {
    let Timeouts { connect, first_token, whole, idle, total } = timeouts;
    Timeouts {
        connect: connect.min(total),
        first_token: first_token.min(total),
        whole: whole.min(total),
        idle: idle.min(total),
        total,
    }
}

/// Reads `retries`: a map, or a plain number of retries after the first attempt.
pub(super) fn retries(parent: &mut Section<'_>, below: Retries, report: &mut Report) -> Retries {
    let Some(at) = parent.take(&["retries", "max_retries"], report) else { return below };
    if !matches!(at.node.value, crate::tree::Value::Map(_)) {
        let retries = at.whole(0..=9, report).and_then(|n| u32::try_from(n).ok());
        let max_attempts = retries.map_or(below.max_attempts, |n| n + 1);
        return Retries { max_attempts, ..below };
    }
    let Some(mut all) = at.section(report) else { return below };
    let attempts = all.take(&["max_attempts"], report).and_then(|at| at.whole(1..=10, report));
    let base = all.take(&["base", "base_delay"], report).and_then(|at| at.duration(report));
    let cap = all.take(&["cap", "max_delay"], report).and_then(|at| at.duration(report));
    let budget = all.take(&["budget"], report).and_then(|at| at.ratio(report));
    let read = Retries {
        max_attempts: attempts.and_then(|n| u32::try_from(n).ok()).unwrap_or(below.max_attempts),
        base: base.unwrap_or(below.base),
        cap: cap.unwrap_or(below.cap),
        budget: budget.unwrap_or(below.budget),
    };
    if read.cap < read.base {
        let message = format!("cap ({:?}) is shorter than base ({:?})", read.cap, read.base);
        at.problem(report, message);
    }
    all.finish(report);
    read
}
