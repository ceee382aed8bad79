//! Usage as vendors report it, read into inclusive counts.
//!
//! OpenAI counts cached tokens within the prompt and reasoning within the completion. Some servers
//! report reasoning beside the completion; their own total gives them away.

use serde::Deserialize;
use tollgate_core_types::Usage;

use super::{Answer, Count, Lax};

/// The `usage` object.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct WireUsage {
    #[serde(default)]
    prompt_tokens: Count,
    #[serde(default)]
    completion_tokens: Count,
    #[serde(default)]
    total_tokens: Count,
    #[serde(default)]
    prompt_tokens_details: Lax<PromptDetails>,
    #[serde(default)]
    completion_tokens_details: Lax<CompletionDetails>,
    /// DeepSeek's and SiliconFlow's word for cached prompt tokens.
    #[serde(default)]
    prompt_cache_hit_tokens: Count,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
struct PromptDetails {
    #[serde(default)]
    cached_tokens: Count,
    #[serde(default)]
    cache_write_tokens: Count,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
struct CompletionDetails {
    #[serde(default)]
    reasoning_tokens: Count,
}

/// Groq's own envelope in streams.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct GroqExtra {
    #[serde(default)]
    pub(crate) usage: Lax<WireUsage>,
}

impl WireUsage {
    /// The counts; parts that were not reported stay absent.
    pub(crate) fn read(&self) -> Usage {
        let Self {
            prompt_tokens: Count(input),
            completion_tokens: Count(output),
            total_tokens: Count(total),
            prompt_tokens_details: Lax(prompt),
            completion_tokens_details: Lax(completion),
            prompt_cache_hit_tokens: Count(hit),
        } = self;
        let reasoning = completion.reasoning_tokens.0;
        Usage {
            input_tokens: *input,
            output_tokens: inclusive(*input, *output, reasoning, *total),
            cache_read_tokens: prompt.cached_tokens.0.or(*hit),
            cache_write_tokens: prompt.cache_write_tokens.0,
            reasoning_tokens: reasoning,
        }
    }
}

/// Output with reasoning in it: added where the vendor's total shows that it stood beside.
fn inclusive(
    input: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
    total: Option<u64>,
) -> Option<u64> {
    let (Some(prompt), Some(completion), Some(thought), Some(total)) =
        (input, output, reasoning, total)
    else {
        return output;
    };
    let beside = completion.saturating_add(thought);
    let exclusive = thought > 0 && prompt.saturating_add(beside) == total;
    Some(if exclusive { beside } else { completion })
}

/// The usage of an answer or chunk, wherever the vendor put it.
pub(crate) fn usage_of(answer: &Answer<'_>) -> Usage {
    let mut usage = Usage::default();
    for choice in answer.choices.iter().flatten() {
        usage.merge(&choice.usage.0.read());
    }
    usage.merge(&answer.x_groq.0.usage.0.read());
    usage.merge(&answer.usage.0.read());
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Usage {
        serde_json::from_str::<Lax<WireUsage>>(json).unwrap().0.read()
    }

    #[test]
    fn every_part_is_read_and_absent_parts_stay_absent() {
        let usage = read(
            r#"{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,
                "prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":8},
                "completion_tokens_details":{"reasoning_tokens":12}}"#,
        );
        let expected = Usage {
            input_tokens: Some(100),
            output_tokens: Some(20),
            cache_read_tokens: Some(60),
            cache_write_tokens: Some(8),
            reasoning_tokens: Some(12),
        };
        assert_eq!(usage, expected);
        let embedding = read(r#"{"prompt_tokens":5,"total_tokens":5}"#);
        assert_eq!(embedding, Usage { input_tokens: Some(5), ..Usage::default() });
        assert!(read("null").is_empty());
        assert!(read(r#"{"prompt_tokens":null,"prompt_tokens_details":[]}"#).is_empty());
    }

    #[test]
    fn reasoning_beside_the_completion_is_added_once() {
        let beside = r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":40,
            "completion_tokens_details":{"reasoning_tokens":25}}"#;
        assert_eq!(read(beside).output_tokens, Some(30));
        let within = r#"{"prompt_tokens":10,"completion_tokens":30,"total_tokens":40,
            "completion_tokens_details":{"reasoning_tokens":25}}"#;
        assert_eq!(read(within).output_tokens, Some(30));
        let untold = r#"{"prompt_tokens":10,"completion_tokens":5,
            "completion_tokens_details":{"reasoning_tokens":25}}"#;
        assert_eq!(read(untold).output_tokens, Some(5));
    }

    #[test]
    fn deepseek_and_groq_words_are_known() {
        assert_eq!(read(r#"{"prompt_cache_hit_tokens":3}"#).cache_read_tokens, Some(3));
        let groq = r#"{"choices":[],"x_groq":{"id":"r","usage":{"prompt_tokens":2}}}"#;
        let answer: Answer<'_> = serde_json::from_str(groq).unwrap();
        assert_eq!(usage_of(&answer).input_tokens, Some(2));
        let moonshot = r#"{"choices":[{"usage":{"prompt_tokens":4}}]}"#;
        let answer: Answer<'_> = serde_json::from_str(moonshot).unwrap();
        assert_eq!(usage_of(&answer).input_tokens, Some(4));
    }
}
