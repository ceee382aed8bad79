//! What every handler shares.

use std::time::SystemTime;
use tollgate::Tollgate;

use crate::clock;
use crate::errors::PathErrors;
use crate::limits::{Limits, ServerLimits};
use crate::request_id::RequestIds;

/// What every handler shares: the engine and the surface's own small things.
pub struct AppState {
    pub(crate) engine: Tollgate,
    pub(crate) ids: RequestIds,
    pub(crate) limits: Limits,
    pub(crate) errors: PathErrors,
    pub(crate) started: SystemTime,
}

impl AppState {
    /// State around an engine.
    #[must_use]
    pub fn new(engine: Tollgate, limits: ServerLimits) -> Self {
        let errors = PathErrors::new(&engine);
        engine.memory().set_bound(limits.body_memory);
        Self {
            engine,
            ids: RequestIds::new(),
            limits: Limits::new(limits),
            errors,
            started: clock::wall(),
        }
    }

    /// Other bounds from now on; requests under way keep what they have.
    pub fn set_limits(&self, limits: ServerLimits) {
        self.engine.memory().set_bound(limits.body_memory);
        self.limits.set(limits);
    }
}
