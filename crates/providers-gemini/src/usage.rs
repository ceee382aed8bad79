//! Tokens: the vendor's counts as the domain's, and back.
//!
//! The vendor counts thoughts beside the answer, except where its total says that it does not.

use serde::Serialize;
use tollgate_core_types::Usage;
use tollgate_core_types::usage::UsageDetail;

use crate::wire::answer::{Counts, Sound, Terms};

/// The domain's usage: inclusive, and without what the vendor did not say.
pub(crate) fn read(counts: &Counts) -> Usage {
    let Counts {
        prompt_token_count: prompt,
        cached_content_token_count: cached,
        candidates_token_count: candidates,
        thoughts_token_count: thoughts,
        tool_use_prompt_token_count: tools,
        total_token_count: total,
        prompt_tokens_details: Sound(heard),
        candidates_tokens_details: Sound(spoken),
        traffic_type: Terms(tier),
    } = *counts;
    let input = prompt.map(|prompt| prompt.saturating_add(tools.unwrap_or(0)));
    let said = candidates.unwrap_or(0);
    // Some models count their thoughts among the candidates' tokens already.
    let within = thoughts.is_some()
        && candidates.is_some()
        && total.is_some_and(|total| total == input.unwrap_or(0).saturating_add(said));
    let beside = if within { 0 } else { thoughts.unwrap_or(0) };
    let output = (candidates.is_some() || thoughts.is_some()).then(|| said.saturating_add(beside));
    Usage {
        input_tokens: input,
        output_tokens: output,
        cache_read_tokens: cached,
        cache_write_tokens: None,
        reasoning_tokens: thoughts,
        detail: UsageDetail {
            cache_write_hour_tokens: None,
            input_audio_tokens: heard,
            output_audio_tokens: spoken,
            tier,
        },
    }
}

/// Usage as clients of this dialect read it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_token_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_content_token_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates_token_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thoughts_token_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_token_count: Option<u64>,
}

impl Written {
    /// Usage for a client; `None` where the vendor reported nothing.
    pub(crate) fn of(usage: &Usage) -> Option<Self> {
        if usage.is_empty() {
            return None;
        }
        let Usage {
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens: _,
            reasoning_tokens,
            detail: _,
        } = *usage;
        let thoughts = reasoning_tokens.filter(|thoughts| *thoughts > 0);
        Some(Self {
            prompt_token_count: input_tokens,
            cached_content_token_count: cache_read_tokens.filter(|cached| *cached > 0),
            candidates_token_count: output_tokens
                .map(|output| output.saturating_sub(thoughts.unwrap_or(0))),
            thoughts_token_count: thoughts,
            total_token_count: usage.total(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_inclusively() {
        for (json, want) in [
            (r#"{}"#, (None, None, None, None)),
            (
                r#"{"promptTokenCount":10,"candidatesTokenCount":5,"totalTokenCount":15}"#,
                (Some(10), Some(5), None, None),
            ),
            (
                r#"{"promptTokenCount":10,"candidatesTokenCount":5,"thoughtsTokenCount":7,"totalTokenCount":22}"#,
                (Some(10), Some(12), None, Some(7)),
            ),
            (
                r#"{"promptTokenCount":10,"candidatesTokenCount":12,"thoughtsTokenCount":7,"totalTokenCount":22}"#,
                (Some(10), Some(12), None, Some(7)),
            ),
            (
                r#"{"promptTokenCount":10,"toolUsePromptTokenCount":3,"cachedContentTokenCount":4,"thoughtsTokenCount":2,"totalTokenCount":15}"#,
                (Some(13), Some(2), Some(4), Some(2)),
            ),
        ] {
            let usage = read(&serde_json::from_str(json).unwrap());
            let said = (
                usage.input_tokens,
                usage.output_tokens,
                usage.cache_read_tokens,
                usage.reasoning_tokens,
            );
            assert_eq!(said, want, "{json}");
        }
    }

    #[test]
    fn what_is_written_reads_as_it_was() {
        let usage = Usage {
            input_tokens: Some(10),
            output_tokens: Some(12),
            cache_read_tokens: Some(4),
            cache_write_tokens: None,
            reasoning_tokens: Some(7),
            ..Usage::default()
        };
        let json = serde_json::to_string(&Written::of(&usage).unwrap()).unwrap();
        assert_eq!(read(&serde_json::from_str(&json).unwrap()), usage);
        assert!(Written::of(&Usage::default()).is_none());
    }
}
