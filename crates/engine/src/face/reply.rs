//! A whole answer in the domain's words.

use std::fmt;
use tollgate_core_types::chat::{Message, Part, Role, ToolCall};
use tollgate_core_types::reply::{ChatReply, FinishReason, ReplyPart};

use crate::answer::AnswerHead;

/// A whole answer and what is known of its making. Displays as its text.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reply {
    /// Who answered, after how many attempts, and what could not be carried there.
    pub head: AnswerHead,
    /// The answer: its parts, usage and end.
    pub chat: ChatReply,
}

impl Reply {
    /// All of the answer's text; empty where the model only calls tools.
    #[must_use]
    pub fn text(&self) -> String {
        self.to_string()
    }

    /// The readable part of the model's reasoning.
    #[must_use]
    pub fn reasoning(&self) -> String {
        let text = |part: &ReplyPart| match part {
            ReplyPart::Reasoning(reasoning) => Some(reasoning.text.clone()),
            ReplyPart::Text(_) | ReplyPart::ToolCall(_) | ReplyPart::Refusal(_) => None,
        };
        self.chat.parts.iter().filter_map(text).collect()
    }

    /// The tools that the model calls, in its order.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.chat.parts.iter().filter_map(|part| match part {
            ReplyPart::ToolCall(call) => Some(call),
            ReplyPart::Text(_) | ReplyPart::Reasoning(_) | ReplyPart::Refusal(_) => None,
        })
    }

    /// The words in which the model declined, if it did.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.chat.parts.iter().find_map(|part| match part {
            ReplyPart::Refusal(text) => Some(text.as_str()),
            ReplyPart::Text(_) | ReplyPart::Reasoning(_) | ReplyPart::ToolCall(_) => None,
        })
    }

    /// Why the answer ended.
    #[must_use]
    pub fn finish(&self) -> FinishReason {
        self.chat.finish.reason
    }

    /// The answer as the model's turn of the conversation, to go on from.
    #[must_use]
    pub fn message(&self) -> Message {
        let part = |part: &ReplyPart| match part {
            ReplyPart::Text(text) => Part::text(text),
            ReplyPart::Reasoning(reasoning) => Part::Reasoning(reasoning.clone()),
            ReplyPart::ToolCall(call) => Part::ToolCall(call.clone()),
            ReplyPart::Refusal(text) => Part::Refusal { text: text.clone() },
        };
        let parts = self.chat.parts.iter().map(part).collect();
        Message { role: Role::Assistant, parts, name: None }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.chat.parts {
            match part {
                ReplyPart::Text(text) => f.write_str(text)?,
                ReplyPart::Reasoning(_) | ReplyPart::ToolCall(_) | ReplyPart::Refusal(_) => {}
            }
        }
        Ok(())
    }
}
