//! One generation of the configuration, built and running. Requests keep theirs to the end.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tollgate_balancer::Router;
use tollgate_core_types::Operation;
use tollgate_telemetry::{ModelMetrics, Telemetry};

use crate::attempt::Recoverable;
use crate::deployment::Deployment;
use crate::media::Media;

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
    /// Fetches what requests point to.
    pub(crate) media: Media,
    /// Share of each group in the pool over all.
    pub(crate) weights: HashMap<Arc<str>, f64>,
}

/// What a request needs of its model before it is routed.
pub(crate) struct ModelEntry {
    /// The group's name.
    pub(crate) alias: Arc<str>,
    /// Counters, by [`Operation::index`]; made when they are first needed, for few models serve more
    /// than one operation.
    pub(crate) metrics: [OnceLock<ModelMetrics>; Operation::ALL.len()],
    /// Its deployments.
    pub(crate) members: Vec<Arc<Deployment>>,
    /// Whether one of them bounds its tokens per minute, so that requests must be estimated.
    pub(crate) bounds_tokens: bool,
    /// Where requests go that are too large for all of them.
    pub(crate) larger: Vec<Arc<str>>,
    /// The whole request's time.
    pub(crate) total: Duration,
    /// Which cut-short answers count as failures.
    pub(crate) recoverable: Recoverable,
}

impl ModelEntry {
    /// The counters of all operations; those that are about generating are there from the start.
    pub(crate) fn counters(
        alias: &str,
        telemetry: &Telemetry,
    ) -> [OnceLock<ModelMetrics>; Operation::ALL.len()] {
        Operation::ALL.map(|operation| {
            let made = OnceLock::new();
            if !operation.is_media() {
                made.get_or_init(|| telemetry.model(alias, operation));
            }
            made
        })
    }

    /// The counters of an operation.
    pub(crate) fn metrics(
        &self,
        operation: Operation,
        telemetry: &Telemetry,
    ) -> Option<&ModelMetrics> {
        let metrics = self.metrics.get(operation.index())?;
        Some(metrics.get_or_init(|| telemetry.model(&self.alias, operation)))
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
