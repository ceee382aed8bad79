//! Canaries: a secret is in the configuration and in nothing that is printed.

use tollgate_config::{Config, ConfigErrors};

use crate::support::{from_env, from_files};

const CANARY: &str = "sk-canary-5f1d0c9e7b3a48d2a6c1";

/// Fails where any part of the canary long enough to matter is in the text.
fn assert_silent(text: &str, context: &str) {
    for start in 0..CANARY.len() - 12 {
        let part = &CANARY[start..start + 12];
        assert!(!text.contains(part), "{context} shows {part}: {text}");
    }
}

fn silent(result: &Result<Config, ConfigErrors>, context: &str) {
    match result {
        Ok(config) => assert_silent(&format!("{config:?} {config:#?}"), context),
        Err(errors) => assert_silent(&format!("{errors} {errors:?} {errors:#?}"), context),
    }
}

#[test]
fn keys_are_not_in_a_configurations_debug_output() {
    let result = from_env(&[("OPENAI_API_KEYS", CANARY)]);
    let config = result.as_ref().unwrap();
    let credential = config.models[0].deployments[0].credential.as_ref().unwrap();
    assert_eq!(credential.secret.expose(), CANARY);
    assert!(format!("{credential:?}").contains("[secret]"));
    silent(&result, "environment");
    let text = format!(
        "models: {{ a: {{ provider: openai, api_keys: [{CANARY}, {{ key: {CANARY}x, weight: 2 }}], \
         headers: {{ authorization: \"Bearer {CANARY}\" }} }} }}"
    );
    let result = from_files(&[("a.yaml", &text)], &[]);
    assert_eq!(result.as_ref().unwrap().warnings.len(), 2);
    silent(&result, "file");
}

#[test]
fn values_from_the_environment_are_in_no_problem_wherever_they_are_put() {
    let places = [
        "models: { a: { provider: openai, api_key: \"${K} ${K}\" } }",
        "models: { a: { provider: \"${K}\" } }",
        "models: { a: { provider: mock, strategy: \"${K}\" } }",
        "models: { a: { provider: mock, weight: \"${K}\" } }",
        "models: { a: { provider: mock, fallbacks: [x], timeout: \"${K}\" } }",
        "models: { a: { provider: openai, api_key: k, api_base: \"${K}\" } }",
        "models: { a: { provider: openai, api_key: k, api_base: \"https://${K}@h\" } }",
        "models: { a: { provider: openai, api_key: { \"x\": \"${K}\" } } }",
        "models: { a: { provider: openai, api_keys: [ { key: k, id: \"${K} \" } ] } }",
        "models: { a: { provider: mock, headers: { x: \"${K}\\n\" } } }",
        "models: { a: { provider: mock, auth: \"${K} \" , limits: { rpm: \"${K}\" } } }",
        "models: { a: { provider: mock, mock: { latency: \"${K}\" } } }",
        "models: { a: \"${K}\" }",
        "models: \"${K}\"",
        "server: { listen: \"${K}\", body_limit: \"${K}\", host: \"${K}\" }\nmodels: {}",
        "defaults: { model: \"${K}\", retries: \"${K}\" }\nmodels: { a: { provider: mock } }",
        "telemetry: { log: \"${K}\", level: \"${K}\" }\nmodels: { a: { provider: mock } }",
        "models: { a: { provider: mock, default_params: \"${K}\", temperature: \"${K}\" } }",
    ];
    for text in places {
        let result = from_files(&[("a.yaml", text)], &[("K", CANARY)]);
        assert!(result.is_err(), "{text}");
        silent(&result, text);
    }
}

#[test]
fn keys_in_the_file_are_in_no_syntax_error() {
    let texts = [
        "models: { a: { provider: openai, api_key: \"CANARY } }",
        "models: { a: { provider: openai, api_key: CANARY ",
        "models:\n  a:\n    api_key: CANARY\n   b: CANARY",
        "models:\n  a:\n\tapi_key: CANARY",
        "models: { a: { api_key: CANARY, api_key: CANARY } }",
        "models: { a: { api_keys: { CANARY: 1, CANARY: 2 } } }",
        "models: { a: { provider: openai, api_keys: [ { CANARY: 3 } ] } }",
        "models: { a: { api_key: !!int CANARY } }",
        "models: { a: { api_key: !!binary CANARY } }",
        "models: { a: { api_key: *CANARY } }",
        "models: { a: { api_key: &a CANARY }, b: *c }",
        "models: { a: { provider: openai, api_key: \"CANARY\\q\" } }",
        "models: { a: { provider: openai, api_key: 'CANARY \n 'x } }",
        "models: { a: { provider: openai, api_key: \"CANARY é\" } }",
        "models: { a: { provider: openai, api_key: [[CANARY]] } }",
        "models: { a: { provider: openai, api_key: k, api_base: CANARY } }",
        "models: { a: { provider: openai, api_key: k, api_base: \"https://x:CANARY@h/\" } }",
        "models: { a: { provider: openai, api_key: k, api_base: \"https://h/?key=CANARY\" } }",
        "models: { a: { provider: mock, headers: { x: \"CANARY\\n\" } } }",
    ];
    for text in texts {
        let text = text.replace("CANARY", CANARY);
        let result = from_files(&[("a.yaml", &text)], &[]);
        assert!(result.is_err(), "{text}");
        silent(&result, &text);
    }
    let texts = [
        "[models.a]\napi_key = CANARY",
        "[models.a]\napi_key = \"CANARY",
        "[models.a]\napi_key = \"CANARY\\q\"",
        "[models.a]\napi_key = \"CANARY\"\napi_key = \"CANARY\"",
        "[models.a]\napi_key = { CANARY }",
        "[models.a\napi_key = 'CANARY'",
    ];
    for text in texts {
        let text = text.replace("CANARY", CANARY);
        let result = from_files(&[("a.toml", &text)], &[]);
        assert!(result.is_err(), "{text}");
        silent(&result, &text);
    }
}

#[test]
fn overriding_variables_are_in_no_problem() {
    for name in [
        "TOLLGATE__SERVER__LISTEN",
        "TOLLGATE__SERVER",
        "TOLLGATE__MODELS",
        "TOLLGATE__MODELS__A",
        "TOLLGATE__MODELS__A__STRATEGY",
        "TOLLGATE__PROVIDERS__OWN__DIALECT",
        "TOLLGATE__NONSENSE",
    ] {
        let files = [("a.yaml", "models: { a: { provider: mock } }")];
        let result = from_files(&files, &[(name, CANARY)]);
        assert!(result.is_err(), "{name}");
        silent(&result, name);
    }
}
