//! Why an answer ended: the dialect's words and the domain's, both ways.
//!
//! One table per direction, so that whole answers and streams cannot disagree.

use tollgate_core_types::error::clean;
use tollgate_core_types::reply::{Finish, FinishReason};

/// Longest vendor word kept, in bytes.
const WORD_MAX: usize = 128;

/// What the vendor says about an end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said<'a> {
    /// `stop_reason`.
    pub(crate) reason: Option<&'a str>,
    /// `stop_sequence`.
    pub(crate) sequence: Option<&'a str>,
    /// `stop_details.category`.
    pub(crate) category: Option<&'a str>,
    /// Whether the answer calls tools of the client, which decides where no reason is given.
    pub(crate) calls_tools: bool,
    /// Whether the answer's only tool is the one that carries structured output.
    pub(crate) only_json_tool: bool,
}

/// The finish in the domain's words. A word that is not known counts as a stop and is kept as
/// detail, for what it ended is complete.
pub(crate) fn finish(said: Said<'_>) -> Finish {
    let Said { reason, sequence, category, calls_tools, only_json_tool } = said;
    let (kind, detail) = match reason {
        Some("end_turn") => (FinishReason::Stop, None),
        Some("stop_sequence") => (FinishReason::Stop, None),
        Some("max_tokens") => (FinishReason::Length, None),
        Some("tool_use") if only_json_tool => (FinishReason::Stop, None),
        Some("tool_use") => (FinishReason::ToolCalls, None),
        Some("refusal") => (FinishReason::ContentFilter, category),
        Some("pause_turn") => (FinishReason::Pause, None),
        Some("model_context_window_exceeded") => (FinishReason::ContextWindow, None),
        Some("compaction") => (FinishReason::Length, reason),
        None if calls_tools => (FinishReason::ToolCalls, None),
        _ => (FinishReason::Stop, reason),
    };
    Finish {
        reason: kind,
        stop_sequence: sequence.map(str::to_owned),
        detail: detail.map(|word| clean(word, WORD_MAX)),
    }
}

/// The refusal categories that official clients accept.
const CATEGORIES: [&str; 5] =
    ["cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms"];

/// How an end is written for clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written<'a> {
    /// `stop_reason`.
    pub(crate) reason: &'static str,
    /// `stop_sequence`.
    pub(crate) sequence: Option<&'a str>,
    /// `stop_details.category`.
    pub(crate) category: Option<&'a str>,
}

/// The finish in the dialect's words. `calls_tools` says whether the answer calls a tool,
/// `refused` whether it has the model's refusal: some vendors finish both with a plain stop, and a
/// client of this dialect looks at the reason alone.
pub(crate) fn written(finish: &Finish, calls_tools: bool, refused: bool) -> Written<'_> {
    let Finish { reason, stop_sequence, detail } = finish;
    let word = match reason {
        FinishReason::Stop if refused => "refusal",
        FinishReason::Stop if calls_tools => "tool_use",
        FinishReason::Stop if stop_sequence.is_some() => "stop_sequence",
        FinishReason::Stop => "end_turn",
        FinishReason::Length => "max_tokens",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::ContentFilter => "refusal",
        FinishReason::ContextWindow => "model_context_window_exceeded",
        FinishReason::Pause => "pause_turn",
    };
    let known = |detail: &&str| word == "refusal" && CATEGORIES.contains(detail);
    Written {
        reason: word,
        sequence: stop_sequence.as_deref().filter(|_| word == "stop_sequence"),
        category: detail.as_deref().filter(known),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reason: &str) -> Finish {
        finish(Said { reason: Some(reason), ..Said::default() })
    }

    #[test]
    fn every_reason_of_the_dialect_survives_the_round_trip() {
        for word in [
            "end_turn",
            "max_tokens",
            "tool_use",
            "refusal",
            "pause_turn",
            "model_context_window_exceeded",
        ] {
            assert_eq!(written(&read(word), false, false).reason, word);
        }
    }

    #[test]
    fn a_met_stop_text_is_kept() {
        let met = finish(Said {
            reason: Some("stop_sequence"),
            sequence: Some("END"),
            ..Said::default()
        });
        assert_eq!(met.reason, FinishReason::Stop);
        let written = written(&met, false, false);
        assert_eq!((written.reason, written.sequence), ("stop_sequence", Some("END")));
    }

    #[test]
    fn a_refusal_names_its_category_and_only_known_ones_go_to_clients() {
        let said = |category| {
            finish(Said { reason: Some("refusal"), category: Some(category), ..Said::default() })
        };
        assert_eq!(said("cyber").detail.as_deref(), Some("cyber"));
        assert_eq!(written(&said("cyber"), false, false).category, Some("cyber"));
        assert_eq!(written(&said("new_one"), false, false).category, None);
    }

    #[test]
    fn unknown_and_missing_reasons_do_not_lose_the_answer() {
        assert_eq!(read("compaction").reason, FinishReason::Length);
        assert_eq!(read("brand_new").reason, FinishReason::Stop);
        assert_eq!(read("brand_new").detail.as_deref(), Some("brand_new"));
        let tools = finish(Said { calls_tools: true, ..Said::default() });
        assert_eq!(tools.reason, FinishReason::ToolCalls);
        assert_eq!(finish(Said::default()), Finish::new(FinishReason::Stop));
    }

    #[test]
    fn the_tool_that_carries_json_is_no_tool_call() {
        let said = Said { reason: Some("tool_use"), only_json_tool: true, ..Said::default() };
        assert_eq!(finish(said).reason, FinishReason::Stop);
    }

    #[test]
    fn a_plain_stop_with_calls_or_a_refusal_is_named_for_what_it_is() {
        let stop = Finish::new(FinishReason::Stop);
        assert_eq!(written(&stop, true, false).reason, "tool_use");
        assert_eq!(written(&stop, false, true).reason, "refusal");
    }
}
