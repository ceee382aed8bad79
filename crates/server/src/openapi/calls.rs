//! What the document says of the calls that reach a model.

use serde_json::{Value, json};

use super::operation::{Envelope, Operation};
use super::schemas::Schemas;
use super::{anthropic, openai, responses as about};
use crate::simple;

/// What a call can fail with. Vendors' own statuses come through, hence the two ranges.
const FAILURES: &[&str] = &[
    "400", "401", "402", "403", "404", "408", "413", "415", "422", "429", "500", "502", "503",
    "504", "508", "529", "4XX", "5XX",
];
const SAY: &str = "In one sentence: what is a toll gate?";
const STREAM: &str = "With `stream: true`, server-sent events; each `data` is one chunk, the last \
                      is `[DONE]`. A stream that fails after content ends with one event that \
                      holds an `error` instead.";

/// `POST /v1/chat/completions`
pub(crate) fn chat(schemas: &mut Schemas) -> Operation {
    let chunk = schemas.read::<openai::ChatCompletionChunk>();
    let event = json!({ "anyOf": [chunk, schemas.written::<openai::ErrorBody>()] });
    call(schemas, "createChatCompletion", "OpenAI", "Answer a conversation", Envelope::OpenAi)
        .about(
            "OpenAI's Chat Completions, whatever vendor serves the model: with tools, pictures, \
             structured output and reasoning. Fields that are not named here go to vendors of \
             this dialect as they are; what another vendor cannot express is left out and named \
             in `x-tollgate-dropped`, or refused where `strict_params` says so.",
        )
        .takes(&schemas.read::<openai::ChatRequest>(), &chat_example(true))
        .gives("The answer.", &schemas.read::<openai::ChatCompletion>())
        .streams(STREAM, &event, Some("[DONE]"))
        .with_answer_headers()
}

/// `POST /v1/responses`
pub(crate) fn responses(schemas: &mut Schemas) -> Operation {
    let event = schemas.read::<about::Event>();
    let example = json!({ "model": "demo", "input": SAY, "stream": true });
    call(schemas, "createResponse", "OpenAI", "Answer a conversation", Envelope::OpenAi)
        .about(
            "OpenAI's Responses, whatever vendor serves the model, without anything kept: send the \
             items of the conversation each time, reasoning with its `encrypted_content` among \
             them. Vendors of this dialect get the request as it is. What only OpenAI has \
             (`previous_response_id`, `conversation`, `prompt`, `background`, tools other than \
             functions) is refused elsewhere by name; what else another vendor cannot express is \
             left out and named in `x-tollgate-dropped`, or refused where `strict_params` says so.",
        )
        .takes(&schemas.read::<about::Request>(), &example)
        .gives("The answer.", &schemas.read::<about::Response>())
        .streams(
            "With `stream: true`, server-sent events from `response.created` to \
             `response.completed`, `response.incomplete` or `response.failed`, numbered by \
             `sequence_number`. A stream that fails after content ends with one `error` event \
             instead.",
            &event,
            None,
        )
        .with_answer_headers()
}

/// `POST /v1/completions`
pub(crate) fn completions(schemas: &mut Schemas) -> Operation {
    let chunk = schemas.read::<openai::Completion>();
    let event = json!({ "anyOf": [chunk, schemas.written::<openai::ErrorBody>()] });
    let example = json!({ "model": "demo", "prompt": SAY, "max_tokens": 100, "stream": true });
    call(schemas, "createCompletion", "OpenAI", "Go on with a text", Envelope::OpenAi)
        .about("OpenAI's text completions. Models that only chat answer as well.")
        .takes(&schemas.read::<openai::CompletionRequest>(), &example)
        .gives("The texts.", &chunk)
        .streams(STREAM, &event, Some("[DONE]"))
        .with_answer_headers()
}

