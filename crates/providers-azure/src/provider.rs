//! The vendor as one deployment sees it: its model decides which dialects it speaks.

use http::Uri;
use std::sync::Arc;
use tollgate_core_types::{Dialect, ProviderName, VendorPreset};
use tollgate_providers_anthropic::{Anthropic, models as claude};
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{ChatCodec, Codec, EmbedCodec, Provider};
use tollgate_providers_openai::{Api, OpenAi, Server};

use crate::address::{self, Surface};
use crate::placed::{Place, Placed};

/// The vendor as it is known without configuration. `{resource}` stands for the resource, which only
/// configuration knows. Without a key, tokens of Entra ID are shown.
pub const PRESET: VendorPreset = VendorPreset {
    name: "azure",
    otel_name: "azure.ai.openai",
    env: &["AZURE_OPENAI", "AZURE"],
    base: "https://{resource}.openai.azure.com",
    chat: Dialect::OPENAI_CHAT,
    models: &[],
    embedding_models: &[],
    needs_key: false,
};

/// What a deployment's configuration says beyond its target.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The API version: a date for the classic paths; `v1`, `preview`, `latest` or nothing for the v1
    /// path.
    pub api_version: Option<String>,
    /// The model behind a deployment whose name does not say it.
    pub base_model: Option<String>,
    /// How its server differs from OpenAI's own.
    pub server: Server,
}

/// Azure for one deployment.
#[derive(Debug, Clone)]
pub struct Azure {
    name: ProviderName,
    /// The model by its name.
    model: Arc<str>,
    base: Uri,
    place: Arc<Place>,
    inner: Inner,
}

/// The dialect's own vendor.
#[derive(Debug, Clone)]
enum Inner {
    OpenAi(OpenAi),
    Claude(Anthropic),
}

impl Azure {
    /// The vendor under the name that logs and metrics use, for the deployment `deployment` of the
    /// resource whose address, or any address below it, is `given`.
    ///
    /// # Errors
    /// When no address can be made of it.
    pub fn try_new(
        name: ProviderName,
        deployment: &str,
        given: &Uri,
        settings: &Settings,
    ) -> Result<Self, http::Error> {
        let Settings { api_version, base_model, server: _ } = settings;
        let model = base_model.as_deref().unwrap_or(deployment);
        let version = api_version.as_deref().map(str::trim).filter(|version| !version.is_empty());
        let dated = version.filter(|version| is_dated(version) && !address::is_v1(given));
        let (surface, version) = match dated {
            _ if claude::is_claude(model) => (Surface::Claude, None),
            Some(version) => (Surface::Deployments, Some(version)),
            None => {
                let named = version.filter(|version| !is_dated(version) && *version != "v1");
                (Surface::V1, named)
            }
        };
        let inner = match surface {
            Surface::Claude => Inner::Claude(Anthropic::new(name.clone())),
            Surface::Deployments | Surface::V1 => {
                Inner::OpenAi(OpenAi::at(name.clone(), settings.server.clone().of_openai()))
            }
        };
        let place = Place {
            surface,
            base_model: base_model.as_deref().filter(|model| *model != deployment).map(Arc::from),
            version: version.map(Arc::from),
        };
        let base = address::base(given, surface, deployment)?;
        Ok(Self { name, model: model.into(), base, place: Arc::new(place), inner })
    }

    /// The same deployment, speaking these of OpenAI's dialects of conversation; `None` where its
    /// surface has Chat Completions alone, or is no part of OpenAI's API.
    #[must_use]
    pub fn speaking(self, api: Api) -> Option<Self> {
        match self.inner {
            Inner::OpenAi(vendor) if self.place.surface == Surface::V1 => {
                Some(Self { inner: Inner::OpenAi(vendor.speaking(api)), ..self })
            }
            Inner::OpenAi(_) | Inner::Claude(_) => None,
        }
    }

    /// The base address that requests of these codecs are made for.
    #[must_use]
    pub fn base(&self) -> &Uri {
        &self.base
    }

    /// The dialect of its chat.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self.inner {
            Inner::OpenAi(_) => Dialect::OPENAI_CHAT,
            Inner::Claude(_) => Dialect::ANTHROPIC_MESSAGES,
        }
    }

    /// The traits of its model.
    #[must_use]
    pub fn quirks(&self) -> Quirks {
        match self.inner {
            Inner::OpenAi(_) => tollgate_providers_openai::quirks_for(&self.model),
            Inner::Claude(_) => tollgate_providers_anthropic::quirks_for(&self.model),
        }
    }

    fn vendor(&self) -> &dyn Provider {
        match &self.inner {
            Inner::OpenAi(vendor) => vendor,
            Inner::Claude(vendor) => vendor,
        }
    }
}

/// Whether a model is one for raw prompts, which have an endpoint of their own.
#[must_use]
pub fn completes_text(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    ["instruct", "davinci", "babbage"].iter().any(|word| model.contains(word))
}

/// Whether a version is one of the classic paths.
fn is_dated(version: &str) -> bool {
    version.starts_with(|c: char| c.is_ascii_digit())
}

impl Provider for Azure {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn codec(&self, dialect: Dialect) -> Option<Arc<dyn Codec>> {
        let inner = self.vendor().codec(dialect)?;
        Some(Arc::new(Placed::new(inner, Arc::clone(&self.place))))
    }

