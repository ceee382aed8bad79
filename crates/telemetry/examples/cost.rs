//! Measures what telemetry costs one request: `cargo run --release --example cost`.

#![expect(clippy::print_stdout, reason = "a measurement prints its result")]

use std::hint::black_box;
use std::time::{Duration, Instant, UNIX_EPOCH};

use tollgate_core_types::{Dialect, Operation, Usage};
use tollgate_telemetry::{
    AttemptEvent, AttemptTarget, LogOptions, LogTarget, RequestEvent, RequestLog, Telemetry,
    TelemetryError, TelemetryOptions,
};

const ROUNDS: u32 = 400_000;
const REPEATS: u32 = 5;
const ID: &str = "01JD5YQ7Z0M4W8G2X6T9B3K1HV";

fn main() -> Result<(), TelemetryError> {
    let started = clock();
    let telemetry = Telemetry::new(&TelemetryOptions::default())?;
    println!("{:36} {:?}", "set up", started.elapsed());
    let (request, attempt) = (request(), attempt());
    let model = telemetry.model("gpt-4o", Operation::Chat);
    let deployment = telemetry.deployment("openai-1", "openai", "gpt-4o-2024-11-20");

    let upkeep = || telemetry.upkeep();
    measure("metrics of a request", || telemetry.request(&model, black_box(&request)), upkeep);
    measure(
        "metrics of an attempt",
        || telemetry.attempt(&deployment, black_box(&attempt)),
        upkeep,
    );
    measure("two in-flight guards", || drop((model.in_flight(), deployment.in_flight())), || {});
    measure_log(&request)?;
    Ok(())
}

fn measure_log(request: &RequestEvent<'_>) -> Result<(), TelemetryError> {
    let path = std::env::temp_dir().join(format!("tollgate-cost-{}.log", std::process::id()));
    // Room for a whole run: dropping a line would be cheaper than writing it.
    let options =
        LogOptions { capacity: 1 << 30, ..LogOptions::json(LogTarget::File(path.clone())) };
    let log = RequestLog::open(&options)?;
    let flush = || assert!(log.flush(Duration::from_secs(60)), "the disk is too slow");
    measure("a log line to a file", || log.request(black_box(request)), flush);
    assert_eq!(log.dropped(), 0);
    if let Ok(file) = std::fs::metadata(&path) {
        println!("{:36} {} bytes", "  its length", file.len() / u64::from(ROUNDS * REPEATS));
    }
    // A measurement that cannot tidy up is still a measurement.
    let _ = std::fs::remove_file(path);
    Ok(())
}

/// Prints the best of some repeats: time in the caller, and CPU with all that it left behind.
fn measure(name: &str, mut work: impl FnMut(), mut after: impl FnMut()) {
    let (mut caller, mut total) = (f64::MAX, f64::MAX);
    for _ in 0..REPEATS {
        let (started, cpu) = (clock(), cpu_nanos());
        for _ in 0..ROUNDS {
            work();
        }
        caller = caller.min(started.elapsed().as_nanos() as f64 / f64::from(ROUNDS));
        after();
        total = total.min((cpu_nanos() - cpu) as f64 / f64::from(ROUNDS));
    }
    println!("{name:36} {caller:4.0} ns in the caller, {total:4.0} ns CPU in all");
}

/// CPU time of the threads that live (Linux; 0 elsewhere).
fn cpu_nanos() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
        .sum()
}

const TARGET: AttemptTarget<'static> = AttemptTarget {
    operation: Operation::Chat,
    model: "gpt-4o",
    deployment: "openai-1",
    provider: "openai",
    upstream_model: "gpt-4o-2024-11-20",
};

const USAGE: Usage = Usage {
    input_tokens: Some(1234),
    output_tokens: Some(567),
    cache_read_tokens: Some(1000),
    cache_write_tokens: None,
    reasoning_tokens: Some(12),
};

fn request() -> RequestEvent<'static> {
    let at = UNIX_EPOCH + Duration::from_secs(1_795_193_643);
    RequestEvent {
        model: Some(TARGET.model),
        deployment: Some(TARGET.deployment),
        provider: Some(TARGET.provider),
        upstream_model: Some(TARGET.upstream_model),
        response_model: Some(TARGET.upstream_model),
        stream: true,
        attempts: 1,
        usage: USAGE,
        ttft: Some(Duration::from_micros(312_044)),
        duration: Duration::from_micros(1_812_044),
        overhead: Some(Duration::from_micros(144)),
        user: Some("user-1234"),
        ..RequestEvent::new(at, ID, Operation::Chat, Dialect::OPENAI_CHAT)
    }
}

fn attempt() -> AttemptEvent<'static> {
    AttemptEvent {
        status: Some(200),
        usage: USAGE,
        ttft: Some(Duration::from_micros(311_044)),
        duration: Duration::from_micros(1_811_044),
        stream: true,
        ..AttemptEvent::new(UNIX_EPOCH, ID, TARGET)
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn clock() -> Instant {
    Instant::now()
}
