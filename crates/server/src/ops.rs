//! The operators' listener: probes, metrics and what is asked of the process itself.
//!
//! It must never be served on the clients' port.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tollgate_telemetry::LogLevel;

use crate::admin::{self, ConfigStatus};
use crate::explain;
use crate::log_level;
use crate::openapi::{About, Served, document, own};
use crate::respond;
use crate::state::AppState;
use crate::table::{self, Route, Told};

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

/// What operators are served beside probes. Nothing is, unless it is said here.
#[derive(Debug, Clone, Default)]
pub struct OpsOptions {
    /// Whether there is `/metrics`.
    pub metrics: bool,
    /// What `/admin/config` shows.
    pub config: Option<ConfigStatus>,
    /// What `/admin/log-level` shows and changes.
    pub log_level: Option<LogLevel>,
}

/// What a probe is told.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Probe {
    /// `ok`, `ready` or `draining`.
    status: &'static str,
}

/// What the operators' handlers share.
#[derive(Clone)]
struct Ops {
    app: Arc<AppState>,
    readiness: Readiness,
    document: Arc<Served>,
}

/// The operators' paths: what is served, and what the document tells.
const ROUTES: &[Route<Ops>] = &[
    Route::get("/health/live", || get(live), own::live),
    Route::get("/health/ready", || get(ready), own::ready),
    Route::get("/openapi.json", || get(openapi), own::ops_openapi),
    Route::get("/admin/explain", || get(explained), own::explain),
];

/// Those that are served where metrics are wanted.
const METRICS: &[Route<Ops>] = &[Route::get("/metrics", || get(metrics), own::metrics)];

const ABOUT: About = About {
    title: "Tollgate, for operators",
    description: "Probes, metrics and what runs. This listener is not for clients.",
    tags: &[
        ("Probes", "For whoever starts, stops and watches the process."),
        ("Metrics", "For Prometheus."),
        ("Admin", "What the process runs by, shown and changed."),
    ],
    keys: false,
};

/// `/health/live`, `/health/ready`, `/openapi.json`, `/admin/explain` and what `options` add: `/metrics`,
/// `/admin/config`, `/admin/log-level`. The document tells of those that are served.
pub fn ops_router(state: Arc<AppState>, readiness: Readiness, options: OpsOptions) -> Router {
    let OpsOptions { metrics, config, log_level } = options;
    let metrics = if metrics { METRICS } else { &[] };
    let mut told: Vec<Told> = table::told(ROUTES).chain(table::told(metrics)).collect();
    let mut admin = Router::new();
    if let Some(status) = config {
        told.extend(table::told(admin::ROUTES));
        admin = admin.merge(table::router(admin::ROUTES).with_state(status));
    }
    if let Some(level) = log_level {
        told.extend(table::told(log_level::ROUTES));
        admin = admin.merge(table::router(log_level::ROUTES).with_state(level));
    }
    let document = Arc::new(Served::json(&document(&ABOUT, told)));
    let ops = Ops { app: state, readiness, document };
    table::router(ROUTES).merge(table::router(metrics)).with_state(ops).merge(admin)
}

async fn metrics(State(ops): State<Ops>) -> Response {
    let mut response = Response::new(Body::from(ops.app.engine.render_metrics()));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    response
}

/// What would become of a request.
async fn explained(State(ops): State<Ops>, uri: Uri) -> Response {
    explain::explain(State(ops.app), &uri)
}

/// Live as long as it answers; a drain must not get the process killed.
async fn live() -> Response {
    respond::json(StatusCode::OK, &Probe { status: "ok" })
}

async fn ready(State(ops): State<Ops>) -> Response {
    if ops.readiness.is_ready() {
        respond::json(StatusCode::OK, &Probe { status: "ready" })
    } else {
        respond::json(StatusCode::SERVICE_UNAVAILABLE, &Probe { status: "draining" })
    }
}

async fn openapi(State(ops): State<Ops>, headers: HeaderMap) -> Response {
    ops.document.answer(&headers)
}
