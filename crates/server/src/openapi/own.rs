//! What the document says of the paths that look at the gateway itself.

use serde_json::json;

use super::operation::{Envelope, Operation};
use super::schemas::Schemas;
use super::{anthropic, openai};
use crate::{admin, docs, explain, log_level, ops, simple, status};

/// `GET /`
pub(crate) fn index(schemas: &mut Schemas) -> Operation {
    look(schemas, "getIndex", "Gateway", "What there is")
        .writes::<docs::Index>(schemas, "Version, models and paths.")
}

/// `GET /docs`
pub(crate) fn docs_page(schemas: &mut Schemas) -> Operation {
    look(schemas, "getDocs", "Gateway", "A page to read and to try calls on")
        .about("It comes from the binary and loads nothing from elsewhere.")
        .answers("200", "The page.", "text/html", &json!({ "type": "string" }))
        .answers_nothing("304", UNCHANGED)
}

/// `GET /docs/{file}`
pub(crate) fn docs_file(schemas: &mut Schemas) -> Operation {
    look(schemas, "getDocsFile", "Gateway", "A part of that page")
        .in_path("file", "page.js", "`page.js` or `page.css`.")
        .answers("200", "The part.", "text/javascript", &json!({ "type": "string" }))
        .answers("200", "The part.", "text/css", &json!({ "type": "string" }))
        .answers_nothing("304", UNCHANGED)
        .fails(schemas, Envelope::OpenAi, &["404"])
}

/// `GET /openapi.json`
pub(crate) fn openapi(schemas: &mut Schemas) -> Operation {
    look(schemas, "getOpenApi", "Gateway", "This document")
        .gives("OpenAPI 3.1.", &json!({ "type": "object" }))
        .answers_nothing("304", UNCHANGED)
}

/// `GET /health`
pub(crate) fn health(schemas: &mut Schemas) -> Operation {
    look(schemas, "getHealth", "Gateway", "Whether this process serves")
        .about("A vendor that is down does not make the gateway unhealthy.")
        .writes::<status::Health>(schemas, "It does.")
}

/// `GET /v1/providers/status`
pub(crate) fn providers(schemas: &mut Schemas) -> Operation {
    look(schemas, "getProvidersStatus", "Gateway", "Every deployment: its state, and why")
        .about("Keys appear by their ids alone.")
        .writes::<status::Providers<'_>>(schemas, "Every model and its deployments.")
}

/// `GET /v1/models`
pub(crate) fn models(schemas: &mut Schemas) -> Operation {
    list(schemas, "listModels")
}

/// `GET /models`
pub(crate) fn models_short(schemas: &mut Schemas) -> Operation {
    list(schemas, "listModelsShort")
}

fn list(schemas: &mut Schemas, id: &str) -> Operation {
    let lists = [schemas.written::<openai::ModelList>(), schemas.written::<anthropic::ModelList>()];
    by_sdk(look(schemas, id, "Models", "Every model"))
        .in_query("limit", "How many at most, in Anthropic's shape; all where it is not there.")
        .in_query("after_id", "The id before the first one, in Anthropic's shape.")
        .in_query("before_id", "The id behind the last one, in Anthropic's shape.")
        .gives("The models, in the shape of the SDK that asks.", &json!({ "anyOf": lists }))
}

/// `GET /v1/models/{id}`
pub(crate) fn model(schemas: &mut Schemas) -> Operation {
    let shapes = [schemas.written::<openai::Model>(), schemas.written::<anthropic::Model>()];
    let operation = Operation::new("getModel", "Models", "One model")
        .guarded(schemas, Envelope::OpenAi)
        .fails(schemas, Envelope::Either, &["404"])
        .in_path("id", "demo", "The model; slashes may stand as they are.");
    by_sdk(operation)
        .gives("The model, in the shape of the SDK that asks.", &json!({ "anyOf": shapes }))
}

/// `GET /llm/health`
pub(crate) fn simple_health(schemas: &mut Schemas) -> Operation {
    look(schemas, "simpleHealth", "Simple", "Whether this process serves")
        .writes::<simple::Health>(schemas, "It does.")
}

/// `GET /llm/models`
pub(crate) fn simple_models(schemas: &mut Schemas) -> Operation {
    look(schemas, "simpleModels", "Simple", "The models' names")
        .writes::<simple::Models>(schemas, "The names.")
}

/// `GET /llm/system-load`
pub(crate) fn system_load(schemas: &mut Schemas) -> Operation {
    look(schemas, "systemLoad", "Simple", "How busy the pool is")
        .writes::<simple::SystemLoad>(schemas, "Mean load of the models that have a limit.")
}

/// `GET /llm/system-capacity`
pub(crate) fn system_capacity(schemas: &mut Schemas) -> Operation {
    look(schemas, "systemCapacity", "Simple", "What the pool can bear")
        .writes::<simple::SystemCapacity<'_>>(schemas, "Limits and load, by model and key.")
}

