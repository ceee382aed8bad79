//! Reads what the mock needs of a chat request: the texts, who said them last, and their size.

use serde_json::Value;

use crate::tokens;

/// Tokens that a vendor adds around every message.
const PER_MESSAGE: u64 = 3;

/// What the mock knows of a conversation.
#[derive(Debug)]
pub(crate) struct Conversation {
    /// Text of the last message of the user; empty where there is none.
    pub(crate) user: String,
    /// Texts of the tool results that end the conversation, in their order.
    pub(crate) results: Vec<String>,
    /// Images and other parts that the mock cannot read, in the whole conversation.
    pub(crate) attachments: usize,
    /// Size of the conversation.
    pub(crate) tokens: u64,
}

/// Reads the messages of a request.
pub(crate) fn read(messages: &[Value]) -> Conversation {
    let role = |message: &Value| message.get("role").and_then(Value::as_str).map(str::to_owned);
    let user = messages.iter().rev().find(|message| role(message).as_deref() == Some("user"));
    let trailing = messages
        .iter()
        .rev()
        .take_while(|message| matches!(role(message).as_deref(), Some("tool" | "function")));
    let mut results: Vec<String> = trailing.map(text).collect();
    results.reverse();
    Conversation {
        user: user.map(text).unwrap_or_default(),
        results,
        attachments: messages.iter().map(attachments).sum(),
        tokens: messages.iter().map(size).sum(),
    }
}

/// The text of a message: its content, or the texts of its parts.
fn text(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let texts: Vec<&str> =
                parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
            texts.join("\n")
        }
        Some(_) | None => String::new(),
    }
}

fn attachments(message: &Value) -> usize {
    let parts = message.get("content").and_then(Value::as_array);
    parts.map_or(0, |parts| parts.iter().filter(|part| part.get("text").is_none()).count())
}

/// Tokens of a message with everything that it carries.
fn size(message: &Value) -> u64 {
    let calls = message.get("tool_calls").map_or(0, |calls| tokens::count(&calls.to_string()));
    PER_MESSAGE + tokens::count(&text(message)) + calls
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_user_text_counts_even_when_others_spoke_since() {
        let messages = [
            json!({"role": "user", "content": "first"}),
            json!({"role": "user", "content": [
                {"type": "text", "text": "second"},
                {"type": "image_url", "image_url": {"url": "data:,"}}
            ]}),
            json!({"role": "assistant", "content": null, "tool_calls": [{"id": "a"}]}),
            json!({"role": "tool", "tool_call_id": "a", "content": "one"}),
            json!({"role": "tool", "tool_call_id": "b", "content": "two"}),
        ];
        let read = read(&messages);
        assert_eq!(read.user, "second");
        assert_eq!(read.results, ["one", "two"]);
        assert_eq!(read.attachments, 1);
        assert!(read.tokens > 5 * PER_MESSAGE + 4, "{}", read.tokens);
    }

    #[test]
    fn results_that_were_answered_are_no_results() {
        let messages = [
            json!({"role": "tool", "content": "old"}),
            json!({"role": "user", "content": "thanks"}),
        ];
        assert!(read(&messages).results.is_empty());
    }
}
