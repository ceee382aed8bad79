//! Starting from the environment alone, as users of other systems have it set.

use tollgate_config::{Auth, Config, Origin};

use crate::support::{from_env, from_files, problems, warnings};

/// `alias -> provider model base key weight`, a line per deployment.
fn table(config: &Config) -> Vec<String> {
    config
        .models
        .iter()
        .flat_map(|model| {
            model.deployments.iter().map(|d| {
                let base = d.base.as_ref().map_or("-", |base| base.as_str());
                let key = d.credential.as_ref().map_or("-", |key| key.secret.expose());
                format!("{} {} {} {base} {key}", model.alias, d.provider.name, d.upstream_model)
            })
        })
        .collect()
}

fn rows(pairs: &[(&str, &str)]) -> Vec<String> {
    let config = from_env(pairs).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.origin, Origin::Environment);
    table(&config)
}

#[test]
fn one_key_starts_the_models_of_its_vendor() {
    assert_eq!(
        rows(&[("OPENAI_API_KEY", "k1")]),
        [
            "gpt-4o openai gpt-4o https://api.openai.com/v1 k1",
            "gpt-4o-mini openai gpt-4o-mini https://api.openai.com/v1 k1",
            "text-embedding-3-small openai text-embedding-3-small https://api.openai.com/v1 k1",
        ]
    );
    assert_eq!(
        rows(&[("ANTHROPIC_API_KEY", "k1")]),
        ["claude-sonnet-5 anthropic claude-sonnet-5 https://api.anthropic.com k1"]
    );
}

#[test]
fn keys_and_bases_are_paired_by_position() {
    let model = ("OPENAI_MODEL", "gpt-4o");
    assert_eq!(
        rows(&[("OPENAI_API_KEYS", "k1, k2 ,k3,"), ("OPENAI_API_BASES", "https://a"), model]),
        [
            "gpt-4o openai gpt-4o https://a k1",
            "gpt-4o openai gpt-4o https://a k2",
            "gpt-4o openai gpt-4o https://a k3"
        ]
    );
    assert_eq!(
        rows(&[("OPENAI_API_KEYS", "k1,k2"), ("OPENAI_API_BASES", "https://a,https://b"), model]),
        ["gpt-4o openai gpt-4o https://a k1", "gpt-4o openai gpt-4o https://b k2"]
    );
    assert_eq!(
        rows(&[("OPENAI_API_KEYS", "k1"), ("OPENAI_API_BASES", "https://a,https://b"), model]),
        ["gpt-4o openai gpt-4o https://a k1", "gpt-4o openai gpt-4o https://b k1"]
    );
    assert_eq!(
        problems(from_env(&[
            ("OPENAI_API_KEYS", "k1,k2,k3"),
            ("OPENAI_API_BASES", "https://a,https://b"),
        ])),
        ["environment variable OPENAI_API_KEYS: openai has 3 keys and 2 bases, which do not pair \
          (give one base for all keys, or one base per key)"]
    );
}

#[test]
fn bases_go_by_all_their_names() {
    for name in ["DEEPSEEK_API_BASE", "DEEPSEEK_API_BASES", "DEEPSEEK_API_URL", "DEEPSEEK_BASE_URL"]
    {
        assert_eq!(
            rows(&[("DEEPSEEK_API_KEY", "k"), (name, "https://own.example.com/v1/")]),
            ["deepseek-flash deepseek deepseek-flash https://own.example.com/v1 k"],
            "{name}"
        );
    }
}

#[test]
fn models_may_have_aliases() {
    assert_eq!(
        rows(&[("OPENAI_API_KEY", "k"), ("OPENAI_MODELS", "fast=gpt-4o-mini, gpt-4o")]),
        [
            "fast openai gpt-4o-mini https://api.openai.com/v1 k",
            "gpt-4o openai gpt-4o https://api.openai.com/v1 k",
        ]
    );
}

