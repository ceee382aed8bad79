//! `POST /chat/completions`: decides what to say (`plan`) and writes it whole or as a stream
//! (`render`).

mod plan;
mod render;
mod tools;

use serde_json::Value;

use crate::limits::{Limited, Limits};
use crate::prompt;
use crate::wire::{Answer, Context, Refusal, member, model, streaming};

/// Most choices of one request.
const MAX_CHOICES: u64 = 8;

/// What a request wants, as far as the mock heeds it.
struct Ask {
    model: String,
    choices: u64,
    limits: Limits,
    stream: bool,
    include_usage: bool,
}

/// What the mock says.
enum Turn {
    /// A text, already limited.
    Text(Limited),
    /// Tool calls.
    Calls(Vec<tools::Call>),
}

/// The answer to a chat request.
///
/// # Errors
/// When a field that the mock reads is missing or wrong.
pub(crate) fn answer(body: &Value, context: Context<'_>) -> Result<Answer, Refusal> {
    let ask = read(body)?;
    let messages = member(body, "messages").and_then(Value::as_array);
    let messages = messages
        .filter(|messages| !messages.is_empty() && messages.iter().all(Value::is_object))
        .ok_or_else(|| {
            Refusal::new("messages", "Invalid 'messages': expected a list of messages")
        })?;
    let conversation = prompt::read(messages);
    let input_tokens = conversation.tokens + tools::size(body);
    let said = plan::say(body, &ask.model, &conversation, context)?;
    let turn = match said {
        plan::Said::Text(text) => Turn::Text(ask.limits.apply(&text)),
        plan::Said::Calls(calls) => Turn::Calls(calls),
    };
    Ok(render::answer(&ask, &turn, input_tokens, context))
}

fn read(body: &Value) -> Result<Ask, Refusal> {
    let choices = match member(body, "n") {
        Some(n) => n
            .as_u64()
            .filter(|n| (1..=MAX_CHOICES).contains(n))
            .ok_or_else(|| Refusal::new("n", "Invalid 'n': expected an integer from 1 to 8"))?,
        None => 1,
    };
    let (stream, include_usage) = streaming(body);
    let limits = Limits::read(body, &["max_completion_tokens", "max_tokens"])?;
    Ok(Ask { model: model(body)?, choices, limits, stream, include_usage })
}

#[cfg(test)]
mod tests;
