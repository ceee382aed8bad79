//! From the source's entries to ours: which vendors, which names, which capabilities.
//!
//! What an entry does not say stays unknown, except where the vendor's entries are complete: there a
//! missing capability is none.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tollgate_catalogue::{Capabilities, Model, ReasoningStyle, spellings};

use super::price;

/// The source's vendors that are ours, and what they write before their models' names.
const VENDORS: &[(&str, &str, &[&str])] = &[
    ("openai", "openai", &["openai/"]),
    ("azure", "azure", &["azure/"]),
    ("azure_ai", "azure", &["azure_ai/"]),
    ("anthropic", "anthropic", &["anthropic/"]),
    ("bedrock", "bedrock", &["bedrock/"]),
    ("bedrock_converse", "bedrock", &["bedrock/"]),
    ("gemini", "gemini", &["gemini/"]),
    ("dashscope", "qwen", &["dashscope/"]),
    ("deepseek", "deepseek", &["deepseek/"]),
    ("groq", "groq", &["groq/"]),
    ("mistral", "mistral", &["mistral/"]),
    ("xai", "xai", &["xai/"]),
    ("openrouter", "openrouter", &["openrouter/"]),
    ("together_ai", "together", &["together_ai/"]),
    ("fireworks_ai", "fireworks", &["fireworks_ai/"]),
    ("cerebras", "cerebras", &["cerebras/"]),
    ("moonshot", "moonshot", &["moonshot/"]),
    ("perplexity", "perplexity", &["perplexity/"]),
    ("minimax", "minimax", &["minimax/"]),
    ("nvidia_nim", "nvidia", &["nvidia_nim/"]),
    ("zai", "zai", &["zai/"]),
    ("deepinfra", "deepinfra", &["deepinfra/"]),
    ("sambanova", "sambanova", &["sambanova/"]),
    ("volcengine", "volcengine", &["volcengine/"]),
    ("nebius", "nebius", &["nebius/"]),
    ("novita", "novita", &["novita/"]),
    ("hyperbolic", "hyperbolic", &["hyperbolic/"]),
    ("lambda_ai", "lambda", &["lambda_ai/"]),
    ("baseten", "baseten", &["baseten/"]),
    ("friendliai", "friendli", &["friendliai/"]),
    ("featherless_ai", "featherless", &["featherless_ai/"]),
    ("scaleway", "scaleway", &["scaleway/"]),
    ("ovhcloud", "ovhcloud", &["ovhcloud/"]),
    ("nscale", "nscale", &["nscale/"]),
    ("vercel_ai_gateway", "vercel", &["vercel_ai_gateway/"]),
    ("aihubmix", "aihubmix", &["aihubmix/"]),
];

/// Families whose entries name every capability that a model has: there a missing one is none.
const COMPLETE: [&str; 7] = [
    "anthropic/claude",
    "openai/gpt-3",
    "openai/gpt-4",
    "openai/gpt-audio",
    "openai/o1",
    "openai/o3",
    "openai/o4",
];

/// What an entry is for, where that is ours to serve by tokens.
const MODES: [&str; 4] = ["chat", "responses", "completion", "embedding"];

/// Every model of the source that a vendor of ours serves, by `vendor/name`.
///
/// # Errors
/// When the source is no map of entries, or a price in it is no number.
pub(super) fn models(source: &Value) -> Result<BTreeMap<String, Model>> {
    let entries = source.as_object().context("the source is no map")?;
    let mut models: BTreeMap<String, (bool, Model)> = BTreeMap::new();
    for (key, entry) in entries {
        let Some((vendor, name, prefixed)) = entry.as_object().and_then(|it| named(key, it)) else {
            continue;
        };
        let Some(entry) = entry.as_object() else { continue };
        let name = format!("{vendor}/{name}");
        let model = Model {
            capabilities: capabilities(vendor, &name, entry),
            prices: price::prices(entry).with_context(|| key.clone())?,
        };
        // Where a model has a name with its vendor and one without, the former is meant here.
        if prefixed || !models.get(&name).is_some_and(|(prefixed, _)| *prefixed) {
            models.insert(name, (prefixed, model));
        }
    }
    let all = models.into_iter().map(|(name, (_, model))| (name, model)).collect();
    Ok(without_twins(all))
}

