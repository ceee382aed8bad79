//! What the document says of images, audio, moderation and rerank: only what the gateway reads. The
//! rest is the vendor's business, so every schema is open.

use serde_json::{Value, json};

use super::calls::call;
use super::openai;
use super::operation::{Envelope, Operation};
use super::schemas::Schemas;

const TAG: &str = "Media";
const RELAYED: &str = "Relayed as it is, but for `model`, to deployments that speak it (`operations` \
                       in the configuration); nothing is translated.";
const EVENTS: &str = "Where a stream is asked for, the vendor's own events. A stream that fails after \
                      content ends with one event that holds an `error` instead.";
const FORM: &str = "The form is passed on as it comes. Send `model` before the file: it must come \
                    within what `server.upload_hold` allows to be held.";

/// `POST /v1/images/generations`
pub(crate) fn images(schemas: &mut Schemas) -> Operation {
    let request = body(json!({ "prompt": text(), "stream": flag() }), &["prompt"]);
    let example = json!({ "model": "demo", "prompt": "a toll gate in the snow" });
    let operation = media(schemas, "createImage", "Make images").takes(&request, &example);
    streamed(schemas, given(operation, "The images.", "data"))
}

/// `POST /v1/images/edits`
pub(crate) fn edits(schemas: &mut Schemas) -> Operation {
    let form = body(json!({ "prompt": text(), "stream": flag(), "image": file() }), &["image"]);
    let operation = form_call(schemas, ("createImageEdit", "Change images"), &form);
    streamed(schemas, given(operation, "The images.", "data"))
}

/// `POST /v1/images/variations`
pub(crate) fn variations(schemas: &mut Schemas) -> Operation {
    let form = body(json!({ "image": file() }), &["image"]);
    let operation = form_call(schemas, ("createImageVariation", "Vary an image"), &form);
    given(operation, "The images.", "data")
}

/// `POST /v1/audio/transcriptions`
pub(crate) fn transcriptions(schemas: &mut Schemas) -> Operation {
    let properties = json!({ "file": file(), "response_format": text(), "stream": flag() });
    let form = body(properties, &["file"]);
    let operation = form_call(schemas, ("createTranscription", "Write down speech"), &form);
    let operation = given(operation, "The transcript, in the form that was asked for.", "text");
    streamed(schemas, operation.answers("200", "", "text/plain", &text()))
}

/// `POST /v1/audio/translations`
pub(crate) fn translations(schemas: &mut Schemas) -> Operation {
    let form = body(json!({ "file": file(), "response_format": text() }), &["file"]);
    let said = ("createTranslation", "Write down speech in English");
    let operation = form_call(schemas, said, &form);
    given(operation, "The transcript, in the form that was asked for.", "text").answers(
        "200",
        "",
        "text/plain",
        &text(),
    )
}

/// `POST /v1/audio/speech`
pub(crate) fn speech(schemas: &mut Schemas) -> Operation {
    let properties = json!({
        "input": text(), "voice": {}, "response_format": text(),
        "stream_format": { "type": ["string", "null"] },
    });
    let example = json!({ "model": "demo", "input": "Good day.", "voice": "alloy" });
    let request = body(properties, &["input"]);
    let audio = json!({ "type": "string", "format": "binary" });
    let operation = media(schemas, "createSpeech", "Speak a text")
        .takes(&request, &example)
        .answers("200", "The audio as it comes, of the vendor's type.", "audio/*", &audio);
    streamed(schemas, operation).with_answer_headers()
}

/// `POST /v1/moderations`
pub(crate) fn moderations(schemas: &mut Schemas) -> Operation {
    let example = json!({ "model": "demo", "input": "Good day." });
    let request = body(json!({ "input": {} }), &["input"]);
    let operation = media(schemas, "createModeration", "Judge texts and images");
    given(operation.takes(&request, &example), "The judgements.", "results")
}

/// `POST /v1/rerank`
pub(crate) fn rerank(schemas: &mut Schemas) -> Operation {
    ranked(schemas, "rerank")
}

/// `POST /v2/rerank`, where Cohere's clients look for it.
pub(crate) fn rerank_v2(schemas: &mut Schemas) -> Operation {
    ranked(schemas, "rerankV2")
}

/// `POST /rerank`, for clients without a version.
pub(crate) fn rerank_short(schemas: &mut Schemas) -> Operation {
    ranked(schemas, "rerankShort")
}

fn ranked(schemas: &mut Schemas, id: &str) -> Operation {
    let example = json!({
        "model": "demo", "query": "What is a toll gate?",
        "documents": ["A gate where toll is paid.", "A kind of bread."],
    });
    let properties = json!({ "query": text(), "documents": { "type": "array", "items": {} } });
    let request = body(properties, &["query", "documents"]);
    let operation = media(schemas, id, "Rank documents by a query").takes(&request, &example);
    given(operation, "The ranks.", "results")
}

fn media(schemas: &mut Schemas, id: &str, summary: &str) -> Operation {
    call(schemas, id, TAG, summary, Envelope::OpenAi).about(RELAYED)
}

fn form_call(schemas: &mut Schemas, (id, summary): (&str, &str), form: &Value) -> Operation {
    call(schemas, id, TAG, summary, Envelope::OpenAi)
        .about(&format!("{RELAYED} {FORM}"))
        .takes_form(form)
}

/// A vendor's answer, of which little is known.
fn given(operation: Operation, about: &str, holds: &str) -> Operation {
    let schema = json!({ "type": ["object", "array"], "properties": { holds: {} } });
    operation.gives(about, &schema).with_answer_headers()
}

fn streamed(schemas: &mut Schemas, operation: Operation) -> Operation {
    let event = json!({ "type": "object", "properties": { "type": text() } });
    let event = json!({ "anyOf": [event, schemas.written::<openai::ErrorBody>()] });
    operation.streams(EVENTS, &event, None)
}

fn body(mut properties: Value, required: &[&str]) -> Value {
    properties["model"] = json!({
        "type": ["string", "null"],
        "description": "A model of `GET /v1/models`; the configured default where it is left out.",
    });
    properties["user"] = json!({ "type": ["string", "null"] });
    json!({ "type": "object", "properties": properties, "required": required })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn flag() -> Value {
    json!({ "type": ["boolean", "null"] })
}

fn file() -> Value {
    json!({ "type": "string", "format": "binary" })
}
