//! The request bodies: small, with tools, and long; whole and streamed.

use anyhow::Result;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Files with request bodies.
pub(super) struct Bodies {
    /// About 0.4 KB.
    pub(super) small: PathBuf,
    /// About 10 KB: tools and a conversation.
    pub(super) medium: PathBuf,
    /// About 200 KB: a long conversation.
    pub(super) large: PathBuf,
    /// Small, streamed as fast as it goes.
    pub(super) burst: PathBuf,
    /// Small, streamed with 2 ms between events.
    pub(super) paced: PathBuf,
}

impl Bodies {
    /// Writes them below `home`.
    pub(super) fn write(home: &Path) -> Result<Self> {
        let file = |name: &str, body: &Value| -> Result<PathBuf> {
            let path = home.join(name);
            std::fs::write(&path, body.to_string())?;
            Ok(path)
        };
        Ok(Self {
            small: file("small.json", &chat(2, 60, 0))?,
            medium: file("medium.json", &chat(12, 420, 8))?,
            large: file("large.json", &chat(160, 1200, 0))?,
            burst: file("burst.json", &streamed(200))?,
            paced: file("paced.json", &streamed(257))?,
        })
    }
}

fn streamed(max_tokens: u64) -> Value {
    let mut body = chat(2, 60, 0);
    body["stream"] = true.into();
    // Among the first keys, where the upstream looks for it.
    body["max_tokens"] = max_tokens.into();
    body
}

fn chat(messages: usize, length: usize, tools: usize) -> Value {
    let words = "the quick brown fox jumps over the lazy dog while it rains ";
    let text: String = words.chars().cycle().take(length).collect();
    let messages: Vec<Value> = (0..messages)
        .map(|index| {
            let role = if index % 2 == 0 { "user" } else { "assistant" };
            json!({ "role": role, "content": text })
        })
        .collect();
    let mut body = json!({
        "model": "bench", "max_tokens": 200, "temperature": 0.7, "messages": messages,
    });
    if tools > 0 {
        body["tools"] = (0..tools).map(tool).collect();
    }
    body
}

fn tool(index: usize) -> Value {
    json!({ "type": "function", "function": {
        "name": format!("look_up_{index}"),
        "description": "Looks a thing up in a place and gives back what is known of it.",
        "parameters": { "type": "object", "required": ["place", "thing"], "properties": {
            "place": { "type": "string", "description": "Where to look" },
            "thing": { "type": "string", "description": "What to look for", "enum": ["a", "b", "c"] },
            "limit": { "type": "integer", "minimum": 1, "maximum": 100 },
        } },
    } })
}
