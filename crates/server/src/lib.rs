//! The HTTP surface of Tollgate: client APIs and operator APIs as axum routers, and a listener.
//!
//! It reads bodies, hands them to the engine and writes what comes back. It must never know a
//! vendor, a database or how a deployment is chosen.
//!
//! ```no_run
//! # async fn run(engine: tollgate::Tollgate) {
//! use std::sync::Arc;
//! use tollgate_server::{AppState, ServerLimits, router};
//!
//! let state = Arc::new(AppState::new(engine, ServerLimits::default()));
//! // Nest it under any path of an axum application of your own.
//! let app: axum::Router = axum::Router::new().nest("/ai", router(state));
//! # }
//! ```
//!
//! In reading order: [`router`] lists every path in a table, from which `openapi` tells it as well;
//! `guard` refuses by the head alone, `api` answers calls, `respond` writes heads, `body` reads bodies,
//! [`listen`] accepts connections, [`ops_router`] serves operators.

mod admin;
mod api;
mod body;
mod clock;
mod docs;
mod errors;
mod gemini;
mod guard;
mod limits;
pub mod listen;
mod log_level;
mod models;
mod openapi;
mod ops;
mod request_id;
mod respond;
mod routes;
mod simple;
mod state;
mod status;
mod table;
mod timestamp;

pub use admin::{ConfigStatus, RunningConfig, config_router};
pub use limits::ServerLimits;
pub use listen::{ListenControl, ListenOptions, Listener};
pub use log_level::log_level_router;
pub use ops::{Readiness, ops_router};
pub use routes::router;
pub use state::AppState;
