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

/// A row of a server on the user's own machine, which asks for no key.
const fn local(
    name: &'static str,
    env: &'static [&'static str],
    base: &'static str,
) -> VendorPreset {
    VendorPreset { needs_key: false, ..host(name, env, base) }
}

/// No row has a prefix under which another product's key is usual (`WANDB_API_KEY`): it would be taken
/// for a wish to serve.
const TABLE: [VendorPreset; 47] = [
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
    host("poe", &["POE"], "https://api.poe.com/v1"),
    host("nanogpt", &["NANOGPT"], "https://nano-gpt.com/api/v1"),
    host("parasail", &["PARASAIL"], "https://api.parasail.io/v1"),
    host("mimo", &["MIMO"], "https://api.xiaomimimo.com/v1"),
    host("tokenhub", &["TOKENHUB"], "https://tokenhub-intl.tencentcloudmaas.com/v1"),
    host("meta", &["META_AI"], "https://api.meta.ai/v1"),
    VendorPreset {
        otel_name: "cohere",
        ..host("cohere", &["COHERE", "CO"], "https://api.cohere.com/compatibility/v1")
    },
    host("ollama-cloud", &["OLLAMA_CLOUD"], "https://ollama.com/v1"),
    // On this machine unless <PREFIX>_API_BASE says where; they start once <PREFIX>_MODEL names a
    // model.
    local("ollama", &["OLLAMA"], "http://localhost:11434/v1"),
    local("vllm", &["VLLM"], "http://localhost:8000/v1"),
    local("sglang", &["SGLANG"], "http://localhost:30000/v1"),
    local("llamacpp", &["LLAMACPP"], "http://localhost:8080/v1"),
    local("lmstudio", &["LMSTUDIO"], "http://localhost:1234/v1"),
    local("tgi", &["TGI"], "http://localhost:3000/v1"),
];
