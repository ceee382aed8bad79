//! `generationConfig`: sampling, bounds, the form of the answer, thinking.

use serde_json::value::RawValue;
use tollgate_core_types::JsonText;
use tollgate_core_types::chat::{ChatRequest, Reasoning, ReasoningMode, ResponseFormat};
use tollgate_providers_common::BadRequest;

use super::contents::others;
use super::tools::json_schema;
use super::{kept, typed, wrong};
use crate::wire::ask::Thinking;

/// The name of a schema that clients of this dialect do not name.
const SCHEMA: &str = "response";

/// Fields of the thinking's settings that are read.
const OF_THINKING: [&str; 6] = [
    "includeThoughts",
    "include_thoughts",
    "thinkingBudget",
    "thinking_budget",
    "thinkingLevel",
    "thinking_level",
];

/// Reads one field.
pub(super) fn field(
    path: &str,
    key: &str,
    value: &RawValue,
    chat: &mut ChatRequest,
) -> Result<(), BadRequest> {
    match key {
        "temperature" => chat.temperature = typed(path, value)?,
        "topP" | "top_p" => chat.top_p = typed(path, value)?,
        "topK" | "top_k" => chat.top_k = whole(path, value)?,
        "maxOutputTokens" | "max_output_tokens" => chat.max_output_tokens = whole(path, value)?,
        "presencePenalty" | "presence_penalty" => chat.presence_penalty = typed(path, value)?,
        "frequencyPenalty" | "frequency_penalty" => chat.frequency_penalty = typed(path, value)?,
        "seed" => chat.seed = typed(path, value)?,
        "candidateCount" | "candidate_count" => chat.n = whole(path, value)?,
        "stopSequences" | "stop_sequences" => {
            chat.stop = typed::<Option<Vec<String>>>(path, value)?.unwrap_or_default();
        }
        "responseMimeType" | "response_mime_type" => mime_type(path, value, chat)?,
        "responseSchema" | "response_schema" => schema(value, true, chat),
        "responseJsonSchema" | "response_json_schema" => schema(value, false, chat),
        "thinkingConfig" | "thinking_config" => thinking(path, value, chat)?,
        "responseModalities" | "response_modalities" => {
            let modalities: Option<Vec<String>> = typed(path, value)?;
            let text = |one: &String| one.eq_ignore_ascii_case("text");
            if !modalities.unwrap_or_default().iter().all(text) {
                return Err(wrong(path, "asks for more than text, which this model cannot answer"));
            }
        }
        _ => chat.extra.extend(kept(path.to_owned(), value)),
    }
    Ok(())
}

/// Reads a configured default, where the client said nothing.
pub(super) fn default(
    key: &str,
    value: &RawValue,
    chat: &mut ChatRequest,
) -> Result<(), BadRequest> {
    let mut said = ChatRequest::default();
    let name = if key == "max_tokens" { "max_output_tokens" } else { key };
    field(key, name, value, &mut said)?;
    chat.temperature = chat.temperature.or(said.temperature);
    chat.top_p = chat.top_p.or(said.top_p);
    chat.top_k = chat.top_k.or(said.top_k);
    chat.max_output_tokens = chat.max_output_tokens.or(said.max_output_tokens);
    chat.seed = chat.seed.or(said.seed);
    chat.presence_penalty = chat.presence_penalty.or(said.presence_penalty);
    chat.frequency_penalty = chat.frequency_penalty.or(said.frequency_penalty);
    Ok(())
}

/// A whole number that is not negative, in either of JSON's spellings.
fn whole(path: &str, value: &RawValue) -> Result<Option<u64>, BadRequest> {
    let number: Option<f64> = typed(path, value)?;
    let Some(number) = number else { return Ok(None) };
    let fits = number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number);
    if fits {
        Ok(Some(number as u64))
    } else {
        Err(wrong(path, "must be a whole number that is not negative"))
    }
}

/// A schema that was read before is more than the type that it implies.
fn mime_type(path: &str, value: &RawValue, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let kind: Option<String> = typed(path, value)?;
    match kind.as_deref() {
        None | Some("text/plain" | "") => {}
        Some("application/json") => {
            chat.response_format.get_or_insert(ResponseFormat::JsonObject);
        }
        Some(_) => return Err(wrong(path, "is no form that this model answers in")),
    }
    Ok(())
}

fn schema(value: &RawValue, own_words: bool, chat: &mut ChatRequest) {
    if value.get() == "null" {
        return;
    }
    let schema = if own_words { json_schema(value) } else { JsonText::from_valid(value.get()) };
    chat.response_format = Some(ResponseFormat::JsonSchema {
        name: SCHEMA.to_owned(),
        description: None,
        schema,
        strict: Some(true),
    });
}

fn thinking(path: &str, value: &RawValue, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    others(path, value, &OF_THINKING, &mut chat.extra);
    let config: Option<Thinking> = typed(path, value)?;
    let Some(Thinking { include_thoughts, thinking_budget, thinking_level }) = config else {
        return Ok(());
    };
    let mode = match thinking_budget {
        Some(0) => Some(ReasoningMode::Disabled),
        Some(budget) => {
            Some(u64::try_from(budget).map_or(ReasoningMode::Adaptive, ReasoningMode::Budget))
        }
        None => None,
    };
    let effort = thinking_level
        .map(|level| level.to_ascii_lowercase())
        .filter(|level| level != "thinking_level_unspecified");
    let wanted = mode.is_some() || effort.is_some() || include_thoughts == Some(true);
    let display = match include_thoughts {
        Some(true) => Some("summarized".to_owned()),
        // Unasked, this dialect shows none.
        Some(false) | None => Some("omitted".to_owned()),
    };
    // Asking to see thoughts asks for some.
    let mode = mode.or((effort.is_none() && wanted).then_some(ReasoningMode::Adaptive));
    chat.reasoning = wanted.then_some(Reasoning { mode, effort, display });
    Ok(())
}
