//! The simple faces under `/llm`: text in, text out, and how busy the pool is.
//!
//! Keys appear by their ids alone.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, Request, StatusCode};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use tollgate::{DeploymentStatus, ModelStatus, SIMPLE_CHAT, SIMPLE_STREAM};

use crate::respond::{self, StreamKind};
use crate::state::AppState;
use crate::{api, clock, errors, timestamp};

/// An answer of `/llm/chat`; the engine writes it.
#[derive(JsonSchema)]
#[schemars(rename = "SimpleAnswer")]
#[expect(dead_code, reason = "a type that is described and never made")]
pub(crate) struct Result {
    /// The text.
    result: String,
    /// Functions that the model called, where it did.
    tool_calls: Option<Vec<SimpleCall>>,
}

/// A call of a function.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "a type that is described and never made")]
struct SimpleCall {
    id: String,
    name: String,
    /// A JSON object, as text.
    arguments: String,
}

/// Whether the process serves.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SimpleHealth")]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
    /// RFC 3339.
    timestamp: String,
}

/// The models' names.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SimpleModels")]
pub(crate) struct Models {
    models: Vec<String>,
}

/// How busy the pool is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SystemLoad {
    /// Mean over the models that have a limit; 0 where none has.
    load_percent: f64,
}

/// What the pool can bear.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SystemCapacity<'a> {
    total_max: TotalMax,
    /// By model.
    details: BTreeMap<&'a str, ModelLoad<'a>>,
}

/// The limits of all models together.
#[derive(Debug, Serialize, JsonSchema)]
struct TotalMax {
    /// Requests at once.
    concurrency: Number,
    /// Requests per second.
    qps: Number,
}

/// How busy a model is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ModelLoad<'a> {
    r#type: Kind,
    /// In the unit of `type`.
    current: Number,
    /// Null where one of its keys has no limit.
    max: Option<Number>,
    /// Its share in the pool.
    weight: f64,
    keys: Vec<Load<'a>>,
}

/// How busy a key is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KeyShare")]
struct Load<'a> {
    /// The key's id.
    key: &'a str,
    weight: f64,
    /// In the unit of the model's `type`.
    current: Number,
}

/// How busy a key is, and what it can bear.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct KeyLoad<'a> {
    #[serde(flatten)]
    load: Load<'a>,
    /// Null where it has no limit.
    max: Option<Number>,
}

/// A model's keys.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ModelKeys")]
pub(crate) struct Keys<'a> {
    model: &'a str,
    /// Their ids.
    keys: Vec<&'a str>,
}

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
    let body = Health { status: "ok", timestamp: timestamp::rfc3339(seconds) };
    respond::json(StatusCode::OK, &body)
}

/// `GET /llm/models`
pub(crate) async fn models(State(state): State<Arc<AppState>>) -> Response {
    let names: Vec<String> =
        state.engine.status().iter().map(|model| model.model.to_string()).collect();
    respond::json(StatusCode::OK, &Models { models: names })
}

/// `GET /llm/system-load`
pub(crate) async fn system_load(State(state): State<Arc<AppState>>) -> Response {
    let load = load_percent(&state.engine.status());
    respond::json(StatusCode::OK, &SystemLoad { load_percent: load })
}

/// `GET /llm/system-capacity`
pub(crate) async fn system_capacity(State(state): State<Arc<AppState>>) -> Response {
    let models = state.engine.status();
    let mut details = BTreeMap::new();
    let (mut concurrency, mut qps) = (0.0, 0.0);
    for model in &models {
        let capacity = Capacity::of(model);
        match capacity.kind {
            Kind::Concurrency => concurrency += capacity.max.unwrap_or(0.0),
            Kind::Qps => qps += capacity.max.unwrap_or(0.0),
        }
        details.insert(&*model.model, capacity.told(model));
    }
    let total_max = TotalMax { concurrency: Number(concurrency), qps: Number(qps) };
    let body = SystemCapacity { total_max, details };
    respond::json(StatusCode::OK, &body)
}

/// `GET /llm/model-load/{model}`
pub(crate) async fn model_load(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match find(&state, &name) {
        Some(model) => respond::json(StatusCode::OK, &Capacity::of(&model).told(&model)),
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
            let keys = model.deployments.iter().map(key_id).collect();
            respond::json(StatusCode::OK, &Keys { model: &name, keys })
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
            let max = kind.max(deployment).map(Number);
            respond::json(StatusCode::OK, &KeyLoad { load: kind.key(deployment), max })
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LimitKind")]
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

    fn key(self, deployment: &DeploymentStatus) -> Load<'_> {
        Load {
            key: key_id(deployment),
            weight: deployment.weight,
            current: Number(self.current(deployment)),
        }
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

    fn told<'a>(&self, model: &'a ModelStatus) -> ModelLoad<'a> {
        ModelLoad {
            r#type: self.kind,
            current: Number(self.current),
            max: self.max.map(Number),
            weight: model.weight,
            keys: model.deployments.iter().map(|deployment| self.kind.key(deployment)).collect(),
        }
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

/// A number that is written without a decimal point where it is whole, as the clients of these faces
/// expect.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(inline)]
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Self(value) = *self;
        if value.fract() == 0.0 && value.abs() < 9e15 {
            serializer.serialize_i64(value as i64)
        } else {
            serializer.serialize_f64((value * 1000.0).round() / 1000.0)
        }
    }
}
