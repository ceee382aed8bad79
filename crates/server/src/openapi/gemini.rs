//! What the document says of Gemini's paths.
//!
//! Google tells these shapes in full; here stands what a caller must know of this gateway. It must
//! never promise more than is passed on.

use serde_json::{Value, json};

use super::operation::{Envelope, Operation};
use super::schemas::Schemas;

/// What a call can fail with: as for other calls, and 405 for a method that does not exist.
const FAILURES: &[&str] = &[
    "400", "401", "402", "403", "404", "405", "408", "413", "415", "422", "429", "500", "502",
    "503", "504", "508", "529", "4XX", "5XX",
];

/// `GET /v1beta/models`
pub(crate) fn models(schemas: &mut Schemas) -> Operation {
    let list = json!({
        "type": "object",
        "required": ["models"],
        "properties": { "models": { "type": "array", "items": model_schema() } },
    });
    Operation::new("listGeminiModels", "Gemini", "Every model")
        .guarded(schemas, Envelope::Gemini)
        .gives("The models, in Google's shape.", &list)
}

/// `GET /v1beta/models/{id}`
pub(crate) fn model(schemas: &mut Schemas) -> Operation {
    Operation::new("getGeminiModel", "Gemini", "One model")
        .in_path("id", "demo", "The model.")
        .guarded(schemas, Envelope::Gemini)
        .fails(schemas, Envelope::Gemini, &["404"])
        .gives("The model, in Google's shape.", &model_schema())
}

/// `POST /v1beta/models/{id}`
pub(crate) fn call(schemas: &mut Schemas) -> Operation {
    any_call(schemas, "callGemini", Envelope::Gemini)
}

/// `POST /v1/models/{id}`
pub(crate) fn call_v1(schemas: &mut Schemas) -> Operation {
    any_call(schemas, "callGeminiV1", Envelope::GeminiOrOpenAi)
}

fn any_call(schemas: &mut Schemas, id: &str, envelope: Envelope) -> Operation {
    let say = "In one sentence: what is a toll gate?";
    let example = json!({ "contents": [{ "role": "user", "parts": [{ "text": say }] }] });
    let answer = json!({ "anyOf": [
        { "type": "object" },
        { "type": "array", "items": { "type": "object" } },
    ] });
    Operation::new(id, "Gemini", "Answer, measure or embed contents")
        .about(
            "Google's Gemini API, whatever vendor serves the model. The path ends with model and \
             method: `generateContent`, `streamGenerateContent`, `countTokens`, `embedContent` or \
             `batchEmbedContents`. A stream comes as server-sent events with `alt=sse`, else as one \
             list. What another vendor cannot express is left out and named in \
             `x-tollgate-dropped`, or refused where `strict_params` says so.",
        )
        .in_path("id", "demo:generateContent", "The model, a colon, and the method.")
        .named()
        .takes(&json!({ "type": "object" }), &example)
        .fails(schemas, envelope, FAILURES)
        .gives("The answer; a list where a stream was asked for without events.", &answer)
        .streams(
            "With `alt=sse`, server-sent events; each `data` is one part of the answer. A stream \
             that fails after content ends with one event that holds an `error`.",
            &json!({ "type": "object" }),
            None,
        )
        .with_answer_headers()
}

fn model_schema() -> Value {
    json!({
        "type": "object",
        "required": ["name"],
        "properties": { "name": { "type": "string" } },
    })
}

/// Google's envelope of errors.
pub(super) fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["code", "message", "status"],
            "properties": {
                "code": { "type": "integer" },
                "message": { "type": "string" },
                "status": { "type": "string" },
            },
        } },
    })
}
