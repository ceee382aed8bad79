//! What to say, in no dialect's words.

use serde::Deserialize;
use serde_json::Value;

/// One answer of the model.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Answer {
    /// Text; the default names the upstream, unless tools or a refusal are given.
    pub(crate) text: Option<String>,
    /// Say what the user said last.
    pub(crate) echo: bool,
    /// Readable reasoning before the text.
    pub(crate) reasoning: Option<String>,
    /// Signature of the reasoning (Anthropic); its sealed content (Responses).
    pub(crate) signature: Option<String>,
    /// A block of sealed reasoning (Anthropic).
    pub(crate) redacted: Option<String>,
    /// Tool calls after the text.
    pub(crate) tools: Vec<Tool>,
    /// Decline in these words.
    pub(crate) refusal: Option<String>,
    /// Why it ended, in the dialect's own word; the default follows from the content.
    pub(crate) finish: Option<String>,
    /// The stop text that was met (Anthropic).
    pub(crate) stop_sequence: Option<String>,
    /// What it took.
    pub(crate) usage: Usage,
    /// The model that answers; the default is the one that was asked for.
    pub(crate) model: Option<String>,
    /// Leave usage out.
    pub(crate) no_usage: bool,
    /// Characters in one frame.
    pub(crate) piece: Option<usize>,
}

impl Answer {
    /// Characters in one frame where the script does not say.
    const PIECE: usize = 6;

    /// `text` in the pieces of a stream.
    pub(crate) fn pieces(&self, text: &str) -> Vec<String> {
        let size = self.piece.unwrap_or(Self::PIECE).max(1);
        let chars: Vec<char> = text.chars().collect();
        chars.chunks(size).map(|piece| piece.iter().collect()).collect()
    }

    /// The text to say, where there is any.
    pub(crate) fn said(&self, upstream: &str, request: &Value) -> Option<String> {
        if self.echo {
            return Some(last_user_text(request));
        }
        if self.text.is_none() && self.refusal.is_none() && self.tools.is_empty() {
            return Some(format!("Hello from {upstream}."));
        }
        self.text.clone()
    }
}

/// A tool call.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tool {
    pub(crate) id: String,
    pub(crate) name: String,
    /// JSON text, not checked: models write what they like.
    pub(crate) arguments: String,
}

/// Tokens, inclusive: cached ones are within `input`, reasoning within `output`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Usage {
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cached: u64,
    pub(crate) cache_write: u64,
    pub(crate) reasoning: u64,
}

impl Default for Usage {
    fn default() -> Self {
        Self { input: 12, output: 5, cached: 0, cache_write: 0, reasoning: 0 }
    }
}

/// The text of the last user message, of either dialect; a prompt where there are no messages.
fn last_user_text(request: &Value) -> String {
    let list = request.get("messages").or_else(|| request.get("input"));
    let messages = list.and_then(Value::as_array);
    let user = messages.into_iter().flatten().rev().find(|message| {
        message.get("role").and_then(Value::as_str) == Some("user") && !text_of(message).is_empty()
    });
    match user {
        Some(message) => text_of(message),
        None => {
            let text = request.get("prompt").or(list).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        }
    }
}

fn text_of(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_words_of_the_user_are_echoed() {
        for (request, words) in [
            (json!({"messages": [{"role": "user", "content": "a"}]}), "a"),
            (
                json!({"messages": [
                    {"role": "user", "content": [{"type": "text", "text": "b"}]},
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]},
                ]}),
                "b",
            ),
            (json!({"prompt": "c"}), "c"),
            (json!({"input": "d"}), "d"),
            (json!({"input": [{"type": "message", "role": "user", "content": "e"}]}), "e"),
            (json!({}), ""),
        ] {
            assert_eq!(last_user_text(&request), words);
        }
    }

    #[test]
    fn pieces_are_whole_characters() {
        let answer = Answer { piece: Some(2), ..Answer::default() };
        assert_eq!(answer.pieces("añb😀c"), ["añ", "b😀", "c"]);
    }
}
