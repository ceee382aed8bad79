//! The balancer in simulated time: every policy in every scenario, as tables.
//!
//! `cargo run --release -p tollgate-balancer --example simulate [SEEDS]`. The servers are a model;
//! the balancer is the one that serves. Nothing waits: hours pass in seconds, and a seed, of
//! which there is one unless said, is a run.
#![expect(clippy::print_stdout, reason = "a program that prints tables")]
#![expect(clippy::expect_used, reason = "a run that cannot be set up is of no use")]
#![expect(clippy::disallowed_methods, reason = "virtual time is tokio's, paused")]

use std::time::Duration;

use tollgate_balancer::Strategy;

mod measure;
mod policies;
mod run;
mod world;

use policies::Reference;
use run::{Policy, Scenario, run};
use world::Fault;

fn name(policy: Policy) -> String {
    match policy {
        Policy::Own(strategy) => format!("**{strategy}**"),
        Policy::WithoutBreaker(strategy) => format!("{strategy}, no breaker"),
        Policy::Other(reference) => match reference {
            Reference::RawPeakEwma => "two choices, raw peak EWMA × (n+1)",
            Reference::NormalisedPeakEwma => "two choices, normalised peak EWMA × (n+1)",
            Reference::InFlight => "two choices, in flight",
            Reference::InFlightPerWeight => "two choices, in flight / weight",
            Reference::Outstanding => "two choices, outstanding tokens",
            Reference::LatencyScore => "two choices, latency × (1 + 0.1 n)",
            Reference::FullScanInFlight => "full scan, in flight, learning nothing",
        }
        .to_owned(),
    }
}

const OWN: [Policy; 6] = [
    Policy::Own(Strategy::RoundRobin),
    Policy::Own(Strategy::Random),
    Policy::Own(Strategy::Usage),
    Policy::Own(Strategy::Latency),
    Policy::Own(Strategy::LeastBusy),
    Policy::Own(Strategy::Adaptive),
];

const OTHERS: [Policy; 6] = [
    Policy::Other(Reference::LatencyScore),
    Policy::Other(Reference::RawPeakEwma),
    Policy::Other(Reference::Outstanding),
    Policy::Other(Reference::InFlight),
    Policy::Other(Reference::NormalisedPeakEwma),
    Policy::Other(Reference::InFlightPerWeight),
];

fn runs(policy: Policy, scenario: &Scenario, seeds: u64) -> Vec<run::Outcome> {
    (1..=seeds).map(|seed| run(policy, scenario, seed)).collect()
}

fn speed(seeds: u64) {
    let unequal = vec![0.4, 0.4, 0.8, 0.8, 0.8, 1.4, 1.4, 1.4];
    let equal = Scenario::equal(0.9, 300.0);
    let known = Scenario { speeds: unequal.clone(), ..equal.clone() };
    let unknown = Scenario { weighted: false, ..known.clone() };
    let burst = Scenario { burst: Some((100.0..110.0, 4.0)), load: 0.6, ..equal.clone() };
    println!("Slowdown, mean / 99th percentile: how many times as long as on an idle server.\n");
    println!("| policy | equal | unequal, weights known | unequal, weights unknown | burst |");
    println!("|---|---|---|---|---|");
    for policy in OTHERS.into_iter().chain(OWN) {
        let cells = [&equal, &known, &unknown, &burst].map(|scenario| {
            let (mean, tail) = measure::slowdown(&runs(policy, scenario, seeds));
            format!("{mean:.2} / {tail:.2}")
        });
        println!("| {} | {} |", name(policy), cells.join(" | "));
    }
}

fn faults(seeds: u64) {
    let bad = 100.0..200.0;
    let faults = [
        ("fails in 20 ms", Fault::Fails),
        ("throttles, no pause said", Fault::Throttles(None)),
        ("throttles, says 5 s", Fault::Throttles(Some(Duration::from_secs(5)))),
        ("refuses connections", Fault::Refuses),
        ("hangs", Fault::Hangs),
    ];
    let ways = [
        Policy::Other(Reference::FullScanInFlight),
        Policy::WithoutBreaker(Strategy::LeastBusy),
        Policy::WithoutBreaker(Strategy::Adaptive),
    ];
    for (fault, what) in faults {
        let scenario =
            Scenario { faults: vec![(bad.clone(), what)], ..Scenario::equal(0.7, 300.0) };
        println!("\nOne of eight servers {fault} from 100 s to 200 s; its fair share is 12.5 %.\n");
        println!(
            "| policy | its share | errors | attempts per request | p99 slowdown | back after | \
             full share after closing |"
        );
        println!("|---|---|---|---|---|---|---|");
        for policy in ways.into_iter().chain(OWN) {
            let outcomes = runs(policy, &scenario, seeds);
            let seconds =
                |time: Option<f64>| time.map_or("–".to_owned(), |it| format!("{it:.0} s"));
            println!(
                "| {} | {:.2} % | {:.2} % | {:.3} | {:.2} | {} | {} |",
                name(policy),
                100.0 * measure::share(&outcomes, &bad),
                100.0 * measure::errors(&outcomes),
                measure::attempts(&outcomes, &bad),
                measure::slowdown(&outcomes).1,
                seconds(measure::back(&outcomes, bad.end)),
                seconds(measure::recovery(&outcomes, 0.125)),
            );
        }
    }
}

fn main() {
    let seeds = std::env::args().nth(1).and_then(|seeds| seeds.parse().ok()).unwrap_or(1);
    println!("{seeds} seeds, eight servers that share their capacity among requests.\n");
    speed(seeds);
    faults(seeds);
}
