//! The vendors of this build: what is known of each, and the codec that speaks to it.

use http::Uri;
use std::sync::Arc;
use tollgate_config::Aws;
use tollgate_core_types::{Dialect, ProviderName, VendorPreset};
use tollgate_providers_anthropic::Anthropic;
use tollgate_providers_azure::Azure;
use tollgate_providers_bedrock::{Bedrock, Guardrail, Settings};
use tollgate_providers_common::Provider;
use tollgate_providers_common::target::Quirks;
use tollgate_providers_gemini::{ClaudeOnVertex, Gemini};
use tollgate_providers_openai::{Api, OpenAi, Server};
use {
    tollgate_providers_compatible as compatible, tollgate_providers_deepseek as deepseek,
    tollgate_providers_qwen as qwen, tollgate_providers_siliconflow as siliconflow,
};

/// OpenAI itself.
const OPENAI: VendorPreset = VendorPreset {
    name: "openai",
    otel_name: "openai",
    env: &["OPENAI"],
    base: "https://api.openai.com/v1",
    chat: Dialect::OPENAI_CHAT,
    models: &["gpt-4o", "gpt-4o-mini"],
    embedding_models: &["text-embedding-3-small", "text-embedding-3-large"],
    needs_key: true,
};

/// Anthropic itself.
const ANTHROPIC: VendorPreset = VendorPreset {
    name: "anthropic",
    otel_name: "anthropic",
    env: &["ANTHROPIC"],
    base: "https://api.anthropic.com",
    chat: Dialect::ANTHROPIC_MESSAGES,
    models: &["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5"],
    embedding_models: &[],
    needs_key: true,
};

/// Every vendor that works without configuration beyond a key.
#[must_use]
pub fn vendors() -> Vec<VendorPreset> {
    let (bedrock, gemini) = (tollgate_providers_bedrock::PRESET, tollgate_providers_gemini::PRESET);
    let azure = tollgate_providers_azure::PRESET;
    let mut all = vec![OPENAI, ANTHROPIC, gemini, bedrock, azure];
    all.extend([deepseek::PRESET, qwen::PRESET, siliconflow::PRESET]);
    all.extend([deepseek::ANTHROPIC, qwen::ANTHROPIC, siliconflow::ANTHROPIC]);
    all.extend_from_slice(compatible::presets());
    all
}

/// Which of OpenAI's dialects of conversation is spoken at `base`. At OpenAI itself both are; of
/// another server nothing is known, also where it stands in for OpenAI.
pub(crate) fn api(said: Option<tollgate_config::Api>, vendor: &str, base: &Uri) -> Api {
    let own = || {
        let host = base.host().unwrap_or_default().to_ascii_lowercase();
        vendor == OPENAI.name && (host == "api.openai.com" || host.ends_with(".api.openai.com"))
    };
    match said {
        Some(said) => api_of(said),
        None if own() => Api::Both,
        None => Api::Chat,
    }
}

fn api_of(said: tollgate_config::Api) -> Api {
    match said {
        tollgate_config::Api::Chat => Api::Chat,
        tollgate_config::Api::Responses => Api::Responses,
        tollgate_config::Api::Auto => Api::Both,
    }
}

/// The codecs of a vendor that speaks `chat`; `None` where no crate of this build does.
///
/// `server` is how the deployment's server differs from its dialect's own; only OpenAI's dialect has
/// so many that it matters.
pub(crate) fn provider(
    name: &str,
    chat: Dialect,
    server: Server,
    api: Api,
) -> Option<Arc<dyn Provider>> {
    let vendor = name;
    let name = ProviderName::new(name);
    if chat == Dialect::ANTHROPIC_MESSAGES {
        Some(Arc::new(Anthropic::new(name)))
    } else if chat == Dialect::OPENAI_CHAT {
        Some(if vendor == OPENAI.name {
            Arc::new(OpenAi::at(name, server.of_openai()).speaking(api))
        } else if vendor == deepseek::PRESET.name {
            Arc::new(deepseek::DeepSeek::new(name, server))
        } else if vendor == qwen::PRESET.name {
            Arc::new(qwen::provider(name, server).speaking(api))
        } else if vendor == siliconflow::PRESET.name {
            Arc::new(siliconflow::provider(name, server).speaking(api))
        } else {
            Arc::new(compatible::provider(name, server).speaking(api))
        })
    } else if chat == Dialect::GEMINI_GENERATE {
        Some(Arc::new(Gemini::new(name)))
    } else {
        None
    }
}

