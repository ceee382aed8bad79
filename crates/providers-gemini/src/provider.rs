//! The vendor: its name, the codecs of its deployments, the dialects of its clients.

use std::sync::Arc;
use tollgate_core_types::{Dialect, ProviderName, VendorPreset};
use tollgate_providers_common::{ChatCodec, ClientDialect, Codec, EmbedCodec, Provider};

use crate::count_tokens::CountTokens;
use crate::embeddings::{BatchEmbed, Embed, EmbedClient};
use crate::generate::{Generate, GenerateClient, Reader};

/// AI Studio as it is known without configuration. Keys of `GOOGLE_API_KEY` are usually for other
/// services of Google's, so only its own prefix starts it.
pub const PRESET: VendorPreset = VendorPreset {
    name: "gemini",
    otel_name: "gcp.gemini",
    env: &["GEMINI"],
    base: "https://generativelanguage.googleapis.com/v1",
    chat: Dialect::GEMINI_GENERATE,
    models: &["gemini-3-pro-preview", "gemini-2.5-pro", "gemini-2.5-flash"],
    embedding_models: &["gemini-embedding-001"],
    needs_key: true,
};

/// Gemini, at AI Studio, at Vertex AI, or behind any server that speaks its dialect.
#[derive(Debug, Clone)]
pub struct Gemini {
    name: ProviderName,
}

impl Gemini {
    /// A vendor of this dialect under the name that logs and metrics use.
    #[must_use]
    pub fn new(name: ProviderName) -> Self {
        Self { name }
    }
}

impl Provider for Gemini {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn codec(&self, dialect: Dialect) -> Option<Arc<dyn Codec>> {
        if dialect == Dialect::GEMINI_GENERATE {
            Some(Arc::new(Generate { reader: Reader::Own }))
        } else if dialect == Dialect::GEMINI_COUNT_TOKENS {
            Some(Arc::new(CountTokens))
        } else if dialect == Dialect::GEMINI_EMBED {
            Some(Arc::new(Embed))
        } else if dialect == Dialect::GEMINI_BATCH_EMBED {
            Some(Arc::new(BatchEmbed))
        } else {
            None
        }
    }

    fn chat(&self) -> Option<Arc<dyn ChatCodec>> {
        Some(Arc::new(Generate { reader: Reader::Other }))
    }

    fn embeddings(&self) -> Option<Arc<dyn EmbedCodec>> {
        Some(Arc::new(BatchEmbed))
    }
}

/// The dialects that clients speak: generation, token counting and both ways of embedding.
#[must_use]
pub fn client_dialects() -> Vec<Arc<dyn ClientDialect>> {
    vec![
        Arc::new(GenerateClient),
        Arc::new(CountTokens),
        Arc::new(EmbedClient::ONE),
        Arc::new(EmbedClient::SEVERAL),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_has_both_halves() {
        let vendor = Gemini::new(ProviderName::new("gemini"));
        assert_eq!(vendor.name().as_str(), "gemini");
        for client in client_dialects() {
            let codec = vendor.codec(client.dialect()).expect("a codec");
            assert_eq!(codec.dialect(), client.dialect());
            assert_eq!(codec.operation(), client.operation());
        }
        assert!(vendor.codec(Dialect::OPENAI_CHAT).is_none());
        assert_eq!(vendor.chat().expect("chat").dialect(), PRESET.chat);
    }
}
