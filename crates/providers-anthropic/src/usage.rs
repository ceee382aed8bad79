//! Token counts: the vendor's exclusive ones and the domain's inclusive ones.
//!
//! Anthropic's `input_tokens` leaves out what the prompt cache read and wrote; the domain's count
//! has everything in it. This is the only place that knows the difference.

use serde::Serialize;
use tollgate_core_types::Usage;
use tollgate_core_types::usage::{ServiceTier, UsageDetail};

use crate::wire::answer::Counts;

/// Counts gathered from one answer; a stream repeats them cumulatively.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    input: Option<u64>,
    cache_write: Option<u64>,
    cache_read: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
    written_for_an_hour: Option<u64>,
    tier: Option<ServiceTier>,
}

impl Counted {
    /// Takes every count that `later` has; an absent one keeps what was said before.
    pub(crate) fn merge(&mut self, later: &Counts<'_>) {
        let Counts {
            input_tokens,
            cache_creation_input_tokens,
            cache_read_input_tokens,
            output_tokens,
            output_tokens_details,
            cache_creation,
            service_tier,
            speed,
        } = later;
        let thinking = output_tokens_details.as_ref().and_then(|details| details.thinking_tokens);
        self.input = input_tokens.or(self.input);
        self.cache_write = cache_creation_input_tokens.or(self.cache_write);
        self.cache_read = cache_read_input_tokens.or(self.cache_read);
        self.output = output_tokens.or(self.output);
        self.thinking = thinking.or(self.thinking);
        let hour = cache_creation.as_ref().and_then(|parts| parts.ephemeral_1h_input_tokens);
        self.written_for_an_hour = hour.or(self.written_for_an_hour);
        // Speed is dearer than any tier; its usual value says nothing.
        let fast = speed.as_deref().and_then(ServiceTier::named);
        let fast = fast.filter(|tier| *tier == ServiceTier::Fast);
        let tier = fast.or_else(|| service_tier.as_deref().and_then(ServiceTier::named));
        self.tier = tier.or(self.tier);
    }

    /// The same in the domain's words.
    pub(crate) fn usage(&self) -> Usage {
        let cached = self.cache_read.unwrap_or(0).saturating_add(self.cache_write.unwrap_or(0));
        Usage {
            input_tokens: self.input.map(|input| input.saturating_add(cached)),
            output_tokens: self.output,
            cache_read_tokens: self.cache_read,
            cache_write_tokens: self.cache_write,
            reasoning_tokens: self.thinking,
            detail: UsageDetail {
                cache_write_hour_tokens: self.written_for_an_hour,
                tier: self.tier,
                ..UsageDetail::default()
            },
        }
    }
}

impl From<Counts<'_>> for Counted {
    fn from(counts: Counts<'_>) -> Self {
        let mut counted = Self::default();
        counted.merge(&counts);
        counted
    }
}

/// Usage as clients read it, in a whole answer and in `message_start`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Rendered {
    input_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read_input_tokens: Option<u64>,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<RenderedDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct RenderedDetails {
    thinking_tokens: u64,
}

impl Rendered {
    /// `usage` with input made exclusive again. The dialect requires both totals, so a count that
    /// no vendor gave is 0 here and nowhere else.
    pub(crate) fn new(usage: &Usage) -> Self {
        let Usage {
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            reasoning_tokens,
            detail: _,
        } = *usage;
        let cached = cache_read_tokens.unwrap_or(0).saturating_add(cache_write_tokens.unwrap_or(0));
        Self {
            input_tokens: input_tokens.unwrap_or(0).saturating_sub(cached),
            cache_creation_input_tokens: cache_write_tokens,
            cache_read_input_tokens: cache_read_tokens,
            output_tokens: output_tokens.unwrap_or(0),
            output_tokens_details: reasoning_tokens
                .map(|thinking_tokens| RenderedDetails { thinking_tokens }),
            service_tier: None,
        }
    }

    /// The same with the tier that served it, where the dialect has a word for it.
    pub(crate) fn with_tier(mut self, tier: Option<&str>) -> Self {
        self.service_tier = match tier {
            Some("standard" | "default" | "auto") => Some("standard"),
            Some("priority") => Some("priority"),
            Some("batch") => Some("batch"),
            _ => None,
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(json: &str) -> Counts<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn input_becomes_inclusive_and_exclusive_again() {
        let vendor = r#"{"input_tokens":5,"cache_creation_input_tokens":10,"cache_read_input_tokens":7,"output_tokens":3,"output_tokens_details":{"thinking_tokens":2}}"#;
        let usage = Counted::from(counts(vendor)).usage();
        assert_eq!(usage.input_tokens, Some(22));
        assert_eq!(usage.cache_read_tokens, Some(7));
        assert_eq!(usage.cache_write_tokens, Some(10));
        assert_eq!(usage.reasoning_tokens, Some(2));
        assert_eq!(serde_json::to_string(&Rendered::new(&usage)).unwrap(), vendor);
    }

    #[test]
    fn later_counts_overwrite_and_absent_ones_keep() {
        let mut counted = Counted::from(counts(
            r#"{"input_tokens":25,"cache_read_input_tokens":5,"output_tokens":1}"#,
        ));
        counted.merge(&counts(r#"{"output_tokens":8,"input_tokens":null}"#));
        assert_eq!(counted.usage().input_tokens, Some(30));
        assert_eq!(counted.usage().output_tokens, Some(8));
        assert_eq!(Counted::default().usage(), Usage::default());
    }

    #[test]
    fn odd_numbers_are_no_counts() {
        let odd = r#"{"input_tokens":12.0,"output_tokens":-3,"cache_read_input_tokens":"7","cache_creation_input_tokens":{"a":[1]}}"#;
        let usage = Counted::from(counts(odd)).usage();
        assert_eq!(usage, Usage { input_tokens: Some(12), ..Usage::default() });
    }

    #[test]
    fn rendering_never_underflows_and_fills_what_the_dialect_requires() {
        let usage = Usage { cache_read_tokens: Some(9), ..Usage::default() };
        let json = serde_json::to_string(&Rendered::new(&usage).with_tier(Some("flex"))).unwrap();
        assert_eq!(json, r#"{"input_tokens":0,"cache_read_input_tokens":9,"output_tokens":0}"#);
    }
}
