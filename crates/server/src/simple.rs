//! The simple faces under `/llm`: text in, text out, and how busy the pool is.
//!
//! Keys appear by their ids alone.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use tollgate::{DeploymentStatus, ModelStatus, SIMPLE_CHAT, SIMPLE_STREAM};

use crate::respond::{self, StreamKind};
use crate::state::AppState;
use crate::{api, clock, errors, timestamp};

/// `POST /llm/chat`
pub(crate) async fn chat(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    api::handle(&state, SIMPLE_CHAT, StreamKind::Text, request).await
}

/// `POST /llm/chat/stream`
pub(crate) async fn stream(state: State<Arc<AppState>>, request: Request<Body>) -> Response {
    api::handle(&state, SIMPLE_STREAM, StreamKind::Text, request).await
}

/// `GET /llm/health`
pub(crate) async fn health() -> Response {
    let seconds = clock::wall().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let body = json!({ "status": "ok", "timestamp": timestamp::rfc3339(seconds) });
    respond::json(StatusCode::OK, &body)
}

/// `GET /llm/models`
pub(crate) async fn models(State(state): State<Arc<AppState>>) -> Response {
    let names: Vec<String> =
        state.engine.status().iter().map(|model| model.model.to_string()).collect();
    respond::json(StatusCode::OK, &json!({ "models": names }))
}

/// `GET /llm/system-load`
pub(crate) async fn system_load(State(state): State<Arc<AppState>>) -> Response {
    let load = load_percent(&state.engine.status());
    respond::json(StatusCode::OK, &json!({ "load_percent": load }))
}

/// `GET /llm/system-capacity`
pub(crate) async fn system_capacity(State(state): State<Arc<AppState>>) -> Response {
    let models = state.engine.status();
    let mut details = Map::new();
    let (mut concurrency, mut qps) = (0.0, 0.0);
    for model in &models {
        let capacity = Capacity::of(model);
        match capacity.kind {
            Kind::Concurrency => concurrency += capacity.max.unwrap_or(0.0),
            Kind::Qps => qps += capacity.max.unwrap_or(0.0),
        }
        details.insert(model.model.to_string(), capacity.json(model));
    }
    let body = json!({
        "total_max": { "concurrency": number(concurrency), "qps": number(qps) },
        "details": details,
    });
    respond::json(StatusCode::OK, &body)
}

/// `GET /llm/model-load/{model}`
pub(crate) async fn model_load(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match find(&state, &name) {
        Some(model) => respond::json(StatusCode::OK, &Capacity::of(&model).json(&model)),
        None => missing(&state, &headers, state.engine.unknown_model(&name)),
    }
}

/// `GET /llm/keys/{model}`
pub(crate) async fn keys(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match find(&state, &name) {
        Some(model) => {
            let keys: Vec<&str> = model.deployments.iter().map(key_id).collect();
            respond::json(StatusCode::OK, &json!({ "model": name, "keys": keys }))
        }
        None => missing(&state, &headers, state.engine.unknown_model(&name)),
    }
}

/// `GET /llm/key-load/{model}/{key}`
pub(crate) async fn key_load(
    State(state): State<Arc<AppState>>,
    Path((name, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(model) = find(&state, &name) else {
        return missing(&state, &headers, state.engine.unknown_model(&name));
    };
    let kind = Capacity::of(&model).kind;
    match model.deployments.iter().find(|deployment| key_id(deployment) == key) {
        Some(deployment) => {
            let mut entry = kind.key(deployment);
            entry["max"] = kind.max(deployment).map_or(Value::Null, number);
            respond::json(StatusCode::OK, &entry)
        }
        None => {
            let known: Vec<&str> = model.deployments.iter().map(key_id).collect();
            let message = format!("model \"{name}\" has no such key; it has {}", known.join(", "));
            missing(&state, &headers, message)
        }
    }
}

fn find(state: &AppState, name: &str) -> Option<ModelStatus> {
    state.engine.status().into_iter().find(|model| *model.model == *name)
}

fn missing(state: &AppState, headers: &HeaderMap, message: String) -> Response {
    let id = state.ids.of(headers);
    state.errors.write("/llm", errors::plain(404, "not_found", message, &id))
}

/// A key's id, or the deployment's where it needs no key.
fn key_id(deployment: &DeploymentStatus) -> &str {
    deployment.key_id.as_deref().unwrap_or(&deployment.id)
}

/// What bounds a model: rate where its keys have one, concurrency otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Concurrency,
    Qps,
}

impl Kind {
    fn max(self, deployment: &DeploymentStatus) -> Option<f64> {
        match self {
            Self::Concurrency => deployment.concurrency.map(f64::from),
            Self::Qps => deployment.qps,
        }
    }

    fn current(self, deployment: &DeploymentStatus) -> f64 {
        match self {
            Self::Concurrency => f64::from(deployment.in_flight),
            Self::Qps => deployment.qps_current,
        }
    }

    fn key(self, deployment: &DeploymentStatus) -> Value {
        json!({
            "key": key_id(deployment),
            "weight": deployment.weight,
            "current": number(self.current(deployment)),
        })
    }
}

/// One model's place in the pool.
struct Capacity {
    kind: Kind,
    current: f64,
    max: Option<f64>,
}

impl Capacity {
    fn of(model: &ModelStatus) -> Self {
        let by_rate = model.deployments.iter().any(|deployment| deployment.qps.is_some())
            && model.deployments.iter().all(|deployment| deployment.concurrency.is_none());
        let kind = if by_rate { Kind::Qps } else { Kind::Concurrency };
        let current = model.deployments.iter().map(|deployment| kind.current(deployment)).sum();
        // One key without a limit makes the model unlimited.
        let max = model.deployments.iter().map(|deployment| kind.max(deployment)).sum();
        Self { kind, current, max }
    }

    fn json(&self, model: &ModelStatus) -> Value {
        let keys: Vec<Value> =
            model.deployments.iter().map(|deployment| self.kind.key(deployment)).collect();
        json!({
            "type": match self.kind { Kind::Concurrency => "concurrency", Kind::Qps => "qps" },
            "current": number(self.current),
            "max": self.max.map_or(Value::Null, number),
            "weight": model.weight,
            "keys": keys,
        })
    }
}

/// Mean load of the models that have a limit, in percent with two decimals; 0 where none has.
fn load_percent(models: &[ModelStatus]) -> f64 {
    let loads: Vec<f64> = models
        .iter()
        .map(Capacity::of)
        .filter_map(|capacity| Some((capacity.current, capacity.max.filter(|max| *max > 0.0)?)))
        .map(|(current, max)| current / max)
        .collect();
    if loads.is_empty() {
        return 0.0;
    }
    let mean = loads.iter().sum::<f64>() / loads.len() as f64;
    (mean * 10_000.0).round() / 100.0
}

/// Whole numbers without a decimal point, as the clients of these faces expect.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        Value::from(value as i64)
    } else {
        Value::from((value * 1000.0).round() / 1000.0)
    }
}
