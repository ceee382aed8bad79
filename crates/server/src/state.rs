//! What every handler shares.

use std::time::{Duration, SystemTime};
use tollgate::Tollgate;

use crate::body::BodyLimits;
use crate::clock;
use crate::errors::PathErrors;
use crate::request_id::RequestIds;

/// Bounds that the HTTP surface keeps by itself.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// A body must have come whole within this time.
    pub body_time: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self { body_bytes: 32 << 20, body_time: Duration::from_secs(60) }
    }
}

/// What every handler shares: the engine and the surface's own small things.
pub struct AppState {
    pub(crate) engine: Tollgate,
    pub(crate) ids: RequestIds,
    pub(crate) limits: BodyLimits,
    pub(crate) errors: PathErrors,
    pub(crate) started: SystemTime,
}

impl AppState {
    /// State around an engine.
    #[must_use]
    pub fn new(engine: Tollgate, limits: ServerLimits) -> Self {
        let errors = PathErrors::new(&engine);
        let ServerLimits { body_bytes, body_time } = limits;
        Self {
            engine,
            ids: RequestIds::new(),
            limits: BodyLimits { bytes: body_bytes, time: body_time },
            errors,
            started: clock::wall(),
        }
    }
}