#[test]
fn a_custom_base_is_not_assumed_to_embed() {
    let rows = rows(&[("OPENAI_API_KEY", "k"), ("OPENAI_API_BASE", "http://localhost:8001/v1")]);
    assert_eq!(rows.len(), 2, "{rows:?}");
}

#[test]
fn several_vendors_start_together_and_equal_aliases_are_one_group() {
    let pairs = [
        ("OPENAI_API_KEY", "k1"),
        ("OPENAI_MODEL", "chat=gpt-4o"),
        ("DEEPSEEK_API_KEY", "k2"),
        ("DEEPSEEK_MODEL", "chat=deepseek-flash"),
        ("DASHSCOPE_API_KEY", "k3"),
    ];
    let config = from_env(&pairs).unwrap();
    assert_eq!(
        table(&config),
        [
            "chat openai gpt-4o https://api.openai.com/v1 k1",
            "chat deepseek deepseek-flash https://api.deepseek.com k2",
            "qwen-plus qwen qwen-plus https://dashscope.aliyuncs.com/compatible-mode/v1 k3",
            "text-embedding-v4 qwen text-embedding-v4 https://dashscope.aliyuncs.com/compatible-mode/v1 k3",
        ]
    );
    assert_eq!(config.defaults.model.as_deref(), Some("chat"));
    let ids: Vec<&str> = config.models[0].deployments.iter().map(|d| d.id.as_str()).collect();
    assert_eq!(ids, ["chat/openai/1", "chat/deepseek/2"]);
}

#[test]
fn the_first_prefix_and_the_plural_win() {
    assert_eq!(
        rows(&[
            ("DASHSCOPE_API_KEY", "second"),
            ("QWEN_API_KEY", "single"),
            ("QWEN_API_KEYS", "plural"),
            ("QWEN_MODEL", "m"),
        ]),
        ["m qwen m https://dashscope.aliyuncs.com/compatible-mode/v1 plural"]
    );
    assert_eq!(
        rows(&[("DASHSCOPE_API_KEY", "k"), ("QWEN_API_KEYS", " , "), ("QWEN_MODEL", "m")]),
        ["m qwen m https://dashscope.aliyuncs.com/compatible-mode/v1 k"]
    );
}

#[test]
fn a_local_server_starts_without_a_key() {
    assert_eq!(
        rows(&[("OLLAMA_API_BASE", "http://gpu:11434/v1"), ("OLLAMA_MODELS", "llama3.3,qwen3")]),
        [
            "llama3.3 ollama llama3.3 http://gpu:11434/v1 -",
            "qwen3 ollama qwen3 http://gpu:11434/v1 -"
        ]
    );
    assert_eq!(
        rows(&[("OLLAMA_MODEL", "llama3.3")]),
        ["llama3.3 ollama llama3.3 http://localhost:11434/v1 -"]
    );
}

#[test]
fn a_server_in_a_vendors_place_starts_without_a_key_and_a_warning() {
    let said = "openai has no key; the server there is called without one (set OPENAI_API_KEY if \
                it wants one)";
    let config = from_env(&[("OPENAI_API_BASE", "http://vllm:8000/v1")]).unwrap();
    assert_eq!(
        table(&config),
        [
            "gpt-4o openai gpt-4o http://vllm:8000/v1 -",
            "gpt-4o-mini openai gpt-4o-mini http://vllm:8000/v1 -",
        ]
    );
    assert_eq!(warnings(&config), [format!("environment variable OPENAI_API_BASE: {said}")]);
    let bases = ("OPENAI_API_BASES", "http://a:1,http://b:2");
    let config = from_env(&[bases, ("OPENAI_MODELS", "chat=llama")]).unwrap();
    assert_eq!(
        table(&config),
        ["chat openai llama http://a:1 -", "chat openai llama http://b:2 -"]
    );
    assert_eq!(warnings(&config), [format!("environment variable OPENAI_API_BASES: {said}")]);
    // In a file as well: a deployment with neither key nor address takes both from there.
    let config =
        from_files(&[("a.yaml", "models: { m: { provider: openai } }")], &[bases]).unwrap();
    assert_eq!(table(&config), ["m openai m http://a:1 -", "m openai m http://b:2 -"]);
    assert_eq!(warnings(&config), [format!("environment variable OPENAI_API_BASES: {said}")]);
}

