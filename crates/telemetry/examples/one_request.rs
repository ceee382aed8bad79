//! One request told three ways: `cargo run --example one_request`. Spans go to a collector where
//! `OTEL_EXPORTER_OTLP_ENDPOINT` names one.

#![expect(clippy::print_stdout, reason = "an example shows what it made")]

use std::time::{Duration, UNIX_EPOCH};
use tollgate_core_types::{Dialect, Operation};
use tollgate_telemetry::{
    LogOptions, LogTarget, RequestEvent, RequestStart, Telemetry, TelemetryError, TelemetryOptions,
    TraceOptions,
};

fn main() -> Result<(), TelemetryError> {
    let telemetry = Telemetry::new(&TelemetryOptions {
        log: Some(LogOptions::json(LogTarget::Stdout)),
        traces: Some(TraceOptions::default()),
        ..TelemetryOptions::default()
    })?;
    // Once per configured model: handles without a lock, a hash or an allocation behind them.
    let model = telemetry.model("gpt-4o", Operation::Chat);

    let serving = model.in_flight();
    let start = RequestStart::new("req-1", Operation::Chat, Dialect::OPENAI_CHAT);
    let span = telemetry.request_span(&start);
    let now = UNIX_EPOCH + Duration::from_secs(1_795_193_643);
    let event = RequestEvent {
        model: Some("gpt-4o"),
        duration: Duration::from_millis(830),
        span: &span,
        ..RequestEvent::new(now, "req-1", Operation::Chat, Dialect::OPENAI_CHAT)
    };
    telemetry.request(&model, &event);
    drop(serving);

    println!("{}", telemetry.render_metrics());
    assert!(telemetry.shutdown(Duration::from_secs(5)), "the last lines were not written in time");
    Ok(())
}
