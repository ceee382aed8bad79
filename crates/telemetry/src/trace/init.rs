//! The process's tracing subscriber: diagnostics on standard error, spans to a collector.
//!
//! For programs; a library must never install a subscriber. Diagnostics are few and may go through
//! `tracing`; the request log does not.

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

use super::endpoint::{Endpoint, OtlpProtocol, resolve};
use crate::error::TelemetryError;
use crate::semconv::SPAN_TARGET;

/// Name of the instrumentation scope.
const SCOPE: &str = "tollgate";
/// Name of the service where neither settings nor environment give one.
const SERVICE: &str = "tollgate";

/// Settings of [`init_tracing`].
#[derive(Debug, Clone, PartialEq)]
pub struct TraceOptions {
    /// Address of the OTLP collector; `None` leaves it to `OTEL_EXPORTER_OTLP_ENDPOINT`, and with
    /// neither, no spans are exported. An empty one exports none whatever the environment says.
    pub endpoint: Option<String>,
    /// How to speak to it; `None` leaves it to `OTEL_EXPORTER_OTLP_PROTOCOL`, then to the port.
    pub protocol: Option<OtlpProtocol>,
    /// `service.name`; `None` leaves it to `OTEL_SERVICE_NAME`, then `tollgate`.
    pub service_name: Option<String>,
    /// `service.version`.
    pub service_version: String,
    /// Share of traces kept, 0 to 1, where the client did not decide.
    pub sample_ratio: f64,
    /// Which diagnostics are shown, in `EnvFilter`'s words, for example `info,tollgate=debug`.
    pub filter: String,
    /// Whether diagnostics are coloured.
    pub ansi: bool,
}

impl Default for TraceOptions {
    /// No export unless the environment asks for it, every trace, diagnostics from `info`.
    fn default() -> Self {
        Self {
            endpoint: None,
            protocol: None,
            service_name: None,
            service_version: env!("CARGO_PKG_VERSION").to_owned(),
            sample_ratio: 1.0,
            filter: "info".to_owned(),
            ansi: false,
        }
    }
}

/// Owns the span exporter. Without [`TracingGuard::shutdown`] the last spans are lost.
#[derive(Debug)]
#[must_use = "dropping it loses the last spans"]
pub struct TracingGuard {
    provider: Option<SdkTracerProvider>,
    level: LogLevel,
}

/// Changes what the diagnostics tell, while the process runs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LogLevel(reload::Handle<EnvFilter, Registry>);

impl LogLevel {
    /// Puts another filter to work, at once and for every thread.
    ///
    /// # Errors
    ///
    /// [`TelemetryError::Filter`] where it is none; the one before stays.
    pub fn set(&self, filter: &str) -> Result<(), TelemetryError> {
        self.0.reload(diagnostics_filter(filter)?).map_err(|error| TelemetryError::Filter {
            filter: filter.to_owned(),
            reason: error.to_string(),
        })
    }
}

impl TracingGuard {
    /// Whether spans are exported.
    #[must_use]
    pub fn exports(&self) -> bool {
        self.provider.is_some()
    }

    /// What changes the level of the diagnostics.
    #[must_use]
    pub fn level(&self) -> LogLevel {
        self.level.clone()
    }

    /// Delivers the spans that wait, for at most `within`, and stops exporting.
    ///
    /// Blocks: call it from `spawn_blocking` while the runtime lives, for gRPC needs it.
    ///
    /// # Errors
    ///
    /// [`TelemetryError::Flush`] where the exporter did not end in time. A collector that refused
    /// the spans is no error here; the exporter has said so in the diagnostics.
    pub fn shutdown(self, within: Duration) -> Result<(), TelemetryError> {
        let Some(provider) = self.provider else { return Ok(()) };
        provider
            .shutdown_with_timeout(within)
            .map_err(|error| TelemetryError::Flush(error.to_string()))
    }
}