#[test]
fn a_vendors_own_address_wants_its_key() {
    for base in [
        "https://api.openai.com/v1",
        "https://api.openai.com:443",
        "http://x,https://api.openai.com",
    ] {
        assert_eq!(
            problems(from_env(&[("OPENAI_API_BASE", base)])),
            ["environment variable OPENAI_API_BASE: openai has no key (set OPENAI_API_KEY)"],
            "{base}"
        );
    }
}

#[test]
fn a_local_vendors_address_holds_for_files_too() {
    let file = [("a.yaml", "models: { m: { provider: ollama } }")];
    let config = from_files(&file, &[("OLLAMA_API_BASE", "http://gpu:11434/v1")]).unwrap();
    assert_eq!(table(&config), ["m ollama m http://gpu:11434/v1 -"]);
    let config = from_files(&file, &[]).unwrap();
    assert_eq!(table(&config), ["m ollama m http://localhost:11434/v1 -"]);
    assert!(warnings(&config).is_empty());
}

#[test]
fn a_vendor_that_cannot_start_is_a_problem_alone_and_a_warning_beside_others() {
    assert_eq!(
        problems(from_env(&[("SILICONFLOW_API_KEY", "k"), ("OPENAI_MODEL", "gpt-4o")])),
        [
            "environment variable OPENAI_MODEL: openai has no key (set OPENAI_API_KEY)",
            "environment variable SILICONFLOW_API_KEY: siliconflow has no model to serve (set \
             SILICONFLOW_MODEL, for example to `alias=model` or `model`)",
        ]
    );
    let config = from_env(&[("SILICONFLOW_API_KEY", "k"), ("DEEPSEEK_API_KEY", "k")]).unwrap();
    assert_eq!(
        warnings(&config),
        ["environment variable SILICONFLOW_API_KEY: siliconflow has no model to serve (set \
          SILICONFLOW_MODEL, for example to `alias=model` or `model`)"]
    );
}

#[test]
fn a_version_is_ignored_and_said_so() {
    let config =
        from_env(&[("OPENAI_API_KEY", "k"), ("OPENAI_API_VERSION", "2024-10-21")]).unwrap();
    assert_eq!(
        warnings(&config),
        ["environment variable OPENAI_API_VERSION: openai has no API versions; the variable is \
          ignored (remove it)"]
    );
}

#[test]
fn azure_starts_from_its_own_names() {
    let config = from_env(&[
        ("AZURE_OPENAI_API_KEY", "k"),
        ("AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com/"),
        ("OPENAI_API_VERSION", "2024-10-21"),
        ("AZURE_OPENAI_DEPLOYMENTS", "gpt-4o=mine, o3"),
        ("OPENAI_API_KEY", "k2"),
        ("OPENAI_MODEL", "gpt-4o"),
    ])
    .unwrap();
    assert_eq!(
        table(&config),
        [
            "gpt-4o openai gpt-4o https://api.openai.com/v1 k2",
            "gpt-4o azure mine https://r.openai.azure.com k",
            "o3 azure o3 https://r.openai.azure.com k",
        ]
    );
    assert!(warnings(&config).is_empty(), "{:?}", warnings(&config));
    let azure = config.models[1].deployments[0].azure.as_ref().unwrap();
    assert_eq!(azure.api_version.as_deref(), Some("2024-10-21"));
}

