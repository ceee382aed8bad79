//! Which of the offered tools the mock calls, and with what.

use serde_json::{Value, json};

use crate::schema;
use crate::tokens;
use crate::wire::{Context, Refusal, member};

/// Shortest part of a tool's name that counts as a mention of it.
const MIN_WORD: usize = 4;

/// One tool call.
#[derive(Debug)]
pub(super) struct Call {
    /// Its id.
    pub(super) id: String,
    /// The tool.
    pub(super) name: String,
    /// The arguments as JSON text.
    pub(super) arguments: String,
}

/// What `tool_choice` says.
enum Choice {
    None,
    Auto,
    /// One of the offered ones, or of those named.
    Required,
    /// This one.
    Named(String),
}

/// The calls to make: the forced one, or every offered tool that `user` mentions.
///
/// # Errors
/// When `tool_choice` is not understood or asks for what is not offered.
pub(super) fn calls(
    body: &Value,
    user: &str,
    hint: &str,
    context: Context<'_>,
) -> Result<Vec<Call>, Refusal> {
    let (choice, allowed) = choice(body)?;
    let mut offered = functions(body);
    if let Some(allowed) = allowed {
        offered.retain(|(name, _)| allowed.contains(name));
    }
    let mut chosen: Vec<&(String, &Value)> = match &choice {
        Choice::None => Vec::new(),
        Choice::Named(wanted) => offered.iter().filter(|(name, _)| name == wanted).collect(),
        Choice::Auto => offered.iter().filter(|(name, _)| mentions(user, name)).collect(),
        Choice::Required => {
            let mentioned = offered.iter().find(|(name, _)| mentions(user, name));
            mentioned.or(offered.first()).into_iter().collect()
        }
    };
    if chosen.is_empty() && matches!(choice, Choice::Required | Choice::Named(_)) {
        return Err(Refusal::new("tool_choice", "Invalid 'tool_choice': no such tool is offered"));
    }
    if member(body, "parallel_tool_calls").and_then(Value::as_bool) == Some(false) {
        chosen.truncate(1);
    }
    let call = |(index, (name, function)): (usize, &(String, &Value))| Call {
        id: format!("{}-{index}", context.id("call_")),
        name: name.clone(),
        arguments: arguments(function, hint).to_string(),
    };
    Ok(chosen.into_iter().enumerate().map(call).collect())
}

/// Size of the offered tools.
pub(super) fn size(body: &Value) -> u64 {
    member(body, "tools").map_or(0, |tools| tokens::count(&tools.to_string()))
}

/// The offered functions by name. Tools of other types are left alone.
fn functions(body: &Value) -> Vec<(String, &Value)> {
    let tools = member(body, "tools").and_then(Value::as_array);
    let named = |tool: &'_ Value| -> Option<String> {
        Some(tool.get("function")?.get("name")?.as_str()?.to_owned())
    };
    let functions = tools.into_iter().flatten().filter_map(|tool| {
        let name = named(tool)?;
        Some((name, tool.get("function")?))
    });
    functions.collect()
}

/// The choice, and the names that it is limited to.
fn choice(body: &Value) -> Result<(Choice, Option<Vec<String>>), Refusal> {
    let wrong = || Refusal::new("tool_choice", "Invalid 'tool_choice'");
    let Some(value) = member(body, "tool_choice") else {
        return Ok((Choice::Auto, None));
    };
    if let Some(mode) = value.as_str() {
        return mode_of(mode).map(|choice| (choice, None)).ok_or_else(wrong);
    }
    if let Some(name) = value.pointer("/function/name").and_then(Value::as_str) {
        return Ok((Choice::Named(name.to_owned()), None));
    }
    let allowed = value.get("allowed_tools").ok_or_else(wrong)?;
    let mode = allowed.get("mode").and_then(Value::as_str).and_then(mode_of).ok_or_else(wrong)?;
    let names = functions(allowed).into_iter().map(|(name, _)| name).collect();
    Ok((mode, Some(names)))
}

fn mode_of(mode: &str) -> Option<Choice> {
    match mode {
        "none" => Some(Choice::None),
        "auto" => Some(Choice::Auto),
        "required" => Some(Choice::Required),
        _ => None,
    }
}

/// Whether `text` holds a word of a tool's name: "weather" mentions `get_weather`.
fn mentions(text: &str, name: &str) -> bool {
    let text = text.to_lowercase();
    words(name).iter().any(|word| word.chars().count() >= MIN_WORD && text.contains(word.as_str()))
}

/// The words of a name in snake_case, kebab-case or camelCase, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// Arguments that the function's schema accepts.
fn arguments(function: &Value, hint: &str) -> Value {
    let made = function.get("parameters").map(|parameters| schema::example(parameters, hint));
    made.filter(Value::is_object).unwrap_or_else(|| json!({}))
}
