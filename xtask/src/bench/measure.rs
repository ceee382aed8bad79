//! The measurements: cost in a closed loop, latency at a fixed rate, streams, memory and start.

use anyhow::Result;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

use super::bodies::Bodies;
use super::load::{self, Sample, Shape};
use super::process::pause;
use super::table::{self, Spread};
use super::targets::{FLOOR, OURS, Targets};
use crate::clock::Stopwatch;

/// Starts per target; the first one pays for a cold page cache and is not counted.
const STARTS: usize = 8;

/// One whole benchmark over running targets.
pub(super) struct Bench<'a> {
    /// What is measured.
    pub(super) targets: &'a mut Targets,
    /// What is sent.
    pub(super) bodies: &'a Bodies,
    rounds: usize,
    millis: u64,
    figures: Vec<Value>,
}

impl<'a> Bench<'a> {
    /// A benchmark of `rounds` interleaved rounds of `millis` each.
    pub(super) fn new(
        targets: &'a mut Targets,
        bodies: &'a Bodies,
        rounds: usize,
        millis: u64,
    ) -> Self {
        Self { targets, bodies, rounds: rounds.max(2), millis, figures: Vec::new() }
    }

    /// Everything measured so far.
    pub(super) fn figures(self) -> Value {
        Value::Array(self.figures)
    }

    /// CPU per request and throughput, closed loop, for three sizes of body.
    pub(super) fn cost(&mut self) -> Result<()> {
        let (small, medium, large) =
            (self.bodies.small.clone(), self.bodies.medium.clone(), self.bodies.large.clone());
        for (size, body) in [("0.4 KB", small), ("10 KB", medium), ("200 KB", large)] {
            let rounds = self.rounds(&body, 16, None)?;
            self.cost_table(&format!("Cost, closed loop, 16 connections, body {size}"), &rounds);
        }
        Ok(())
    }

    /// Latency and cost at fixed rates, open loop, against the upstream directly.
    pub(super) fn latency(&mut self) -> Result<()> {
        let (small, medium) = (self.bodies.small.clone(), self.bodies.medium.clone());
        let runs =
            [("0.4 KB", &small, 500.0), ("0.4 KB", &small, 2000.0), ("10 KB", &medium, 2000.0)];
        for (size, body, rate) in runs {
            let rounds = self.rounds(body, 32, Some(rate))?;
            self.latency_table(&format!("Latency, open loop at {rate}/s, body {size}"), &rounds);
        }
        Ok(())
    }

    /// Streams of 34 events: in one burst, and paced by 2 ms.
    pub(super) fn stream(&mut self) -> Result<()> {
        let (burst, paced) = (self.bodies.burst.clone(), self.bodies.paced.clone());
        let rounds = self.rounds(&burst, 16, None)?;
        self.stream_table("Streams in a burst, 16 connections, 34 events", &rounds);
        let rounds = self.rounds(&paced, 16, None)?;
        self.stream_table("Paced streams, 16 connections, 34 events 2 ms apart", &rounds);
        Ok(())
    }

    /// Memory idle and after load, and time from start to the first accepted connection.
    pub(super) fn footprint(&mut self) -> Result<()> {
        let mut rows = Vec::new();
        let names: Vec<&'static str> = self
            .targets
            .all
            .iter()
            .map(|target| target.name)
            .filter(|name| [OURS, FLOOR, "nginx"].contains(name))
            .collect();
        for name in names {
            let mut starts = Vec::new();
            let mut idle = 0;
            for _ in 0..STARTS {
                let watch = Stopwatch::start();
                let process = self.targets.fresh(name)?;
                starts.push(watch.elapsed().as_secs_f64() * 1000.0);
                pause(Duration::from_millis(300));
                idle = process.memory_kib().0;
            }
            let start = Spread::of(starts.get(1..).unwrap_or_default());
            let loaded = self
                .targets
                .all
                .iter()
                .find(|target| target.name == name)
                .and_then(|target| target.process.as_ref())
                .map_or((0, 0), super::process::Process::memory_kib);
            self.figures.push(json!({
                "part": "footprint", "target": name, "start_ms": starts,
                "idle_kib": idle, "loaded_kib": loaded.0, "peak_kib": loaded.1,
            }));
            rows.push(vec![name.to_owned(), start.text(), mib(idle), mib(loaded.0), mib(loaded.1)]);
        }
        let head = ["target", "start to first connection, ms", "idle MiB", "after load", "peak"];
        table::print("Start and memory", &head, &rows);
        Ok(())
    }

    /// Loads every target once per round, in turn; the first round is dropped.
    pub(super) fn rounds(
        &mut self,
        body: &Path,
        connections: usize,
        rate: Option<f64>,
    ) -> Result<Vec<Vec<Sample>>> {
        let shape = Shape { body, connections, rate, millis: self.millis };
        let mut rounds = Vec::new();
        for _ in 0..self.rounds {
            let round: Result<Vec<Sample>> =
                self.targets.all.iter().map(|target| load::run(target, shape)).collect();
            rounds.push(round?);
        }
        Ok(rounds.split_off(1))
    }