#[test]
fn azure_without_a_key_shows_tokens_and_without_an_address_does_not_start() {
    let address = ("AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com");
    let model = ("AZURE_OPENAI_DEPLOYMENT", "gpt-4o");
    let auth = |env: &[(&str, &str)]| from_env(env).unwrap().models[0].deployments[0].auth.clone();
    assert!(matches!(auth(&[address, model]), Auth::Entra(_)));
    assert_eq!(auth(&[address, model, ("AZURE_OPENAI_API_KEY", "k")]), Auth::Dialect);
    assert_eq!(
        problems(from_env(&[("AZURE_OPENAI_API_KEY", "k"), model])),
        ["environment variable AZURE_OPENAI_API_KEY: azure has no address (set \
          AZURE_OPENAI_ENDPOINT)"]
    );
    // The environment's key is for the environment's address alone.
    let file = [("a.yaml", "models: { m: { provider: azure, api_base: \"http://localhost:1\" } }")];
    let config = from_files(&file, &[("AZURE_OPENAI_API_KEY", "k"), address]).unwrap();
    assert!(matches!(config.models[0].deployments[0].auth, Auth::Entra(_)));
    let file = [("a.yaml", "models: { m: { provider: azure } }")];
    let config = from_files(&file, &[("AZURE_OPENAI_API_KEY", "k"), address]).unwrap();
    assert_eq!(table(&config), ["m azure m https://r.openai.azure.com k"]);
}

