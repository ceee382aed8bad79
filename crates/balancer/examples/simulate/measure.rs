//! What is read off runs.

use std::ops::Range;

use super::run::Outcome;

/// Mean and 99th percentile of how many times as long requests took as on an idle server; without
/// the first tenth, in which nothing is known yet.
pub(crate) fn slowdown(outcomes: &[Outcome]) -> (f64, f64) {
    let mut all: Vec<f64> = Vec::new();
    for outcome in outcomes {
        let warm = outcome.served.len() / 10;
        let warm = outcome.served.iter().skip(warm).filter(|served| served.ok);
        all.extend(warm.map(|served| served.slowdown));
    }
    all.sort_by(f64::total_cmp);
    let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
    (mean, all.get(all.len() * 99 / 100).copied().unwrap_or_default())
}

/// The part of all attempts in this time that went to the first server.
pub(crate) fn share(outcomes: &[Outcome], during: &Range<f64>) -> f64 {
    let tried = || outcomes.iter().flat_map(|outcome| &outcome.tried);
    let within = || tried().filter(|tried| during.contains(&tried.at));
    within().filter(|tried| tried.server == 0).count() as f64 / within().count().max(1) as f64
}

/// The part of all requests that got no answer.
pub(crate) fn errors(outcomes: &[Outcome]) -> f64 {
    let served = || outcomes.iter().flat_map(|outcome| &outcome.served);
    served().filter(|served| !served.ok).count() as f64 / served().count().max(1) as f64
}

/// Attempts for each request that came in this time.
pub(crate) fn attempts(outcomes: &[Outcome], during: &Range<f64>) -> f64 {
    let served = || outcomes.iter().flat_map(|outcome| &outcome.served);
    let within = || served().filter(|served| during.contains(&served.at));
    let attempts: u32 = within().map(|served| served.attempts).sum();
    f64::from(attempts) / within().count().max(1) as f64
}

/// Seconds from the end of a fault until the first server is tried again, on average; none where it
/// never is.
pub(crate) fn back(outcomes: &[Outcome], end: f64) -> Option<f64> {
    let first = |outcome: &Outcome| {
        let mut tried = outcome.tried.iter().filter(|tried| tried.server == 0);
        tried.find(|tried| tried.at >= end).map(|tried| tried.at - end)
    };
    let waits: Option<Vec<f64>> = outcomes.iter().map(first).collect();
    waits.map(|waits| waits.iter().sum::<f64>() / waits.len().max(1) as f64)
}

/// The first server's part of the attempts from `from` to `to` seconds after its breaker closed;
/// none where that was not seen.
pub(crate) fn share_after_closing(outcomes: &[Outcome], from: f64, to: f64) -> Option<f64> {
    let (mut own, mut all) = (0, 0);
    for outcome in outcomes {
        let closed = outcome.closed?;
        let during = closed + from..closed + to;
        let within = || outcome.tried.iter().filter(|tried| during.contains(&tried.at));
        all += within().count();
        own += within().filter(|tried| tried.server == 0).count();
    }
    (all > 0).then(|| own as f64 / all as f64)
}

/// Seconds from the closing of the first server's breaker until it has its fair share, less a
/// twentieth, in the mean of six seconds over all runs; none if it never has.
pub(crate) fn recovery(outcomes: &[Outcome], fair: f64) -> Option<f64> {
    let reached = |after: &f64| {
        share_after_closing(outcomes, after - 3.0, after + 3.0)
            .is_some_and(|share| share >= 0.95 * fair)
    };
    (3..60).map(f64::from).find(reached)
}
