//! `/admin/log-level` of the operators' listener: what the diagnostics tell, shown and changed while
//! the process runs.
//!
//! It belongs to the process and not to an engine, so it is a router of its own. A change lasts until
//! the next one or the end of the process; it must never be written to the configuration.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use tollgate::Memory;
use tollgate_telemetry::LogLevel;

use crate::body::{self, BodyLimits};
use crate::respond;

/// A filter is short; whoever sends it is near.
const LIMITS: BodyLimits = BodyLimits { bytes: 4096, time: Duration::from_secs(10) };
/// What is expected, for whoever sent something else.
const EXPECTED: &str = "send {\"level\": \"info\"}, or a list such as \"info,tollgate=debug\"";

/// `GET` and `PUT /admin/log-level`. Merge it with [`crate::ops_router`].
pub fn log_level_router(level: LogLevel) -> Router {
    Router::new().route("/admin/log-level", get(show).put(change)).with_state(level)
}

async fn show(State(level): State<LogLevel>) -> Response {
    respond::json(StatusCode::OK, &json!({ "level": level.current() }))
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
            respond::json(StatusCode::OK, &json!({ "level": now, "before": before }))
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
