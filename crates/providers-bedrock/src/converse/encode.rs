//! A domain request into Converse.
//!
//! What the dialect cannot say is dropped or approximated and named; where leaving it out would
//! change the meaning, the request is refused for this target so that another may serve it. Fields
//! are named as a client of the common chat dialect knows them.

mod content;
mod extra;
mod format;
mod media;
mod options;
mod reasoning;
mod tools;
mod turns;

use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use tollgate_core_types::Lost;
use tollgate_core_types::chat::ChatRequest;
use tollgate_providers_common::scan::Layout;
use tollgate_providers_common::splice::Edits;
use tollgate_providers_common::{EncodeError, Encoded, UpstreamTarget};

use crate::address::{self, Operation};
use crate::models::Family;
use crate::provider::Settings;
use crate::wire::body::{GuardrailConfig, InferenceConfig, OutputConfig, Request};
use format::Form;
use options::Sampling;
use tools::{Asked, Offer};
use turns::Conversation;

/// What the parts of an encoding share: the target, and what was lost so far.
struct Context<'a> {
    target: &'a UpstreamTarget,
    family: Family,
    /// The model by its name, where the target's id does not say it.
    model: &'a str,
    /// What the model itself takes and Converse has no word for.
    additional: Map<String, Value>,
    lost: Vec<Lost>,
}

impl Context<'_> {
    fn dropped(&mut self, field: impl Into<Cow<'static, str>>) {
        self.lose(Lost::dropped(field));
    }

    fn approximated(&mut self, field: impl Into<Cow<'static, str>>) {
        self.lose(Lost::approximated(field));
    }

    /// Names a loss once.
    fn lose(&mut self, lost: Lost) {
        if !self.lost.contains(&lost) {
            self.lost.push(lost);
        }
    }

    /// Adds a field of the model's own.
    fn add(&mut self, key: &str, value: Value) {
        self.additional.insert(key.to_owned(), value);
    }
}

/// Makes the vendor's request.
pub(super) fn encode(
    chat: &ChatRequest,
    target: &UpstreamTarget,
    family: Family,
    settings: &Settings,
) -> Result<Encoded, EncodeError> {
    let model = settings.base_model.as_deref().unwrap_or(&target.model);
    let mut cx = Context { target, family, model, additional: Map::new(), lost: Vec::new() };
    let body = body(chat, settings, &mut cx)?;
    let json = serde_json::to_vec(&body).map_err(|error| EncodeError::Build(error.to_string()))?;
    let body = with_rules(Bytes::from(json), chat, target);
    let operation = if chat.stream { Operation::ConverseStream } else { Operation::Converse };
    let request = address::request(operation, &target.model, target, settings, body)?;
    Ok(Encoded { request, lost: cx.lost })
}

/// Applies the deployment's rules. Its defaults stand in the client's request already, but for those
/// in the vendor's own words.
fn with_rules(body: Bytes, chat: &ChatRequest, target: &UpstreamTarget) -> Bytes {
    let mut rules = Cow::Borrowed(&target.params);
    let said = |default: &(String, _)| chat.extra.contains(default) && extra::is_field(&default.0);
    if !rules.defaults.iter().all(said) {
        rules.to_mut().defaults.retain(said);
    }
    if rules.is_empty() {
        return body;
    }
    // An empty layout does not fit the body, so that `apply` reads the body's own.
    Edits::new().rules(&rules, &[]).apply(&body, &Layout::default())
}

/// Every field of the request, in an order in which each finds what it depends on.
fn body<'a>(
    chat: &'a ChatRequest,
    settings: &'a Settings,
    cx: &mut Context<'a>,
) -> Result<Request<'a>, EncodeError> {
    let ChatRequest {
        messages,
        tools,
        tool_choice,
        parallel_tool_calls,
        response_format,
        reasoning,
        max_output_tokens,
        temperature,
        top_p,
        top_k,
        frequency_penalty,
        presence_penalty,
        seed,
        n,
        stop,
        user,
        service_tier,
        stream: _,
        extra,
    } = chat;
    if n.is_some_and(|n| n > 1) {
        return Err(unsupported("n", "this vendor gives one answer per request"));
    }
    let conversation = turns::turns(messages, cx)?;
    let bound = max_output_tokens.or_else(|| options::configured_bound(cx.target));
    let mut thought = reasoning::read(reasoning.as_ref(), bound, &conversation, cx);
    let form = format::form(response_format.as_ref(), thought.excludes_forced_tools(), cx)?;
    if form.json_tool.is_some() && thought.excludes_forced_tools() {
        // A forced tool and thinking exclude each other; programs rely on the form.
        thought = reasoning::Thought::default();
        cx.dropped("reasoning_effort");
    }
    let thinks = thought.excludes_forced_tools();
    let Conversation { mut system, turns, called } = conversation;
    let Form { text_format, json_tool, instruction } = form;
    system.extend(instruction);
    let choice = tool_choice.as_ref();
    let asked = Asked { tools, choice, parallel: *parallel_tool_calls, thinks, called };
    let Offer { config } = tools::offer(&asked, json_tool, cx)?;
    options::unknown(*frequency_penalty, *presence_penalty, *seed, cx);
    let Sampling { temperature, top_p } =
        options::sampling((*temperature, *top_p, *top_k), thinks, cx);
    if user.is_some() {
        cx.dropped("user");
    }
    let inference_config = InferenceConfig {
        max_tokens: bound.or(thought.bound),
        temperature,
        top_p,
        stop_sequences: options::stop(stop, cx),
    };
    let service_tier = options::service_tier(service_tier.as_deref(), cx);
    thought.say(cx);
    let own = extra::own(extra, cx)?;
    Ok(Request {
        system,
        messages: turns,
        tool_config: config,
        inference_config,
        output_config: OutputConfig { text_format, effort: thought.effort },
        guardrail_config: guardrail(settings, &own),
        service_tier,
        additional_model_request_fields: std::mem::take(&mut cx.additional),
        own,
    })
}

/// The deployment's guardrail, unless the client names one of its own in the vendor's words.
fn guardrail<'a>(
    settings: &'a Settings,
    own: &crate::wire::body::Own<'_>,
) -> Option<GuardrailConfig<'a>> {
    let named = own.0.iter().any(|(key, _)| *key == extra::GUARDRAIL);
    let guardrail = settings.guardrail.as_ref().filter(|_| !named)?;
    Some(GuardrailConfig {
        guardrail_identifier: &guardrail.id,
        guardrail_version: &guardrail.version,
        trace: guardrail.trace.then_some("enabled"),
    })
}

fn unsupported(field: impl Into<String>, reason: impl Into<String>) -> EncodeError {
    EncodeError::Unsupported { field: field.into(), reason: reason.into() }
}

fn invalid(field: impl Into<String>, reason: impl Into<String>) -> EncodeError {
    EncodeError::Invalid { field: field.into(), reason: reason.into() }
}

/// JSON text as a value that is written as it is.
fn raw<'a>(text: &'a str, field: &str) -> Result<&'a RawValue, EncodeError> {
    serde_json::from_str(text).map_err(|_| invalid(field, "is not valid JSON"))
}
