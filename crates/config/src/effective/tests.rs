//! That what is printed is a configuration again, which means the same, and holds no secret.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tollgate_core_types::{Dialect, VendorPreset};

use super::Effective;
use super::yaml::scalar;
use crate::{Config, Flags, LoadOptions, Place, explain};

const EVERYTHING: &str = include_str!("../../../../config/everything.yaml");

const OPENAI: VendorPreset = VendorPreset {
    name: "openai",
    otel_name: "openai",
    env: &["OPENAI"],
    base: "https://api.openai.com/v1",
    chat: Dialect::OPENAI_CHAT,
    models: &["gpt-4o"],
    embedding_models: &[],
    needs_key: true,
};
const VENDORS: [VendorPreset; 4] = [
    OPENAI,
    VendorPreset {
        name: "anthropic",
        otel_name: "anthropic",
        env: &["ANTHROPIC"],
        base: "https://api.anthropic.com",
        chat: Dialect::ANTHROPIC_MESSAGES,
        models: &["claude-sonnet-5"],
        ..OPENAI
    },
    VendorPreset {
        name: "azure",
        otel_name: "azure.ai.openai",
        env: &["AZURE_OPENAI", "AZURE"],
        base: "https://{resource}.openai.azure.com",
        models: &[],
        needs_key: false,
        ..OPENAI
    },
    VendorPreset {
        name: "bedrock",
        otel_name: "aws.bedrock",
        env: &["BEDROCK"],
        base: "https://bedrock-runtime.{region}.amazonaws.com",
        chat: Dialect::BEDROCK_CONVERSE,
        models: &[],
        needs_key: false,
        ..OPENAI
    },
];

/// A secret of each variable, all of them recognisable.
fn env() -> BTreeMap<String, String> {
    [
        "OPENAI_API_KEY",
        "OPENAI_API_KEY_2",
        "ANTHROPIC_API_KEY",
        "VLLM_API_KEY",
        "AZURE_CLIENT_SECRET",
        "BEDROCK_SECRET_KEY",
        "BEDROCK_SESSION_TOKEN",
    ]
    .map(|name| (name.to_owned(), format!("canary-{}", name.to_lowercase())))
    .into()
}

fn loaded(files: &[(&str, &str)], env: BTreeMap<String, String>) -> (Config, Effective) {
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = files
        .iter()
        .map(|(name, text)| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        })
        .collect();
    let options = LoadOptions { files, env, ..LoadOptions::default() };
    explain(&options, &VENDORS).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The values of a print, without their origins.
fn values(yaml: &str) -> String {
    let lines = yaml.lines().map(|line| line.split("  # ").next().unwrap_or_default().trim_end());
    lines.filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n")
}

/// What a configuration means; `Debug` hides the secrets.
fn meaning(config: &Config) -> String {
    let Config {
        server,
        defaults,
        models,
        telemetry,
        media,
        catalogue,
        catalogue_file: _,
        origin: _,
        referenced: _,
        warnings: _,
    } = config;
    // Ids that were made from a model's name are printed as ids that may be given.
    let mut models = models.clone();
    for deployment in models.iter_mut().flat_map(|model| &mut model.deployments) {
        deployment.id = super::places::legal_id(&deployment.id);
    }
    // What a parameter takes from outside is masked as well.
    let all =
        format!("{server:#?} {defaults:#?} {models:#?} {telemetry:#?} {media:#?} {catalogue:#?}");
    all.replace("canary-k", super::MASK)
}

/// Prints, loads the print, and prints again. The printed values.
fn there_and_back(files: &[(&str, &str)], env: BTreeMap<String, String>) -> String {
    let (config, effective) = loaded(files, env);
    let printed = effective.to_yaml();
    assert!(!printed.contains("canary"), "{printed}");
    let (again, effective) = loaded(&[("print.yaml", &printed)], BTreeMap::new());
    let (meant, means) = (meaning(&config), meaning(&again));
    let differs = meant.lines().zip(means.lines()).enumerate().find(|(_, (a, b))| a != b);
    assert!(meant == means, "line {differs:?} of the meaning of\n{printed}");
    assert_eq!(values(&effective.to_yaml()), values(&printed));
    printed
}

