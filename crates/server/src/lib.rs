//! The HTTP surface of Tollgate: client APIs and operator APIs as axum routers, and a listener.
//!
//! It reads bodies, hands them to the engine and writes what comes back. It must never know a
//! vendor, a database or how a deployment is chosen.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use tollgate::Tollgate;
//! use tollgate_server::{AppState, ServerLimits, router};
//!
//! let tollgate = Tollgate::from_text("models: { fast: { provider: mock } }")?;
//! let state = Arc::new(AppState::new(tollgate, ServerLimits::default()));
//! // Nest it under any path of an axum application of your own, behind any layer.
//! let app: axum::Router = axum::Router::new().nest("/llm", router(state));
//! # Ok(())
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
mod explain;
mod forms;
mod gemini;
mod guard;
mod limits;
pub mod listen;
mod log_level;
mod media;
mod models;
mod openapi;
mod ops;
mod page;
mod request_id;
mod respond;
mod routes;
mod simple;
mod state;
mod status;
mod table;
mod timestamp;

pub use admin::{ConfigStatus, RunningConfig};
pub use limits::ServerLimits;
pub use listen::{ListenControl, ListenOptions, Listener};
pub use ops::{OpsOptions, Readiness, ops_router};
pub use routes::router;
pub use state::AppState;

/// The README's examples, compiled and run with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The guide's examples, compiled and run with the others.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/library.md")]
struct Guide;
