//! Files, their order, and what lies over them.

use tollgate_config::{Flags, LoadOptions, Origin, Place, load};

use crate::support::{VENDORS, env, from_env, from_files, problems, warnings};

const BASE: &str = "
server: { listen: 127.0.0.1:1000, drain: 1s }
defaults: { strategy: random }
models:
  gpt-4.1: { provider: mock, weight: 1 }
  zebra: { provider: mock }
  apple: { provider: mock }
";

#[test]
fn later_files_lie_over_earlier_ones_key_by_key() {
    let over = "
[server]
listen = \"127.0.0.1:2000\"
[models.\"gpt-4.1\"]
weight = 2.5
strategy = \"first_available\"
[models.added]
provider = \"mock\"
";
    let config = from_files(&[("a.yaml", BASE), ("b.toml", over)], &[]).unwrap();
    assert_eq!(config.server.listen.port(), 2000);
    assert_eq!(config.server.drain.as_secs(), 1);
    let names: Vec<&str> = config.model_names().collect();
    assert_eq!(names, ["gpt-4.1", "zebra", "apple", "added"]);
    assert_eq!(config.models[0].weight, 2.5);
    assert_eq!(config.models[0].strategy.as_str(), "first_available");
    assert_eq!(config.models[1].strategy.as_str(), "random");
    assert!(matches!(&config.origin, Origin::Files(files) if files.len() == 2));
}

#[test]
fn lists_replace_and_null_takes_back() {
    let base = "models: { a: { provider: openai, api_keys: [k1, k2], temperature: 1 } }";
    let over = "models: { a: { api_keys: [k3], temperature: null } }";
    let config = from_files(&[("a.yml", base), ("b.json", over)], &[]).unwrap();
    let deployments = &config.models[0].deployments;
    assert_eq!(deployments.len(), 1);
    assert!(deployments[0].params.defaults.is_empty());
}

#[test]
fn environment_lies_over_files_and_flags_over_both() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.yaml");
    std::fs::write(&path, BASE).unwrap();
    let variables = env(&[
        ("TOLLGATE__SERVER__LISTEN", "127.0.0.1:3000"),
        ("TOLLGATE__SERVER__DRAIN", "3s"),
        ("TOLLGATE__SERVER__MAX_CONNECTIONS", "7"),
        ("TOLLGATE__DEFAULTS__INJECT_PARAMS", "false"),
        ("TOLLGATE__MODELS__GPT_4_1__WEIGHT", "9"),
        ("TOLLGATE__MODELS__GPT_4_1__DEFAULT_PARAMS", "{top_k=5, user=\"007\"}"),
        ("TOLLGATE__MODELS__ZEBRA__ALIASES", "[horse, \"donkey, grey\"]"),
        ("TOLLGATE__MODELS__ZEBRA__INJECT_PARAMS", "true"),
        ("TOLLGATE__MODELS__ZEBRA__TEMPERATURE", "0.5"),
    ]);
    let flags = Flags { listen: Some("127.0.0.1:4000".to_owned()), ..Flags::default() };
    let options =
        LoadOptions { files: vec![path], env: variables, flags, ..LoadOptions::default() };
    let config = load(&options, VENDORS).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.server.listen.port(), 4000);
    assert_eq!(config.server.drain.as_secs(), 3);
    assert_eq!(config.server.max_connections, 7);
    assert!(!config.defaults.inject_params);
    assert_eq!(config.models[0].alias, "gpt-4.1");
    assert_eq!(config.models[0].weight, 9.0);
    assert_eq!(config.models[1].aliases, ["horse", "donkey, grey"]);
    let (name, json) = &config.models[1].deployments[0].params.defaults[0];
    assert_eq!((name.as_str(), json.as_str()), ("temperature", "0.5"));
}

#[test]
fn problems_of_variables_and_flags_name_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.yaml");
    std::fs::write(&path, BASE).unwrap();
    let variables = env(&[
        ("TOLLGATE__SERVR__LISTEN", "127.0.0.1:3000"),
        ("TOLLGATE__SERVER__DRAIN", "soon-canary"),
        ("TOLLGATE__MODELS__ZEBRA__WEIGHT", "0"),
        ("TOLLGATE____", "x"),
    ]);
    let flags = Flags {
        listen: Some("here".to_owned()),
        ops_listen: Some("off".to_owned()),
        log: Some("xml".to_owned()),
        log_level: Some("debug".to_owned()),
    };
    let result = load(
        &LoadOptions { files: vec![path], env: variables, flags, ..LoadOptions::default() },
        VENDORS,
    );
    let mut said = problems(result);
    said.sort();
    assert_eq!(
        said,
        [
            "environment variable TOLLGATE__MODELS__ZEBRA__WEIGHT: models.zebra.weight: expected a \
             number over 0, found a value from outside the file",
            "environment variable TOLLGATE__SERVER__DRAIN: server.drain: expected a duration such \
             as 60s, 1500ms or 2m, found a value from outside the file",
            "environment variable TOLLGATE__SERVR__LISTEN: servr: unknown key (did you mean \
             `server`?)",
            "environment variable TOLLGATE____: does not name a key (name it like \
             TOLLGATE__SERVER__LISTEN)",
            "flag --listen: server.listen: `here` is not an address to listen on (write it like \
             127.0.0.1:8000, or 0.0.0.0:8000 for every network)",
            "flag --log: telemetry.log: unknown log format `xml` (one of auto, text, json)",
        ]
    );
}

