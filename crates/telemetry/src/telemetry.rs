//! The one handle that counts, logs and traces events.
//!
//! It must never fail a request: whatever cannot be said is dropped and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tollgate_core_types::Operation;

use crate::error::TelemetryError;
use crate::event::{
    AttemptEvent, AttemptStart, ConfigOutcome, HttpRejection, RequestEvent, RequestStart,
};
use crate::log::{LogOptions, RequestLog};
use crate::metrics::{DeploymentMetrics, GatewayMetrics, InFlight, ModelMetrics, Registry, names};
use crate::trace::{Span, TraceOptions, Tracer};

/// Settings of [`Telemetry`].
#[derive(Debug, Clone)]
pub struct TelemetryOptions {
    /// The request log; `None` logs no requests.
    pub log: Option<LogOptions>,
    /// Span export; `None` exports none and reads no variable of the environment.
    pub traces: Option<TraceOptions>,
    /// Version shown by `tollgate_build_info`.
    pub version: String,
    /// Most distinct model aliases, and most distinct deployment ids, that get series of their own
    /// in the life of the process; further ones are counted as `other`.
    pub max_names: usize,
}

impl TelemetryOptions {
    /// Default of [`TelemetryOptions::max_names`].
    pub const MAX_NAMES: usize = 2000;
}

impl Default for TelemetryOptions {
    /// No request log, no spans, this crate's version.
    fn default() -> Self {
        Self {
            log: None,
            traces: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            max_names: Self::MAX_NAMES,
        }
    }
}

/// Metrics, request log and traces of one gateway. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Telemetry(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Arc<Registry>,
    gateway: GatewayMetrics,
    log: Option<RequestLog>,
    tracer: Tracer,
    /// Whether requests are logged now.
    logs: AtomicBool,
}

impl Telemetry {
    /// Content type of [`Telemetry::render_metrics`].
    pub const METRICS_CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// Sets up metrics and, where asked for, the request log and the export of spans, each with its
    /// thread.
    ///
    /// # Errors
    ///
    /// Where the log cannot be opened, or the collector's address, protocol or headers not be used.
    /// A collector that is down is no error: spans are then dropped and counted.
    pub fn new(options: &TelemetryOptions) -> Result<Self, TelemetryError> {
        let log = options.log.as_ref().map(RequestLog::open).transpose()?;
        Self::with_log(options, log)
    }

    /// Like [`Telemetry::new`], with a log that the caller opened; `options.log` is not read.
    ///
    /// # Errors
    ///
    /// As [`Telemetry::new`], and [`TelemetryError::Metrics`] where the exporter refuses its
    /// settings.
    pub fn with_log(
        options: &TelemetryOptions,
        log: Option<RequestLog>,
    ) -> Result<Self, TelemetryError> {
        let registry = Arc::new(Registry::new(options.max_names)?);
        let gateway = GatewayMetrics::new(&registry, &options.version);
        let tracer = options.traces.as_ref().map(Tracer::start).transpose()?.unwrap_or_default();
        let logs = AtomicBool::new(true);
        Ok(Self(Arc::new(Inner { registry, gateway, log, logs, tracer })))
    }

    /// Handles of a model group for one operation. `alias` must be a configured name.
    ///
    /// Takes a lock and allocates: call it when the group is built, not per request.
    #[must_use]
    pub fn model(&self, alias: &str, operation: Operation) -> ModelMetrics {
        ModelMetrics::new(&self.0.registry, alias, operation)
    }

    /// Handles for requests whose model is not configured: whatever they ask for, `other`.
    #[must_use]
    pub fn unknown_model(&self, operation: Operation) -> ModelMetrics {
        ModelMetrics::new(&self.0.registry, names::OTHER, operation)
    }

    /// Handles of a deployment. All names must come from the configuration.
    ///
    /// Takes a lock and allocates: call it when the deployment is built, not per request.
    #[must_use]
    pub fn deployment(&self, id: &str, provider: &str, upstream_model: &str) -> DeploymentMetrics {
        DeploymentMetrics::new(&self.0.registry, id, provider, upstream_model)
    }

