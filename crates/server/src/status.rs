//! `/v1/providers/status` and `/health`: what is up, what is not, and why.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use tollgate::{DeploymentStatus, ModelStatus};

use crate::respond;
use crate::state::AppState;

/// `GET /v1/providers/status`
pub(crate) async fn providers(State(state): State<Arc<AppState>>) -> Response {
    let models = state.engine.status();
    let available = models.iter().filter(|model| is_available(model)).count();
    let body = json!({
        "status": overall(available, models.len()),
        "models": models.iter().map(model_json).collect::<Vec<Value>>(),
    });
    respond::json(StatusCode::OK, &body)
}

/// `GET /health`: 200 while the process serves; a vendor that is down does not make us unhealthy.
pub(crate) async fn health(State(state): State<Arc<AppState>>) -> Response {
    let models = state.engine.status();
    let available = models.iter().filter(|model| is_available(model)).count();
    let uptime = crate::clock::wall().duration_since(state.started).map_or(0, |up| up.as_secs());
    let body = json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": uptime,
        "models": { "total": models.len(), "available": available },
    });
    respond::json(StatusCode::OK, &body)
}

fn overall(available: usize, total: usize) -> &'static str {
    if available == total {
        "ok"
    } else if available == 0 {
        "down"
    } else {
        "degraded"
    }
}

fn is_available(model: &ModelStatus) -> bool {
    model.deployments.iter().any(|deployment| deployment.available)
}

fn model_json(model: &ModelStatus) -> Value {
    json!({
        "model": &*model.model,
        "strategy": model.strategy,
        "available": is_available(model),
        "deployments": model.deployments.iter().map(deployment_json).collect::<Vec<Value>>(),
    })
}

fn deployment_json(deployment: &DeploymentStatus) -> Value {
    json!({
        "id": &*deployment.id,
        "provider": deployment.provider,
        "model": deployment.upstream_model,
        "base": deployment.base,
        "key": deployment.key_id.as_deref(),
        "weight": deployment.weight,
        "priority": deployment.priority,
        "available": deployment.available,
        "state": deployment.state,
        "reason": deployment.reason,
        "retry_in_seconds": deployment.retry_in.map(|wait| wait.as_secs_f64()),
        "in_flight": deployment.in_flight,
        "limits": {
            "concurrency": deployment.concurrency,
            "qps": deployment.qps,
            "rpm": deployment.rpm,
        },
        "requests": deployment.requests,
        "failures": deployment.failures,
        "latency_estimate_seconds": deployment.latency.map(|latency| latency.as_secs_f64()),
        "last_error": deployment.last_error,
    })
}
