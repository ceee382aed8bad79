//! What operators ask of a running process on their own listener: which configuration it runs.
//!
//! Whoever loads configurations tells it here; this module only shows it. It must never hold a
//! secret: problems are told as the configuration's reader words them.

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::openapi::own;
use crate::table::Route;
use crate::{respond, timestamp};

/// The configuration that runs.
#[derive(Debug, Clone)]
pub struct RunningConfig {
    /// Its number, counted from 1 at the start.
    pub generation: u64,
    /// A digest of what it says, secrets aside: equal configurations have equal ones.
    pub hash: String,
    /// When it was taken.
    pub loaded_at: SystemTime,
    /// How long it took from its files to serving requests by it; at the start, since that.
    pub load_time: Duration,
    /// Where its models come from, in a word: files, environment, demo.
    pub source: String,
    /// The files that it was read from, in their order.
    pub files: Vec<String>,
    /// Keys whose new values hold after a restart only.
    pub needs_restart: Vec<String>,
}

/// A configuration that was refused.
#[derive(Debug, Clone)]
struct Refused {
    at: SystemTime,
    problem: String,
}

#[derive(Debug)]
struct Told {
    running: RunningConfig,
    /// The last one that was refused, ever.
    last_error: Option<Refused>,
    /// Whether it is the last one that was offered.
    failing: bool,
}

/// Which configuration runs, as it is told. Clones share it.
#[derive(Debug, Clone)]
pub struct ConfigStatus(Arc<Mutex<Told>>);

impl ConfigStatus {
    /// The first configuration.
    #[must_use]
    pub fn new(running: RunningConfig) -> Self {
        Self(Arc::new(Mutex::new(Told { running, last_error: None, failing: false })))
    }

    /// Another configuration runs now.
    pub fn loaded(&self, running: RunningConfig) {
        self.with(|told| (told.running, told.failing) = (running, false));
    }

    /// A configuration was refused; the one before runs on.
    pub fn refused(&self, at: SystemTime, problem: String) {
        self.with(|told| {
            (told.last_error, told.failing) = (Some(Refused { at, problem }), true);
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Told) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The path that shows it.
pub(crate) const ROUTES: &[Route<ConfigStatus>] =
    &[Route::get("/admin/config", || get(config), own::config)];

/// The configuration that runs, and what became of the last one that was offered.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Configuration")]
pub(crate) struct Shown {
    status: Status,
    /// Its number, counted from 1 at the start.
    generation: u64,
    /// A digest of what it says, secrets aside.
    hash: String,
    /// When it was taken.
    loaded_at: String,
    /// How long that took, from its files to serving by it.
    load_seconds: f64,
    /// Where its models come from: `files`, `environment` or `demo`.
    source: String,
    /// What it was read from, in that order.
    files: Vec<String>,
    /// Keys whose new values hold after a restart only.
    needs_restart: Vec<String>,
    /// The last one that was refused, ever.
    last_error: Option<ConfigError>,
}

/// `stale` where the last configuration that was offered was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ConfigurationStatus")]
enum Status {
    Current,
    Stale,
}

/// A configuration that was refused.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConfigurationError")]
struct ConfigError {
    /// When.
    at: String,
    /// Every problem, as its reader words them.
    message: String,
}

async fn config(State(status): State<ConfigStatus>) -> Response {
    // Written when the lock is free again: a slow writer must not hold up a reload.
    let shown = status.with(|told| told.shown());
    respond::json(StatusCode::OK, &shown)
}

impl Told {
    fn shown(&self) -> Shown {
        let RunningConfig { generation, hash, loaded_at, load_time, source, files, needs_restart } =
            self.running.clone();
        Shown {
            status: if self.failing { Status::Stale } else { Status::Current },
            generation,
            hash,
            loaded_at: time(loaded_at),
            load_seconds: load_time.as_secs_f64(),
            source,
            files,
            needs_restart,
            last_error: self.last_error.as_ref().map(|Refused { at, problem }| ConfigError {
                at: time(*at),
                message: problem.clone(),
            }),
        }
    }
}

fn time(at: SystemTime) -> String {
    timestamp::rfc3339(at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_refused_configuration_is_told_beside_the_one_that_runs_on() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let running = |generation| RunningConfig {
            generation,
            hash: "abc".to_owned(),
            loaded_at: at(951_782_400),
            load_time: Duration::from_millis(7),
            source: "files".to_owned(),
            files: vec!["/a.yaml".to_owned()],
            needs_restart: Vec::new(),
        };
        let status = ConfigStatus::new(running(1));
        let shown = || serde_json::to_value(status.with(|told| told.shown())).unwrap();
        assert_eq!((&shown()["status"], &shown()["last_error"]), (&json!("current"), &Value::Null));
        status.refused(at(0), "it is broken".to_owned());
        assert_eq!(shown()["status"], "stale");
        assert_eq!(shown()["generation"], 1);
        let error = json!({ "at": "1970-01-01T00:00:00Z", "message": "it is broken" });
        assert_eq!(shown()["last_error"], error);
        status.loaded(running(2));
        assert_eq!((&shown()["status"], &shown()["generation"]), (&json!("current"), &json!(2)));
        assert_eq!(shown()["last_error"], error, "what happened stays known");
        assert_eq!(shown()["loaded_at"], "2000-02-29T00:00:00Z");
    }
}