/// The vendor and the name of an entry that is ours, and whether its key named the vendor.
fn named<'a>(key: &'a str, entry: &Map<String, Value>) -> Option<(&'static str, String, bool)> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    if !MODES.contains(&text("mode")?) {
        return None;
    }
    let source = text("litellm_provider")?;
    let vertex = ("vertex_ai", "vertex", &["vertex_ai/"] as &[&str]);
    let (_, vendor, prefixes) = if source.starts_with("vertex_ai") {
        vertex
    } else {
        *VENDORS.iter().find(|(theirs, ..)| *theirs == source)?
    };
    let stripped: Option<&'a str> = prefixes.iter().find_map(|prefix| key.strip_prefix(prefix));
    let name = stripped.unwrap_or(key).to_ascii_lowercase();
    // Regions and commitments stand in paths; their prices are for contracts that nobody tells us of.
    let told = vendor != "bedrock" || !name.contains('/');
    // A runtime for code is no model.
    let told = told && name != "container";
    let plain = name.bytes().all(|byte| byte.is_ascii_graphic());
    (told && plain && !name.is_empty()).then_some((vendor, name, stripped.is_some()))
}

/// Without the names that are found as well without standing there: snapshots and profiles that are
/// what their base is.
fn without_twins(mut models: BTreeMap<String, Model>) -> BTreeMap<String, Model> {
    let names: Vec<String> = models.keys().cloned().collect();
    for name in names {
        let Some((vendor, model)) = name.split_once('/') else { continue };
        let bases = spellings(model).into_iter().skip(1).map(|base| format!("{vendor}/{base}"));
        let base = bases.into_iter().find_map(|base| models.get(&base));
        if base.is_some() && base == models.get(&name) {
            models.remove(&name);
        }
    }
    models
}

fn capabilities(vendor: &str, name: &str, entry: &Map<String, Value>) -> Capabilities {
    let complete = COMPLETE.iter().any(|family| name.starts_with(family));
    let embeds = entry.get("mode").and_then(Value::as_str) == Some("embedding");
    let said = |key: &str| entry.get(key).and_then(Value::as_bool);
    let number = |key: &str| {
        let number = entry.get(key)?;
        // Some are written with a point.
        let whole = number.as_u64().or_else(|| number.to_string().strip_suffix(".0")?.parse().ok());
        whole.filter(|number| *number > 0)
    };
    let takes = |key: &str, word: &str| said(key).or_else(|| modality(entry, word));
    // Where everything is told, what is not told is not there.
    let told = |known: Option<bool>| known.or((complete && !embeds).then_some(false));
    Capabilities {
        context: number("max_input_tokens"),
        max_output: if embeds { None } else { number("max_output_tokens") },
        images: told(takes("supports_vision", "image")),
        documents: said("supports_pdf_input"),
        audio: told(takes("supports_audio_input", "audio")),
        tools: if embeds { None } else { said("supports_function_calling") },
        forced_tools: forced(entry),
        structured_output: structured(vendor, entry),
        reasoning: if embeds { None } else { reasoning(vendor, complete, entry) },
        sampling: said("supports_sampling_params"),
        prefill: said("supports_assistant_prefill"),
        dimensions: if embeds { number("output_vector_size") } else { None },
        batch: None,
    }
}

fn modality(entry: &Map<String, Value>, word: &str) -> Option<bool> {
    let all = entry.get("supported_modalities")?.as_array()?;
    Some(all.iter().any(|modality| modality.as_str() == Some(word)))
}

fn forced(entry: &Map<String, Value>) -> Option<bool> {
    let said = |key: &str| entry.get(key).and_then(Value::as_bool);
    said("supports_forced_tool_use").or_else(|| said("supports_tool_choice"))
}

/// For Claude the general word means a forced tool of the source's own.
fn structured(vendor: &str, entry: &Map<String, Value>) -> Option<bool> {
    let said = |key: &str| entry.get(key).and_then(Value::as_bool);
    let native = said("supports_native_structured_output");
    match vendor {
        "anthropic" | "bedrock" | "vertex" | "azure" if native.is_some() => native,
        "anthropic" | "bedrock" => None,
        _ => native.or_else(|| said("supports_response_schema")),
    }
}

fn reasoning(vendor: &str, complete: bool, entry: &Map<String, Value>) -> Option<ReasoningStyle> {
    let said = |key: &str| entry.get(key).and_then(Value::as_bool);
    let is = |key: &str| said(key) == Some(true);
    match said("supports_reasoning") {
        Some(false) => return Some(ReasoningStyle::None),
        None if complete => return Some(ReasoningStyle::None),
        None => return None,
        Some(true) => {}
    }
    let levels = entry.contains_key("reasoning_effort_levels");
    Some(if is("thinking_always_on") {
        ReasoningStyle::Always
    } else if is("supports_adaptive_thinking") {
        ReasoningStyle::Adaptive
    } else if vendor == "anthropic" || is("supports_legacy_thinking") {
        ReasoningStyle::Budget
    } else if levels || matches!(vendor, "openai" | "azure" | "groq" | "xai") {
        ReasoningStyle::Effort
    } else {
        // That it thinks is known, but not how it is told to.
        return None;
    })
}
