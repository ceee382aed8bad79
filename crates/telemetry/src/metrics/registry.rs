//! The private recorder and the caps on configured names.
//!
//! It must never be installed as the process's global recorder: a library does not own that.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder, SharedString,
};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use super::living::Living;
use super::names::{self, Kind};
use crate::error::TelemetryError;

static METADATA: Metadata<'static> =
    Metadata::new("tollgate", Level::INFO, Some("tollgate_telemetry"));

/// Which set of configured names a label value belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NameSet {
    /// Aliases of model groups.
    Models,
    /// Ids of deployments.
    Deployments,
}

/// Makes handles and renders them.
#[derive(Debug)]
pub(crate) struct Registry {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// Names seen per set; beyond `max_names` of a set, `other`.
    names: Mutex<HashSet<(NameSet, String)>>,
    max_names: usize,
    deployments: Mutex<Living>,
}

impl Registry {
    /// A recorder with every metric described and every histogram's buckets set.
    pub(crate) fn new(max_names: usize) -> Result<Self, TelemetryError> {
        let mut builder = PrometheusBuilder::new();
        for metric in &names::ALL {
            if let Kind::Histogram(buckets) = metric.kind {
                builder = builder
                    .set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)
                    .map_err(|error| TelemetryError::Metrics(error.to_string()))?;
            }
        }
        let recorder = builder.build_recorder();
        describe(&recorder);
        let handle = recorder.handle();
        Ok(Self {
            recorder,
            handle,
            names: Mutex::default(),
            max_names,
            deployments: Mutex::default(),
        })
    }

    /// `name` as a label value: itself while its set has room or knows it, `other` beyond.
    ///
    /// Reloads bring new names and series are never forgotten, so even names of the operator's own
    /// configuration need a bound.
    pub(crate) fn bounded(&self, set: NameSet, name: &str) -> String {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (set, name.to_owned());
        if names.contains(&key) {
            return key.1;
        }
        if names.iter().filter(|(of, _)| *of == set).count() >= self.max_names {
            return names::OTHER.to_owned();
        }
        names.insert(key);
        name.to_owned()
    }

    /// The counter of this name and these labels.
    pub(crate) fn counter(&self, name: &'static str, labels: Vec<Label>) -> Counter {
        self.recorder.register_counter(&Key::from_parts(name, labels), &METADATA)
    }

    /// The gauge of this name and these labels.
    pub(crate) fn gauge(&self, name: &'static str, labels: Vec<Label>) -> Gauge {
        self.recorder.register_gauge(&Key::from_parts(name, labels), &METADATA)
    }

    /// The histogram of this name and these labels.
    pub(crate) fn histogram(&self, name: &'static str, labels: Vec<Label>) -> Histogram {
        self.recorder.register_histogram(&Key::from_parts(name, labels), &METADATA)
    }

    /// Handles of a deployment were made.
    pub(crate) fn enter(&self, deployment: &str) {
        self.deployments().enter(deployment);
    }

    /// Handles of a deployment are gone.
    pub(crate) fn leave(&self, deployment: &str) {
        self.deployments().leave(deployment);
    }

    fn deployments(&self) -> MutexGuard<'_, Living> {
        self.deployments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text format 0.0.4, without the states of deployments that are no more.
    pub(crate) fn render(&self) -> String {
        self.deployments().shown(self.handle.render())
    }

    /// Drains histogram samples into buckets.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

fn describe(recorder: &PrometheusRecorder) {
    for metric in &names::ALL {
        let (name, help) =
            (KeyName::from_const_str(metric.name), SharedString::const_str(metric.help));
        match metric.kind {
            Kind::Counter => recorder.describe_counter(name, metric.unit, help),
            Kind::Gauge => recorder.describe_gauge(name, metric.unit, help),
            Kind::Histogram(_) => recorder.describe_histogram(name, metric.unit, help),
        }
    }
}