#[test]
fn several_resources_of_azure_are_several_providers() {
    let text = "providers:
  eu: { azure: { resource: r-eu, api_version: 2024-10-21 }, api_key: k1 }
  us: { dialect: azure, api_base: https://r-us.services.ai.azure.com, api_key: k2, auth: bearer }
models:
  m:
    deployments:
      - { provider: eu, model: d, azure: { base_model: gpt-5 } }
      - { provider: us, model: claude-opus-4-6 }
";
    let config = from_files(&[("a.yaml", text)], &[]).unwrap();
    let places = &config.models[0].deployments;
    assert_eq!(
        table(&config),
        [
            "m eu d https://r-eu.openai.azure.com k1",
            "m us claude-opus-4-6 https://r-us.services.ai.azure.com k2",
        ]
    );
    assert!(places.iter().all(|place| place.provider.otel_name() == "azure.ai.openai"));
    let eu = places[0].azure.as_ref().unwrap();
    assert_eq!(
        (eu.api_version.as_deref(), eu.base_model.as_deref()),
        (Some("2024-10-21"), Some("gpt-5"))
    );
    assert_eq!((&places[0].auth, &places[1].auth), (&Auth::Dialect, &Auth::Bearer));
}

#[test]
fn wrong_values_are_told_with_their_variable() {
    assert_eq!(
        problems(from_env(&[("OPENAI_API_KEY", "k with spaces"), ("OPENAI_API_BASE", "nowhere")])),
        [
            "environment variable OPENAI_API_KEY: models.gpt-4o.deployments[0].api_keys[0]: holds a \
             character that no key has (look for quotes, line ends and pasted text)",
            "environment variable OPENAI_API_KEY: models.gpt-4o-mini.deployments[0].api_keys[0]: \
             holds a character that no key has (look for quotes, line ends and pasted text)",
            "environment variable OPENAI_API_BASE: models.gpt-4o.deployments[0].api_base: is not an \
             absolute http or https address (write it like https://api.example.com/v1)",
            "environment variable OPENAI_API_BASE: models.gpt-4o-mini.deployments[0].api_base: is \
             not an absolute http or https address (write it like https://api.example.com/v1)",
        ]
    );
}

#[test]
fn settings_apply_to_an_environment_start() {
    let config = from_env(&[
        ("OPENAI_API_KEY", "k"),
        ("TOLLGATE__DEFAULTS__MODEL", "gpt-4o-mini"),
        ("TOLLGATE__SERVER__LISTEN", "127.0.0.1:1234"),
        ("TOLLGATE__MODELS__GPT_4O__STRATEGY", "random"),
        ("TOLLGATE__MODELS__GPT_4O__DEPLOYMENTS__0__WEIGHT", "4"),
    ])
    .unwrap();
    assert_eq!(config.models.len(), 3);
    assert_eq!(config.models[0].strategy.as_str(), "random");
    assert_eq!(config.models[0].deployments[0].weight, 4.0);
    assert_eq!(config.defaults.model.as_deref(), Some("gpt-4o-mini"));
    assert_eq!(config.server.listen.port(), 1234);
}

#[test]
fn a_file_may_leave_keys_or_models_to_the_environment() {
    let env = [("OPENAI_API_KEYS", "k1,k2"), ("OPENAI_API_BASES", "https://a,https://b")];
    let config = from_files(&[("a.yaml", "models: { a: { provider: openai } }")], &env).unwrap();
    assert_eq!(table(&config), ["a openai a https://a k1", "a openai a https://b k2"]);
    let config = from_files(&[("a.yaml", "server: { listen: 127.0.0.1:1 }")], &env).unwrap();
    assert_eq!(table(&config).len(), 4);
    assert!(matches!(config.origin, Origin::Files(_)));
    assert_eq!(
        problems(from_files(&[("a.yaml", "server: { listen: 127.0.0.1:1 }")], &[])),
        ["a.yaml:1:1: models: no model is configured (name at least one under `models`, or set a \
          vendor's key in the environment)"]
    );
}

#[test]
fn a_vendors_key_is_not_sent_to_another_address() {
    let config = from_files(
        &[("a.yaml", "models: { a: { provider: openai, api_base: \"http://vllm:8000\" } }")],
        &[("OPENAI_API_KEY", "k1")],
    )
    .unwrap();
    assert_eq!(table(&config), ["a openai a http://vllm:8000 -"]);
}

#[test]
fn a_shell_whose_clients_use_the_gateway_does_not_make_it_call_itself() {
    let variables = [("OPENAI_API_KEY", "k"), ("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1")];
    let said = problems(from_env(&variables));
    assert_eq!(
        said.first().map(String::as_str),
        Some(
            "environment variable OPENAI_BASE_URL: models.gpt-4o.deployments[0].api_base: \
             127.0.0.1:8000 is this gateway itself, which listens on 127.0.0.1:8000 (name the \
             vendor's address, or listen elsewhere with `server.listen` or --listen)"
        )
    );
    let elsewhere = ("TOLLGATE__SERVER__LISTEN", "127.0.0.1:8001");
    assert!(from_env(&[variables[0], variables[1], elsewhere]).is_ok());
    let preset = [("OLLAMA_MODEL", "m"), ("TOLLGATE__SERVER__LISTEN", "127.0.0.1:11434")];
    let said = problems(from_env(&preset));
    assert!(said[0].contains("localhost:11434 is this gateway itself"), "{said:?}");
    let file = "models: { a: { provider: openai, api_base: \"http://localhost:8000\" } }";
    let said = problems(from_files(&[("a.yaml", file)], &[]));
    assert!(said[0].starts_with("a.yaml:1:44: models.a.api_base: localhost:8000"), "{said:?}");
}

#[test]
fn an_empty_key_is_a_warning_where_it_ends_in_the_demo() {
    let config = from_env(&[("OPENAI_API_KEY", ""), ("QWEN_API_KEYS", " ,")]).unwrap();
    assert_eq!(config.origin, Origin::Demo);
    assert_eq!(
        warnings(&config),
        [
            "environment variable OPENAI_API_KEY: is empty, so openai is not served (set it to a \
             key, or unset it)",
            "environment variable QWEN_API_KEYS: is empty, so qwen is not served (set it to a key, \
             or unset it)",
        ]
    );
    let config = from_env(&[("OPENAI_API_KEY", ""), ("DEEPSEEK_API_KEY", "k")]).unwrap();
    assert!(warnings(&config).is_empty());
}
