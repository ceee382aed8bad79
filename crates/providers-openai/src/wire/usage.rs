//! Usage as vendors report it, read into inclusive counts.
//!
//! OpenAI counts cached tokens within the prompt and reasoning within the completion. Some servers
//! report reasoning beside the completion; their own total gives them away.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use tollgate_core_types::Usage;
use tollgate_core_types::usage::{ServiceTier, UsageDetail};

use super::{Answer, Count, Key, Lax, Text};

/// The `usage` object. It is read by hand, for it stands in every relayed answer.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct WireUsage {
    prompt: Option<u64>,
    completion: Option<u64>,
    total: Option<u64>,
    cached: Option<u64>,
    cache_write: Option<u64>,
    reasoning: Option<u64>,
    audio_in: Option<u64>,
    audio_out: Option<u64>,
    /// DeepSeek's and SiliconFlow's word for cached prompt tokens.
    cache_hit: Option<u64>,
}

/// The parts of a count: those of the prompt and of the completion have no name in common.
#[derive(Debug, Default, Clone, Copy)]
struct Details {
    cached: Option<u64>,
    cache_write: Option<u64>,
    reasoning: Option<u64>,
    audio: Option<u64>,
}

impl<'de> Deserialize<'de> for WireUsage {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = WireUsage;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("usage")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireUsage, A::Error> {
                let mut usage = WireUsage::default();
                while let Some(Key(key)) = map.next_key()? {
                    let count = match key {
                        "prompt_tokens" => &mut usage.prompt,
                        "completion_tokens" => &mut usage.completion,
                        "total_tokens" => &mut usage.total,
                        "prompt_cache_hit_tokens" => &mut usage.cache_hit,
                        "prompt_tokens_details" => {
                            let Lax(details) = map.next_value::<Lax<Details>>()?;
                            usage.cached = details.cached;
                            usage.cache_write = details.cache_write;
                            usage.audio_in = details.audio;
                            continue;
                        }
                        "completion_tokens_details" => {
                            let Lax(details) = map.next_value::<Lax<Details>>()?;
                            usage.reasoning = details.reasoning;
                            usage.audio_out = details.audio;
                            continue;
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *count = map.next_value::<Count>()?.0;
                }
                Ok(usage)
            }
        }
        reader.deserialize_map(Fields)
    }
}

impl<'de> Deserialize<'de> for Details {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Details;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("details of usage")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Details, A::Error> {
                let mut details = Details::default();
                while let Some(Key(key)) = map.next_key()? {
                    let count = match key {
                        "cached_tokens" => &mut details.cached,
                        // DashScope's word is the second.
                        "cache_write_tokens" | "cache_creation_input_tokens" => {
                            &mut details.cache_write
                        }
                        "reasoning_tokens" => &mut details.reasoning,
                        "audio_tokens" => &mut details.audio,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *count = map.next_value::<Count>()?.0;
                }
                Ok(details)
            }
        }
        reader.deserialize_map(Fields)
    }
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
        self.read_as(false)
    }

    /// As [`WireUsage::read`]; `beside` is whether the server counts reasoning beside the output
    /// also where its total does not show it.
    pub(crate) fn read_as(&self, beside: bool) -> Usage {
        let Self {
            prompt,
            completion,
            total,
            cached,
            cache_write,
            reasoning,
            audio_in,
            audio_out,
            cache_hit,
        } = *self;
        Usage {
            input_tokens: prompt,
            output_tokens: if beside {
                completion.map(|said| said.saturating_add(reasoning.unwrap_or(0)))
            } else {
                inclusive(prompt, completion, reasoning, total)
            },
            cache_read_tokens: cached.or(cache_hit),
            cache_write_tokens: cache_write,
            reasoning_tokens: reasoning,
            detail: UsageDetail {
                input_audio_tokens: audio_in,
                output_audio_tokens: audio_out,
                ..UsageDetail::default()
            },
        }
    }
}

/// A usage with the terms that the answer names; one that counts nothing has none.
pub(crate) fn on_terms(mut usage: Usage, tier: &Text<'_>) -> Usage {
    if !usage.is_empty() {
        usage.detail.tier = tier.filled().and_then(ServiceTier::named);
    }
    usage
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

/// The usage of an answer or chunk, wherever the vendor put it; for `beside` see
/// [`WireUsage::read_as`].
pub(crate) fn usage_as(answer: &Answer<'_>, beside: bool) -> Usage {
    let mut usage = Usage::default();
    for choice in answer.choices.iter().flatten() {
        usage.merge(&choice.usage.0.read_as(beside));
    }
    usage.merge(&answer.x_groq.0.usage.0.read_as(beside));
    usage.merge(&answer.usage.0.read_as(beside));
    on_terms(usage, &answer.service_tier)
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
                "prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":8,"audio_tokens":3},
                "completion_tokens_details":{"reasoning_tokens":12}}"#,
        );
        let expected = Usage {
            input_tokens: Some(100),
            output_tokens: Some(20),
            cache_read_tokens: Some(60),
            cache_write_tokens: Some(8),
            reasoning_tokens: Some(12),
            detail: UsageDetail { input_audio_tokens: Some(3), ..UsageDetail::default() },
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
    fn a_server_that_counts_apart_is_added_up_whatever_its_total_says() {
        let told = r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,
            "completion_tokens_details":{"reasoning_tokens":25}}"#;
        let usage: Lax<WireUsage> = serde_json::from_str(told).unwrap();
        assert_eq!(usage.0.read_as(true).output_tokens, Some(30));
        assert_eq!(usage.0.read_as(false).output_tokens, Some(5));
    }

    #[test]
    fn deepseek_and_groq_words_are_known() {
        assert_eq!(read(r#"{"prompt_cache_hit_tokens":3}"#).cache_read_tokens, Some(3));
        let groq = r#"{"choices":[],"x_groq":{"id":"r","usage":{"prompt_tokens":2}}}"#;
        let answer: Answer<'_> = serde_json::from_str(groq).unwrap();
        assert_eq!(usage_as(&answer, false).input_tokens, Some(2));
        let moonshot = r#"{"choices":[{"usage":{"prompt_tokens":4}}]}"#;
        let answer: Answer<'_> = serde_json::from_str(moonshot).unwrap();
        assert_eq!(usage_as(&answer, false).input_tokens, Some(4));
    }
}
