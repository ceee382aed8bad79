//! One generation of the configuration, built and running. Requests keep theirs to the end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tollgate_balancer::Router;
use tollgate_core_types::Operation;
use tollgate_telemetry::ModelMetrics;

use crate::attempt::Recoverable;
use crate::deployment::Deployment;

/// The pool over all chat models, where configuration has no model of this name.
pub(crate) const AUTO: &str = "auto";

/// One generation.
pub(crate) struct Generation {
    pub(crate) router: Router<Arc<Deployment>>,
    /// By every name that clients may send.
    pub(crate) models: HashMap<Arc<str>, Arc<ModelEntry>>,
    /// For lists, in the order of the configuration.
    pub(crate) infos: Vec<ModelInfo>,
    /// Serves requests that name no model.
    pub(crate) default_model: Option<Arc<str>>,
    /// Share of each group in the pool over all.
    pub(crate) weights: HashMap<Arc<str>, f64>,
}

/// What a request needs of its model before it is routed.
pub(crate) struct ModelEntry {
    /// The group's name.
    pub(crate) alias: Arc<str>,
    /// Counters, by [`Operation::index`].
    pub(crate) metrics: [ModelMetrics; 4],
    /// Its deployments.
    pub(crate) members: Vec<Arc<Deployment>>,
    /// Where requests go that are too large for all of them.
    pub(crate) larger: Vec<Arc<str>>,
    /// The whole request's time.
    pub(crate) total: Duration,
    /// Which cut-short answers count as failures.
    pub(crate) recoverable: Recoverable,
}

impl ModelEntry {
    /// The counters of an operation.
    pub(crate) fn metrics(&self, operation: Operation) -> Option<&ModelMetrics> {
        self.metrics.get(operation.index())
    }
}

/// A model as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// The name that clients send.
    pub id: Arc<str>,
    /// Seconds since 1970 at which this process learned of it.
    pub created: u64,
    /// The vendors behind it.
    pub owned_by: String,
}