#[test]
fn what_is_printed_is_a_configuration_that_means_the_same() {
    let printed = there_and_back(&[("all.yaml", EVERYTHING)], env());
    for part in ["listen: \"127.0.0.1:8000\"", "key: \"***openai-1\"", "id: second", "rpm: 600"] {
        assert!(printed.contains(part), "{part} is not in {printed}");
    }
    let pool = "
proxy: { timeout: 30, default_model: b }
providers: { own: { dialect: anthropic, api_base: http://h:1, timeouts: { first_token: 3s } } }
models:
  'a: b #c': { provider: own, keys: [{ key: k1, weight: 2 }, k2], max_qps: 0.25, weight: 3 }
  \"modèle \\\"x\\\"\": { provider: mock, aliases: ['yes', '007', '${B:-}x'], timeout: 2h }
  b:
    retries: 0
    strategy: usage
    inject_params: false
    timeouts: { first_token: 7s }
    deployments:
      - { provider: openai, api_key: k3, temperature: 0.5, timeouts: { total: 9s, whole: 8s } }
      - { provider: mock, enabled: false }
      - { provider: openai, api_base: http://10.0.0.1, priority: 2, weight: 1e-6, auth: x-k }
  c:
    provider: openai
    api_key: k1
    default_params: { a: '$${x}', b: [1, { c: \"\\u2028\\x7f\" }], d: null, e: 1.5e3 }
    params: { set: { user: '${K}' }, rename: { a-b: c }, remove: [x, 'y: z'] }
    headers: { X-Team: '${K}', authorization: canary }
    fallbacks: { any: [b], content_policy: [a: b #c] }
"
    .replace("[a: b #c]", "['a: b #c']");
    let variables = BTreeMap::from(
        [("K", "canary-k"), ("TOLLGATE__MODELS__C__TOP_P", "0.1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    there_and_back(&[("pool.yaml", &pool)], variables);
}

#[test]
fn starts_without_a_file_are_printed_as_files() {
    there_and_back(&[], BTreeMap::new());
    let several = [
        ("OPENAI_API_KEYS", "canary1,canary2,canary3"),
        ("OPENAI_API_BASES", "https://a.example.com,https://b.example.com,http://c:1/v1"),
        ("OPENAI_MODELS", "gpt-4o,mini=gpt-4o-mini"),
        ("ANTHROPIC_API_KEY", "canary4"),
        ("TOLLGATE__SERVER__PORT", "1234"),
    ];
    let env = several.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let printed = there_and_back(&[], env);
    assert!(printed.contains("# environment OPENAI_API_BASES"), "{printed}");
}

/// The line of a print that begins with `start`, from its value on.
fn line(printed: &str, start: &str) -> String {
    let line = printed.lines().find(|line| line.trim_start().starts_with(start));
    let line = line.unwrap_or_else(|| panic!("{start} is not in {printed}"));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_value_says_where_it_came_from() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("a.yaml"), dir.path().join("b.toml"));
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "canary\n").unwrap();
    let text = format!(
        "server: {{ drain: 5s }}\ndefaults:\n  timeout: 40s\n  retries: 2\nmodels:\n  m:\n    \
         provider: openai\n    model: \"${{NAME}}\"\n    api_key: \"file:{}\"\n    limits:\n      rpm: \
         \"${{RPM:-60}}\"\n",
        secret.display()
    );
    std::fs::write(&first, text).unwrap();
    std::fs::write(&second, "[server]\nkeep_alive = \"9s\"\n").unwrap();
    let env = BTreeMap::from(
        [
            ("NAME", "gpt-x"),
            ("TOLLGATE__SERVER__BODY_LIMIT", "1MiB"),
            ("TOLLGATE__DEFAULTS__STRATEGY", "random"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let options = LoadOptions {
        files: vec![first.clone(), second.clone()],
        env,
        dotenv: ["NAME".to_owned()].into(),
        flags: Flags { listen: Some("127.0.0.1:7".to_owned()), ..Flags::default() },
    };
    let (_, effective) = explain(&options, &VENDORS).unwrap();
    let printed = effective.to_yaml();
    let (first, second, secret) = (first.display(), second.display(), secret.display());
    for (start, said) in [
        ("listen:", "listen: \"127.0.0.1:7\" # flag --listen".to_owned()),
        ("body_limit:", "body_limit: 1MiB # environment TOLLGATE__SERVER__BODY_LIMIT".to_owned()),
        ("keep_alive:", format!("keep_alive: 9s # {second}:2")),
        ("drain:", format!("drain: 5s # {first}:1")),
        ("header_timeout:", "header_timeout: 10s # default".to_owned()),
        ("strategy:", "strategy: random # environment TOLLGATE__DEFAULTS__STRATEGY".to_owned()),
        ("total:", format!("total: 40s # {first}:3")),
        ("max_attempts:", format!("max_attempts: 3 # {first}:4")),
        ("- id:", "- id: m/openai/1 # by position".to_owned()),
        ("model: gpt-x", format!("model: gpt-x # {first}:8, .env NAME")),
        ("api_base:", "api_base: https://api.openai.com/v1 # the vendor's".to_owned()),
        ("- key:", format!("- key: \"***openai-1\" # {first}:9, file {secret}")),
        ("rpm:", format!("rpm: 60 # {first}:11")),
    ] {
        assert_eq!(line(&printed, start), said);
    }
}

#[test]
fn the_same_for_programs() {
    let (_, effective) = loaded(&[("all.yaml", EVERYTHING)], env());
    let json: serde_json::Value = serde_json::from_str(&effective.to_json()).unwrap();
    assert_eq!(json["config"]["models"]["gpt-4o"]["deployments"][0]["limits"]["rpm"], 600);
    // Its comments may change at will, and with them the numbers of its lines.
    let at = 1 + EVERYTHING.lines().position(|line| line.trim().starts_with("drain:")).unwrap();
    assert_eq!(
        json["origins"]["server.drain"].as_str().unwrap().rsplit('/').next(),
        Some(&*format!("all.yaml:{at}"))
    );
    assert!(!json.to_string().contains("canary"));
    let config = json["config"].to_string();
    let (again, _) = loaded(&[("print.json", &config)], BTreeMap::new());
    assert_eq!(again.models.len(), 4);
}

/// The reference example without comments, which may change at will.
fn essence() -> String {
    let lines =
        EVERYTHING.lines().map(|line| line.split(" #").next().unwrap_or_default().trim_end());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect::<Vec<_>>().join("\n")
}

/// Everything that a configuration means, secrets in the clear.
fn whole_meaning(config: &Config) -> String {
    let mut told = meaning(config);
    for deployment in config.models.iter().flat_map(|model| &model.deployments) {
        let key = deployment.credential.iter().map(|credential| credential.secret.expose());
        told.extend(key.chain(deployment.headers.iter().map(|header| header.value.expose())));
    }
    told
}

/// Loads bytes as a file: what they mean and how they are printed, without the file's folder.
fn explained(
    bytes: &[u8],
    path: &std::path::Path,
) -> Result<(String, String), crate::ConfigErrors> {
    std::fs::write(path, bytes).unwrap();
    let options =
        LoadOptions { files: vec![path.to_owned()], env: env(), ..LoadOptions::default() };
    let (config, effective) = explain(&options, &VENDORS)?;
    Ok((whole_meaning(&config), effective.to_yaml()))
}

/// One byte is lost, changed or added, or the rest is lost, at every byte there is: what comes of it
/// is refused with its place, means the same, or is seen in the print.
#[test]
fn a_slip_at_any_byte_is_refused_or_harmless_or_seen() {
    /// What fingers and disks put in the place of something else.
    const SLIPS: &[u8] = b" \n\t:#{}[],'\"-&*!|>%@`$\\0a~\0\xff\xc3";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("slip.yaml");
    let text = essence().into_bytes();
    let (meant, printed) = explained(&text, &path).unwrap();
    let (mut refused, mut seen) = (0, 0);
    for at in 0..text.len() {
        let slip = SLIPS[at % SLIPS.len()];
        let (before, after) = text.split_at(at);
        let slipped = match at % 4 {
            0 => before.to_vec(),
            1 => [before, &after[1..]].concat(),
            2 => [before, &[slip], &after[1..]].concat(),
            _ => [before, &[slip], after].concat(),
        };
        match explained(&slipped, &path) {
            Err(errors) => {
                let all = errors.0.iter().all(|problem| !problem.message.is_empty());
                assert!(all && !errors.0.is_empty(), "byte {at}: {errors}");
                assert!(!errors.to_string().contains("canary"), "byte {at}: {errors}");
                let placed = errors.0.iter().any(|it| matches!(&it.place, Place::File { .. }));
                assert!(placed, "byte {at}: {errors}");
                refused += 1;
            }
            Ok((means, print)) if means != meant => {
                // A header's value is never shown.
                let hidden = before.ends_with(b"search") || after.starts_with(b"search");
                let hidden = hidden
                    || String::from_utf8_lossy(before)
                        .rfind("x-team")
                        .is_some_and(|it| at - it < 17);
                assert!(
                    print != printed || hidden,
                    "byte {at}, unseen: {}",
                    String::from_utf8_lossy(&slipped[..at + 1])
                );
                seen += 1;
            }
            Ok(_) => {}
        }
    }
    assert!(refused > text.len() / 4 && seen > 100, "{refused} {seen} of {}", text.len());
}

proptest! {
    #[test]
    fn any_text_is_printed_as_itself(text in "\\PC{0,12}|[ -~\\t\\n\\u{7f}\\u{85}\\u{2028}]{0,12}|[0-9a-fx.:_-]{1,6}|[$\\{}]{1,6}") {
        let mut text = text;
        // Names of models have no spaces at their ends, and are not empty.
        text.retain(|c| !c.is_control() || c == '\u{85}');
        let yaml = format!("{}: 1", scalar(&text));
        let (node, errors) = crate::tree::yaml::parse(&yaml, 0);
        prop_assert!(errors.is_empty(), "{yaml:?} {errors:?}");
        prop_assert!(node.is_some_and(|node| node.get(&text).is_some()), "{yaml:?}");
    }
}