#[test]
fn toml_has_lines_and_columns_too() {
    let text = "
[server]
listen = \"here\"

[models.a]
provider = \"mock\"
wieght = 1

[[models.b.deployments]]
provider = \"mock\"
limits = { rpm = 0 }
";
    assert_eq!(
        problems(from_files(&[("a.toml", text)], &[])),
        [
            "a.toml:3:10: server.listen: `here` is not an address to listen on (write it like \
             127.0.0.1:8000, or 0.0.0.0:8000 for every network)",
            "a.toml:7:1: models.a.wieght: unknown key (did you mean `weight`?)",
            "a.toml:11:18: models.b.deployments[0].limits.rpm: expected a whole number of at least \
             1, found 0",
        ]
    );
}

#[test]
fn columns_count_characters_in_every_format() {
    let yaml = "models: { \"модель\": { provider: mock, wieght: 1 } }";
    let toml = "[models]\n\"модель\" = { provider = \"mock\", wieght = 1 }\n";
    for (name, text, place) in [("a.yaml", yaml, "1:39"), ("a.toml", toml, "2:33")] {
        let said = problems(from_files(&[(name, text)], &[]));
        let expected =
            format!("{name}:{place}: models.модель.wieght: unknown key (did you mean `weight`?)");
        assert_eq!(said, [expected]);
    }
}

#[test]
fn all_syntax_errors_of_all_files_are_told() {
    let toml = "[server]\nlisten = \ndrain = \"1s\"\ndrain = \"2s\"\n[server]\n";
    let said = problems(from_files(&[("a.toml", toml), ("b.yaml", "a: [1")], &[]));
    assert!(said.len() >= 4, "{said:#?}");
    assert!(said.iter().any(|line| line.starts_with("a.toml:2:")), "{said:#?}");
    assert!(said.iter().any(|line| line.starts_with("a.toml:4:")), "{said:#?}");
    assert!(said.iter().any(|line| line.starts_with("b.yaml:1:")), "{said:#?}");
}

#[test]
fn toml_keeps_the_order_of_writing() {
    let text = "[models.zebra]\nprovider = \"mock\"\n[models.apple]\nprovider = \"mock\"\n";
    let config = from_files(&[("a.toml", text)], &[]).unwrap();
    assert_eq!(config.model_names().collect::<Vec<_>>(), ["zebra", "apple"]);
    assert_eq!(config.defaults.model.as_deref(), Some("zebra"));
}

#[test]
fn files_that_are_none_are_refused() {
    assert_eq!(
        problems(from_files(&[("a.ini", "x=1"), ("b.yaml", "- 1")], &[])),
        [
            "a.ini: is of no known format (name it .yaml, .yml, .toml or .json)",
            "b.yaml:1:1: expected a map of settings, found a list",
        ]
    );
    let missing = LoadOptions { files: vec!["/no/such.yaml".into()], ..LoadOptions::default() };
    let errors = load(&missing, VENDORS).unwrap_err();
    assert_eq!(errors.0.len(), 1);
    assert_eq!(errors.0[0].place, Place::File { path: "/no/such.yaml".into(), at: None });
    assert_eq!(errors.0[0].message, "cannot be read: entity not found");
}

#[test]
fn an_empty_or_commented_file_is_an_empty_configuration() {
    for text in ["", "# nothing yet\n", "---\n", "\u{feff}# with a mark\n", "{}", "null"] {
        let config = from_files(&[("a.yaml", text), ("b.yaml", BASE)], &[]);
        assert!(config.is_ok(), "{text:?}: {config:?}");
    }
}

#[test]
fn the_message_has_a_line_per_problem() {
    let errors = from_files(&[("a.yaml", "server: { port: x }\nmodels: 1")], &[]).unwrap_err();
    let said = errors.to_string();
    assert!(said.starts_with("2 problems in the configuration:\n  "), "{said}");
    assert_eq!(said.lines().count(), 3);
}

