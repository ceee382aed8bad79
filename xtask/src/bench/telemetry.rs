//! What telemetry costs: the gateway with all of it off, with each part of it on, and with all of it
//! on, interleaved, at a fixed rate.
//!
//! The collector is the benchmark's upstream, which answers whatever is posted; encoding and sending
//! are measured, a collector's own work is not. The page of metrics is there but not scraped.

use anyhow::Result;
use std::path::Path;

use super::measure::{Bench, failed};
use super::process::{Process, TARGET_CORE, free_address};
use super::table;
use super::targets::{Target, Targets, gateway};

/// What the others are compared with.
const OFF: &str = "all off";
/// Requests per second: well below what any of them bears on one core.
const RATE: f64 = 2000.0;

/// One way to run the gateway.
struct Variant {
    name: &'static str,
    log: bool,
    metrics: bool,
    traces: bool,
    /// For the environment of the process.
    sampler: &'static str,
}

const VARIANTS: [Variant; 5] = [
    Variant { name: OFF, log: false, metrics: false, traces: false, sampler: "always_on" },
    Variant { name: "log", log: true, metrics: false, traces: false, sampler: "always_on" },
    Variant { name: "log, metrics", log: true, metrics: true, traces: false, sampler: "always_on" },
    Variant {
        name: "all on, not sampled",
        log: true,
        metrics: true,
        traces: true,
        sampler: "always_off",
    },
    Variant {
        name: "all on, all sampled",
        log: true,
        metrics: true,
        traces: true,
        sampler: "parentbased_always_on",
    },
];

impl Bench<'_> {
    /// CPU per request for each way, and what it is above nothing.
    pub(super) fn telemetry(&mut self) -> Result<()> {
        let variants: Result<Vec<Target>> =
            VARIANTS.iter().map(|variant| start(self.targets, variant)).collect();
        let others = std::mem::replace(&mut self.targets.all, variants?);
        let (small, burst) = (self.bodies.small.clone(), self.bodies.burst.clone());
        for (what, body) in [("body 0.4 KB", &small), ("streams of 34 events", &burst)] {
            self.compare(&format!("Telemetry, open loop at {RATE}/s, {what}"), body)?;
        }
        self.targets.all = others;
        Ok(())
    }

    fn compare(&mut self, title: &str, body: &Path) -> Result<()> {
        let rounds = self.rounds(body, 32, Some(RATE))?;
        let mut rows = Vec::new();
        for (index, target) in self.targets.all.iter().enumerate() {
            let cpu = self.column(&rounds, index, |sample| sample.cpu_us);
            let added = self.against(&rounds, index, OFF, |ours, base| ours.cpu_us - base.cpu_us);
            rows.push(vec![
                target.name.to_owned(),
                cpu.text(),
                added.text(),
                self.column(&rounds, index, |sample| sample.p50_us).text(),
                failed(&rounds, index),
            ]);
        }
        let head = ["telemetry", "CPU µs per request", "added CPU µs", "p50 µs", "failed"];
        table::print(title, &head, &rows);
        self.keep(title, &rounds);
        Ok(())
    }
}

fn start(targets: &Targets, variant: &Variant) -> Result<Target> {
    let address = free_address()?;
    let ops = free_address()?;
    let name = variant.name.replace([' ', ','], "-");
    let config = targets.home.join(format!("telemetry-{name}.yaml"));
    let upstream = targets.upstream.address;
    let otlp = if variant.traces {
        format!(", otlp: {{ endpoint: \"http://{upstream}\", protocol: http }}")
    } else {
        String::new()
    };
    std::fs::write(
        &config,
        format!(
            "server: {{ listen: \"{address}\", ops_listen: \"{ops}\" }}\n\
             telemetry: {{ log: json, prometheus: {}{otlp} }}\n\
             defaults: {{ log_requests: {} }}\n\
             models:\n  bench:\n    deployments:\n      \
             - {{ provider: openai, model: bench-model, api_base: \"http://{upstream}/v1\", \
             api_keys: [bench] }}\n",
            variant.metrics, variant.log,
        ),
    )?;
    let program = gateway()?.display().to_string();
    let sampler = format!("OTEL_TRACES_SAMPLER={}", variant.sampler);
    let args = [sampler, program, "--config".to_owned(), config.display().to_string()];
    let log = targets.home.join(format!("telemetry-{name}.log"));
    let process = Process::start(Path::new("env"), &args, TARGET_CORE, address, &log)?;
    Ok(Target { name: variant.name, process: Some(process), address })
}
