//! Why an answer ended: the vendor's words in the domain's, for whole answers and streams alike.

use tollgate_core_types::error::clean;
use tollgate_core_types::reply::{Finish, FinishReason};

/// Longest vendor word kept, in bytes.
const WORD_MAX: usize = 128;

/// The finish in the domain's words. `calls_tools` says whether the answer calls a tool of the
/// client, `only_json_tool` whether its one call carries structured output. A word that is not known
/// counts as a stop and is kept as detail, for what it ended is complete.
pub(crate) fn finish(reason: Option<&str>, calls_tools: bool, only_json_tool: bool) -> Finish {
    let (kind, detail) = match reason {
        Some("end_turn" | "stop_sequence") => (FinishReason::Stop, None),
        Some("tool_use") if only_json_tool => (FinishReason::Stop, None),
        Some("tool_use") => (FinishReason::ToolCalls, None),
        Some("max_tokens") => (FinishReason::Length, None),
        Some("model_context_window_exceeded") => (FinishReason::ContextWindow, None),
        Some("guardrail_intervened" | "content_filtered" | "refusal") => {
            (FinishReason::ContentFilter, reason)
        }
        Some("pause_turn") => (FinishReason::Pause, None),
        None if calls_tools => (FinishReason::ToolCalls, None),
        _ => (FinishReason::Stop, reason),
    };
    let detail = detail.map(|word| clean(word, WORD_MAX));
    Finish { reason: kind, stop_sequence: None, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_in_the_domains_words() {
        use FinishReason as R;
        for (word, reason, detail) in [
            (Some("end_turn"), R::Stop, None),
            (Some("stop_sequence"), R::Stop, None),
            (Some("tool_use"), R::ToolCalls, None),
            (Some("max_tokens"), R::Length, None),
            (Some("model_context_window_exceeded"), R::ContextWindow, None),
            (Some("guardrail_intervened"), R::ContentFilter, Some("guardrail_intervened")),
            (Some("content_filtered"), R::ContentFilter, Some("content_filtered")),
            (Some("malformed_tool_use"), R::Stop, Some("malformed_tool_use")),
            (Some("brand_new"), R::Stop, Some("brand_new")),
            (None, R::Stop, None),
        ] {
            let finish = finish(word, false, false);
            assert_eq!((finish.reason, finish.detail.as_deref()), (reason, detail), "{word:?}");
        }
        assert_eq!(finish(None, true, false).reason, R::ToolCalls);
        assert_eq!(finish(Some("tool_use"), false, true).reason, R::Stop);
    }
}
