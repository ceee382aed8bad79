//! One operation of a document, put together piece by piece.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::schemas::Schemas;
use super::{anthropic, gemini, openai};

const JSON: &str = "application/json";
/// The header and the parameter that name a request.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// A header of answers.
pub(crate) struct Header {
    /// Its name.
    pub(crate) name: &'static str,
    kind: &'static str,
    about: &'static str,
    /// Where it stands.
    place: Place,
}

/// Which answers of calls carry a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Both,
    Answers,
    Errors,
}

impl Header {
    const fn new(
        name: &'static str,
        kind: &'static str,
        place: Place,
        about: &'static str,
    ) -> Self {
        Self { name, kind, about, place }
    }

    /// The header in a document's components.
    pub(crate) fn told(&self) -> Value {
        json!({ "description": self.about, "schema": { "type": self.kind } })
    }
}

/// Every header that answers of calls may carry.
pub(crate) const HEADERS: &[Header] = &[
    Header::new(
        REQUEST_ID,
        "string",
        Place::Both,
        "The request's id: the client's own if it is well-formed, else one of ours. It is in the \
         log.",
    ),
    Header::new("request-id", "string", Place::Both, "The same, as Anthropic's SDKs read it."),
    Header::new("x-tollgate-model", "string", Place::Answers, "The model group that answered."),
    Header::new("x-tollgate-deployment", "string", Place::Answers, "The deployment that answered."),
    Header::new(
        "x-tollgate-attempts",
        "integer",
        Place::Both,
        "How many attempts it took, over retries, failover and fallbacks.",
    ),
    Header::new(
        "x-tollgate-dropped",
        "string",
        Place::Answers,
        "Fields that the vendor's dialect cannot express and that were left out, by name.",
    ),
    Header::new(
        "x-tollgate-estimated",
        "string",
        Place::Answers,
        "`true` where token counts are ours, because the vendor cannot count.",
    ),
    Header::new(
        "x-tollgate-cost",
        "string",
        Place::Answers,
        "What the answer cost, in US dollars with twelve decimals. Not with streams, and not where a \
         price or a token count is not known.",
    ),
    Header::new("retry-after", "integer", Place::Errors, "When to come back, in seconds."),
    Header::new(
        "x-should-retry",
        "string",
        Place::Errors,
        "`false` where our own retries are spent; official SDKs obey it.",
    ),
];

/// Whose error envelope a path writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Envelope {
    OpenAi,
    Anthropic,
    /// Google's.
    Gemini,
    /// Google's, or OpenAI's where the path itself is wrong.
    GeminiOrOpenAi,
    /// That of the SDK that asks.
    Either,
}

/// One operation.
#[derive(Debug, Default)]
pub(crate) struct Operation {
    members: Map<String, Value>,
    parameters: Vec<Value>,
    responses: BTreeMap<String, Told>,
}

/// What is told of one status.
#[derive(Debug, Default)]
struct Told {
    about: String,
    content: Map<String, Value>,
    headers: Option<Value>,
    /// Told elsewhere in the document, under this name.
    shared: Option<String>,
}

impl Operation {
    /// An operation with its id, tag and one line about it.
    pub(crate) fn new(id: &str, tag: &str, summary: &str) -> Self {
        let mut operation = Self::default();
        operation.members.insert("operationId".to_owned(), id.into());
        operation.members.insert("tags".to_owned(), json!([tag]));
        operation.members.insert("summary".to_owned(), summary.into());
        operation
    }

    /// Says more, in Markdown.
    pub(crate) fn about(mut self, text: &str) -> Self {
        self.members.insert("description".to_owned(), text.into());
        self
    }

    /// A part of the path, with a value that makes a working example.
    pub(crate) fn in_path(mut self, name: &str, example: &str, about: &str) -> Self {
        let schema = json!({ "type": "string", "minLength": 1 });
        self.parameters.push(json!({
            "name": name, "in": "path", "required": true, "description": about,
            "schema": schema, "example": example,
        }));
        self
    }