/// Amazon Bedrock for one model: which dialects it speaks depends on the model.
pub(crate) fn bedrock(name: &str, model: &str, aws: &Aws) -> Arc<dyn Provider> {
    let guardrail = aws.guardrail.as_ref().map(|guardrail| Guardrail {
        id: guardrail.id.clone(),
        version: guardrail.version.clone(),
        trace: guardrail.trace,
    });
    let settings = Settings { base_model: aws.base_model.clone(), guardrail };
    Arc::new(Bedrock::new(ProviderName::new(name), model, settings))
}

/// Azure for one deployment: address and dialect depend on the model behind it.
pub(crate) fn azure(
    name: &str,
    deployment: &str,
    given: &Uri,
    (azure, said): (&tollgate_config::Azure, Option<tollgate_config::Api>),
    server: Server,
) -> Result<Azure, String> {
    let settings = tollgate_providers_azure::Settings {
        api_version: azure.api_version.clone(),
        base_model: azure.base_model.clone(),
        server,
    };
    let vendor = Azure::try_new(ProviderName::new(name), deployment, given, &settings);
    let vendor = vendor.map_err(|error| error.to_string())?;
    let model = azure.base_model.as_deref().unwrap_or(deployment);
    // Models of others stand on the same path, of which nothing is known.
    let api = match said {
        Some(said) => api_of(said),
        None if tollgate_providers_openai::is_openais(model) => Api::Both,
        None => Api::Chat,
    };
    match vendor.clone().speaking(api) {
        Some(vendor) => Ok(vendor),
        None if said.is_some_and(|said| said != tollgate_config::Api::Chat) => {
            Err("`api`: Azure has Responses on its v1 path alone; leave `api_version` out"
                .to_owned())
        }
        None => Ok(vendor),
    }
}

/// Claude at Vertex AI.
pub(crate) fn claude_on_vertex(name: &str) -> Arc<dyn Provider> {
    Arc::new(ClaudeOnVertex::new(ProviderName::new(name)))
}

/// Whether a model is one of Anthropic's, by whatever name a place has it.
pub(crate) fn is_claude(model: &str) -> bool {
    tollgate_providers_anthropic::models::is_claude(model)
}

/// What the model's name and the vendor say of how it differs from its dialect's oldest models.
///
/// OpenAI's family rules hold at OpenAI alone: the same name behind another server may be anything.
pub(crate) fn quirks(vendor: &str, model: &str, chat: Dialect) -> Quirks {
    if chat == Dialect::ANTHROPIC_MESSAGES {
        tollgate_providers_anthropic::quirks_for(model)
    } else if chat == Dialect::GEMINI_GENERATE {
        tollgate_providers_gemini::quirks_for(model)
    } else if chat == Dialect::BEDROCK_CONVERSE {
        tollgate_providers_bedrock::quirks_for(model)
    } else if vendor == OPENAI.name || vendor == tollgate_providers_azure::PRESET.name {
        tollgate_providers_openai::quirks_for(model)
    } else if vendor == deepseek::PRESET.name {
        deepseek::quirks_for(model)
    } else if vendor == qwen::PRESET.name {
        qwen::quirks_for(model)
    } else if vendor == siliconflow::PRESET.name {
        siliconflow::quirks_for(model)
    } else {
        compatible::quirks(vendor)
    }
}

/// Whether a vendor shows its key as a bearer where its dialect has a header of its own.
pub(crate) fn is_bearer(vendor: &str) -> bool {
    vendor == siliconflow::ANTHROPIC.name
}

#[cfg(test)]
mod tests;
