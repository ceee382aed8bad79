//! What a configuration means once it is accepted.

use std::time::Duration;
use tollgate_config::{
    Auth, Completions, Config, LogFormat, Origin, OtlpProtocol, ProviderKind, Strategy, parse,
};
use tollgate_core_types::Dialect;

use crate::support::{VENDORS, warnings};

fn config(text: &str) -> Config {
    parse(text, VENDORS).unwrap_or_else(|errors| panic!("{errors}"))
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn what_is_not_said_has_a_default() {
    let config = config("models: { a: { provider: mock } }");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(config.server.ops_listen.unwrap().to_string(), "127.0.0.1:9090");
    assert_eq!(config.server.body_limit, 32 << 20);
    assert_eq!(config.server.header_timeout, secs(10));
    assert_eq!(config.server.keep_alive, secs(75));
    assert_eq!(config.server.max_connections, 10_000);
    assert_eq!(config.defaults.model.as_deref(), Some("a"));
    assert!(config.defaults.inject_params && config.defaults.log_requests);
    assert!(!config.defaults.strict_params);
    assert_eq!(config.telemetry.log, LogFormat::Auto);
    assert_eq!(config.telemetry.otlp, None);
    assert_eq!(config.origin, Origin::Text);
    let model = &config.models[0];
    assert_eq!(model.strategy, Strategy::RoundRobin);
    assert_eq!(model.timeouts.connect, secs(2));
    assert_eq!(model.timeouts.total, secs(600));
    assert_eq!(model.retries.max_attempts, 3);
    let deployment = &model.deployments[0];
    assert_eq!(deployment.id, "a/mock/1");
    assert_eq!(deployment.upstream_model, "a");
    assert_eq!(deployment.provider.kind, ProviderKind::Mock);
    assert_eq!((deployment.weight, deployment.priority), (1.0, 0));
    assert_eq!(deployment.auth, Auth::Dialect);
    assert!(deployment.base.is_none() && deployment.credential.is_none());
}

#[test]
fn every_part_of_the_server_can_be_said() {
    let config = config(
        "
server:
  listen: localhost:8080
  ops_listen: off
  body_limit: 1MiB
  header_timeout: 5
  body_timeout: 1m
  keep_alive: 30s
  max_connections: 5
  drain: 0
telemetry:
  log: json
  level: info,tollgate=debug
  prometheus: false
  otlp: { endpoint: http://localhost:4318 }
models: { a: { provider: mock } }
",
    );
    let server = &config.server;
    assert_eq!(server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(server.ops_listen, None);
    assert_eq!((server.body_limit, server.max_connections), (1 << 20, 5));
    assert_eq!((server.header_timeout, server.body_timeout), (secs(5), secs(60)));
    assert_eq!((server.keep_alive, server.drain), (secs(30), secs(0)));
    let telemetry = &config.telemetry;
    assert_eq!((telemetry.log, telemetry.prometheus), (LogFormat::Json, false));
    assert_eq!(telemetry.level, "info,tollgate=debug");
    let otlp = telemetry.otlp.as_ref().unwrap();
    assert_eq!(
        (otlp.endpoint.as_str(), otlp.protocol),
        ("http://localhost:4318", OtlpProtocol::Http)
    );
}

#[test]
fn breakers_and_queues_are_those_of_the_model_over_those_of_the_defaults() {
    let config = config(
        "
defaults: { breaker: { failures: 2, max_open: 1m }, queue: { max: 10 } }
models:
  a: { provider: mock }
  b: { provider: mock, breaker: { max_open: 30s, panic: all }, queue: { timeout: 5s } }
",
    );
    let of = |at: usize| {
        let (breaker, queue) = (config.models[at].breaker, config.models[at].queue);
        let open = (breaker.open.as_secs(), breaker.max_open.as_secs());
        (breaker.failures, open, breaker.panic.as_str(), queue.max, queue.timeout.as_secs())
    };
    assert_eq!(of(0), (2, (5, 60), "probe", 10, 10));
    assert_eq!(of(1), (2, (5, 30), "all", 10, 5));
}

#[test]
fn a_deployment_with_several_keys_is_several_deployments() {
    let config = config(
        "
models:
  gpt-4o:
    deployments:
      - provider: openai
        model: gpt-4o-2024-11-20
        api_base: https://a.example.com/v1/
        api_keys: [k1, { key: k2, weight: 3, id: spare }]
        weight: 2
        priority: 1
        limits: { rpm: 600, tpm: 90000, qps: 0.5, concurrency: 50, adaptive_concurrency: true }
      - { id: direct, provider: openai, api_keys: [k1, k3] }
      - { provider: openai, api_key: k4 }
",
    );
    let deployments = &config.models[0].deployments;
    let rows: Vec<(&str, &str, &str, f64, u32)> = deployments
        .iter()
        .map(|d| {
            let credential = d.credential.as_ref().unwrap();
            (
                d.id.as_str(),
                credential.id.as_str(),
                credential.secret.expose(),
                d.weight,
                d.priority,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("gpt-4o/openai/1/k1", "openai-1", "k1", 2.0, 1),
            ("gpt-4o/openai/1/k2", "spare", "k2", 6.0, 1),
            ("direct/k1", "openai-1", "k1", 1.0, 0),
            ("direct/k2", "openai-3", "k3", 1.0, 0),
            ("gpt-4o/openai/3", "openai-4", "k4", 1.0, 0),
        ]
    );
    assert_eq!(deployments[0].base.as_ref().unwrap().as_str(), "https://a.example.com/v1");
    assert_eq!(deployments[2].base.as_ref().unwrap().as_str(), "https://api.openai.com/v1");
    assert_eq!(deployments[0].upstream_model, "gpt-4o-2024-11-20");
    assert_eq!(deployments[2].upstream_model, "gpt-4o");
    let limits = deployments[1].limits;
    assert_eq!((limits.rpm, limits.tpm), (Some(600), Some(90_000)));
    assert_eq!((limits.qps, limits.concurrency), (Some(0.5), Some(50)));
    assert!(limits.adaptive_concurrency && !deployments[2].limits.adaptive_concurrency);
}

#[test]
fn a_key_has_one_name_in_all_models_and_no_two_keys_share_one() {
    let config = config(
        "
models:
  a: { provider: openai, api_keys: [k1, k2] }
  b: { provider: openai, api_keys: [k2, { key: k3, id: openai-1 }] }
  c: { provider: anthropic, api_key: k2 }
",
    );
    let ids: Vec<&str> = config
        .models
        .iter()
        .flat_map(|model| &model.deployments)
        .map(|deployment| deployment.credential.as_ref().unwrap().id.as_str())
        .collect();
    assert_eq!(ids, ["openai-2", "openai-3", "openai-3", "openai-1", "anthropic-1"]);
}

#[test]
fn deadlines_come_from_the_nearest_layer_and_end_with_the_total() {
    let config = config(
        "
defaults: { timeout: 30s, timeouts: { connect: 1s } }
providers:
  own: { dialect: openai, api_base: http://vllm:8000, timeouts: { idle: 7s } }
models:
  a: { provider: own }
  b:
    timeouts: { total: 300s, first_token: 120s, idle: 20s }
    deployments:
      - { provider: own }
      - { provider: own, model: c, timeouts: { first_token: 5s, idle: 900s } }
",
    );
    let a = config.models[0].deployments[0].timeouts;
    assert_eq!((a.connect, a.first_token, a.idle, a.total), (secs(1), secs(30), secs(7), secs(30)));
    assert_eq!(config.models[0].timeouts.idle, secs(30));
    let b = &config.models[1].deployments;
    assert_eq!((b[0].timeouts.first_token, b[0].timeouts.idle), (secs(120), secs(20)));
    assert_eq!((b[1].timeouts.first_token, b[1].timeouts.idle), (secs(5), secs(300)));
    // A configured first token holds for answers of one piece as well.
    assert_eq!((a.whole, b[0].timeouts.whole, b[1].timeouts.whole), (secs(30), secs(120), secs(5)));
    assert_eq!(
        warnings(&config),
        ["configuration:11:71: models.b.deployments[1].timeouts.idle: idle (900s) is longer than \
          total (300s) (the total ends it before)"]
    );
}

#[test]
fn parameters_and_traits_are_laid_layer_over_layer() {
    let config = config(
        r#"
providers:
  own:
    dialect: anthropic
    api_base: http://vllm:8000
    auth: x-my-key
    api_key: k
    headers: { x-a: provider, x-b: provider }
    default_params: { temperature: 0.1, top_k: 5 }
    params: { rename: { max_tokens: max_completion_tokens }, remove: [logit_bias] }
    stream_usage: false
    completions: chat
    quirks: { no_sampling: true, no_forced_tools: true }
models:
  a:
    default_params: { temperature: 0.7, metadata: { b: [1, 2.5, null, true, "x\"y"], a: {} } }
    params: { remove: [user, logit_bias], set: { citation: false } }
    max_output_tokens: 100
    deployments:
      - provider: own
        temperature: 0.9
        headers: { X-B: own }
        quirks: { no_sampling: false }
        max_output_tokens: 4096
        supports_tools: false
        stream_usage: true
"#,
    );
    let deployment = &config.models[0].deployments[0];
    let shown = |params: &[(String, tollgate_core_types::JsonText)]| -> Vec<String> {
        params.iter().map(|(name, json)| format!("{name}={}", json.as_str())).collect()
    };
    assert_eq!(
        shown(&deployment.params.defaults),
        ["top_k=5", r#"metadata={"b":[1,2.5,null,true,"x\"y"],"a":{}}"#, "temperature=0.9"]
    );
    assert_eq!(shown(&deployment.params.set), ["citation=false"]);
    assert_eq!(deployment.params.remove, ["logit_bias", "user"]);
    let rename = [("max_tokens".to_owned(), "max_completion_tokens".to_owned())];
    assert_eq!(deployment.params.rename, rename);
    let headers: Vec<(&str, &str)> = deployment
        .headers
        .iter()
        .map(|header| (header.name.as_str(), header.value.expose()))
        .collect();
    assert_eq!(headers, [("x-a", "provider"), ("x-b", "own")]);
    assert_eq!(deployment.auth, Auth::Header("x-my-key".to_owned()));
    assert_eq!(deployment.provider.kind, ProviderKind::Own(Dialect::ANTHROPIC_MESSAGES));
    assert_eq!(deployment.quirks.no_sampling, Some(false));
    assert_eq!(deployment.quirks.no_forced_tools, Some(true));
    assert_eq!(deployment.quirks.developer_role, None);
    assert_eq!(deployment.max_output_tokens, Some(4096));
    assert_eq!(deployment.supports_tools, Some(false));
    assert_eq!(deployment.stream_usage, Some(true));
    assert_eq!(deployment.completions, Some(Completions::Chat));
}

#[test]
fn without_injection_nothing_is_added_and_the_mapping_stays() {
    let config = config(
        "
defaults: { inject_params: false }
models:
  a:
    provider: mock
    temperature: 1
    params: { set: { x: 1 }, rename: { a: b }, remove: [c] }
  b: { provider: mock, inject_params: true, temperature: 1 }
",
    );
    let params = &config.models[0].deployments[0].params;
    assert!(params.defaults.is_empty() && params.set.is_empty());
    assert_eq!((params.rename.len(), params.remove.len()), (1, 1));
    assert!(!config.models[0].inject_params);
    assert_eq!(config.models[1].deployments[0].params.defaults.len(), 1);
}

#[test]
fn fallbacks_name_groups_and_may_meet_without_a_circle() {
    let config = config(
        "
models:
  a: { provider: mock, fallbacks: { any: [b, sea], context_window: [c], content_policy: b } }
  b: { provider: mock, fallbacks: { any: [c], context_window: [see] } }
  c: { provider: mock, aliases: [sea, see], strategy: first_available }
  d: { provider: mock, enabled: false }
  e: { provider: mock, fallbacks: [d, c] }
",
    );
    let a = &config.models[0].fallbacks;
    assert_eq!(a.any, ["b", "c"]);
    assert_eq!(a.context_window, ["c"]);
    assert_eq!(a.content_policy, ["b"]);
    assert_eq!(config.models[3].fallbacks.any, ["c"]);
    assert_eq!(config.model("see").unwrap().alias, "c");
    assert_eq!(config.model("see").unwrap().strategy, Strategy::FirstAvailable);
    assert!(config.model("d").is_none());
    assert_eq!(config.model_names().collect::<Vec<_>>(), ["a", "b", "c", "sea", "see", "e"]);
    assert_eq!(
        warnings(&config),
        [
            "configuration:7:36: models.e.fallbacks[0]: the fallback `d` is switched off and left out \
          (`enabled: false` stands at that model)"
        ]
    );
}

#[test]
fn the_default_model_is_named_or_first_or_none() {
    let models = "models: { a: { provider: mock }, b: { provider: mock, aliases: [bee] } }";
    for (defaults, expected) in [
        ("", Some("a")),
        ("defaults: { model: bee }", Some("b")),
        ("defaults: { model: false }", None),
        ("defaults: { model: null }", Some("a")),
    ] {
        let config = config(&format!("{defaults}\n{models}"));
        assert_eq!(config.defaults.model.as_deref(), expected, "{defaults}");
    }
}

#[test]
fn retries_are_a_number_or_a_map() {
    let config = config(
        "
defaults: { retries: 0 }
models:
  a: { provider: mock }
  b: { provider: mock, retries: { max_attempts: 5, base: 50ms, cap: 1s, budget: 0.5 } }
",
    );
    assert_eq!(config.models[0].retries.max_attempts, 1);
    let b = config.models[1].retries;
    assert_eq!((b.max_attempts, b.budget), (5, 0.5));
    assert_eq!((b.base, b.cap), (Duration::from_millis(50), secs(1)));
}

#[test]
fn a_known_vendor_may_be_changed_and_an_own_one_may_take_its_name() {
    let config = config(
        "
providers:
  openai: { api_base: https://eu.api.openai.com/v1, api_keys: [k1, k2] }
  deepseek: { dialect: anthropic, api_base: https://api.deepseek.com/anthropic, api_key: k }
models:
  a: { provider: openai }
  b: { provider: deepseek }
  c: { provider: dashscope, api_key: k }
",
    );
    let a = &config.models[0].deployments;
    assert_eq!(a.len(), 2);
    assert_eq!(a[0].base.as_ref().unwrap().as_str(), "https://eu.api.openai.com/v1");
    assert_eq!(a[0].provider.kind, ProviderKind::Vendor(VENDORS[0]));
    let b = &config.models[1].deployments[0];
    assert_eq!(b.provider.kind, ProviderKind::Own(Dialect::ANTHROPIC_MESSAGES));
    let c = &config.models[2].deployments[0];
    assert_eq!((c.provider.name.as_str(), c.id.as_str()), ("qwen", "c/qwen/1"));
}

#[test]
fn what_works_but_is_not_meant_is_warned_of() {
    let config = config(
        "
server: { listen: 0.0.0.0:8000, ops_listen: 0.0.0.0:9090 }
models:
  a: { provider: openai, api_key: sk-1, api_base: http://api.example.com, api_version: v1 }
",
    );
    let said: Vec<String> =
        warnings(&config).iter().map(|w| w.split(" (").next().unwrap().to_owned()).collect();
    assert_eq!(
        said,
        [
            "configuration:2:19: server.listen: 0.0.0.0:8000 can be reached from other machines",
            "configuration:2:45: server.ops_listen: 0.0.0.0:9090 can be reached from other machines",
            "configuration:4:35: models.a.api_key: a key stands in the file as it is",
            "configuration:4:88: models.a.api_version: this provider has no API versions; the key is ignored",
            "configuration:4:6: models.a: the key goes out over plain http",
        ]
    );
}

#[test]
fn anchors_and_merges_work_and_keep_their_places() {
    let config = config(
        "
models:
  a: &base { provider: mock, weight: 2, temperature: 0.5 }
  b: { <<: *base, weight: 3 }
  c: *base
",
    );
    let weights: Vec<f64> = config.models.iter().map(|model| model.weight).collect();
    assert_eq!(weights, [2.0, 3.0, 2.0]);
    let said = parse("models: { a: &x { provider: mock, wieght: 1 }, b: *x }", VENDORS);
    let said = said.unwrap_err().to_string();
    assert_eq!(said.matches("unknown key (did you mean `weight`?)").count(), 2, "{said}");
}

#[test]
fn customs_of_a_server_are_read_layer_over_layer() {
    use tollgate_core_types::ErrorClass;
    use tollgate_core_types::custom::{StreamOnly, ThinkingSwitch};
    let config = config(
        r#"
providers:
  house:
    dialect: openai
    api_base: http://house:1/v1
    chat_path: /text/chat
    error_codes: { 1302: throttle, E1: auth }
    quirks: { thinking_switch: enable_thinking, embed_batch: 10, plain_content: true }
models:
  m:
    deployments:
      - provider: house
        error_codes: { E1: billing }
        quirks: { stream_only: always, plain_content: false }
"#,
    );
    let deployment = &config.models[0].deployments[0];
    assert_eq!(deployment.chat_path.as_deref(), Some("/text/chat"));
    let codes = [("1302".to_owned(), ErrorClass::Throttle), ("E1".to_owned(), ErrorClass::Billing)];
    assert_eq!(deployment.error_codes, codes);
    let quirks = deployment.quirks;
    assert_eq!(quirks.thinking_switch, Some(ThinkingSwitch::Enable));
    assert_eq!(quirks.stream_only, Some(StreamOnly::Always));
    assert_eq!((quirks.embed_batch, quirks.plain_content), (Some(10), Some(false)));
    assert_eq!(quirks.prefill, None);
}

#[test]
fn customs_of_another_dialect_are_warned_of() {
    let config = config(
        r#"
providers:
  house: { dialect: anthropic, api_base: "http://house:1", chat_path: /x }
models:
  m: { provider: house }
"#,
    );
    let said = warnings(&config);
    assert!(said.iter().any(|warning| warning.contains("chat_path")), "{said:?}");
}