    /// A part of the request's query.
    pub(crate) fn in_query(mut self, name: &str, about: &str) -> Self {
        let schema = json!({ "type": "string" });
        self.parameters.push(json!({
            "name": name, "in": "query", "description": about, "schema": schema,
        }));
        self
    }

    /// A header of the request.
    pub(crate) fn in_head(mut self, name: &str, about: &str) -> Self {
        let schema = json!({ "type": "string" });
        self.parameters.push(json!({
            "name": name, "in": "header", "description": about, "schema": schema,
        }));
        self
    }

    /// The header that names the request.
    pub(crate) fn named(mut self) -> Self {
        self.parameters.push(json!({ "$ref": format!("#/components/parameters/{REQUEST_ID}") }));
        self
    }

    /// A JSON body that is required.
    pub(crate) fn takes(mut self, schema: &Value, example: &Value) -> Self {
        let body = json!({
            "required": true,
            "content": { JSON: { "schema": schema, "example": example } },
        });
        self.members.insert("requestBody".to_owned(), body);
        self
    }

    /// A form with files, which is required.
    pub(crate) fn takes_form(mut self, schema: &Value) -> Self {
        let body = json!({
            "required": true,
            "content": { "multipart/form-data": { "schema": schema } },
        });
        self.members.insert("requestBody".to_owned(), body);
        self
    }

    /// A JSON answer of 200.
    pub(crate) fn gives(self, about: &str, schema: &Value) -> Self {
        self.answers("200", about, JSON, schema)
    }

    /// A JSON answer of 200 that we serialize.
    pub(crate) fn writes<T: Serialize + JsonSchema>(
        self,
        schemas: &mut Schemas,
        about: &str,
    ) -> Self {
        let schema = schemas.written::<T>();
        self.gives(about, &schema)
    }

    /// A stream of 200: server-sent events, each of which holds one such value or, at the end, the
    /// dialect's last word. The schema is that of one event.
    pub(crate) fn streams(self, about: &str, event: &Value, last: Option<&str>) -> Self {
        let value = json!({
            "type": "string",
            "contentMediaType": JSON,
            "contentSchema": event,
        });
        let data = match last {
            Some(word) => json!({ "anyOf": [value, { "const": word }] }),
            None => value,
        };
        let schema = json!({
            "type": "object",
            "description": about,
            "properties": {
                "event": { "type": "string", "description": "Its name, where the dialect has names." },
                "data": data,
            },
            "required": ["data"],
        });
        self.answers("200", about, "text/event-stream", &schema)
    }

    /// An answer; further content types of a status stand beside those that it has.
    pub(crate) fn answers(
        mut self,
        status: &str,
        about: &str,
        content_type: &str,
        schema: &Value,
    ) -> Self {
        let told = self.responses.entry(status.to_owned()).or_default();
        if told.about.is_empty() {
            about.clone_into(&mut told.about);
        }
        told.content.insert(content_type.to_owned(), json!({ "schema": schema }));
        self
    }

    /// An answer without a body.
    pub(crate) fn answers_nothing(mut self, status: &str, about: &str) -> Self {
        about.clone_into(&mut self.responses.entry(status.to_owned()).or_default().about);
        self
    }

    /// These statuses, in an error envelope.
    pub(crate) fn fails(
        mut self,
        schemas: &mut Schemas,
        envelope: Envelope,
        statuses: &[&str],
    ) -> Self {
        for status in statuses {
            let shared = failure(schemas, envelope, status);
            self.responses
                .insert((*status).to_owned(), Told { shared: Some(shared), ..Told::default() });
        }
        self
    }

    /// What can go wrong with any request, whatever its path.
    pub(crate) fn guarded(self, schemas: &mut Schemas, envelope: Envelope) -> Self {
        self.fails(schemas, envelope, &["400", "413", "503"])
    }

