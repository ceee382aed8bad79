//! Metrics of the gateway as a whole.

use std::time::SystemTime;

use metrics::{Counter, Gauge, Label};

use super::{InFlight, label};
use crate::event::{AttemptKind, ConfigOutcome, HttpRejection};
use crate::metrics::names;
use crate::metrics::registry::Registry;
use crate::trace::SpanCounts;

/// Counters that belong to no model and no deployment.
#[derive(Debug)]
pub(crate) struct GatewayMetrics {
    retries: [Counter; 3],
    rejections: [Counter; HttpRejection::ALL.len()],
    log_lines_dropped: Counter,
    spans: [Counter; 3],
    config_models: Gauge,
    config_generation: Gauge,
    config_last_load: Gauge,
    config_time: Gauge,
    body_memory: Gauge,
    connections: Gauge,
    config_loads: [Counter; ConfigOutcome::ALL.len()],
}

impl GatewayMetrics {
    /// Handles, all of them visible from the start.
    pub(crate) fn new(registry: &Registry, version: &str) -> Self {
        registry.gauge(names::BUILD_INFO, vec![label("version", version)]).set(1.0);
        let kinds = [AttemptKind::Retry, AttemptKind::Failover, AttemptKind::Fallback];
        Self {
            retries: kinds.map(|kind| {
                registry.counter(names::RETRIES, vec![Label::new("kind", kind.as_str())])
            }),
            rejections: HttpRejection::ALL.map(|reason| {
                let labels = vec![Label::new("reason", reason.as_str())];
                registry.counter(names::HTTP_REJECTIONS, labels)
            }),
            log_lines_dropped: registry.counter(names::LOG_LINES_DROPPED, Vec::new()),
            spans: ["exported", "failed", "dropped"].map(|outcome| {
                registry.counter(names::TRACE_SPANS, vec![Label::new("outcome", outcome)])
            }),
            config_models: registry.gauge(names::CONFIG_MODELS, Vec::new()),
            config_generation: registry.gauge(names::CONFIG_GENERATION, Vec::new()),
            config_last_load: registry.gauge(names::CONFIG_LAST_LOAD_SUCCESSFUL, Vec::new()),
            config_time: registry.gauge(names::CONFIG_LAST_LOAD_TIME, Vec::new()),
            body_memory: registry.gauge(names::BODY_MEMORY, Vec::new()),
            connections: registry.gauge(names::CONNECTIONS, Vec::new()),
            config_loads: ConfigOutcome::ALL.map(|outcome| {
                let labels = vec![Label::new("outcome", outcome.as_str())];
                registry.counter(names::CONFIG_LOADS, labels)
            }),
        }
    }

    /// Counts an attempt that is not its request's first.
    pub(crate) fn attempt(&self, kind: AttemptKind) {
        let [retry, failover, fallback] = &self.retries;
        match kind {
            AttemptKind::First => {}
            AttemptKind::Retry => retry.increment(1),
            AttemptKind::Failover => failover.increment(1),
            AttemptKind::Fallback => fallback.increment(1),
        }
    }

    /// Counts a request that the HTTP layer refused.
    pub(crate) fn rejection(&self, reason: HttpRejection) {
        let at = HttpRejection::ALL.iter().position(|known| *known == reason);
        if let Some(counter) = at.and_then(|at| self.rejections.get(at)) {
            counter.increment(1);
        }
    }

    /// Shows how many log lines were dropped so far.
    pub(crate) fn log_lines_dropped(&self, total: u64) {
        self.log_lines_dropped.absolute(total);
    }

    /// Shows what became of spans so far.
    pub(crate) fn spans(&self, counts: SpanCounts) {
        let SpanCounts { exported, failed, dropped } = counts;
        for (counter, total) in self.spans.iter().zip([exported, failed, dropped]) {
            counter.absolute(total);
        }
    }

    /// Shows how many model groups are configured.
    pub(crate) fn config_models(&self, models: usize) {
        self.config_models.set(models as f64);
    }

    /// Shows which configuration runs, and counts what became of the one offered.
    pub(crate) fn config_loaded(&self, generation: u64, outcome: ConfigOutcome) {
        let [loaded, rejected] = &self.config_loads;
        self.config_generation.set(generation as f64);
        match outcome {
            ConfigOutcome::Loaded => {
                loaded.increment(1);
                self.config_last_load.set(1.0);
            }
            ConfigOutcome::Rejected => {
                rejected.increment(1);
                self.config_last_load.set(0.0);
            }
        }
    }

    /// Shows when the running configuration was taken.
    pub(crate) fn config_taken(&self, at: SystemTime) {
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.config_time.set(since.as_secs_f64());
    }

    /// Shows how much memory request bodies hold.
    pub(crate) fn body_memory(&self, bytes: usize) {
        self.body_memory.set(bytes as f64);
    }

    /// Counts a connection as open until the guard drops.
    pub(crate) fn connection(&self) -> InFlight {
        InFlight::new(&self.connections)
    }
}
