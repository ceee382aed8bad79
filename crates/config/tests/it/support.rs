//! Vendors and shorthands for the tests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use tollgate_config::{Config, ConfigErrors, LoadOptions, load};
use tollgate_core_types::{Dialect, VendorPreset};

pub(crate) const VENDORS: &[VendorPreset] = &[
    VendorPreset {
        name: "openai",
        otel_name: "openai",
        env: &["OPENAI"],
        base: "https://api.openai.com/v1",
        chat: Dialect::OPENAI_CHAT,
        models: &["gpt-4o", "gpt-4o-mini"],
        embedding_models: &["text-embedding-3-small"],
        needs_key: true,
    },
    VendorPreset {
        name: "anthropic",
        otel_name: "anthropic",
        env: &["ANTHROPIC"],
        base: "https://api.anthropic.com",
        chat: Dialect::ANTHROPIC_MESSAGES,
        models: &["claude-sonnet-5"],
        embedding_models: &[],
        needs_key: true,
    },
    VendorPreset {
        name: "deepseek",
        otel_name: "deepseek",
        env: &["DEEPSEEK"],
        base: "https://api.deepseek.com",
        chat: Dialect::OPENAI_CHAT,
        models: &["deepseek-flash"],
        embedding_models: &[],
        needs_key: true,
    },
    VendorPreset {
        name: "qwen",
        otel_name: "qwen",
        env: &["QWEN", "DASHSCOPE"],
        base: "https://dashscope.aliyuncs.com/compatible-mode/v1",
        chat: Dialect::OPENAI_CHAT,
        models: &["qwen-plus"],
        embedding_models: &["text-embedding-v4"],
        needs_key: true,
    },
    VendorPreset {
        name: "siliconflow",
        otel_name: "siliconflow",
        env: &["SILICONFLOW"],
        base: "https://api.siliconflow.cn/v1",
        chat: Dialect::OPENAI_CHAT,
        models: &[],
        embedding_models: &[],
        needs_key: true,
    },
    VendorPreset {
        name: "azure",
        otel_name: "azure.ai.openai",
        env: &["AZURE_OPENAI", "AZURE"],
        base: "https://{resource}.openai.azure.com",
        chat: Dialect::OPENAI_CHAT,
        models: &[],
        embedding_models: &[],
        needs_key: false,
    },
    VendorPreset {
        name: "bedrock",
        otel_name: "aws.bedrock",
        env: &["BEDROCK"],
        base: "https://bedrock-runtime.{region}.amazonaws.com",
        chat: Dialect::BEDROCK_CONVERSE,
        models: &[],
        embedding_models: &[],
        needs_key: false,
    },
    VendorPreset {
        name: "zhipu",
        otel_name: "zhipu",
        env: &["ZHIPU"],
        base: "https://open.bigmodel.cn/api/paas/v4",
        chat: Dialect::OPENAI_CHAT,
        models: &[],
        embedding_models: &[],
        needs_key: true,
    },
    VendorPreset {
        name: "ollama",
        otel_name: "ollama",
        env: &["OLLAMA"],
        base: "http://localhost:11434/v1",
        chat: Dialect::OPENAI_CHAT,
        models: &[],
        embedding_models: &[],
        needs_key: false,
    },
];

pub(crate) fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn from_env(pairs: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    load(&LoadOptions { env: env(pairs), ..LoadOptions::default() }, VENDORS)
}

/// Loads files written to a directory of their own, and an environment.
pub(crate) fn from_files(
    files: &[(&str, &str)],
    pairs: &[(&str, &str)],
) -> Result<Config, ConfigErrors> {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, text)| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        })
        .collect();
    load(&LoadOptions { files: paths, env: env(pairs), ..LoadOptions::default() }, VENDORS)
}

/// The problems without the directory of the test.
pub(crate) fn problems(result: Result<Config, ConfigErrors>) -> Vec<String> {
    let errors = result.expect_err("the configuration should have been refused");
    errors.0.iter().map(|problem| short(&problem.to_string())).collect()
}

pub(crate) fn warnings(config: &Config) -> Vec<String> {
    config.warnings.iter().map(|warning| short(&warning.to_string())).collect()
}

/// Cuts the directory from a message that begins with a file's path.
fn short(message: &str) -> String {
    let end = message.find(": ").unwrap_or(message.len());
    let (place, rest) = message.split_at(end);
    let place = place.rsplit('/').next().unwrap_or(place);
    format!("{place}{rest}")
}
