//! The vendors' columns: one model for each set of rules that an encoder knows.

use anyhow::{Context as _, Result};
use http::Uri;
use std::sync::Arc;
use tollgate_core_types::{Dialect, ProviderName};
use tollgate_providers_anthropic::Anthropic;
use tollgate_providers_bedrock::{Bedrock, Settings};
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{ClientDialect, Provider, UpstreamTarget};
use tollgate_providers_gemini::Gemini;
use tollgate_providers_openai::{Api, Completions, OpenAi, Server};

/// A place that requests are encoded for.
pub(crate) struct Vendor {
    /// As its column is called.
    pub(crate) name: &'static str,
    /// Its codecs.
    pub(crate) provider: Arc<dyn Provider>,
    /// The model, with what is known of it.
    pub(crate) target: UpstreamTarget,
}

/// Every client dialect that this build serves.
pub(crate) fn clients() -> Vec<Arc<dyn ClientDialect>> {
    let mut all = tollgate_providers_openai::client_dialects();
    all.extend(tollgate_providers_anthropic::client_dialects());
    all.extend(tollgate_providers_gemini::client_dialects());
    all
}

/// The vendors for chat.
///
/// # Errors
/// When an address is none.
pub(crate) fn chat() -> Result<Vec<Vendor>> {
    let family = |name, model, api| {
        let quirks = tollgate_providers_openai::quirks_for(model);
        let server = served(quirks, Completions::Native).of_openai();
        let provider = OpenAi::at(ProviderName::new("openai"), server).speaking(api);
        vendor(name, Arc::new(provider), model, quirks)
    };
    let claude = |name, model| {
        let provider = Arc::new(Anthropic::new(ProviderName::new("anthropic")));
        vendor(name, provider, model, tollgate_providers_anthropic::quirks_for(model))
    };
    let gemini = |name, model| {
        let provider = Arc::new(Gemini::new(ProviderName::new("gemini")));
        vendor(name, provider, model, tollgate_providers_gemini::quirks_for(model))
    };
    Ok(vec![
        family("OpenAI GPT-4o", "gpt-4o", Api::Both)?,
        family("OpenAI GPT-5", "gpt-5", Api::Both)?,
        family("OpenAI Responses", "gpt-5", Api::Responses)?,
        deepseek("DeepSeek", "deepseek-v4-pro")?,
        qwen("Qwen", "qwen-plus")?,
        claude("Claude Sonnet 4.5", "claude-sonnet-4-5")?,
        claude("Claude Opus 5.5", "claude-opus-5-5")?,
        gemini("Gemini 2.5", "gemini-2.5-flash")?,
        gemini("Gemini 3", "gemini-3-pro-preview")?,
        bedrock("Bedrock Claude", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0")?,
        bedrock("Bedrock Nova", "amazon.nova-lite-v1:0")?,
    ])
}

/// The vendors for embeddings.
///
/// # Errors
/// When an address is none.
pub(crate) fn embeddings() -> Result<Vec<Vendor>> {
    let gemini = Arc::new(Gemini::new(ProviderName::new("gemini")));
    let openai = Arc::new(OpenAi::new(ProviderName::new("openai")));
    Ok(vec![
        vendor("OpenAI", openai, "text-embedding-3-small", Quirks::default())?,
        vendor("Gemini", gemini, "gemini-embedding-001", Quirks::default())?,
        bedrock("Bedrock Titan", "amazon.titan-embed-text-v2:0")?,
        bedrock("Bedrock Cohere", "cohere.embed-multilingual-v3")?,
    ])
}

/// A server of OpenAI's dialect; vendors of the table have no text completions.
fn served(quirks: Quirks, completions: Completions) -> Server {
    Server { completions, quirks, ..Server::default() }
}

fn deepseek(name: &'static str, model: &str) -> Result<Vendor> {
    let quirks = tollgate_providers_deepseek::quirks_for(model);
    let server = served(quirks, Completions::ViaChat);
    let provider =
        tollgate_providers_deepseek::DeepSeek::new(ProviderName::new("deepseek"), server);
    vendor(name, Arc::new(provider), model, quirks)
}

fn qwen(name: &'static str, model: &str) -> Result<Vendor> {
    let quirks = tollgate_providers_qwen::quirks_for(model);
    let server = served(quirks, Completions::ViaChat);
    let provider = tollgate_providers_qwen::provider(ProviderName::new("qwen"), server);
    vendor(name, Arc::new(provider), model, quirks)
}

fn bedrock(name: &'static str, model: &str) -> Result<Vendor> {
    let provider = Bedrock::new(ProviderName::new("bedrock"), model, Settings::default());
    vendor(name, Arc::new(provider), model, tollgate_providers_bedrock::quirks_for(model))
}

fn vendor(
    name: &'static str,
    provider: Arc<dyn Provider>,
    model: &str,
    quirks: Quirks,
) -> Result<Vendor> {
    let base: Uri = "https://vendor.invalid/v1".parse().context("an address")?;
    Ok(Vendor {
        name,
        provider,
        target: UpstreamTarget { quirks, ..UpstreamTarget::new(base, model) },
    })
}

impl Vendor {
    /// The dialect that any chat client is translated to.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        self.provider.chat().map(|codec| codec.dialect())
    }
}
