//! What is known of a vendor before any configuration: its address, its environment names.
//!
//! Data only. Vendor crates fill it, `config` reads it to start from the environment alone.

use crate::dialect::Dialect;

/// A vendor that works without configuration beyond a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VendorPreset {
    /// The vendor's name in configuration, for example `deepseek`.
    pub name: &'static str,
    /// OpenTelemetry's `gen_ai.provider.name`.
    pub otel_name: &'static str,
    /// Prefixes of its environment variables, first one preferred: `DEEPSEEK` reads
    /// `DEEPSEEK_API_KEY(S)`, `DEEPSEEK_API_BASE(S)`, `DEEPSEEK_API_URL`, `DEEPSEEK_BASE_URL`,
    /// `DEEPSEEK_MODEL(S)`.
    pub env: &'static [&'static str],
    /// Default base address, with its `/v1` where it has one.
    pub base: &'static str,
    /// The dialect of its chat endpoint.
    pub chat: Dialect,
    /// Models served when only a key is given: (alias and upstream model).
    pub models: &'static [&'static str],
    /// Embedding models served when only a key is given.
    pub embedding_models: &'static [&'static str],
    /// Whether a key is needed (local servers need none).
    pub needs_key: bool,
}
