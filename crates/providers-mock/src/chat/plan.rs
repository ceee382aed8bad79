//! What the mock says to a conversation: a tool call where one fits, JSON where it is asked for,
//! else a short text that says who it is and repeats the user.

use serde_json::{Value, json};

use crate::chat::tools::{self, Call};
use crate::prompt::Conversation;
use crate::schema;
use crate::wire::{Context, Refusal, member};

/// What is said, before any limit.
pub(super) enum Said {
    /// Text, which may be JSON.
    Text(String),
    /// Tool calls.
    Calls(Vec<Call>),
}

/// Decides. Tool results at the end of the conversation are always answered with a text, even where
/// a call is forced, so that no agent runs in circles here.
pub(super) fn say(
    body: &Value,
    model: &str,
    conversation: &Conversation,
    context: Context<'_>,
) -> Result<Said, Refusal> {
    let hint = hint(&conversation.user);
    let calls = tools::calls(body, &conversation.user, &hint, context)?;
    if !conversation.results.is_empty() {
        return Ok(Said::Text(quote_results(&conversation.results, context)));
    }
    if !calls.is_empty() {
        return Ok(Said::Calls(calls));
    }
    if let Some(json) = structured(body, conversation, &hint, context)? {
        return Ok(Said::Text(json.to_string()));
    }
    Ok(Said::Text(greet(model, conversation, context)))
}

fn greet(model: &str, conversation: &Conversation, context: Context<'_>) -> String {
    let label = context.label;
    let mut text = format!("This is `{label}`, a mock deployment of {model}: no model was asked. ");
    if conversation.user.is_empty() {
        text.push_str("You said nothing.");
    } else {
        text.push_str("You said: ");
        text.push_str(&conversation.user);
    }
    if conversation.attachments > 0 {
        text.push_str(&format!(
            " (with {} parts that a mock cannot see)",
            conversation.attachments
        ));
    }
    text
}

fn quote_results(results: &[String], context: Context<'_>) -> String {
    format!("The mock deployment `{}` got from its tools: {}", context.label, results.join("; "))
}

/// The JSON value that `response_format` asks for, if it does.
fn structured(
    body: &Value,
    conversation: &Conversation,
    hint: &str,
    context: Context<'_>,
) -> Result<Option<Value>, Refusal> {
    let Some(format) = member(body, "response_format") else {
        return Ok(None);
    };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(None),
        Some("json_object") => {
            Ok(Some(json!({"deployment": context.label, "you_said": conversation.user})))
        }
        Some("json_schema") => match format.pointer("/json_schema/schema") {
            Some(schema) => Ok(Some(schema::example(schema, hint))),
            None => Err(Refusal::new(
                "response_format",
                "Missing required parameter: 'response_format.json_schema.schema'",
            )),
        },
        Some(_) | None => Err(Refusal::new(
            "response_format",
            "Invalid 'response_format.type': expected text, json_object or json_schema",
        )),
    }
}

/// A word of `text` to put where any string will do: the last capitalised one that does not begin
/// the text, which in a question is often the place or person it is about.
fn hint(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let named = words.skip(1).filter(|word| word.chars().next().is_some_and(char::is_uppercase));
    named.filter(|word| word.chars().count() > 1).last().unwrap_or("example").to_owned()
}
