//! `cargo xtask bench`: what a request costs, beside the alternatives, in one run.
//!
//! Machines are shared and noisy, so targets are interleaved round by round, CPU time per request
//! of the target's own process is the figure to rely on, and ratios are taken within a round. Every
//! process is on this machine, every run is bounded; nothing here is a test and nothing fails for
//! a slow machine.

mod bodies;
mod load;
mod measure;
mod process;
mod running;
mod table;
mod targets;
mod telemetry;

use anyhow::{Context as _, Result};
use clap::Args;
use std::path::PathBuf;

use crate::{report, shell};
use bodies::Bodies;
use measure::Bench;
use targets::Targets;

/// How much is measured.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Interleaved rounds; the first one warms up and is not counted.
    #[arg(long, default_value_t = 6)]
    rounds: usize,
    /// Length of one run, in milliseconds.
    #[arg(long, default_value_t = 2000)]
    millis: u64,
    /// Measures what was built before, whatever changed since.
    #[arg(long)]
    skip_build: bool,
    /// Only these parts: cost, latency, stream, footprint, telemetry, start, reload, memory.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

/// Builds everything in release, measures, prints tables and keeps the raw figures as JSON.
pub(crate) fn run(options: &Options) -> Result<()> {
    if !options.skip_build {
        build()?;
    }
    let home = fresh_home()?;
    let bodies = Bodies::write(&home)?;
    let wanted = |part: &str| options.only.is_empty() || options.only.iter().any(|o| o == part);
    let mut targets = Targets::start(&home)?;
    report::line(&targets.describe());
    let upstream = targets.upstream();
    let mut bench = Bench::new(&mut targets, &bodies, options.rounds, options.millis);
    if wanted("cost") {
        bench.cost()?;
    }
    if wanted("latency") {
        bench.latency()?;
    }
    if wanted("stream") {
        bench.stream()?;
    }
    if wanted("footprint") {
        bench.footprint()?;
    }
    if wanted("telemetry") {
        bench.telemetry()?;
    }
    let mut ours = Vec::new();
    let one = running::Running::new(&home, upstream, &bodies);
    if wanted("start") {
        ours.push(one.start()?);
    }
    if wanted("reload") {
        ours.push(one.reload()?);
    }
    if wanted("memory") {
        ours.push(one.memory()?);
    }
    let mut all = bench.figures();
    if let Some(all) = all.as_array_mut() {
        all.extend(ours);
    }
    let figures = home.join("figures.json");
    std::fs::write(&figures, serde_json::to_vec_pretty(&all)?)?;
    report::line(&format!("raw figures: {}", figures.display()));
    Ok(())
}

fn build() -> Result<()> {
    shell::run(&mut shell::cargo(&["build", "--release", "-p", "tollgate-gateway"])?)?;
    let peers = ["build", "--release", "-p", "xtask", "--features", "bench", "--bin", "bench-peer"];
    shell::run(&mut shell::cargo(&peers)?)
}

fn fresh_home() -> Result<PathBuf> {
    let home = shell::scratch()?.join("bench");
    if home.exists() {
        std::fs::remove_dir_all(&home).context("clearing the last run's folder")?;
    }
    std::fs::create_dir_all(&home)?;
    Ok(home)
}
