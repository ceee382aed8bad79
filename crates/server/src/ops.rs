//! The operators' listener: metrics and probes, never on the clients' port.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::respond;
use crate::state::AppState;

/// Whether the process wants traffic; false from the stop on, while streams still finish.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Says whether traffic is wanted.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Release);
    }

    /// Whether traffic is wanted.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// `/health/live`, `/health/ready` and, where `with_metrics`, `/metrics`.
pub fn ops_router(state: Arc<AppState>, readiness: Readiness, with_metrics: bool) -> Router {
    let probes = Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(readiness);
    let metrics = Router::new().route("/metrics", get(metrics)).with_state(state);
    if with_metrics { probes.merge(metrics) } else { probes }
}

async fn metrics(State(state): State<Arc<AppState>>) -> Response {
    let mut response = Response::new(Body::from(state.engine.render_metrics()));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    response
}

/// Live as long as it answers; a drain must not get the process killed.
async fn live() -> Response {
    respond::json(StatusCode::OK, &json!({ "status": "ok" }))
}

async fn ready(State(readiness): State<Readiness>) -> Response {
    if readiness.is_ready() {
        respond::json(StatusCode::OK, &json!({ "status": "ready" }))
    } else {
        respond::json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "draining" }))
    }
}