    /// One figure of one target over the rounds.
    pub(super) fn column(
        &self,
        rounds: &[Vec<Sample>],
        index: usize,
        of: fn(&Sample) -> f64,
    ) -> Spread {
        let figures: Vec<f64> =
            rounds.iter().filter_map(|round| round.get(index)).map(of).collect();
        Spread::of(&figures)
    }

    /// The figure of one target over that of another, round by round.
    pub(super) fn against(
        &self,
        rounds: &[Vec<Sample>],
        index: usize,
        base: &str,
        of: impl Fn(&Sample, &Sample) -> f64,
    ) -> Spread {
        let Some(base) = self.targets.all.iter().position(|target| target.name == base) else {
            return Spread::of(&[]);
        };
        let figures: Vec<f64> = rounds
            .iter()
            .filter_map(|round| Some(of(round.get(index)?, round.get(base)?)))
            .collect();
        Spread::of(&figures)
    }

    fn cost_table(&mut self, title: &str, rounds: &[Vec<Sample>]) {
        let mut rows = Vec::new();
        for (index, target) in self.targets.all.iter().enumerate() {
            let cpu = self.column(rounds, index, |sample| sample.cpu_us);
            let ratio = self.against(rounds, index, FLOOR, |ours, base| ours.cpu_us / base.cpu_us);
            let measured = target.process.is_some();
            rows.push(vec![
                target.name.to_owned(),
                if measured { cpu.text() } else { "-".to_owned() },
                if measured { ratio.ratio() } else { "-".to_owned() },
                format!("{:.0}", self.column(rounds, index, |sample| sample.rps).median),
                self.column(rounds, index, |sample| sample.p50_us).text(),
                failed(rounds, index),
            ]);
        }
        let ratio = format!("CPU against {FLOOR}");
        let head = ["target", "CPU µs per request", &ratio, "requests/s", "p50 µs", "failed"];
        table::print(title, &head, &rows);
        self.keep(title, rounds);
    }

    fn latency_table(&mut self, title: &str, rounds: &[Vec<Sample>]) {
        let mut rows = Vec::new();
        for (index, target) in self.targets.all.iter().enumerate() {
            let against =
                self.against(rounds, index, FLOOR, |ours, base| ours.cpu_us / base.cpu_us);
            let added = |of: fn(&Sample) -> f64| {
                self.against(rounds, index, "direct", move |ours, base| of(ours) - of(base))
            };
            rows.push(vec![
                target.name.to_owned(),
                self.column(rounds, index, |sample| sample.p50_us).text(),
                self.column(rounds, index, |sample| sample.p99_us).text(),
                added(|sample| sample.p50_us).text(),
                added(|sample| sample.p99_us).text(),
                self.column(rounds, index, |sample| sample.cpu_us).text(),
                if target.process.is_some() { against.ratio() } else { "-".to_owned() },
                failed(rounds, index),
            ]);
        }
        let ratio = format!("CPU against {FLOOR}");
        let head = [
            "target",
            "p50 µs",
            "p99 µs",
            "added p50",
            "added p99",
            "CPU µs per request",
            &ratio,
            "failed",
        ];
        table::print(title, &head, &rows);
        self.keep(title, rounds);
    }

    fn stream_table(&mut self, title: &str, rounds: &[Vec<Sample>]) {
        let mut rows = Vec::new();
        for (index, target) in self.targets.all.iter().enumerate() {
            let first = self.against(rounds, index, "direct", |ours, base| {
                ours.first_p50_us - base.first_p50_us
            });
            let cpu = self.column(rounds, index, |sample| sample.cpu_us);
            rows.push(vec![
                target.name.to_owned(),
                self.column(rounds, index, |sample| sample.first_p50_us).text(),
                first.text(),
                self.column(rounds, index, |sample| sample.p50_us).text(),
                cpu.text(),
                format!("{:.1}", cpu.median / 34.0),
                failed(rounds, index),
            ]);
        }
        let head = [
            "target",
            "first byte p50 µs",
            "added first byte",
            "whole stream p50 µs",
            "CPU µs per stream",
            "per event",
            "failed",
        ];
        table::print(title, &head, &rows);
        self.keep(title, rounds);
    }

    /// Keeps the raw figures.
    pub(super) fn keep(&mut self, title: &str, rounds: &[Vec<Sample>]) {
        let names: Vec<&str> = self.targets.all.iter().map(|target| target.name).collect();
        self.figures.push(json!({ "part": title, "targets": names, "rounds": rounds }));
    }
}

/// Requests of one target that had no good answer.
pub(super) fn failed(rounds: &[Vec<Sample>], index: usize) -> String {
    let failed: u64 =
        rounds.iter().filter_map(|round| round.get(index)).map(|sample| sample.failed).sum();
    failed.to_string()
}

fn mib(kib: u64) -> String {
    format!("{:.1}", kib as f64 / 1024.0)
}