/// `GET /llm/model-load/{model}`
pub(crate) fn model_load(schemas: &mut Schemas) -> Operation {
    of_model(schemas, "modelLoad", "How busy a model is")
        .writes::<simple::ModelLoad<'_>>(schemas, "Its limit and load, by key.")
}

/// `GET /llm/keys/{model}`
pub(crate) fn keys(schemas: &mut Schemas) -> Operation {
    of_model(schemas, "modelKeys", "A model's keys, by their ids")
        .writes::<simple::Keys<'_>>(schemas, "The ids.")
}

/// `GET /llm/key-load/{model}/{key}`
pub(crate) fn key_load(schemas: &mut Schemas) -> Operation {
    of_model(schemas, "keyLoad", "How busy a key is")
        .in_path("key", "demo", "The key's id, as `/llm/keys/{model}` lists it.")
        .writes::<simple::KeyLoad<'_>>(schemas, "Its limit and load.")
}

/// `GET /health/live` of the operators' listener.
pub(crate) fn live(schemas: &mut Schemas) -> Operation {
    Operation::new("getLive", "Probes", "Whether this process answers")
        .about("It does while it drains as well, so that a drain does not get it killed.")
        .writes::<ops::Probe>(schemas, "It does.")
}

/// `GET /health/ready` of the operators' listener.
pub(crate) fn ready(schemas: &mut Schemas) -> Operation {
    let probe = schemas.written::<ops::Probe>();
    Operation::new("getReady", "Probes", "Whether this process wants traffic")
        .gives("It does.", &probe)
        .answers("503", "It is about to stop.", "application/json", &probe)
}

/// `GET /metrics` of the operators' listener.
pub(crate) fn metrics(_: &mut Schemas) -> Operation {
    Operation::new("getMetrics", "Metrics", "All metrics, for Prometheus").answers(
        "200",
        "Prometheus' text format.",
        "text/plain",
        &json!({ "type": "string" }),
    )
}

/// `GET /admin/config` of the operators' listener.
pub(crate) fn config(schemas: &mut Schemas) -> Operation {
    Operation::new("getConfig", "Admin", "Which configuration runs")
        .about("Also why the last one was refused, where it was. It holds no secret.")
        .writes::<admin::Shown>(schemas, "The one that runs.")
}

/// `GET /admin/explain` of the operators' listener.
pub(crate) fn explain(schemas: &mut Schemas) -> Operation {
    let refusal = schemas.written::<openai::ErrorBody>();
    Operation::new("explain", "Admin", "What would become of a request, without sending it")
        .about("Who would be tried, in which order and by what measure, and why the others not.")
        .in_query("model", "The model that it names; the default one where it is left out.")
        .in_query("strategy", "How a deployment is chosen, in place of the model's own way.")
        .in_query("tools", "`true` where it offers tools.")
        .in_query("tokens", "What it would reserve of tokens per minute.")
        .writes::<explain::Explanation>(schemas, "What would.")
        .answers("400", "That is no question, or no model.", "application/json", &refusal)
}

/// `GET /admin/log-level` of the operators' listener.
pub(crate) fn log_level(schemas: &mut Schemas) -> Operation {
    Operation::new("getLogLevel", "Admin", "What the diagnostics tell")
        .writes::<log_level::Shown>(schemas, "The levels at work.")
}

/// `PUT /admin/log-level` of the operators' listener.
pub(crate) fn set_log_level(schemas: &mut Schemas) -> Operation {
    let asked = schemas.read::<log_level::Asked>();
    let refusal = schemas.written::<openai::ErrorBody>();
    Operation::new("setLogLevel", "Admin", "Have the diagnostics tell more, or less")
        .about("At once, and until the next change or the end of the process.")
        .takes(&asked, &json!({ "level": "info" }))
        .writes::<log_level::Changed>(schemas, "They do.")
        .answers("400", "That is no level; the one before stays.", "application/json", &refusal)
}

/// `GET /openapi.json` of the operators' listener.
pub(crate) fn ops_openapi(_: &mut Schemas) -> Operation {
    Operation::new("getOpsOpenApi", "Probes", "This document")
        .gives("OpenAPI 3.1.", &json!({ "type": "object" }))
        .answers_nothing("304", UNCHANGED)
}

const UNCHANGED: &str = "Its sender has it already (`if-none-match`).";

fn look(schemas: &mut Schemas, id: &str, tag: &str, summary: &str) -> Operation {
    Operation::new(id, tag, summary).guarded(schemas, Envelope::OpenAi)
}

fn of_model(schemas: &mut Schemas, id: &str, summary: &str) -> Operation {
    look(schemas, id, "Simple", summary).in_path("model", "demo", "The model's name.").fails(
        schemas,
        Envelope::OpenAi,
        &["404"],
    )
}

fn by_sdk(operation: Operation) -> Operation {
    operation.in_head("anthropic-version", "Where it is there, the answer has Anthropic's shape.")
}
