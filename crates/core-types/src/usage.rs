//! How much a request took, as the vendor counts it.

/// Tokens of one answer. Inclusive: cache parts are within `input`, reasoning within `output`.
///
/// A part that the vendor did not report is `None`, never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
}

impl Usage {
    /// Whether the vendor reported nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes every part that `later` reports; vendors repeat usage cumulatively, so last wins.
    pub fn merge(&mut self, later: &Self) {
        let Self {
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            reasoning_tokens,
        } = later;
        self.input_tokens = input_tokens.or(self.input_tokens);
        self.output_tokens = output_tokens.or(self.output_tokens);
        self.cache_read_tokens = cache_read_tokens.or(self.cache_read_tokens);
        self.cache_write_tokens = cache_write_tokens.or(self.cache_write_tokens);
        self.reasoning_tokens = reasoning_tokens.or(self.reasoning_tokens);
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
