//! The table. A row is what the vendor's own documentation says; models are those that a bare key
//! starts with, few and current, for configuration names the rest. Most rows have none: whose models
//! come and go is asked for `<PREFIX>_MODEL`.

use tollgate_core_types::{Dialect, VendorPreset};

/// The vendors of the table.
#[must_use]
pub fn presets() -> &'static [VendorPreset] {
    &TABLE
}

/// A row; OpenTelemetry knows few of these vendors, so most go by their own name.
const fn vendor(
    name: &'static str,
    env: &'static [&'static str],
    base: &'static str,
    models: &'static [&'static str],
) -> VendorPreset {
    VendorPreset {
        name,
        otel_name: name,
        env,
        base,
        chat: Dialect::OPENAI_CHAT,
        models,
        embedding_models: &[],
        needs_key: true,
    }
}

/// A row of a vendor whose models have to be named.
const fn host(
    name: &'static str,
    env: &'static [&'static str],
    base: &'static str,
) -> VendorPreset {
    vendor(name, env, base, &[])
}

/// No row has a prefix under which another product's key is usual (`WANDB_API_KEY`): it would be taken
/// for a wish to serve.
const TABLE: [VendorPreset; 37] = [
    vendor(
        "deepseek",
        &["DEEPSEEK"],
        "https://api.deepseek.com/v1",
        &["deepseek-v4-flash", "deepseek-v4-pro"],
    ),
    VendorPreset {
        embedding_models: &["text-embedding-v4"],
        ..vendor(
            "qwen",
            &["QWEN", "DASHSCOPE"],
            "https://dashscope.aliyuncs.com/compatible-mode/v1",
            &["qwen-plus", "qwen-turbo"],
        )
    },
    vendor(
        "siliconflow",
        &["SILICONFLOW"],
        "https://api.siliconflow.cn/v1",
        &["deepseek-ai/DeepSeek-V3"],
    ),
    vendor(
        "zhipu",
        &["ZHIPU", "ZHIPUAI"],
        "https://open.bigmodel.cn/api/paas/v4",
        &["glm-4-flash"],
    ),
    vendor("groq", &["GROQ"], "https://api.groq.com/openai/v1", &["llama-3.3-70b-versatile"]),
    VendorPreset {
        otel_name: "mistral_ai",
        ..vendor("mistral", &["MISTRAL"], "https://api.mistral.ai/v1", &["mistral-small-latest"])
    },
    VendorPreset {
        otel_name: "x_ai",
        ..vendor("xai", &["XAI"], "https://api.x.ai/v1", &["grok-4"])
    },
    vendor("openrouter", &["OPENROUTER"], "https://openrouter.ai/api/v1", &["openrouter/auto"]),
    vendor(
        "together",
        &["TOGETHER", "TOGETHERAI"],
        "https://api.together.ai/v1",
        &["meta-llama/Llama-3.3-70B-Instruct-Turbo"],
    ),
    vendor(
        "fireworks",
        &["FIREWORKS"],
        "https://api.fireworks.ai/inference/v1",
        &["accounts/fireworks/models/llama-v3p3-70b-instruct"],
    ),
    vendor("cerebras", &["CEREBRAS"], "https://api.cerebras.ai/v1", &["llama-3.3-70b"]),
    VendorPreset {
        otel_name: "moonshot_ai",
        ..vendor("moonshot", &["MOONSHOT"], "https://api.moonshot.ai/v1", &["kimi-latest"])
    },
    vendor("perplexity", &["PERPLEXITY"], "https://api.perplexity.ai", &["sonar"]),
    vendor("minimax", &["MINIMAX"], "https://api.minimax.io/v1", &["MiniMax-M2"]),
    vendor(
        "nvidia",
        &["NVIDIA"],
        "https://integrate.api.nvidia.com/v1",
        &["meta/llama-3.3-70b-instruct"],
    ),
    vendor(
        "huggingface",
        &["HUGGINGFACE", "HF"],
        "https://router.huggingface.co/v1",
        &["meta-llama/Llama-3.3-70B-Instruct"],
    ),
    host("zai", &["ZAI"], "https://api.z.ai/api/paas/v4"),
    host("deepinfra", &["DEEPINFRA"], "https://api.deepinfra.com/v1/openai"),
    host("sambanova", &["SAMBANOVA"], "https://api.sambanova.ai/v1"),
    host("volcengine", &["ARK", "VOLCENGINE"], "https://ark.cn-beijing.volces.com/api/v3"),
    host("byteplus", &["BYTEPLUS"], "https://ark.ap-southeast.bytepluses.com/api/v3"),
    host("nebius", &["NEBIUS"], "https://api.tokenfactory.nebius.com/v1"),
    host("novita", &["NOVITA"], "https://api.novita.ai/v3/openai"),
    host("hyperbolic", &["HYPERBOLIC"], "https://api.hyperbolic.xyz/v1"),
    host("lambda", &["LAMBDA"], "https://api.lambda.ai/v1"),
    host("baseten", &["BASETEN"], "https://inference.baseten.co/v1"),
    host("friendli", &["FRIENDLI"], "https://api.friendli.ai/serverless/v1"),
    host("featherless", &["FEATHERLESS"], "https://api.featherless.ai/v1"),
    host("scaleway", &["SCALEWAY"], "https://api.scaleway.ai/v1"),
    host("ovhcloud", &["OVHCLOUD"], "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1"),
    host("nscale", &["NSCALE"], "https://inference.api.nscale.com/v1"),
    host("vercel", &["AI_GATEWAY"], "https://ai-gateway.vercel.sh/v1"),
    host("modelscope", &["MODELSCOPE"], "https://api-inference.modelscope.cn/v1"),
    host("chutes", &["CHUTES"], "https://llm.chutes.ai/v1"),
    host("venice", &["VENICE"], "https://api.venice.ai/api/v1"),
    host("aihubmix", &["AIHUBMIX"], "https://aihubmix.com/v1"),
    // On this machine unless OLLAMA_API_BASE says where; starts once OLLAMA_MODEL names a model.
    VendorPreset { needs_key: false, ..host("ollama", &["OLLAMA"], "http://localhost:11434/v1") },
];