/// What a file says in one spelling and a higher layer in another.
#[test]
fn a_higher_layer_wins_whichever_spelling_each_uses() {
    let file = "
server: { host: 0.0.0.0, port: 8080 }
defaults: { timeout: 30s }
models:
  a:
    provider: openai
    base_url: https://file.example.com
    api_key: k
    max_qps: 2
    default_params: { temperature: 1 }
";
    let over = "
defaults: { timeouts: { total: 40s } }
models:
  a: { api_base: https://over.example.com, limits: { qps: 3 }, temperature: 0.5 }
";
    let variables = [
        ("TOLLGATE__SERVER__LISTEN", "127.0.0.1:1234"),
        ("TOLLGATE__MODELS__A__KEYS", "from-env"),
        ("TOLLGATE__MODELS__A__LIMITS__MAX_QPS", "4"),
    ];
    let config = from_files(&[("a.yaml", file), ("b.yaml", over)], &variables).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:1234");
    assert_eq!(config.models[0].timeouts.total.as_secs(), 40);
    let deployment = &config.models[0].deployments[0];
    assert_eq!(deployment.base.as_ref().unwrap().as_str(), "https://over.example.com");
    assert_eq!(deployment.credential.as_ref().unwrap().secret.expose(), "from-env");
    assert_eq!(deployment.limits.qps, Some(4.0));
    let defaults: Vec<_> = deployment
        .params
        .defaults
        .iter()
        .map(|(name, json)| (name.as_str(), json.as_str()))
        .collect();
    assert_eq!(defaults, [("temperature", "0.5")]);

    let port = [("TOLLGATE__SERVER__PORT", "99"), ("TOLLGATE__SERVER__HOST", "127.0.0.2")];
    let listen = ("b.yaml", "server: { listen: 127.0.0.1:1 }");
    let config = from_files(&[("a.yaml", file), listen], &port).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.2:99");
    let config = from_files(&[listen, ("a.yaml", file)], &[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:8080");
}

#[test]
fn a_brokers_variables_win_over_our_file_and_ours_over_its() {
    let theirs = "
server: { log_level: INFO }
proxy: { default_model: a, timeout: 10s }
models: { a: { provider: mock }, b: { provider: mock } }
";
    let ours = "
telemetry: { level: info }
defaults: { model: a, timeout: 10s }
models: { a: { provider: mock }, b: { provider: mock } }
";
    let our_variables =
        [("TOLLGATE__TELEMETRY__LEVEL", "debug"), ("TOLLGATE__DEFAULTS__MODEL", "b")];
    let their_variables =
        [("TOLLGATE__SERVER__LOG_LEVEL", "DEBUG"), ("TOLLGATE__PROXY__DEFAULT_MODEL", "b")];
    for (file, variables) in [(theirs, our_variables), (ours, their_variables)] {
        let config = from_files(&[("a.yaml", file)], &variables).unwrap();
        assert_eq!(config.telemetry.level, "debug", "{file}");
        assert_eq!(config.defaults.model.as_deref(), Some("b"), "{file}");
        assert_eq!(config.defaults.timeouts.total.as_secs(), 10, "{file}");
    }
}

#[test]
fn the_flag_wins_over_a_host_and_port_in_variables() {
    let variables = [("TOLLGATE__SERVER__HOST", "0.0.0.0"), ("TOLLGATE__SERVER__PORT", "8080")];
    let flags = Flags { listen: Some("127.0.0.1:7".to_owned()), ..Flags::default() };
    let options = LoadOptions { env: env(&variables), flags, ..LoadOptions::default() };
    let config = load(&options, VENDORS).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:7");
    assert!(warnings(&config).is_empty());
    let both = [variables[1], ("TOLLGATE__SERVER__LISTEN", "127.0.0.1:7")];
    assert_eq!(
        problems(from_env(&both)),
        ["environment variable TOLLGATE__SERVER__PORT: server.port: `listen` says the same (keep \
          `listen` alone)"]
    );
}

#[test]
fn a_value_that_is_not_shown_is_told_with_its_source() {
    let file = ("a.yaml", "models: { a: { provider: mock, strategy: \"${S}\" } }");
    let said = problems(from_files(&[file], &[("S", "canary")]));
    assert!(
        said[0].contains("unknown strategy (the value comes from outside the file)"),
        "{said:?}"
    );
    let variable = ("TOLLGATE__MODELS__A__STRATEGY", "canary");
    let said = problems(from_files(&[file], &[("S", "random"), variable]));
    assert!(
        said[0].contains("unknown strategy (the value comes from the environment)"),
        "{said:?}"
    );
}