    /// The headers that every answer of a call carries.
    pub(crate) fn with_answer_headers(mut self) -> Self {
        self.responses.entry("200".to_owned()).or_default().headers = Some(headers(Place::Answers));
        self
    }

    /// The operation as it stands in the document.
    pub(crate) fn done(self) -> Value {
        let Self { mut members, parameters, responses } = self;
        if !parameters.is_empty() {
            members.insert("parameters".to_owned(), parameters.into());
        }
        let responses: Map<String, Value> =
            responses.into_iter().map(|(status, told)| (status, told.done())).collect();
        members.insert("responses".to_owned(), responses.into());
        members.into()
    }
}

impl Told {
    fn done(self) -> Value {
        let Self { about, content, headers, shared } = self;
        if let Some(name) = shared {
            return json!({ "$ref": format!("#/components/responses/{name}") });
        }
        let mut told = json!({ "description": about });
        if !content.is_empty() {
            told["content"] = content.into();
        }
        if let Some(headers) = headers {
            told["headers"] = headers;
        }
        told
    }
}

/// The name of an error answer that many operations share; tells of it where that is not done yet.
fn failure(schemas: &mut Schemas, envelope: Envelope, status: &str) -> String {
    let schema = match envelope {
        Envelope::OpenAi => schemas.written::<openai::ErrorBody>(),
        Envelope::Anthropic => schemas.written::<anthropic::ErrorBody>(),
        Envelope::Gemini => gemini::error_schema(),
        Envelope::GeminiOrOpenAi => json!({ "anyOf": [
            gemini::error_schema(),
            schemas.written::<openai::ErrorBody>(),
        ] }),
        Envelope::Either => json!({ "anyOf": [
            schemas.written::<openai::ErrorBody>(),
            schemas.written::<anthropic::ErrorBody>(),
        ] }),
    };
    let told = Told {
        about: meaning(status).to_owned(),
        content: [(JSON.to_owned(), json!({ "schema": schema }))].into_iter().collect(),
        headers: Some(headers(Place::Errors)),
        shared: None,
    };
    let name = format!("{envelope:?}{status}");
    schemas.answer(&name, told.done());
    name
}

fn headers(place: Place) -> Value {
    let here = HEADERS.iter().filter(|header| header.place == place || header.place == Place::Both);
    here.map(|header| {
        let reference = json!({ "$ref": format!("#/components/headers/{}", header.name) });
        (header.name.to_owned(), reference)
    })
    .collect::<Map<String, Value>>()
    .into()
}

/// The parameter that names a request.
pub(crate) fn request_id() -> Value {
    json!({
        "name": REQUEST_ID,
        "in": "header",
        "description": "An id of your own: up to 128 letters, digits and `-_.:`. It comes back and \
                        is logged; anything else is replaced by one of ours.",
        "schema": { "type": "string" },
    })
}

/// What a status means here.
fn meaning(status: &str) -> &'static str {
    match status {
        "400" => "The request is wrong; the message and `param` say where.",
        "401" => "The vendor refused the gateway's credential.",
        "402" => "The gateway's credential is out of credit or quota.",
        "403" => "The vendor does not permit this to the gateway's credential.",
        "404" => "There is no such model, deployment or path.",
        "405" => "The path does not take this.",
        "408" => "The body did not arrive in time.",
        "413" => "The body is larger than `server.body_limit`.",
        "415" => "The body is not declared as JSON.",
        "422" => "The vendor cannot process the request.",
        "429" => "A rate limit was met; `retry-after` says when to come back.",
        "500" => "The gateway failed; its log has the request id.",
        "502" => "The vendor cannot be reached, or its answer is unusable.",
        "503" => "Nothing can serve the request now.",
        "504" => "The vendor did not answer in time, or the request's time is up.",
        "508" => "The request has come round in a circle.",
        "529" => "The vendor is overloaded.",
        "4XX" => "Any other refusal of the vendor, with its status.",
        "5XX" => "Any other failure of the vendor, with its status.",
        _ => "An error.",
    }
}
