//! How much a request took, as the vendor counts it.

use std::fmt;

/// Tokens of one answer. Inclusive: cache parts are within `input`, reasoning within `output`.
///
/// A part that the vendor did not report is `None`, never 0.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// All input tokens, cached ones included.
    pub input_tokens: Option<u64>,
    /// All output tokens, reasoning included.
    pub output_tokens: Option<u64>,
    /// Input tokens read from the vendor's prompt cache.
    pub cache_read_tokens: Option<u64>,
    /// Input tokens written to the vendor's prompt cache.
    pub cache_write_tokens: Option<u64>,
    /// Output tokens spent on reasoning.
    pub reasoning_tokens: Option<u64>,
    /// What else decides the bill.
    pub detail: UsageDetail,
}

/// Parts of a usage that vendors bill at rates of their own, and the terms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UsageDetail {
    /// Of the tokens written to the cache, those that are kept for an hour instead of minutes.
    pub cache_write_hour_tokens: Option<u64>,
    /// Of the input tokens, those of sound.
    pub input_audio_tokens: Option<u64>,
    /// Of the output tokens, those of sound.
    pub output_audio_tokens: Option<u64>,
    /// The terms under which the vendor served it; `None` where it did not say.
    pub tier: Option<ServiceTier>,
}

impl UsageDetail {
    /// Takes every part that `later` has.
    pub fn merge(&mut self, later: &Self) {
        let Self { cache_write_hour_tokens, input_audio_tokens, output_audio_tokens, tier } = later;
        self.cache_write_hour_tokens = cache_write_hour_tokens.or(self.cache_write_hour_tokens);
        self.input_audio_tokens = input_audio_tokens.or(self.input_audio_tokens);
        self.output_audio_tokens = output_audio_tokens.or(self.output_audio_tokens);
        self.tier = tier.or(self.tier);
    }
}

/// The terms under which a vendor served a request, as far as they change its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceTier {
    /// The usual ones.
    Standard,
    /// Later, for less.
    Batch,
    /// When there is room, for less.
    Flex,
    /// Before others, for more.
    Priority,
    /// Faster, for more.
    Fast,
    /// Terms that are not known here.
    Other,
}

impl ServiceTier {
    /// The terms by a vendor's word; `auto` and an empty one say nothing.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        let is = |names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name));
        if word.is_empty() || is(&["auto", "unspecified"]) {
            None
        } else if is(&["default", "standard", "on_demand", "standard_only"]) {
            Some(Self::Standard)
        } else if is(&["flex", "on_demand_flex"]) {
            Some(Self::Flex)
        } else if is(&["priority", "on_demand_priority"]) {
            Some(Self::Priority)
        } else if is(&["batch"]) {
            Some(Self::Batch)
        } else if is(&["fast"]) {
            Some(Self::Fast)
        } else {
            Some(Self::Other)
        }
    }
}

impl fmt::Debug for Usage {
    /// Details are shown where there are any: most answers have none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            reasoning_tokens,
            detail,
        } = self;
        let mut shown = f.debug_struct("Usage");
        shown.field("input_tokens", input_tokens);
        shown.field("output_tokens", output_tokens);
        shown.field("cache_read_tokens", cache_read_tokens);
        shown.field("cache_write_tokens", cache_write_tokens);
        shown.field("reasoning_tokens", reasoning_tokens);
        if *detail != UsageDetail::default() {
            shown.field("detail", detail);
        }
        shown.finish()
    }
}

impl Usage {
    /// Whether the vendor reported no count at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        Self { detail: UsageDetail::default(), ..*self } == Self::default()
    }

    /// Takes every part that `later` reports; vendors repeat usage cumulatively, so last wins.
    pub fn merge(&mut self, later: &Self) {
        let Self {
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            reasoning_tokens,
            detail,
        } = later;
        self.input_tokens = input_tokens.or(self.input_tokens);
        self.output_tokens = output_tokens.or(self.output_tokens);
        self.cache_read_tokens = cache_read_tokens.or(self.cache_read_tokens);
        self.cache_write_tokens = cache_write_tokens.or(self.cache_write_tokens);
        self.reasoning_tokens = reasoning_tokens.or(self.reasoning_tokens);
        self.detail.merge(detail);
    }

    /// Input plus output, where both are known.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        Some(self.input_tokens?.saturating_add(self.output_tokens?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_usage_overwrites_and_absent_parts_keep_what_was_said() {
        let mut usage =
            Usage { input_tokens: Some(25), output_tokens: Some(1), ..Usage::default() };
        usage.merge(&Usage {
            output_tokens: Some(15),
            cache_read_tokens: Some(5),
            ..Usage::default()
        });
        assert_eq!(usage.input_tokens, Some(25));
        assert_eq!(usage.output_tokens, Some(15));
        assert_eq!(usage.cache_read_tokens, Some(5));
        assert_eq!(usage.total(), Some(40));
        assert_eq!(Usage::default().total(), None);
    }
}
