//! What a model answers, whole; [`crate::event`] is the same answer in pieces.

use crate::chat::{ReasoningPart, ToolCall};
use crate::usage::Usage;

/// One whole answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatReply {
    /// The vendor's id of the answer; empty where it gave none.
    pub id: String,
    /// The model that answered, in the vendor's words; empty where it did not say.
    pub model: String,
    /// Seconds since 1970 where the vendor says when.
    pub created: Option<u64>,
    /// The answer's parts in the order in which they were made.
    pub parts: Vec<ReplyPart>,
    /// Why it ended.
    pub finish: Finish,
    /// What it took.
    pub usage: Usage,
    /// Service tier that served it.
    pub service_tier: Option<String>,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyPart {
    /// Text.
    Text(String),
    /// Reasoning.
    Reasoning(ReasoningPart),
    /// A tool call.
    ToolCall(ToolCall),
    /// The model declined in these words.
    Refusal(String),
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish {
    /// The reason.
    pub reason: FinishReason,
    /// The stop text that was met, where the vendor names it.
    pub stop_sequence: Option<String>,
    /// The vendor's own word where it says more than the reason, for example a refusal category.
    pub detail: Option<String>,
}

impl Finish {
    /// A finish with nothing more to say.
    #[must_use]
    pub fn new(reason: FinishReason) -> Self {
        Self { reason, stop_sequence: None, detail: None }
    }
}

/// Why an answer ended, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FinishReason {
    /// The model was done, or met a stop text.
    Stop,
    /// The token limit was met.
    Length,
    /// The model waits for tool results.
    ToolCalls,
    /// Filtered or refused.
    ContentFilter,
    /// The context window was full.
    ContextWindow,
    /// The vendor paused a long turn; send the answer back to go on.
    Pause,
}
