//! `GET /models`: the mock serves any name, so it lists its own label.

use serde_json::{Value, json};

use crate::wire::{Answer, CREATED, Context, Spent, failure};

/// The answer to `GET path`.
pub(crate) fn answer(path: &str, context: Context<'_>) -> Answer {
    let body = if path.ends_with("/models") {
        json!({"object": "list", "data": [entry(context.label)]})
    } else if let Some((_, id)) = path.rsplit_once("/models/") {
        entry(id)
    } else {
        return failure(404, &format!("Unknown request URL: {path}"), None);
    };
    Answer::Whole { status: 200, body, spent: Spent::default() }
}

fn entry(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": CREATED, "owned_by": crate::NAME})
}
