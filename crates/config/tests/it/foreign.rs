//! What users of other systems have written already.

use tollgate_config::Config;

use crate::support::from_files;

fn load(text: &str, env: &[(&str, &str)]) -> Config {
    from_files(&[("a.yaml", text)], env).unwrap_or_else(|errors| panic!("{errors}"))
}

/// `alias -> id upstream base key`, a line per deployment.
fn table(config: &Config) -> Vec<String> {
    config
        .models
        .iter()
        .flat_map(|model| {
            model.deployments.iter().map(|d| {
                let base = d.base.as_ref().map_or("-", |base| base.as_str());
                let key = d.credential.as_ref().map_or("-", |key| key.secret.expose());
                format!("{} {} {} {base} {key}", model.alias, d.id, d.upstream_model)
            })
        })
        .collect()
}

#[test]
fn a_broker_with_models_by_alias_and_a_proxy_section() {
    let text = r#"
server: { host: 0.0.0.0, port: 8080, log_level: INFO }
proxy:
  default_model: qwen
  enable_parameter_injection: true
  enable_request_logging: false
  timeout: 30
models:
  gpt-4o:
    provider: openai
    model_name: gpt-4o-2024-11-20
    api_key: "${OPENAI_API_KEY}"
    base_url: https://api.openai.com/v1
    default_params: { temperature: 0.7, max_tokens: 1000 }
  qwen:
    provider: dashscope
    model_name: qwen-plus
    api_key: "${DASHSCOPE_API_KEY}"
    base_url: https://dashscope.aliyuncs.com/compatible-mode/v1
    params: { extra: { enable_thinking: false }, remove: [logit_bias] }
"#;
    let config = load(text, &[("OPENAI_API_KEY", "k1"), ("DASHSCOPE_API_KEY", "k2")]);
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(config.telemetry.level, "info");
    assert_eq!(config.defaults.model.as_deref(), Some("qwen"));
    assert!(config.defaults.inject_params && !config.defaults.log_requests);
    assert_eq!(config.models[0].timeouts.total.as_secs(), 30);
    assert_eq!(
        table(&config),
        [
            "gpt-4o gpt-4o/openai/1 gpt-4o-2024-11-20 https://api.openai.com/v1 k1",
            "qwen qwen/qwen/1 qwen-plus https://dashscope.aliyuncs.com/compatible-mode/v1 k2",
        ]
    );
    assert_eq!(config.models[1].deployments[0].params.set.len(), 1);
}

#[test]
fn a_factory_with_a_list_of_providers() {
    let text = r#"
providers:
  - provider: openai
    model_name: gpt-4o
    api_key: "${OPENAI_API_KEYS}"
    api_base: https://a.example.com
    api_version: 2024-10-21
    max_tokens: 4096
    temperature: 0.7
  - name: deepseek
    model_name: deepseek-flash
    api_key: "${DEEPSEEK_API_KEY}"
  - { provider: openai, model_name: gpt-4o, api_key: k4, api_base: "https://b.example.com" }
"#;
    let config = load(text, &[("OPENAI_API_KEYS", "k1,k2"), ("DEEPSEEK_API_KEY", "k3")]);
    assert_eq!(
        table(&config),
        [
            "gpt-4o gpt-4o/openai/1/k1 gpt-4o https://a.example.com k1",
            "gpt-4o gpt-4o/openai/1/k2 gpt-4o https://a.example.com k2",
            "gpt-4o gpt-4o/openai/2 gpt-4o https://b.example.com k4",
            "deepseek-flash deepseek-flash/deepseek/1 deepseek-flash https://api.deepseek.com k3",
        ]
    );
    assert_eq!(config.models[0].deployments[0].params.defaults.len(), 2);
}

#[test]
fn litellm_lists_and_maps() {
    let text = r#"
model_list:
  - model_name: chat
    litellm_params: { model: openai/gpt-4o, api_key: "${K}", rpm: 60, temperature: 0.2 }
  - model_name: chat
    litellm_params: { model: deepseek/deepseek-flash, api_key: k2, api_base: "https://d.example.com" }
  - model_name: plain
    litellm_params: { model: gpt-4o-mini, api_key: k3 }
"#;
    let config = load(text, &[("K", "k1")]);
    assert_eq!(
        table(&config),
        [
            "chat chat/openai/1 gpt-4o https://api.openai.com/v1 k1",
            "chat chat/deepseek/2 deepseek-flash https://d.example.com k2",
            "plain plain/openai/1 gpt-4o-mini https://api.openai.com/v1 k3",
        ]
    );
    assert_eq!(config.models[0].deployments[0].limits.rpm, Some(60));
    let text = r#"
models:
  chat: { litellm_params: { model: siliconflow/Qwen/Qwen3-8B, api_key: k1 } }
"#;
    let expected = ["chat chat/siliconflow/1 Qwen/Qwen3-8B https://api.siliconflow.cn/v1 k1"];
    assert_eq!(table(&load(text, &[])), expected);
}

#[test]
fn a_pool_of_free_keys() {
    let text = "
providers:
  zhipu: { dialect: openai, api_base: https://open.bigmodel.cn/api/paas/v4 }
models:
  glm:
    provider: zhipu
    weight: 1.2
    max_concurrency: 100
    supports_tools: true
    temperature: 0.6
    max_retries: 2
    keys: [ { key: k1, weight: 2.0 }, { key: k2, weight: 1.0 } ]
  spark: { provider: zhipu, keys: [k3], max_qps: 2, supports_tools: false }
";
    let config = load(text, &[]);
    let glm = &config.models[0];
    assert_eq!((glm.weight, glm.retries.max_attempts), (1.2, 3));
    assert_eq!(glm.deployments[0].weight, 2.0);
    assert!(glm.deployments.iter().all(|d| d.limits.concurrency == Some(100)));
    assert!(glm.deployments.iter().all(|d| d.supports_tools == Some(true)));
    let spark = &config.models[1].deployments[0];
    assert_eq!((spark.limits.qps, spark.supports_tools), (Some(2.0), Some(false)));
}

#[test]
fn problems_still_point_to_the_line_that_was_written() {
    let text = "
proxy: { timeout: soon }
model_list:
  - model_name: chat
    litellm_params: { model: opneai/gpt-4o, api_key: k }
  - litellm_params: { model: openai/gpt-4o, api_key: k }
";
    let said = from_files(&[("a.yaml", text)], &[]).unwrap_err().to_string();
    for part in [
        "a.yaml:2:19: defaults.timeout: expected a duration",
        "a.yaml:5:30: models.chat.deployments[0].provider: unknown provider `opneai`",
        "a.yaml:6:5: models.\"\": a model has no name",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}
