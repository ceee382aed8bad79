//! Reads a request's address and body and gives the answer that the mock has for it.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;

use crate::wire::{Answer, Context, Refusal, failure};
use crate::{chat, completions, embeddings, models};

/// The answer to `request`. Every request has one; wrong ones get a vendor's error.
pub(crate) fn answer(request: &Request<Bytes>, context: Context<'_>) -> Answer {
    let path = request.uri().path();
    if request.method() == Method::GET {
        return models::answer(path, context);
    }
    let operation = match path.trim_end_matches('/') {
        path if path.ends_with("/chat/completions") => chat::answer,
        path if path.ends_with("/completions") => completions::answer,
        path if path.ends_with("/embeddings") => embeddings::answer,
        path => return failure(404, &format!("Unknown request URL: {path}"), None),
    };
    let answered = match serde_json::from_slice::<Value>(request.body()) {
        Ok(body) if body.is_object() => operation(&body, context),
        Ok(_) => Err(Refusal::new("", "We expect the body to be a JSON object")),
        Err(error) => Err(Refusal::new("", format!("We could not parse the JSON body: {error}"))),
    };
    answered.unwrap_or_else(|refusal| refusal.answer())
}
