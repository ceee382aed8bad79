//! A streamed answer in no vendor's words.
//!
//! The order every decoder keeps: one [`ChatEvent::Start`], then content and usage in any order,
//! one [`ChatEvent::Finish`], further usage perhaps, one [`ChatEvent::End`]; or an
//! [`ChatEvent::Error`] anywhere, after which nothing follows.

use crate::error::UpstreamError;
use crate::reply::Finish;
use crate::usage::Usage;

/// One event of a streamed answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatEvent {
    /// The answer began; carries no content.
    Start {
        /// The vendor's id of the answer; empty where it gave none.
        id: String,
        /// The model that answers, in the vendor's words; empty where it did not say.
        model: String,
        /// Seconds since 1970 where the vendor says when.
        created: Option<u64>,
    },
    /// More text.
    Text(String),
    /// More readable reasoning.
    Reasoning(String),
    /// The issuer's signature over the reasoning just given; closes that reasoning block.
    ReasoningSignature {
        /// The signature.
        signature: String,
        /// The dialect that issued it.
        issuer: crate::Dialect,
    },
    /// A whole block of sealed reasoning.
    ReasoningRedacted {
        /// The sealed data.
        data: String,
        /// The dialect that issued it.
        issuer: crate::Dialect,
    },
    /// The model declines in these words.
    Refusal(String),
    /// A tool call begins. Indices count from 0 in the order in which calls begin.
    ToolCallStart {
        /// Which call of this answer.
        index: usize,
        /// The vendor's id of the call.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of a tool call's arguments.
    ToolCallArguments {
        /// Which call of this answer.
        index: usize,
        /// The next piece of JSON text.
        fragment: String,
    },
    /// Content that the domain has no word for (a second choice, audio, a server tool's block).
    ///
    /// It counts as content and is relayed on the verbatim path; a translation reports it as lost.
    Other {
        /// What it is in the vendor's words.
        kind: &'static str,
    },
    /// What the answer took so far; later parts overwrite earlier ones.
    Usage(Usage),
    /// Why the answer ended.
    Finish(Finish),
    /// The stream is complete.
    End,
    /// The vendor reports a failure inside the stream.
    Error(UpstreamError),
}

impl ChatEvent {
    /// Whether a client that sees this has seen part of the answer: the commit point.
    ///
    /// A finish commits as well, for an answer may be empty.
    #[must_use]
    pub fn commits(&self) -> bool {
        match self {
            Self::Text(_)
            | Self::Reasoning(_)
            | Self::ReasoningSignature { .. }
            | Self::ReasoningRedacted { .. }
            | Self::Refusal(_)
            | Self::ToolCallStart { .. }
            | Self::ToolCallArguments { .. }
            | Self::Other { .. }
            | Self::Finish(_)
            | Self::End => true,
            Self::Start { .. } | Self::Usage(_) | Self::Error(_) => false,
        }
    }
}
