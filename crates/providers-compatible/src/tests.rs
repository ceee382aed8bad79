//! The table's own rules, and every row with the traits that its vendor is known for.

use super::*;
use http::HeaderMap;
use std::collections::HashSet;
use tollgate_core_types::ErrorClass;
use tollgate_core_types::custom::{
    Prefill, ReasoningEcho, ReasoningField, StreamOnly, ThinkingSwitch,
};
use tollgate_providers_common::{DecodeError, Provider};

#[test]
fn names_and_environment_prefixes_are_unique() {
    let mut names = HashSet::new();
    let mut prefixes = HashSet::new();
    for preset in presets() {
        assert!(names.insert(preset.name), "{} stands there twice", preset.name);
        assert!(!preset.env.is_empty(), "{}", preset.name);
        for prefix in preset.env {
            assert!(prefixes.insert(*prefix), "{prefix} belongs to two vendors");
            assert!(prefix.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{prefix}");
        }
    }
}

#[test]
fn bases_are_absolute_without_a_trailing_slash() {
    for preset in presets() {
        let base: http::Uri = preset.base.parse().unwrap();
        assert!(base.host().is_some(), "{}", preset.name);
        assert!(base.query().is_none() && !preset.base.ends_with('/'), "{}", preset.name);
        // A key never leaves in the clear.
        if preset.needs_key {
            assert_eq!(base.scheme_str(), Some("https"), "{}", preset.name);
        } else {
            assert_eq!(base.host(), Some("localhost"), "{}", preset.name);
        }
    }
}

/// Every row: its name, a prefix, its address, and its traits in words.
const ROWS: &[(&str, &str, &str, &str)] = &[
    ("zhipu", "ZHIPU", "https://open.bigmodel.cn/api/paas/v4", "thinking=type"),
    ("groq", "GROQ", "https://api.groq.com/openai/v1", "lacks logit_bias"),
    (
        "mistral",
        "MISTRAL",
        "https://api.mistral.ai/v1",
        "max_tokens any plain_schemas short_ids prefill=prefix lacks messages.name,user,logit_bias,service_tier,store,verbosity renames seed=random_seed",
    ),
    ("xai", "XAI", "https://api.x.ai/v1", "beside"),
    ("openrouter", "OPENROUTER", "https://openrouter.ai/api/v1", "effort field=reasoning"),
    ("together", "TOGETHER", "https://api.together.ai/v1", ""),
    ("fireworks", "FIREWORKS", "https://api.fireworks.ai/inference/v1", ""),
    ("cerebras", "CEREBRAS", "https://api.cerebras.ai/v1", "max_completion_tokens"),
    (
        "moonshot",
        "MOONSHOT",
        "https://api.moonshot.ai/v1",
        "no_forced plain_schemas echo=tool_calls",
    ),
    ("perplexity", "PERPLEXITY", "https://api.perplexity.ai", "alternate no_tools"),
    ("minimax", "MINIMAX", "https://api.minimax.io/v1", "inline adds reasoning_split=true"),
    ("nvidia", "NVIDIA", "https://integrate.api.nvidia.com/v1", ""),
    ("huggingface", "HF", "https://router.huggingface.co/v1", ""),
    ("zai", "ZAI", "https://api.z.ai/api/paas/v4", "thinking=type"),
    ("deepinfra", "DEEPINFRA", "https://api.deepinfra.com/v1/openai", "beside"),
    ("sambanova", "SAMBANOVA", "https://api.sambanova.ai/v1", "max_tokens plain_content"),
    ("volcengine", "ARK", "https://ark.cn-beijing.volces.com/api/v3", "thinking=type"),
    ("byteplus", "BYTEPLUS", "https://ark.ap-southeast.bytepluses.com/api/v3", "thinking=type"),
    ("nebius", "NEBIUS", "https://api.tokenfactory.nebius.com/v1", ""),
    ("novita", "NOVITA", "https://api.novita.ai/v3/openai", ""),
    ("hyperbolic", "HYPERBOLIC", "https://api.hyperbolic.xyz/v1", ""),
    ("lambda", "LAMBDA", "https://api.lambda.ai/v1", ""),
    ("baseten", "BASETEN", "https://inference.baseten.co/v1", ""),
    ("friendli", "FRIENDLI", "https://api.friendli.ai/serverless/v1", ""),
    ("featherless", "FEATHERLESS", "https://api.featherless.ai/v1", ""),
    ("scaleway", "SCALEWAY", "https://api.scaleway.ai/v1", ""),
    ("ovhcloud", "OVHCLOUD", "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1", ""),
    ("nscale", "NSCALE", "https://inference.api.nscale.com/v1", ""),
    ("vercel", "AI_GATEWAY", "https://ai-gateway.vercel.sh/v1", ""),
    (
        "modelscope",
        "MODELSCOPE",
        "https://api-inference.modelscope.cn/v1",
        "thinking=enable_thinking streams=thinking",
    ),
    ("chutes", "CHUTES", "https://llm.chutes.ai/v1", "max_tokens"),
    ("venice", "VENICE", "https://api.venice.ai/api/v1", "max_tokens"),
    ("aihubmix", "AIHUBMIX", "https://aihubmix.com/v1", "max_tokens"),
    ("poe", "POE", "https://api.poe.com/v1", "max_tokens"),
    ("nanogpt", "NANOGPT", "https://nano-gpt.com/api/v1", "max_tokens"),
    ("parasail", "PARASAIL", "https://api.parasail.io/v1", "max_tokens"),
    ("mimo", "MIMO", "https://api.xiaomimimo.com/v1", "max_tokens"),
    ("tokenhub", "TOKENHUB", "https://tokenhub-intl.tencentcloudmaas.com/v1", ""),
    ("meta", "META_AI", "https://api.meta.ai/v1", ""),
    ("cohere", "COHERE", "https://api.cohere.com/compatibility/v1", ""),
    ("ollama-cloud", "OLLAMA_CLOUD", "https://ollama.com/v1", "inline field=reasoning"),
    ("ollama", "OLLAMA", "http://localhost:11434/v1", "inline field=reasoning"),
    ("vllm", "VLLM", "http://localhost:8000/v1", "inline thinking=chat_template"),
    ("sglang", "SGLANG", "http://localhost:30000/v1", "inline thinking=chat_template"),
    ("llamacpp", "LLAMACPP", "http://localhost:8080/v1", "inline"),
    ("lmstudio", "LMSTUDIO", "http://localhost:1234/v1", "inline"),
    ("tgi", "TGI", "http://localhost:3000/v1", "inline"),
];

/// Traits in words; those that no row has must be off.
fn words(quirks: Quirks) -> String {
    let Quirks {
        max_completion_tokens,
        developer_role,
        no_developer_role,
        no_sampling,
        adaptive_thinking,
        no_forced_tools,
        no_native_schema,
        no_max_completion_tokens,
        plain_content,
        any_for_required,
        plain_schemas,
        short_call_ids,
        alternate_turns,
        no_tools,
        no_stream_options,
        reasoning_beside_output,
        inline_thinking,
        float_vectors,
        embed_batch,
        thinking_switch,
        thinking_budget,
        reasoning_echo,
        reasoning_field,
        stream_only,
        prefill,
        lacks,
        renames,
        adds,
    } = quirks;
    assert!(no_developer_role && !developer_role && !no_sampling && !no_native_schema);
    assert!(!no_stream_options && !float_vectors && embed_batch == 0 && thinking_budget == 0);
    let pairs = |pairs: &[(&str, &str)]| {
        let pairs: Vec<String> = pairs.iter().map(|(a, b)| format!("{a}={b}")).collect();
        pairs.join(",")
    };
    let said = [
        (max_completion_tokens, "max_completion_tokens".to_owned()),
        (no_max_completion_tokens, "max_tokens".to_owned()),
        (adaptive_thinking, "effort".to_owned()),
        (no_forced_tools, "no_forced".to_owned()),
        (any_for_required, "any".to_owned()),
        (plain_schemas, "plain_schemas".to_owned()),
        (short_call_ids, "short_ids".to_owned()),
        (plain_content, "plain_content".to_owned()),
        (alternate_turns, "alternate".to_owned()),
        (no_tools, "no_tools".to_owned()),
        (reasoning_beside_output, "beside".to_owned()),
        (inline_thinking, "inline".to_owned()),
        (thinking_switch != ThinkingSwitch::None, format!("thinking={}", thinking_switch.word())),
        (reasoning_echo != ReasoningEcho::AsGiven, format!("echo={}", reasoning_echo.word())),
        (reasoning_field != ReasoningField::Content, format!("field={}", reasoning_field.word())),
        (stream_only != StreamOnly::Never, format!("streams={}", stream_only.word())),
        (prefill != Prefill::None, format!("prefill={}", prefill.word())),
        (!lacks.is_empty(), format!("lacks {}", lacks.join(","))),
        (!renames.is_empty(), format!("renames {}", pairs(renames))),
        (!adds.is_empty(), format!("adds {}", pairs(adds))),
    ];
    let said: Vec<String> = said.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
    said.join(" ")
}

#[test]
fn every_row_is_what_its_vendor_is_known_for() {
    assert_eq!(presets().len(), ROWS.len());
    for (name, prefix, base, traits) in ROWS {
        let preset = presets().iter().find(|preset| preset.name == *name).unwrap();
        assert!(preset.env.contains(prefix), "{name}");
        assert_eq!(preset.base, *base, "{name}");
        assert_eq!(words(quirks(name)), *traits, "{name}");
    }
}

#[test]
fn a_server_that_nobody_described_is_sent_nothing_special() {
    let expected = Quirks { inline_thinking: true, ..Quirks::default() };
    assert_eq!(quirks("my-own-server"), expected);
}

#[test]
fn business_codes_are_understood_with_their_status_and_in_a_200() {
    for (vendor, status, body, class) in [
        (
            "zhipu",
            429,
            r#"{"error":{"code":"1302","message":"concurrency"}}"#,
            ErrorClass::Throttle,
        ),
        (
            "zhipu",
            400,
            r#"{"error":{"code":"1261","message":"too long"}}"#,
            ErrorClass::ContextWindow,
        ),
        (
            "zai",
            400,
            r#"{"error":{"code":"1301","message":"sensitive"}}"#,
            ErrorClass::ContentPolicy,
        ),
        ("zai", 429, r#"{"error":{"code":"1113","message":"arrears"}}"#, ErrorClass::Billing),
        (
            "zhipu",
            400,
            r#"{"error":{"code":1211,"message":"no such model"}}"#,
            ErrorClass::ModelMissing,
        ),
        (
            "minimax",
            429,
            r#"{"base_resp":{"status_code":1002,"status_msg":"rate limit"}}"#,
            ErrorClass::Throttle,
        ),
        (
            "minimax",
            403,
            r#"{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}"#,
            ErrorClass::Billing,
        ),
        (
            "minimax",
            401,
            r#"{"base_resp":{"status_code":1004,"status_msg":"login fail"}}"#,
            ErrorClass::Auth,
        ),
    ] {
        let server = Server { quirks: quirks(vendor), ..Server::default() };
        let codec = provider(ProviderName::new(vendor), server).chat().unwrap();
        let error = codec.decode_error(status, &HeaderMap::new(), body.as_bytes());
        assert_eq!(error.class, class, "{vendor} {status} {body}");
        let Err(DecodeError::Upstream(error)) = codec.account(body.as_bytes()) else {
            panic!("{vendor} {body}")
        };
        assert_eq!(error.class, class, "{vendor} 200 {body}");
    }
}