    fn chat(&self) -> Option<Arc<dyn ChatCodec>> {
        let inner = self.vendor().chat()?;
        Some(Arc::new(Placed::new(inner, Arc::clone(&self.place))))
    }

    fn reader(&self, dialect: Dialect) -> Option<Arc<dyn ChatCodec>> {
        let inner = self.vendor().reader(dialect)?;
        Some(Arc::new(Placed::new(inner, Arc::clone(&self.place))))
    }

    fn embeddings(&self) -> Option<Arc<dyn EmbedCodec>> {
        let inner = self.vendor().embeddings()?;
        Some(Arc::new(Placed::new(inner, Arc::clone(&self.place))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn azure(deployment: &str, given: &str, settings: (Option<&str>, Option<&str>)) -> Azure {
        let (api_version, base_model) = settings;
        let settings = Settings {
            api_version: api_version.map(str::to_owned),
            base_model: base_model.map(str::to_owned),
            ..Settings::default()
        };
        let name = ProviderName::new("azure");
        Azure::try_new(name, deployment, &given.parse().unwrap(), &settings).unwrap()
    }

    #[test]
    fn responses_are_spoken_on_the_v1_path_alone() {
        const HOST: &str = "https://r.openai.azure.com";
        let responses = Dialect::OPENAI_RESPONSES;
        let v1 = azure("d", HOST, (None, Some("gpt-5.4"))).speaking(Api::Both).unwrap();
        assert!(v1.codec(responses).is_some() && v1.reader(responses).is_some());
        assert_eq!(v1.chat().unwrap().dialect(), Dialect::OPENAI_CHAT);
        let chat = tollgate_core_types::chat::ChatRequest {
            tools: vec![tollgate_core_types::chat::Tool {
                name: "f".to_owned(),
                description: None,
                parameters: None,
                strict: None,
                cache: None,
                foreign: None,
            }],
            reasoning: Some(tollgate_core_types::chat::Reasoning {
                effort: Some("low".to_owned()),
                ..tollgate_core_types::chat::Reasoning::default()
            }),
            ..tollgate_core_types::chat::ChatRequest::default()
        };
        let target = tollgate_providers_common::UpstreamTarget::new(v1.base().clone(), "d");
        let bridge = v1.chat().unwrap().other_for(&chat, &target).unwrap();
        let request = bridge.encode(&chat, &target).unwrap().request;
        assert_eq!(request.uri().path(), "/openai/v1/responses");
        assert!(request.body().windows(11).any(|window| window == b"\"model\":\"d\""));
        for (version, model) in [(Some("2024-10-21"), "gpt-5.4"), (None, "claude-opus-4-6")] {
            assert!(azure(model, HOST, (version, None)).speaking(Api::Both).is_none());
        }
    }

    /// Columns: deployment, address, version, base model; path, dialect, whether it is a reasoner.
    #[test]
    fn version_address_and_model_decide_on_the_surface() {
        const HOST: &str = "https://r.openai.azure.com";
        const V1: &str = "https://r.openai.azure.com/openai/v1";
        let (chat, messages) = (Dialect::OPENAI_CHAT, Dialect::ANTHROPIC_MESSAGES);
        for (given, version, deployment, base_model, path, dialect, reasons) in [
            (HOST, None, "gpt-4o", None, "/openai/v1", chat, false),
            (HOST, Some("v1"), "gpt-4o", None, "/openai/v1", chat, false),
            (HOST, Some("preview"), "d", Some("o4-mini"), "/openai/v1", chat, true),
            (HOST, Some("2024-10-21"), "d", Some("gpt-5"), "/openai/deployments/d", chat, true),
            (HOST, Some("2024-10-21"), "o3", None, "/openai/deployments/o3", chat, true),
            (HOST, Some(" "), "d", None, "/openai/v1", chat, false),
            // A date of the environment does not undo an address of the v1 path.
            (V1, Some("2024-10-21"), "d", None, "/openai/v1", chat, false),
            (HOST, Some("2024-10-21"), "claude-opus-4-6", None, "/anthropic", messages, false),
            (HOST, None, "d", Some("claude-opus-5-5"), "/anthropic", messages, false),
        ] {
            let vendor = azure(deployment, given, (version, base_model));
            assert_eq!(vendor.base().path(), path, "{deployment} {version:?}");
            assert_eq!(vendor.dialect(), dialect);
            assert_eq!(vendor.quirks().developer_role, reasons);
            assert_eq!(vendor.chat().unwrap().dialect(), dialect);
            assert_eq!(vendor.codec(dialect).unwrap().dialect(), dialect);
            assert_eq!(vendor.embeddings().is_some(), dialect == chat);
            let counts = vendor.codec(Dialect::ANTHROPIC_COUNT_TOKENS);
            assert_eq!(counts.is_some(), dialect == messages);
        }
        let vendor = azure("d", HOST, (None, Some("claude-opus-5-5")));
        assert!(vendor.quirks().no_forced_tools && vendor.name().as_str() == "azure");
    }

    #[test]
    fn models_for_raw_prompts_are_known_by_name() {
        for (model, text) in [
            ("gpt-35-turbo-instruct", true),
            ("davinci-002", true),
            ("gpt-4o", false),
            ("d", false),
        ] {
            assert_eq!(completes_text(model), text, "{model}");
        }
    }
}