    /// Opens a request's span, as the child of the client's where its headers name one. It ends
    /// with [`Telemetry::request`].
    ///
    /// A `tracing` subscriber that listens to [`crate::semconv::SPAN_TARGET`] sees a span of its
    /// own, the child of the caller's current one.
    #[must_use]
    pub fn request_span(&self, start: &RequestStart<'_>) -> Span {
        self.0.tracer.request(start)
    }

    /// Opens an attempt's span beneath its request's. It ends with [`Telemetry::attempt`].
    #[must_use]
    pub fn attempt_span(&self, request: &Span, start: &AttemptStart<'_>) -> Span {
        self.0.tracer.attempt(request, start)
    }

    /// Counts, logs and traces the end of a request. Never blocks.
    pub fn request(&self, model: &ModelMetrics, event: &RequestEvent<'_>) {
        model.record(event);
        self.0.tracer.end_request(event);
        if let Some(log) = self.log() {
            log.request(event);
        }
    }

    /// Counts and traces the end of an attempt and logs it where it failed. Never blocks.
    pub fn attempt(&self, deployment: &DeploymentMetrics, event: &AttemptEvent<'_>) {
        deployment.record(event);
        self.0.gateway.attempt(event.kind);
        self.0.tracer.end_attempt(event);
        if let Some(log) = self.log() {
            log.attempt(event);
        }
    }

    /// Counts a request that the HTTP layer refused before routing.
    pub fn http_rejection(&self, reason: HttpRejection) {
        self.0.gateway.rejection(reason);
    }

    /// Shows how many model groups the running configuration has.
    pub fn set_config_models(&self, models: usize) {
        self.0.gateway.config_models(models);
    }

    /// Tells that a configuration was offered: the `generation` that runs now (the first is 1),
    /// and what became of the one offered. A rejected one leaves the generation as it is.
    pub fn config_loaded(&self, generation: u64, outcome: ConfigOutcome) {
        self.0.gateway.config_loaded(generation, outcome);
    }

    /// Tells when the running configuration was taken.
    pub fn config_taken(&self, at: SystemTime) {
        self.0.gateway.config_taken(at);
    }

    /// Shows how much memory request bodies hold together.
    pub fn set_body_memory(&self, bytes: usize) {
        self.0.gateway.body_memory(bytes);
    }

    /// Counts a client's connection as open until the guard drops.
    pub fn connection(&self) -> InFlight {
        self.0.gateway.connection()
    }

    /// Turns the request log on or off while it runs. Without a log there is nothing to turn on.
    pub fn log_requests(&self, on: bool) {
        self.0.logs.store(on, Ordering::Relaxed);
    }

    fn log(&self) -> Option<&RequestLog> {
        self.0.log.as_ref().filter(|_| self.0.logs.load(Ordering::Relaxed))
    }

    /// All metrics in Prometheus' text format.
    #[must_use]
    pub fn render_metrics(&self) -> String {
        if let Some(log) = &self.0.log {
            self.0.gateway.log_lines_dropped(log.dropped());
        }
        if let Some(counts) = self.0.tracer.counts() {
            self.0.gateway.spans(counts);
        }
        self.0.registry.render()
    }

    /// Sorts histogram samples into buckets. Call it every five seconds or so, scrape or no
    /// scrape: samples wait in memory until then, 8 bytes each.
    pub fn upkeep(&self) {
        self.0.registry.upkeep();
    }

    /// Waits until every line logged before is written and every span that ended before is
    /// delivered or given up; `false` where `within` was not enough for each.
    ///
    /// Blocks: call it from `spawn_blocking` or outside a runtime.
    #[must_use]
    pub fn flush(&self, within: Duration) -> bool {
        let log = self.0.log.as_ref().is_none_or(|log| log.flush(within));
        self.0.tracer.flush(within) && log
    }

    /// Closes request log and span export and waits until what they hold is out; `false` where
    /// `within` was not enough for each. Metrics go on. Later lines and spans are dropped and
    /// counted.
    ///
    /// Blocks: call it from `spawn_blocking` or outside a runtime.
    #[must_use]
    pub fn shutdown(&self, within: Duration) -> bool {
        let log = self.0.log.as_ref().is_none_or(|log| log.close(within));
        self.0.tracer.close(within) && log
    }
}

#[cfg(test)]
mod tests;
