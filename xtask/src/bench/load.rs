//! Runs of the load generator, with the target's CPU time taken around them.

use anyhow::{Context as _, Result};
use std::path::Path;

use super::process::{OTHER_CORE, pinned};
use super::targets::{Target, peer};
use crate::shell;

/// How one run loads its target.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    /// The request.
    pub(super) body: &'a Path,
    /// Connections at once.
    pub(super) connections: usize,
    /// Requests per second; `None` is a closed loop.
    pub(super) rate: Option<f64>,
    /// Length, in milliseconds.
    pub(super) millis: u64,
}

/// What one run measured.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Sample {
    /// Answered requests.
    pub(super) requests: u64,
    /// Requests without a good answer.
    pub(super) failed: u64,
    /// Answered requests per second.
    pub(super) rps: f64,
    /// Median latency.
    pub(super) p50_us: f64,
    /// 99th percentile of latency.
    pub(super) p99_us: f64,
    /// Median time to the first byte of the body.
    pub(super) first_p50_us: f64,
    /// 99th percentile of it.
    pub(super) first_p99_us: f64,
    /// CPU time of the target per request; absent for the upstream.
    #[serde(default)]
    pub(super) cpu_us: f64,
}

/// Loads `target` once.
pub(super) fn run(target: &Target, shape: Shape<'_>) -> Result<Sample> {
    let mut command = pinned(&peer()?, OTHER_CORE);
    command
        .arg("load")
        .args(["--target", &target.address.to_string()])
        .arg("--body")
        .arg(shape.body)
        .args(["--connections", &shape.connections.to_string()])
        .args(["--millis", &shape.millis.to_string()]);
    if let Some(rate) = shape.rate {
        command.args(["--rate", &rate.to_string()]);
    }
    let cpu = || target.process.as_ref().map_or(0, super::process::Process::cpu_ns);
    let before = cpu();
    let printed = shell::output(&mut command)?;
    let spent = cpu().saturating_sub(before);
    let mut sample: Sample =
        serde_json::from_str(printed.trim()).context("reading the generator's report")?;
    sample.cpu_us = spent as f64 / 1000.0 / (sample.requests.max(1) as f64);
    Ok(sample)
}
