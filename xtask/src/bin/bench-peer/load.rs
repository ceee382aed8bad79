//! The load generator: closed loop for cost, open loop for latency. Blocking threads, no runtime.
//!
//! In an open loop latency counts from the *intended* time of sending, so that a target that falls
//! behind cannot hide it (coordinated omission).

use anyhow::Context as _;
use clap::Args;
use hdrhistogram::Histogram;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::wire::{Connection, now};

/// One run of load.
#[derive(Args)]
pub(crate) struct Load {
    /// Where to send.
    #[arg(long)]
    target: SocketAddr,
    /// File with the request body.
    #[arg(long)]
    body: PathBuf,
    /// Connections at once.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Requests per second; without it every connection sends as fast as it can.
    #[arg(long)]
    rate: Option<f64>,
    /// How long.
    #[arg(long, default_value_t = 2000)]
    millis: u64,
}

#[derive(Default)]
struct Tally {
    latency: Option<Histogram<u64>>,
    first: Option<Histogram<u64>>,
    failed: u64,
}

impl Load {
    /// Runs and reports as JSON: requests, errors, latencies in microseconds.
    pub(crate) fn run(&self) -> anyhow::Result<serde_json::Value> {
        let body = std::fs::read(&self.body).context("reading the body")?;
        let mut request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer bench\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.target,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(&body);
        let ticket = AtomicU64::new(0);
        let start = now();
        let tallies: Vec<Tally> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.connections)
                .map(|_| scope.spawn(|| self.worker(&request, &ticket, start)))
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap_or_default()).collect()
        });
        let elapsed = start.elapsed();
        report(tallies, elapsed)
    }

    fn worker(&self, request: &[u8], ticket: &AtomicU64, start: Instant) -> Tally {
        let mut tally =
            Tally { latency: Histogram::new(3).ok(), first: Histogram::new(3).ok(), failed: 0 };
        let end = start + Duration::from_millis(self.millis);
        let mut connection = None;
        loop {
            let Some(due) = self.due(ticket, start).filter(|due| *due < end) else { return tally };
            if connection.is_none() {
                connection = Connection::open(self.target).ok();
            }
            let exchange = connection.as_mut().and_then(|open| open.exchange(request).ok());
            match exchange {
                Some(exchange) if exchange.ok => {
                    record(&mut tally.latency, exchange.end - due);
                    record(&mut tally.first, exchange.first_body - due);
                }
                Some(_) => tally.failed += 1,
                None => {
                    tally.failed += 1;
                    connection = None;
                }
            }
        }
    }

    /// When the next request is to be sent; waits for it in an open loop.
    fn due(&self, ticket: &AtomicU64, start: Instant) -> Option<Instant> {
        let Some(rate) = self.rate else { return Some(now()) };
        let index = ticket.fetch_add(1, Ordering::Relaxed);
        let due = start + Duration::try_from_secs_f64(index as f64 / rate).ok()?;
        let wait = due.saturating_duration_since(now());
        if !wait.is_zero() {
            pause(wait);
        }
        Some(due)
    }
}

#[expect(clippy::disallowed_methods, reason = "pacing is what an open-loop generator does")]
fn pause(wait: Duration) {
    std::thread::sleep(wait);
}

fn record(histogram: &mut Option<Histogram<u64>>, took: Duration) {
    if let Some(histogram) = histogram {
        // The histogram grows as it must; only a time beyond its range could fail.
        let _ = histogram.record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }
}

fn report(tallies: Vec<Tally>, elapsed: Duration) -> anyhow::Result<serde_json::Value> {
    let mut latency = Histogram::<u64>::new(3)?;
    let mut first = Histogram::<u64>::new(3)?;
    let mut failed = 0;
    for tally in tallies {
        failed += tally.failed;
        for (sum, part) in [(&mut latency, tally.latency), (&mut first, tally.first)] {
            if let Some(part) = part {
                sum.add(part)?;
            }
        }
    }
    let micros = |histogram: &Histogram<u64>, quantile: f64| {
        histogram.value_at_quantile(quantile) as f64 / 1000.0
    };
    Ok(serde_json::json!({
        "requests": latency.len(),
        "failed": failed,
        "rps": latency.len() as f64 / elapsed.as_secs_f64(),
        "p50_us": micros(&latency, 0.50),
        "p99_us": micros(&latency, 0.99),
        "first_p50_us": micros(&first, 0.50),
        "first_p99_us": micros(&first, 0.99),
    }))
}
