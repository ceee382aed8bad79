//! `/v1/providers/status` and `/health`: what is up, what is not, and why.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use tollgate::{DeploymentStatus, ModelStatus};

use crate::respond;
use crate::state::AppState;

/// The state of everything that serves.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProvidersStatus")]
pub(crate) struct Providers<'a> {
    status: Overall,
    /// The models, in the order of the configuration.
    models: Vec<Model<'a>>,
}

/// How many models can serve: all, some, none.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Overall {
    Ok,
    Degraded,
    Down,
}

/// A model and its deployments.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ModelStatus")]
struct Model<'a> {
    /// What clients send as `model`.
    model: &'a str,
    /// How its deployments are chosen.
    strategy: &'static str,
    /// Whether one of them would take a request now.
    available: bool,
    /// Lowest priority number first.
    deployments: Vec<Deployment<'a>>,
}

/// A deployment.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeploymentStatus")]
struct Deployment<'a> {
    id: &'a str,
    /// Its vendor.
    provider: &'a str,
    /// Its model at the vendor.
    model: &'a str,
    /// Where it is.
    base: &'a str,
    /// Its key's id, never the key.
    key: Option<&'a str>,
    weight: f64,
    priority: u32,
    /// Whether it would take a request now.
    available: bool,
    /// Its breaker: `closed`, `half_open` or `open`.
    state: &'static str,
    /// Why it would take none.
    reason: Option<&'a str>,
    /// When it may be tried again.
    retry_in_seconds: Option<f64>,
    /// Requests under way.
    in_flight: u32,
    limits: Limits,
    /// Of its tokens per minute, those reserved or used and not yet replenished: more than the limit
    /// is debt. Null without that limit.
    tokens_of_the_minute: Option<u64>,
    /// Requests at once that a bound which finds itself allows now. Null where the bound is fixed.
    concurrency_allowed: Option<u32>,
    /// Attempts since it exists.
    requests: u64,
    /// Failed and broken ones among them.
    failures: u64,
    /// Recent time to the first event.
    latency_estimate_seconds: Option<f64>,
    last_error: Option<&'a str>,
}

/// What a deployment is held to; null is no limit.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeploymentLimits")]
struct Limits {
    /// Requests at once.
    concurrency: Option<u32>,
    /// Requests per second.
    qps: Option<f64>,
    /// Requests per minute.
    rpm: Option<u64>,
    /// Tokens per minute.
    tpm: Option<u64>,
}

/// Whether the process serves.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
    version: &'static str,
    uptime_seconds: u64,
    models: ModelCount,
}

/// How many models there are.
#[derive(Debug, Serialize, JsonSchema)]
struct ModelCount {
    total: usize,
    /// Those that would take a request now.
    available: usize,
}

/// `GET /v1/providers/status`
pub(crate) async fn providers(State(state): State<Arc<AppState>>) -> Response {
    let models = state.engine.status();
    let available = models.iter().filter(|model| is_available(model)).count();
    let body = Providers {
        status: overall(available, models.len()),
        models: models.iter().map(model).collect(),
    };
    respond::json(StatusCode::OK, &body)
}

/// `GET /health`: 200 while the process serves; a vendor that is down does not make us unhealthy.
pub(crate) async fn health(State(state): State<Arc<AppState>>) -> Response {
    let models = state.engine.status();
    let available = models.iter().filter(|model| is_available(model)).count();
    let uptime = crate::clock::wall().duration_since(state.started).map_or(0, |up| up.as_secs());
    let body = Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: uptime,
        models: ModelCount { total: models.len(), available },
    };
    respond::json(StatusCode::OK, &body)
}

fn overall(available: usize, total: usize) -> Overall {
    if available == total {
        Overall::Ok
    } else if available == 0 {
        Overall::Down
    } else {
        Overall::Degraded
    }
}

fn is_available(model: &ModelStatus) -> bool {
    model.deployments.iter().any(|deployment| deployment.available)
}

fn model(model: &ModelStatus) -> Model<'_> {
    Model {
        model: &model.model,
        strategy: model.strategy,
        available: is_available(model),
        deployments: model.deployments.iter().map(deployment).collect(),
    }
}

fn deployment(deployment: &DeploymentStatus) -> Deployment<'_> {
    Deployment {
        id: &deployment.id,
        provider: &deployment.provider,
        model: &deployment.upstream_model,
        base: &deployment.base,
        key: deployment.key_id.as_deref(),
        weight: deployment.weight,
        priority: deployment.priority,
        available: deployment.available,
        state: deployment.state,
        reason: deployment.reason.as_deref(),
        retry_in_seconds: deployment.retry_in.map(|wait| wait.as_secs_f64()),
        in_flight: deployment.in_flight,
        limits: Limits {
            concurrency: deployment.concurrency,
            qps: deployment.qps,
            rpm: deployment.rpm,
            tpm: deployment.tpm,
        },
        tokens_of_the_minute: deployment.tpm.map(|_| deployment.tpm_current),
        concurrency_allowed: deployment.concurrency_current,
        requests: deployment.requests,
        failures: deployment.failures,
        latency_estimate_seconds: deployment.latency.map(|latency| latency.as_secs_f64()),
        last_error: deployment.last_error.as_deref(),
    }
}
