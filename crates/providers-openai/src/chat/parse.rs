//! A client's chat request read into the domain.
//!
//! Fields without a word in the domain go into `extra` under their path, so that whoever encodes
//! the request must report them. Several spellings of one thing are read as one: legacy functions are
//! tools, `max_completion_tokens` is `max_tokens`. What would mean something else at another vendor
//! is refused with the field's name.

mod assistant;
mod messages;
pub(crate) mod parts;
pub(crate) mod tools;

use tollgate_core_types::chat::{ChatRequest, Reasoning, ReasoningMode};
use tollgate_providers_common::BadRequest;

use crate::reader::{self, Fields, Path, Place};

/// Fields that are read elsewhere (facts, routing) or say nothing to another vendor's model.
const HANDLED: &[&str] = &["model", "stream_options", "load_balance_strategy"];

/// Reads a body that passed the facts.
pub(crate) fn request(body: &[u8]) -> Result<ChatRequest, BadRequest> {
    let mut fields = reader::body(body)?;
    fields.forget(HANDLED);
    let mut chat = ChatRequest::default();
    let mut unknown = Vec::new();
    let messages = fields.need(&Path::Body, "messages")?;
    chat.messages = messages::all(&messages, &mut unknown)?;
    tools::read(&mut fields, &mut chat)?;
    settings(&mut fields, &mut chat)?;
    chat.reasoning = reasoning(&mut fields)?;
    chat.extra = fields.rest(&Path::Body);
    chat.extra.retain(|(name, json)| !says_nothing(name, json.as_str()));
    chat.extra.append(&mut unknown);
    Ok(chat)
}

/// Whether a field asks for what happens unasked: this dialect's own default, or that of the servers
/// whose field it is. Nothing is lost where another dialect has no word for it.
pub(crate) fn says_nothing(name: &str, json: &str) -> bool {
    if json.len() > 32 {
        return false;
    }
    let squeezed: String = json.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    match name {
        // An empty object asks for a search with the vendor's settings.
        "web_search_options" => false,
        "modalities" => squeezed == r#"["text"]"#,
        "verbosity" => squeezed == r#""medium""#,
        "top_logprobs" | "min_p" | "min_tokens" => matches!(squeezed.as_str(), "0" | "0.0"),
        "repetition_penalty" | "length_penalty" => matches!(squeezed.as_str(), "1" | "1.0"),
        _ => matches!(squeezed.as_str(), "false" | "{}" | "[]" | r#""""#),
    }
}

/// The scalar settings that chat and text completions share.
pub(crate) fn settings(fields: &mut Fields<'_>, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let mut take = |key| fields.take(&Path::Body, key);
    let newer = take("max_completion_tokens").map(|place| place.count()).transpose()?;
    let older = take("max_tokens").map(|place| place.count()).transpose()?;
    chat.max_output_tokens = newer.or(older);
    chat.temperature = take("temperature").map(|place| place.number()).transpose()?;
    chat.top_p = take("top_p").map(|place| place.number()).transpose()?;
    chat.top_k = take("top_k").map(|place| top_k(&place)).transpose()?.flatten();
    chat.frequency_penalty = take("frequency_penalty").map(|place| place.number()).transpose()?;
    chat.presence_penalty = take("presence_penalty").map(|place| place.number()).transpose()?;
    chat.seed = take("seed").map(|place| place.integer()).transpose()?;
    chat.n = take("n").map(|place| place.count()).transpose()?;
    chat.stop = take("stop").map(|place| place.texts()).transpose()?.unwrap_or_default();
    let user = take("user").map(|place| place.text()).transpose()?;
    let safety = take("safety_identifier").map(|place| place.text()).transpose()?;
    chat.user = safety.or(user).filter(|user| !user.is_empty());
    chat.service_tier = take("service_tier").map(|place| place.text()).transpose()?;
    chat.stream = take("stream").map(|place| place.flag()).transpose()?.unwrap_or_default();
    Ok(())
}

/// vLLM reads 0 and -1 as "off".
fn top_k(place: &Place<'_, '_>) -> Result<Option<u64>, BadRequest> {
    let k = place.integer()?;
    Ok(u64::try_from(k).ok().filter(|k| *k > 0))
}

/// `reasoning_effort`, and the `thinking` object that DeepSeek, Zhipu and others have beside it.
fn reasoning(fields: &mut Fields<'_>) -> Result<Option<Reasoning>, BadRequest> {
    let effort = fields.take(&Path::Body, "reasoning_effort");
    let effort = effort.map(|place| place.text()).transpose()?;
    let mode = match fields.take(&Path::Body, "thinking") {
        Some(place) => thinking(&place)?,
        None => None,
    };
    let given = effort.is_some() || mode.is_some();
    Ok(given.then_some(Reasoning { mode, effort, display: None }))
}

fn thinking(place: &Place<'_, '_>) -> Result<Option<ReasoningMode>, BadRequest> {
    let mut fields = place.object()?;
    let kind = fields.need(&place.path, "type")?;
    let budget = fields.take(&place.path, "budget_tokens");
    let budget = budget.map(|place| place.count()).transpose()?;
    match (kind.text()?.as_str(), budget) {
        ("disabled", _) => Ok(Some(ReasoningMode::Disabled)),
        ("enabled", Some(budget)) => Ok(Some(ReasoningMode::Budget(budget))),
        ("enabled" | "adaptive" | "auto", _) => Ok(Some(ReasoningMode::Adaptive)),
        _ => Err(kind.invalid("must be one of enabled, disabled, adaptive")),
    }
}
