//! How large a request probably is: for vendors that cannot count, where it is marked as an estimate,
//! and for what is reserved of a deployment's tokens per minute until its usage is known.

use tollgate_core_types::chat::{ChatRequest, MediaSource, Message, Part, Tool};
use tollgate_core_types::{Operation, Usage};
use tollgate_providers_common::{ClientDialect, Inbound};

/// Bytes per token of English text and JSON with the common vocabularies, rounded down so that the
/// estimate errs upward.
const BYTES_PER_TOKEN: u64 = 4;
/// What a message costs beside its text.
const PER_MESSAGE: u64 = 4;
/// What a picture costs at the common vendors' medium resolution.
const PER_IMAGE: u64 = 1200;

/// Output tokens of a chat that bounds none.
const OUTPUT: u64 = 1024;

/// What a request reserves of tokens per minute: its input with a twentieth on top, and all of the
/// output that it allows. What it takes in the end is settled, so a wrong guess is a short debt.
pub(crate) fn reservation(inbound: &Inbound, client: &dyn ClientDialect) -> u64 {
    let by_length = || (inbound.body.len() as u64).div_ceil(BYTES_PER_TOKEN);
    let output = |most: u64| inbound.facts.max_output_tokens.unwrap_or(most);
    if inbound.operation == Operation::Chat {
        // Pictures would be counted by their length otherwise.
        let input = client.parse(inbound).map_or_else(|_| by_length(), |chat| input_tokens(&chat));
        input.saturating_add(input.div_ceil(20)).saturating_add(output(OUTPUT))
    } else if inbound.operation == Operation::TextCompletion {
        by_length().saturating_add(output(OUTPUT))
    } else if inbound.operation == Operation::CountTokens {
        0
    } else {
        by_length()
    }
}

/// The tokens that a vendor says a request took; none where it says nothing.
pub(crate) fn taken(usage: &Usage) -> Option<u64> {
    let Usage { input_tokens, output_tokens, .. } = usage;
    let all = input_tokens.unwrap_or(0).saturating_add(output_tokens.unwrap_or(0));
    (input_tokens.is_some() || output_tokens.is_some()).then_some(all)
}

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