/// Installs the process's subscriber: diagnostics on standard error and, where a collector is
/// named, span export in batches.
///
/// Call it once, inside a Tokio runtime (gRPC needs one), after a rustls crypto provider was
/// installed (the HTTP exporter's client needs one in builds with TLS).
///
/// # Errors
///
/// Where the filter, the protocol or the endpoint is invalid, gRPC is asked for outside a runtime,
/// or a subscriber is installed already.
pub fn init_tracing(options: &TraceOptions) -> Result<TracingGuard, TelemetryError> {
    let (filter, handle) = reload::Layer::new(diagnostics_filter(&options.filter)?);
    let env = |name: &str| std::env::var(name).ok();
    let endpoint = resolve(options.endpoint.as_deref(), options.protocol, env)?;
    let provider = endpoint.map(|endpoint| provider(options, &endpoint)).transpose()?;
    let diagnostics = tracing_subscriber::fmt::layer()
        .compact()
        .with_ansi(options.ansi)
        .with_writer(std::io::stderr)
        // It would tell of a closed standard error on standard error, and panic.
        .log_internal_errors(false)
        .with_filter(filter);
    tracing_subscriber::registry()
        .with(diagnostics)
        .with(span_layer(provider.as_ref()))
        .try_init()
        .map_err(|_already| TelemetryError::SubscriberInstalled)?;
    Ok(TracingGuard { provider, level: LogLevel(handle) })
}

/// The layer that turns our spans, and nothing else, into OpenTelemetry's; without a provider, a
/// layer that wants nothing.
///
/// An allow-list: a span of h2, hyper, tonic or reqwest that reached the exporter would make it
/// export its own exports for ever. And a filter even where there is no exporter: an absent layer
/// without one counts as interested, and every request would make its spans for nobody.
pub(super) fn span_layer<S>(provider: Option<&SdkTracerProvider>) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let filter = match provider {
        Some(_) => Targets::new().with_target(SPAN_TARGET, LevelFilter::INFO),
        None => Targets::new(),
    };
    let layer = provider.map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(SCOPE))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
    });
    layer.with_filter(filter)
}

/// The diagnostics filter, which keeps request spans out unless it names them: where nothing else
/// listens they are then never made.
fn diagnostics_filter(filter: &str) -> Result<EnvFilter, TelemetryError> {
    let directives = if filter.contains(SPAN_TARGET) {
        filter.to_owned()
    } else {
        format!("{filter},{SPAN_TARGET}=off")
    };
    EnvFilter::builder().parse(directives).map_err(|error| TelemetryError::Filter {
        filter: filter.to_owned(),
        reason: error.to_string(),
    })
}

fn provider(
    options: &TraceOptions,
    endpoint: &Endpoint,
) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = exporter(endpoint)?;
    // `Resource::builder` reads OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES.
    let named = std::env::var_os("OTEL_SERVICE_NAME").is_some();
    let mut resource = Resource::builder();
    if let Some(name) = options.service_name.clone().or((!named).then(|| SERVICE.to_owned())) {
        resource = resource.with_service_name(name);
    }
    let version = opentelemetry::KeyValue::new("service.version", options.service_version.clone());
    let ratio = Sampler::TraceIdRatioBased(options.sample_ratio.clamp(0.0, 1.0));
    Ok(SdkTracerProvider::builder()
        .with_resource(resource.with_attribute(version).build())
        .with_sampler(Sampler::ParentBased(Box::new(ratio)))
        .with_batch_exporter(exporter)
        .build())
}

fn exporter(endpoint: &Endpoint) -> Result<SpanExporter, TelemetryError> {
    let url = endpoint.url.as_str();
    let built = match endpoint.protocol {
        OtlpProtocol::Grpc => {
            if tokio::runtime::Handle::try_current().is_err() {
                return Err(TelemetryError::NoRuntime);
            }
            SpanExporter::builder().with_tonic().with_endpoint(url).build()
        }
        OtlpProtocol::HttpProtobuf => SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(url)
            .build(),
    };
    built.map_err(|error| TelemetryError::Otlp {
        endpoint: url.to_owned(),
        reason: error.to_string(),
    })
}
