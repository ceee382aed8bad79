//! Measures what telemetry costs one request: `cargo run --release --example cost`.

#![expect(clippy::print_stdout, reason = "a measurement prints its result")]

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use tollgate_core_types::{Dialect, Operation, Usage};
use tollgate_telemetry::{
    AttemptEvent, AttemptStart, AttemptTarget, LogOptions, LogTarget, OtlpProtocol, RequestEvent,
    RequestLog, RequestStart, Sampler, Telemetry, TelemetryError, TelemetryOptions, TraceOptions,
};

const ROUNDS: u32 = 400_000;
/// As many as find room in the queue, so that none is dropped: dropping would be cheaper.
const SPAN_ROUNDS: u32 = 4000;
const REPEATS: u32 = 5;
const COLLECTOR: &str = "collector";
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
    measure_spans("spans, not sampled", Sampler::Ratio(0.0), &request, &attempt)?;
    measure_spans("spans, sampled and sent", Sampler::Ratio(1.0), &request, &attempt)
}

/// Two spans of a request, their batch and its way to a collector; not the collector.
fn measure_spans(
    name: &str,
    sampler: Sampler,
    request: &RequestEvent<'_>,
    attempt: &AttemptEvent<'_>,
) -> Result<(), TelemetryError> {
    let traces = TraceOptions {
        endpoint: Some(collector()),
        protocol: Some(OtlpProtocol::HttpProtobuf),
        sampler: Some(sampler),
        ..TraceOptions::default()
    };
    let telemetry =
        Telemetry::new(&TelemetryOptions { traces: Some(traces), ..TelemetryOptions::default() })?;
    let model = telemetry.model("gpt-4o", Operation::Chat);
    let deployment = telemetry.deployment("openai-1", "openai", "gpt-4o-2024-11-20");
    let work = || {
        let span = telemetry.request_span(&START);
        let below = telemetry.attempt_span(&span, &AttemptStart::new(TARGET));
        telemetry.attempt(&deployment, &AttemptEvent { span: &below, ..*black_box(attempt) });
        telemetry.request(&model, &RequestEvent { span: &span, ..*black_box(request) });
    };
    measure_rounds(SPAN_ROUNDS, &format!("{name}, metrics"), work, || {
        assert!(telemetry.flush(Duration::from_secs(60)), "the collector is too slow");
        telemetry.upkeep();
    });
    let page = telemetry.render_metrics();
    let lost = page.lines().filter(|line| line.starts_with("tollgate_trace_spans_total"));
    lost.for_each(|line| println!("  {line}"));
    Ok(())
}

/// A collector that takes everything, on a thread that is not measured.
fn collector() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|it| Ok((it.local_addr()?, it)));
    let Ok((address, listener)) = listener else { return String::new() };
    let serve = move || {
        for stream in listener.incoming().flatten() {
            // One connection at a time is what the exporter makes.
            let _ = answer_all(stream);
        }
    };
    let started = thread::Builder::new().name(COLLECTOR.to_owned()).spawn(serve);
    if started.is_ok() { format!("http://{address}") } else { String::new() }
}

fn answer_all(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 20, stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line.is_empty() {
                break;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    }
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
fn measure(name: &str, work: impl FnMut(), after: impl FnMut()) {
    measure_rounds(ROUNDS, name, work, after);
}

fn measure_rounds(rounds: u32, name: &str, mut work: impl FnMut(), mut after: impl FnMut()) {
    let (mut caller, mut total) = (f64::MAX, f64::MAX);
    for _ in 0..REPEATS {
        let (started, cpu) = (clock(), cpu_nanos());
        for _ in 0..rounds {
            work();
        }
        caller = caller.min(started.elapsed().as_nanos() as f64 / f64::from(rounds));
        after();
        total = total.min((cpu_nanos() - cpu) as f64 / f64::from(rounds));
    }
    println!("{name:36} {caller:4.0} ns in the caller, {total:4.0} ns CPU in all");
}

/// CPU time of the threads that live (Linux; 0 elsewhere).
fn cpu_nanos() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks
        .filter(|task| {
            let name = std::fs::read_to_string(task.path().join("comm"));
            name.is_ok_and(|name| name.trim() != COLLECTOR)
        })
        .filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
        .sum()
}

const START: RequestStart<'static> = RequestStart::new(ID, Operation::Chat, Dialect::OPENAI_CHAT);

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
    detail: tollgate_core_types::usage::UsageDetail {
        cache_write_hour_tokens: None,
        input_audio_tokens: None,
        output_audio_tokens: None,
        tier: None,
    },
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
