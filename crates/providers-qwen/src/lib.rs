//! Alibaba's Qwen on DashScope, in its compatible mode: OpenAI's dialect with customs of its own.
//!
//! Everything here is data: the codec is that of `tollgate-providers-openai`, told how this vendor
//! differs. It must never do I/O or know another vendor.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

use tollgate_core_types::custom::{StreamOnly, ThinkingSwitch};
use tollgate_core_types::{Dialect, ErrorClass, ProviderName, VendorPreset};
use tollgate_providers_common::target::Quirks;
use tollgate_providers_openai::{Codes, OpenAi, Server};

/// The vendor; other regions and workspaces are a base address in the configuration.
pub const PRESET: VendorPreset = VendorPreset {
    name: "qwen",
    otel_name: "qwen",
    env: &["QWEN", "DASHSCOPE"],
    base: "https://dashscope.aliyuncs.com/compatible-mode/v1",
    chat: Dialect::OPENAI_CHAT,
    models: &["qwen-plus", "qwen-turbo"],
    embedding_models: &["text-embedding-v4"],
    needs_key: true,
};

/// The same vendor by its endpoint in Anthropic's dialect.
pub const ANTHROPIC: VendorPreset = VendorPreset {
    name: "qwen-anthropic",
    env: &["QWEN_ANTHROPIC"],
    base: "https://dashscope.aliyuncs.com/apps/anthropic",
    chat: Dialect::ANTHROPIC_MESSAGES,
    embedding_models: &[],
    ..PRESET
};

/// Most texts of one request for embeddings.
const TEXTS: u32 = 10;

/// What its codes mean; they come with any status, also 200.
pub const CODES: &[(&str, ErrorClass)] = &[
    ("InvalidApiKey", ErrorClass::Auth),
    ("AccessDenied", ErrorClass::Auth),
    ("Arrearage", ErrorClass::Billing),
    ("Model.NotExist", ErrorClass::ModelMissing),
    ("ModelNotFound", ErrorClass::ModelMissing),
    ("model_not_found", ErrorClass::ModelMissing),
    ("DataInspectionFailed", ErrorClass::ContentPolicy),
    ("data_inspection_failed", ErrorClass::ContentPolicy),
    ("InvalidParameter", ErrorClass::Client),
    ("invalid_parameter_error", ErrorClass::Client),
    ("RequestTooLarge", ErrorClass::Client),
    ("Throttling", ErrorClass::Throttle),
    ("ServiceUnavailable", ErrorClass::Overload),
    // A prompt that the model's own server refuses.
    ("InternalError.Algo.InvalidParameter", ErrorClass::Client),
    ("InternalError", ErrorClass::Server),
    ("GatewayTimeout", ErrorClass::Server),
];

/// How `model` differs from OpenAI's.
#[must_use]
pub fn quirks_for(model: &str) -> Quirks {
    let usual = Quirks {
        no_developer_role: true,
        no_max_completion_tokens: true,
        no_native_schema: !holds_to_schemas(model),
        thinking_switch: ThinkingSwitch::Enable,
        // The bound differs by model, and the vendor says so where it is too large.
        thinking_budget: u32::MAX,
        stream_only: StreamOnly::Thinking,
        ..Quirks::default()
    };
    if model.starts_with("text-embedding") {
        return Quirks { embed_batch: TEXTS, float_vectors: true, ..usual };
    }
    let streams = ["qwq", "qvq"].iter().any(|name| model.starts_with(name))
        || model.contains("-omni")
        || model.contains("-thinking");
    Quirks { stream_only: if streams { StreamOnly::Always } else { usual.stream_only }, ..usual }
}

/// Whether the model takes a JSON Schema; older ones take `json_object` alone.
fn holds_to_schemas(model: &str) -> bool {
    ["qwen3", "qwen-plus", "qwen-max", "qwen-flash"].iter().any(|name| model.starts_with(name))
}

/// The vendor, for a server of these traits.
#[must_use]
pub fn provider(name: ProviderName, server: Server) -> OpenAi {
    let codes = Codes { known: CODES, ..server.codes };
    OpenAi::at(name, Server { codes, ..server })
}

#[cfg(test)]
mod tests;
