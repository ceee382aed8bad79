//! How large a request probably is, for vendors that cannot count: an estimate, and marked as one.

use tollgate_core_types::chat::{ChatRequest, MediaSource, Message, Part, Tool};

/// Bytes per token of English text and JSON with the common vocabularies, rounded down so that the
/// estimate errs upward.
const BYTES_PER_TOKEN: u64 = 4;
/// What a message costs beside its text.
const PER_MESSAGE: u64 = 4;
/// What a picture costs at the common vendors' medium resolution.
const PER_IMAGE: u64 = 1200;

/// Input tokens of a request, estimated.
pub(crate) fn input_tokens(chat: &ChatRequest) -> u64 {
    let messages: u64 = chat.messages.iter().map(message).sum();
    let tools: u64 = chat.tools.iter().map(tool).sum();
    (messages + tools).max(1)
}

fn message(message: &Message) -> u64 {
    PER_MESSAGE + message.parts.iter().map(part).sum::<u64>()
}

fn part(part: &Part) -> u64 {
    match part {
        Part::Text { text, .. } | Part::Refusal { text } => text_tokens(text),
        Part::Image { .. } => PER_IMAGE,
        Part::Document { source, .. } => match source {
            MediaSource::Base64 { data, .. } | MediaSource::Text(data) => text_tokens(data),
            MediaSource::Url(_) | MediaSource::FileId(_) => PER_IMAGE,
        },
        Part::Audio { data, .. } => text_tokens(data) / 8,
        Part::ToolCall(call) => text_tokens(&call.name) + text_tokens(&call.arguments),
        Part::ToolResult { parts, .. } => parts.iter().map(self::part).sum(),
        Part::Reasoning(reasoning) => text_tokens(&reasoning.text),
        Part::Foreign { json, .. } => text_tokens(json.as_str()),
    }
}

fn tool(tool: &Tool) -> u64 {
    let schema = tool.parameters.as_ref().or(tool.foreign.as_ref().map(|(_, json)| json));
    text_tokens(&tool.name)
        + tool.description.as_deref().map_or(0, text_tokens)
        + schema.map_or(0, |schema| text_tokens(schema.as_str()))
        + PER_MESSAGE
}

fn text_tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(BYTES_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core_types::chat::Role;

    #[test]
    fn text_counts_by_length_and_nothing_counts_as_one() {
        assert_eq!(input_tokens(&ChatRequest::default()), 1);
        let text = Message { role: Role::User, parts: vec![Part::text("12345678")], name: None };
        let chat = ChatRequest { messages: vec![text], ..ChatRequest::default() };
        assert_eq!(input_tokens(&chat), 4 + 2);
    }
}
