//! Why an answer ended: the vendor's words as the domain's, and back.

use std::borrow::Cow;
use tollgate_core_types::reply::{Finish, FinishReason};

/// Words for an answer that a filter ended.
const FILTERED: [&str; 14] = [
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "ESCALATION",
    "MODEL_ARMOR",
    "PUP_LIMITED_DISABLED",
    "JAILBREAK",
    "OTHER",
];

/// Words for an answer that the model spoilt: asked again it may do better.
const SPOILT: [&str; 2] = ["MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE"];

/// The domain's finish; `calls` says whether the answer calls a function, which the vendor's word
/// does not.
pub(crate) fn read(word: &str, calls: bool) -> Finish {
    let natural = if calls { FinishReason::ToolCalls } else { FinishReason::Stop };
    match word {
        "STOP" | "FINISH_REASON_UNSPECIFIED" | "" => Finish::new(natural),
        "MAX_TOKENS" => Finish::new(FinishReason::Length),
        "CONTINUATION" => detailed(FinishReason::Length, word),
        word if FILTERED.contains(&word) => detailed(FinishReason::ContentFilter, word),
        // The call was malformed, one too many, unexpected: what was said is all there is.
        word => detailed(natural, word),
    }
}

/// Whether an answer that ended so, and says nothing, is no answer.
pub(crate) fn is_spoilt(word: &str) -> bool {
    SPOILT.contains(&word)
}

/// A prompt that the vendor refused to answer.
pub(crate) fn blocked(reason: &str) -> Finish {
    detailed(FinishReason::ContentFilter, reason)
}

fn detailed(reason: FinishReason, word: &str) -> Finish {
    let detail = tollgate_core_types::error::clean(word, 64);
    Finish { reason, stop_sequence: None, detail: Some(detail) }
}

/// The vendor's word; its own where it gave one, for the domain keeps it.
pub(crate) fn word(finish: &Finish) -> Cow<'static, str> {
    let Finish { reason, stop_sequence: _, detail } = finish;
    Cow::Borrowed(match reason {
        FinishReason::Stop | FinishReason::ToolCalls | FinishReason::Pause => "STOP",
        FinishReason::Length | FinishReason::ContextWindow => "MAX_TOKENS",
        FinishReason::ContentFilter => {
            let known = detail.as_deref().and_then(|detail| {
                FILTERED.into_iter().find(|known| *known == detail && known != &"JAILBREAK")
            });
            known.unwrap_or("SAFETY")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_a_meaning() {
        use FinishReason as R;
        for (word, calls, reason, detail) in [
            ("STOP", false, R::Stop, None),
            ("STOP", true, R::ToolCalls, None),
            ("MAX_TOKENS", true, R::Length, None),
            ("CONTINUATION", false, R::Length, Some("CONTINUATION")),
            ("SAFETY", false, R::ContentFilter, Some("SAFETY")),
            ("PROHIBITED_CONTENT", true, R::ContentFilter, Some("PROHIBITED_CONTENT")),
            ("OTHER", false, R::ContentFilter, Some("OTHER")),
            ("TOO_MANY_TOOL_CALLS", true, R::ToolCalls, Some("TOO_MANY_TOOL_CALLS")),
            ("MALFORMED_FUNCTION_CALL", false, R::Stop, Some("MALFORMED_FUNCTION_CALL")),
            ("BRAND_NEW", false, R::Stop, Some("BRAND_NEW")),
        ] {
            let finish = read(word, calls);
            assert_eq!((finish.reason, finish.detail.as_deref()), (reason, detail), "{word}");
        }
        assert!(is_spoilt("MALFORMED_FUNCTION_CALL") && !is_spoilt("STOP"));
    }

    #[test]
    fn words_are_written_as_the_vendor_knows_them() {
        assert_eq!(word(&read("SPII", false)), "SPII");
        assert_eq!(word(&blocked("JAILBREAK")), "SAFETY");
        assert_eq!(word(&Finish::new(FinishReason::ContentFilter)), "SAFETY");
        assert_eq!(word(&Finish::new(FinishReason::ToolCalls)), "STOP");
        assert_eq!(word(&Finish::new(FinishReason::ContextWindow)), "MAX_TOKENS");
    }
}
