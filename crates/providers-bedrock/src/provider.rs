//! The vendor as one deployment sees it: its model decides which dialects it speaks.

use std::sync::Arc;
use tollgate_core_types::{Dialect, ProviderName, VendorPreset};
use tollgate_providers_common::{ChatCodec, Codec, Provider};

use crate::converse::Converse;
use crate::count_tokens::CountTokens;
use crate::embeddings::Embeddings;
use crate::invoke::Invoke;
use crate::models::{Family, base_id};

/// The vendor as it is known without configuration. `{region}` stands for the region, which only
/// configuration knows. No key is needed: keys that sign come from where AWS's own tools find them.
pub const PRESET: VendorPreset = VendorPreset {
    name: "bedrock",
    otel_name: "aws.bedrock",
    env: &["BEDROCK"],
    base: "https://bedrock-runtime.{region}.amazonaws.com",
    chat: Dialect::BEDROCK_CONVERSE,
    models: &[],
    embedding_models: &[],
    needs_key: false,
};

/// What a deployment's configuration says beyond its target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The model behind an id that does not name it, for example an application's inference profile.
    pub base_model: Option<String>,
    /// The guardrail that every request passes.
    pub guardrail: Option<Guardrail>,
}

/// A guardrail of the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrail {
    /// Its id or ARN.
    pub id: String,
    /// A number, or `DRAFT`.
    pub version: String,
    /// Whether answers tell what it found.
    pub trace: bool,
}

/// Amazon Bedrock for one model.
///
/// Claude is relayed to clients of Anthropic's dialect, embeddings to clients of OpenAI's; any other
/// client is translated to Converse.
#[derive(Debug, Clone)]
pub struct Bedrock {
    name: ProviderName,
    family: Family,
    /// The model by its name.
    model: Arc<str>,
    /// The id by which its tokens are counted.
    counted_as: Option<Arc<str>>,
    settings: Arc<Settings>,
}

impl Bedrock {
    /// The vendor under the name that logs and metrics use, for `model`.
    #[must_use]
    pub fn new(name: ProviderName, model: &str, settings: Settings) -> Self {
        let model = settings.base_model.as_deref().unwrap_or(model);
        Self {
            name,
            family: Family::of(model),
            model: model.into(),
            counted_as: base_id(model).map(Arc::from),
            settings: Arc::new(settings),
        }
    }
}

impl Provider for Bedrock {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn codec(&self, dialect: Dialect) -> Option<Arc<dyn Codec>> {
        let settings = || Arc::clone(&self.settings);
        match self.family {
            Family::Claude if dialect == Dialect::ANTHROPIC_MESSAGES => {
                Some(Arc::new(Invoke::new(settings())?))
            }
            Family::Claude if dialect == Dialect::ANTHROPIC_COUNT_TOKENS => {
                let model = Arc::clone(self.counted_as.as_ref()?);
                Some(Arc::new(CountTokens::new(model, settings())?))
            }
            Family::TitanEmbed | Family::CohereEmbed if dialect == Dialect::OPENAI_EMBEDDINGS => {
                let model = Arc::clone(&self.model);
                Some(Arc::new(Embeddings::new(self.family, model, settings())))
            }
            Family::Claude
            | Family::Nova
            | Family::GptOss
            | Family::Mistral
            | Family::TitanEmbed
            | Family::CohereEmbed
            | Family::Other => None,
        }
    }

    fn chat(&self) -> Option<Arc<dyn ChatCodec>> {
        Some(Arc::new(Converse::new(self.family, Arc::clone(&self.settings))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns: Messages, token counts, embeddings; by the dialects of clients.
    #[test]
    fn a_model_decides_which_clients_are_relayed() {
        const APPLICATION: &str =
            "arn:aws:bedrock:us-east-2:123456789012:application-inference-profile/a1";
        for (model, base_model, relayed) in [
            ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", None, [true, true, false]),
            (APPLICATION, None, [false, false, false]),
            (APPLICATION, Some("anthropic.claude-opus-4-6-v1"), [true, true, false]),
            ("amazon.nova-lite-v1:0", None, [false, false, false]),
            ("amazon.titan-embed-text-v2:0", None, [false, false, true]),
            ("cohere.embed-multilingual-v3", None, [false, false, true]),
        ] {
            let base_model = base_model.map(str::to_owned);
            let settings = Settings { base_model, guardrail: None };
            let vendor = Bedrock::new(ProviderName::new("bedrock"), model, settings);
            let dialects = [
                Dialect::ANTHROPIC_MESSAGES,
                Dialect::ANTHROPIC_COUNT_TOKENS,
                Dialect::OPENAI_EMBEDDINGS,
            ];
            for (dialect, relayed) in dialects.into_iter().zip(relayed) {
                let codec = vendor.codec(dialect);
                assert_eq!(codec.is_some(), relayed, "{model} {dialect}");
                assert!(codec.is_none_or(|codec| codec.dialect() == dialect));
            }
            assert_eq!(vendor.chat().map(|chat| chat.dialect()), Some(PRESET.chat));
            assert!(vendor.codec(Dialect::OPENAI_CHAT).is_none());
            assert_eq!(vendor.name().as_str(), "bedrock");
        }
    }
}
