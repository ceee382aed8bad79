//! What is known of every model and deployment now, for status pages.

use std::sync::Arc;
use std::time::Duration;
use tollgate_balancer::{BreakerState, Group, Member, MemberStatus};
use tollgate_telemetry::{DeploymentState, LimitKind};

use crate::clock;
use crate::deployment::Deployment;
use crate::generation::{AUTO, Generation};

/// One model group.
#[derive(Debug, Clone)]
pub struct ModelStatus {
    /// Its alias.
    pub model: Arc<str>,
    /// How its deployments are chosen.
    pub strategy: &'static str,
    /// Its share in the pool over all models.
    pub weight: f64,
    /// Its deployments, lowest priority number first.
    pub deployments: Vec<DeploymentStatus>,
}

/// One deployment. No secret is in it; keys appear by id.
#[derive(Debug, Clone)]
pub struct DeploymentStatus {
    /// Its id.
    pub id: Arc<str>,
    /// Its vendor as configured.
    pub provider: String,
    /// The model at the vendor.
    pub upstream_model: String,
    /// Where it is: scheme, host and path.
    pub base: String,
    /// Its key's id.
    pub key_id: Option<Arc<str>>,
    /// Its share.
    pub weight: f64,
    /// Its tier.
    pub priority: u32,
    /// Whether a request would be admitted now.
    pub available: bool,
    /// Its breaker: `closed`, `half_open` or `open`.
    pub state: &'static str,
    /// Why a request would be refused now.
    pub reason: Option<String>,
    /// When it may be admitted again.
    pub retry_in: Option<Duration>,
    /// Requests under way.
    pub in_flight: u32,
    /// Bound of requests at once.
    pub concurrency: Option<u32>,
    /// Bound of requests per second.
    pub qps: Option<f64>,
    /// Requests of the current second, as far as its limit counts them.
    pub qps_current: f64,
    /// Bound of requests per minute.
    pub rpm: Option<u64>,
    /// Bound of tokens per minute.
    pub tpm: Option<u64>,
    /// Tokens of it that are reserved or used and not yet replenished; more than the bound is debt.
    pub tpm_current: u64,
    /// Requests at once that an adaptive bound allows now.
    pub concurrency_current: Option<u32>,
    /// Attempts since it exists.
    pub requests: u64,
    /// Failed and broken ones among them.
    pub failures: u64,
    /// Recent time to the first event, failures counted as long waits: what `adaptive` goes by.
    pub latency: Option<Duration>,
    /// Its last failure in words.
    pub last_error: Option<String>,
}

/// The status of every configured group, in the order of the configuration.
pub(crate) fn of(generation: &Generation) -> Vec<ModelStatus> {
    generation
        .router
        .groups()
        .filter(|group| &**group.name() != AUTO || generation.weights.contains_key(AUTO))
        .map(|group| model(group, generation))
        .collect()
}

fn model(group: &Group<Arc<Deployment>>, generation: &Generation) -> ModelStatus {
    ModelStatus {
        model: Arc::clone(group.name()),
        strategy: group.strategy().as_str(),
        weight: generation.weights.get(group.name()).copied().unwrap_or(1.0),
        deployments: group.members().iter().map(|member| deployment(member)).collect(),
    }
}

fn deployment(member: &Member<Arc<Deployment>>) -> DeploymentStatus {
    let now = clock::now();
    let deployment = member.payload();
    let status: MemberStatus = member.status(now);
    let base = &deployment.target.base;
    DeploymentStatus {
        id: status.id,
        provider: deployment.vendor.to_string(),
        upstream_model: deployment.target.model.clone(),
        base: base.to_string(),
        key_id: deployment.key_id.clone(),
        weight: status.weight,
        priority: status.priority,
        available: status.refusal.is_none(),
        state: match status.breaker {
            BreakerState::Closed => "closed",
            BreakerState::HalfOpen => "half_open",
            BreakerState::Open => "open",
        },
        reason: status.refusal.map(|refusal| refusal.to_string()),
        retry_in: status
            .refusal
            .and_then(|refusal| refusal.until())
            .map(|until| until.saturating_duration_since(now)),
        in_flight: status.in_use.in_flight,
        concurrency: deployment.limits.concurrency,
        qps: deployment.limits.qps,
        qps_current: status.in_use.qps.unwrap_or(0.0),
        rpm: deployment.limits.rpm,
        tpm: deployment.limits.tpm,
        tpm_current: status.in_use.units.unwrap_or(0),
        concurrency_current: status.in_use.bound,
        requests: status.totals.attempts,
        failures: status.totals.failed + status.totals.broken,
        latency: status.latency,
        last_error: status
            .last_error
            .map(|error| format!("{} ({} s ago)", error.text, error.ago.as_secs())),
    }
}

/// Brings the gauges of deployments' states up to date; they are read far more rarely than states
/// change.
pub(crate) fn publish(generation: &Generation) {
    let now = clock::now();
    for member in generation.router.groups().flat_map(|group| group.members()) {
        let status = member.status(now);
        let metrics = &member.payload().metrics;
        metrics.set_state(match status.breaker {
            BreakerState::Closed => DeploymentState::Closed,
            BreakerState::HalfOpen => DeploymentState::HalfOpen,
            BreakerState::Open => DeploymentState::Open,
        });
        metrics.set_admission(status.cooling_for.unwrap_or_default(), status.refusal.is_none());
        let (limits, used) = (&status.limits, &status.in_use);
        let minute = limits.rpm.map(|rpm| f64::from(rpm.get())).zip(used.rpm.map(f64::from));
        let second = limits.qps.map(|qps| qps.get()).zip(used.qps);
        let places = used.bound.or(limits.concurrency);
        let places = places.map(|most| (f64::from(most), f64::from(used.in_flight)));
        let tokens = limits.units_per_minute.map(|tpm| tpm.get() as f64);
        let tokens = tokens.zip(used.units.map(|units| units as f64));
        for (kind, limit) in [
            (LimitKind::RequestsPerMinute, minute),
            (LimitKind::RequestsPerSecond, second),
            (LimitKind::Concurrency, places),
            (LimitKind::TokensPerMinute, tokens),
        ] {
            if let Some((limit, used)) = limit {
                metrics.set_limit(kind, limit, limit - used);
            }
        }
    }
}
