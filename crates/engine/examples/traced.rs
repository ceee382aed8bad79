//! Calls inside a program's own OpenTelemetry traces: printed, or sent by gRPC to the collector that
//! `OTEL_EXPORTER_OTLP_ENDPOINT` names (`http://localhost:4317`).

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tollgate::Tollgate;
use tracing::{Instrument as _, info_span};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{filter::Targets, layer::Layer as _, layer::SubscriberExt as _};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider = match std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT") {
        Some(_) => SdkTracerProvider::builder()
            .with_batch_exporter(SpanExporter::builder().with_tonic().build()?),
        None => SdkTracerProvider::builder()
            .with_simple_exporter(opentelemetry_stdout::SpanExporter::default()),
    };
    let provider = provider.build();
    // The exporter's own client has spans too: name those that are wanted.
    let wanted = Targets::new()
        .with_target("traced", tracing::Level::INFO)
        .with_target("tollgate::span", tracing::Level::INFO);
    let layer =
        tracing_opentelemetry::layer().with_tracer(provider.tracer("traced")).with_location(false);
    tracing_subscriber::registry().with(layer.with_filter(wanted)).init();

    let tollgate = Tollgate::from_text("models: { fast: { provider: mock } }")?;
    let work = async { tollgate.chat("What is a tollgate?").await };
    work.instrument(info_span!("my work")).await?;
    tokio::task::spawn_blocking(move || provider.shutdown()).await??;
    Ok(())
}
