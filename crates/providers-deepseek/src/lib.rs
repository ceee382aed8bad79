//! DeepSeek: OpenAI's dialect with thinking that is on by default and remembered, and beta endpoints.
//!
//! The codec is that of `tollgate-providers-openai`, told how this vendor differs; `beta` sends what
//! only the beta endpoints take there. It must never do I/O or know another vendor.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

mod beta;

use std::sync::Arc;
use tollgate_core_types::custom::{Prefill, ReasoningEcho, ThinkingSwitch};
use tollgate_core_types::{Dialect, ProviderName, VendorPreset};
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{ChatCodec, Codec, EmbedCodec, Provider};
use tollgate_providers_openai::{OpenAi, Server};

/// The vendor.
pub const PRESET: VendorPreset = VendorPreset {
    name: "deepseek",
    otel_name: "deepseek",
    env: &["DEEPSEEK"],
    base: "https://api.deepseek.com/v1",
    chat: Dialect::OPENAI_CHAT,
    models: &["deepseek-v4-flash", "deepseek-v4-pro"],
    embedding_models: &[],
    needs_key: true,
};

/// The same vendor by its endpoint in Anthropic's dialect.
pub const ANTHROPIC: VendorPreset = VendorPreset {
    name: "deepseek-anthropic",
    env: &["DEEPSEEK_ANTHROPIC"],
    base: "https://api.deepseek.com/anthropic",
    chat: Dialect::ANTHROPIC_MESSAGES,
    ..PRESET
};

/// How `model` differs from OpenAI's.
#[must_use]
pub fn quirks_for(model: &str) -> Quirks {
    Quirks {
        no_developer_role: true,
        no_max_completion_tokens: true,
        // Takes `response_format` of text and json_object alone.
        no_native_schema: true,
        // Text is one string, but for the models that see.
        plain_content: !["-vl", "vision", "-ocr"].iter().any(|sees| model.contains(sees)),
        // Thinks unless told not to, and takes an effort beside it.
        thinking_switch: ThinkingSwitch::Type,
        adaptive_thinking: true,
        reasoning_echo: ReasoningEcho::Always,
        prefill: Prefill::Prefix,
        renames: &[("user", "user_id"), ("safety_identifier", "user_id")],
        lacks: &["seed", "logit_bias"],
        ..Quirks::default()
    }
}

/// The vendor with its beta endpoints.
#[derive(Debug, Clone)]
pub struct DeepSeek {
    inner: OpenAi,
}

impl DeepSeek {
    /// The vendor, for a server of these traits.
    #[must_use]
    pub fn new(name: ProviderName, server: Server) -> Self {
        Self { inner: OpenAi::at(name, server) }
    }
}

impl Provider for DeepSeek {
    fn name(&self) -> &ProviderName {
        self.inner.name()
    }

    fn codec(&self, dialect: Dialect) -> Option<Arc<dyn Codec>> {
        if dialect == Dialect::OPENAI_CHAT {
            return self.chat().map(|chat| chat as Arc<dyn Codec>);
        }
        let codec = self.inner.codec(dialect)?;
        if dialect == Dialect::OPENAI_COMPLETIONS {
            // Text completions, with a suffix or without, are beta as a whole.
            return Some(Arc::new(beta::Always(codec)));
        }
        Some(codec)
    }

    fn chat(&self) -> Option<Arc<dyn ChatCodec>> {
        self.inner.chat().map(|chat| Arc::new(beta::WhereNeeded(chat)) as Arc<dyn ChatCodec>)
    }

    fn embeddings(&self) -> Option<Arc<dyn EmbedCodec>> {
        None
    }
}

#[cfg(test)]
mod tests;
