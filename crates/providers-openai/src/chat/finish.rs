//! Why an answer ended: vendors' words to ours, and ours to OpenAI's five.

use tollgate_core_types::reply::{Finish, FinishReason};
use tollgate_core_types::{ErrorClass, UpstreamError};

use crate::wire::Text;

/// What a `finish_reason` says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nothing: null, missing, or empty.
    Not,
    /// The answer ended.
    With(Finish),
    /// The vendor failed in the middle of it.
    Failed(UpstreamError),
}

/// Reads a `finish_reason`. `calls` is whether the answer calls tools: OpenAI itself says `stop`
/// after a forced call, and clients of other dialects must be told that a result is awaited.
pub(crate) fn read(word: &Text<'_>, calls: bool) -> Ended {
    let Some(word) = word.filled() else { return Ended::Not };
    if let Some(class) = failure(word) {
        let text = format!("the vendor ended the answer with `{word}`");
        return Ended::Failed(UpstreamError::new(class, text).with_code(Some(word)));
    }
    let (reason, known) = match word {
        "stop" | "eos_token" | "eos" | "stop_sequence" | "end_turn" | "COMPLETE" => {
            (FinishReason::Stop, true)
        }
        "length" | "max_tokens" | "MAX_TOKENS" | "max_output_tokens" => {
            (FinishReason::Length, true)
        }
        "tool_calls" | "function_call" | "tool_use" | "TOOL_CALL" => {
            (FinishReason::ToolCalls, true)
        }
        "content_filter" | "sensitive" | "safety" | "SAFETY" | "refusal" => {
            (FinishReason::ContentFilter, true)
        }
        "model_context_window_exceeded" | "model_length" => (FinishReason::ContextWindow, true),
        "pause_turn" => (FinishReason::Pause, true),
        _ => (FinishReason::Stop, false),
    };
    let reason =
        if calls && reason == FinishReason::Stop { FinishReason::ToolCalls } else { reason };
    let detail = (!known).then(|| tollgate_core_types::error::clean(word, 64));
    Ended::With(Finish { reason, stop_sequence: None, detail })
}

/// The finish of a complete answer whose vendor did not say why it ended.
pub(crate) fn unsaid(calls: bool) -> Finish {
    Finish::new(if calls { FinishReason::ToolCalls } else { FinishReason::Stop })
}

fn failure(word: &str) -> Option<ErrorClass> {
    match word {
        "error" | "network_error" => Some(ErrorClass::Server),
        "insufficient_system_resource" => Some(ErrorClass::Overload),
        _ => None,
    }
}

/// OpenAI's word; its SDKs accept five and no other.
pub(crate) fn word(finish: &Finish) -> &'static str {
    match finish.reason {
        FinishReason::Stop | FinishReason::Pause => "stop",
        FinishReason::Length | FinishReason::ContextWindow => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    fn read_word(word: &'static str, calls: bool) -> Ended {
        read(&Text(Some(Cow::Borrowed(word))), calls)
    }

    #[test]
    fn vendors_words_are_understood() {
        for (word, reason) in [
            ("stop", FinishReason::Stop),
            ("eos_token", FinishReason::Stop),
            ("length", FinishReason::Length),
            ("tool_calls", FinishReason::ToolCalls),
            ("function_call", FinishReason::ToolCalls),
            ("content_filter", FinishReason::ContentFilter),
            ("sensitive", FinishReason::ContentFilter),
            ("model_context_window_exceeded", FinishReason::ContextWindow),
        ] {
            assert_eq!(read_word(word, false), Ended::With(Finish::new(reason)), "{word}");
        }
        let Ended::With(odd) = read_word("repetition", false) else { panic!() };
        assert_eq!((odd.reason, odd.detail.as_deref()), (FinishReason::Stop, Some("repetition")));
    }

    #[test]
    fn nothing_said_is_no_end_and_failures_are_errors() {
        assert_eq!(read_word("", true), Ended::Not);
        assert_eq!(read(&Text(None), false), Ended::Not);
        let Ended::Failed(error) = read_word("insufficient_system_resource", false) else {
            panic!()
        };
        assert_eq!(error.class, ErrorClass::Overload);
        assert!(matches!(read_word("error", false), Ended::Failed(_)));
    }

    #[test]
    fn a_stop_after_a_forced_call_awaits_a_result() {
        let forced = Ended::With(Finish::new(FinishReason::ToolCalls));
        assert_eq!(read_word("stop", true), forced);
        assert_eq!(read_word("length", true), Ended::With(Finish::new(FinishReason::Length)));
    }

    #[test]
    fn each_reason_has_one_of_five_words() {
        let words = [
            (FinishReason::Stop, "stop"),
            (FinishReason::Pause, "stop"),
            (FinishReason::Length, "length"),
            (FinishReason::ContextWindow, "length"),
            (FinishReason::ToolCalls, "tool_calls"),
            (FinishReason::ContentFilter, "content_filter"),
        ];
        for (reason, expected) in words {
            assert_eq!(word(&Finish::new(reason)), expected);
        }
    }
}
