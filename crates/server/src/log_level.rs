//! `/admin/log-level` of the operators' listener: what the diagnostics tell, shown and changed while
//! the process runs.
//!
//! It belongs to the process and not to an engine, so it is a table of its own. A change lasts until
//! the next one or the end of the process; it must never be written to the configuration.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, put};
use bytes::Bytes;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;
use tollgate::Memory;
use tollgate_telemetry::LogLevel;

use crate::body::{self, BodyLimits};
use crate::openapi::own;
use crate::respond;
use crate::table::Route;

/// A filter is short; whoever sends it is near.
const LIMITS: BodyLimits = BodyLimits { bytes: 4096, time: Duration::from_secs(10) };
/// What is expected, for whoever sent something else.
const EXPECTED: &str = "send {\"level\": \"info\"}, or a list such as \"info,tollgate=debug\"";

/// The path that shows it, and takes another.
pub(crate) const ROUTES: &[Route<LogLevel>] = &[
    Route::get("/admin/log-level", || get(show), own::log_level),
    Route::put("/admin/log-level", || put(change), own::set_log_level),
];

/// What the diagnostics tell.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LogLevel")]
pub(crate) struct Shown {
    /// A level, or a list such as `info,tollgate=debug`.
    level: String,
}

/// What they tell now, and what they told.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LogLevelChange")]
pub(crate) struct Changed {
    /// What is at work now.
    level: String,
    /// What was, until then.
    before: String,
}

/// What they shall tell; the reader below decides.
#[derive(JsonSchema)]
#[schemars(rename = "LogLevelRequest", deny_unknown_fields)]
#[expect(dead_code, reason = "it is told, not read")]
pub(crate) struct Asked {
    /// `off`, `error`, `warn`, `info`, `debug` or `trace`; or a list of such levels, of which all but
    /// one have a module before them: `info,tollgate=debug`.
    #[schemars(length(min = 1, max = 1024))]
    level: String,
}

async fn show(State(level): State<LogLevel>) -> Response {
    respond::json(StatusCode::OK, &Shown { level: level.current() })
}

async fn change(State(level): State<LogLevel>, body: Body) -> Response {
    let room = Memory::new(LIMITS.bytes);
    let read = body::read(body, LIMITS, &room).await.map_err(|error| error.to_string());
    let changed = read.and_then(|body| asked(&body)).and_then(|filter| {
        let before = level.current();
        level.set(&filter).map_err(|error| error.to_string())?;
        Ok(before)
    });
    match changed {
        Ok(before) => {
            let now = level.current();
            tracing::info!(%before, %now, "the log level was changed");
            respond::json(StatusCode::OK, &Changed { level: now, before })
        }
        Err(message) => {
            let error = json!({
                "message": message,
                "type": "invalid_request_error",
                "param": "level",
                "code": "invalid_log_level",
            });
            respond::json(StatusCode::BAD_REQUEST, &json!({ "error": error }))
        }
    }
}

/// The filter that a body asks for.
fn asked(body: &Bytes) -> Result<String, String> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| format!("the body is no JSON ({error}); {EXPECTED}"))?;
    let fields = value.as_object().ok_or_else(|| format!("the body is no object; {EXPECTED}"))?;
    if let Some(unknown) = fields.keys().find(|name| *name != "level") {
        let shown = tollgate_core_types::error::clean(unknown, 64);
        return Err(format!("there is no field \"{shown}\"; {EXPECTED}"));
    }
    let level = fields.get("level").and_then(Value::as_str);
    level.map(str::to_owned).ok_or_else(|| format!("`level` is missing or no text; {EXPECTED}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_says_one_level_or_what_is_wrong_with_it() {
        let asked = |body: &'static str| asked(&Bytes::from_static(body.as_bytes()));
        assert_eq!(
            asked(r#"{"level": "info,tollgate=debug"}"#).as_deref(),
            Ok("info,tollgate=debug")
        );
        for (body, wrong) in [
            ("", "no JSON"),
            ("info", "no JSON"),
            ("\"info\"", "no object"),
            ("{}", "`level` is missing"),
            (r#"{"level": 3}"#, "`level` is missing or no text"),
            (r#"{"lvl": "info"}"#, "no field \"lvl\""),
        ] {
            let message = asked(body).unwrap_err();
            assert!(message.contains(wrong), "{body}: {message}");
            assert!(message.contains("info,tollgate=debug"), "{message}");
        }
    }
}
