//! The vendor: its name, the codecs of its deployments, the dialects of its clients.

use std::sync::Arc;
use tollgate_core_types::{Dialect, ProviderName, VendorPreset};
use tollgate_providers_common::{ChatCodec, ClientDialect, Codec, Provider};

use crate::count_tokens::CountTokens;
use crate::messages::Messages;

/// The vendor as it is known without configuration. Its base has no `/v1`: the dialect's paths
/// bring it, as the official clients expect.
pub const PRESET: VendorPreset = VendorPreset {
    name: "anthropic",
    otel_name: "anthropic",
    env: &["ANTHROPIC"],
    base: "https://api.anthropic.com",
    chat: Dialect::ANTHROPIC_MESSAGES,
    models: &["claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5"],
    embedding_models: &[],
    needs_key: true,
};

/// Anthropic, or any server that speaks its dialect.
#[derive(Debug, Clone)]
pub struct Anthropic {
    name: ProviderName,
}

impl Anthropic {
    /// A vendor of this dialect under the name that logs and metrics use.
    #[must_use]
    pub fn new(name: ProviderName) -> Self {
        Self { name }
    }
}

impl Provider for Anthropic {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn codec(&self, dialect: Dialect) -> Option<Arc<dyn Codec>> {
        if dialect == Dialect::ANTHROPIC_MESSAGES {
            Some(Arc::new(Messages))
        } else if dialect == Dialect::ANTHROPIC_COUNT_TOKENS {
            Some(Arc::new(CountTokens))
        } else {
            None
        }
    }

    fn chat(&self) -> Option<Arc<dyn ChatCodec>> {
        Some(Arc::new(Messages))
    }
}

/// The dialects that clients speak: `anthropic.messages` and `anthropic.count_tokens`.
#[must_use]
pub fn client_dialects() -> Vec<Arc<dyn ClientDialect>> {
    vec![Arc::new(Messages), Arc::new(CountTokens)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_has_both_halves() {
        let vendor = Anthropic::new(ProviderName::new("anthropic"));
        assert_eq!(vendor.name().as_str(), "anthropic");
        for client in client_dialects() {
            let codec = vendor.codec(client.dialect()).expect("a codec");
            assert_eq!(codec.dialect(), client.dialect());
            assert_eq!(codec.operation(), client.operation());
        }
        assert!(vendor.codec(Dialect::OPENAI_CHAT).is_none());
        assert_eq!(vendor.chat().expect("chat").dialect(), PRESET.chat);
    }
}