/// `POST /v1/embeddings`
pub(crate) fn embeddings(schemas: &mut Schemas) -> Operation {
    let example = json!({ "model": "demo", "input": [SAY] });
    call(schemas, "createEmbedding", "OpenAI", "Turn texts into vectors", Envelope::OpenAi)
        .about("OpenAI's embeddings, from a model that has a deployment for them.")
        .takes(&schemas.read::<openai::EmbeddingRequest>(), &example)
        .gives("The vectors.", &schemas.read::<openai::EmbeddingList>())
        .with_answer_headers()
}

/// `POST /v1/messages`
pub(crate) fn messages(schemas: &mut Schemas) -> Operation {
    let event = schemas.read::<anthropic::Event>();
    let example = json!({
        "model": "demo", "max_tokens": 200, "stream": true,
        "messages": [{ "role": "user", "content": SAY }],
    });
    let operation =
        call(schemas, "createMessage", "Anthropic", "Answer a conversation", Envelope::Anthropic);
    versioned(operation)
        .about(
            "Anthropic's Messages, whatever vendor serves the model. What another vendor cannot \
             express is left out and named in `x-tollgate-dropped`, or refused where \
             `strict_params` says so.",
        )
        .takes(&schemas.read::<anthropic::Request>(), &example)
        .gives("The answer.", &schemas.read::<anthropic::Message>())
        .streams(
            "With `stream: true`, server-sent events from `message_start` to `message_stop`. A \
             stream that fails after content ends with one `error` event instead.",
            &event,
            None,
        )
        .with_answer_headers()
}

/// `POST /v1/messages/count_tokens`
pub(crate) fn count_tokens(schemas: &mut Schemas) -> Operation {
    let example = json!({ "model": "demo", "messages": [{ "role": "user", "content": SAY }] });
    let operation =
        call(schemas, "countTokens", "Anthropic", "Measure a conversation", Envelope::Anthropic);
    versioned(operation)
        .about(
            "The size of a request in tokens: the vendor's count, or our estimate where it cannot \
             count (`x-tollgate-estimated: true`).",
        )
        .takes(&schemas.read::<anthropic::CountRequest>(), &example)
        .gives("The size.", &schemas.read::<anthropic::TokenCount>())
        .with_answer_headers()
}

/// `POST /llm/chat`
pub(crate) fn simple_chat(schemas: &mut Schemas) -> Operation {
    call(schemas, "simpleChat", "Simple", "Text in, text out", Envelope::OpenAi)
        .about(
            "Takes what `/v1/chat/completions` takes and gives the bare text. Where no model is \
             named, all models that serve chat are one pool, shared by their weights.",
        )
        .takes(&schemas.read::<openai::ChatRequest>(), &simple_example())
        .gives("The text.", &schemas.read::<simple::Result>())
        .with_answer_headers()
}

/// `POST /llm/chat/stream`
pub(crate) fn simple_stream(schemas: &mut Schemas) -> Operation {
    call(schemas, "simpleChatStream", "Simple", "Text in, text as it comes", Envelope::OpenAi)
        .about(
            "As `/llm/chat`, without any framing. An answer that fails after content ends with a \
             line that begins with `[error]`.",
        )
        .takes(&schemas.read::<openai::ChatRequest>(), &simple_example())
        .answers("200", "The text, piece by piece.", "text/plain", &json!({ "type": "string" }))
        .with_answer_headers()
}

pub(super) fn call(
    schemas: &mut Schemas,
    id: &str,
    tag: &str,
    summary: &str,
    envelope: Envelope,
) -> Operation {
    Operation::new(id, tag, summary).named().fails(schemas, envelope, FAILURES)
}

fn versioned(operation: Operation) -> Operation {
    operation
        .in_head("anthropic-version", "Passed to Anthropic's own deployments.")
        .in_head("anthropic-beta", "Passed to Anthropic's own deployments.")
}

fn chat_example(stream: bool) -> Value {
    let messages = json!([{ "role": "user", "content": SAY }]);
    json!({ "model": "demo", "messages": messages, "stream": stream })
}

fn simple_example() -> Value {
    json!({ "messages": [{ "role": "user", "content": SAY }] })
}
