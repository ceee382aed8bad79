//! That the tables say what is true: the reader's keys, the real defaults, the strategies' names.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use super::{Default, Key, Shape, Table, json_schema, markdown, tables};
use crate::check::{Context, check};
use crate::expand::expand;
use crate::report::Report;
use crate::shapes::normalise;
use crate::tree::{Source, yaml};
use crate::types::{Config, Origin, Strategy};
use crate::{Unfit, parse};

const EVERYTHING: &str = include_str!("../../../../config/everything.yaml");
const REFERENCE: &str = include_str!("../../../../docs/configuration.md");

/// How a path goes from a key to a map below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Here,
    Name,
    Item,
}

fn inner(shape: &Shape) -> Vec<(Step, Table)> {
    match shape {
        Shape::Table(table) | Shape::See(table) => vec![(Step::Here, table())],
        Shape::Each(table) => vec![(Step::Name, table())],
        Shape::List(table) => vec![(Step::Item, table())],
        Shape::Keys => vec![(Step::Item, tables::key())],
        Shape::Either(shapes) => shapes.iter().flat_map(inner).collect(),
        Shape::Text
        | Shape::Secret
        | Shape::Bool
        | Shape::Whole(..)
        | Shape::Positive
        | Shape::Number
        | Shape::Ratio
        | Shape::Duration
        | Shape::Size
        | Shape::Address
        | Shape::AddressOrOff
        | Shape::Url
        | Shape::Choice(_)
        | Shape::TextOrFalse
        | Shape::Texts
        | Shape::Named
        | Shape::NamedChoice(_)
        | Shape::Values
        | Shape::Foreign
        | Shape::ForeignList => Vec::new(),
    }
}

/// Every table there is, by its path: `*` for a name, `[]` for an item of a list.
fn all() -> BTreeMap<String, Table> {
    fn walk(path: &str, table: Table, all: &mut BTreeMap<String, Table>) {
        for key in &table.keys {
            let dot = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{dot}{}", key.name());
            for (step, below) in inner(&key.shape) {
                match step {
                    Step::Here => walk(&path, below, all),
                    Step::Name => walk(&format!("{path}.*"), below, all),
                    Step::Item => walk(&format!("{path}[]"), below, all),
                }
            }
        }
        all.insert(path.to_owned(), table);
    }
    let mut tables = BTreeMap::new();
    walk("", tables::root(), &mut tables);
    tables
}

/// A path of a configuration as [`all`] has it.
fn general(path: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (n, part) in path.split('.').enumerate() {
        let (name, item) = part.split_once('[').map_or((part, ""), |(name, _)| (name, "[]"));
        let free = n == 1 && matches!(parts[0].as_str(), "models" | "providers");
        parts.push(format!("{}{item}", if free { "*" } else { name }));
    }
    parts.join(".")
}

/// What the reader asks for while it reads the text: by general path.
fn asked(text: &str) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut report = Report::default();
    let source = report.add_source(Source::Nowhere);
    let (root, errors) = yaml::parse(text, source);
    assert!(errors.is_empty(), "{errors:?}");
    let mut root = root.unwrap();
    let env = [
        "OPENAI_API_KEY",
        "OPENAI_API_KEY_2",
        "ANTHROPIC_API_KEY",
        "VLLM_API_KEY",
        "AZURE_CLIENT_SECRET",
        "BEDROCK_SECRET_KEY",
        "BEDROCK_SESSION_TOKEN",
    ]
    .map(|name| (name.to_owned(), name.to_lowercase()))
    .into();
    expand(&mut root, "", &env, &mut report);
    normalise(&mut root, &report);
    let vendors = vendors();
    check(&root, Context { vendors: &vendors, env: &env }, Origin::Text, &mut report);
    let mut all: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for (path, keys) in std::mem::take(&mut report.asked) {
        all.entry(general(&path)).or_default().extend(keys);
    }
    let problems = report.finish();
    assert!(problems.is_ok(), "{problems:?}");
    all
}

fn vendors() -> [tollgate_core_types::VendorPreset; 4] {
    use tollgate_core_types::{Dialect, VendorPreset};
    let openai = VendorPreset {
        name: "openai",
        otel_name: "openai",
        env: &["OPENAI"],
        base: "https://api.openai.com/v1",
        chat: Dialect::OPENAI_CHAT,
        models: &[],
        embedding_models: &[],
        needs_key: true,
    };
    let anthropic = VendorPreset {
        name: "anthropic",
        otel_name: "anthropic",
        env: &["ANTHROPIC"],
        base: "https://api.anthropic.com",
        chat: Dialect::ANTHROPIC_MESSAGES,
        ..openai
    };
    let bedrock = VendorPreset {
        name: "bedrock",
        otel_name: "aws.bedrock",
        env: &["BEDROCK"],
        base: "https://bedrock-runtime.{region}.amazonaws.com",
        chat: Dialect::BEDROCK_CONVERSE,
        needs_key: false,
        ..openai
    };
    let azure = VendorPreset {
        name: "azure",
        otel_name: "azure.ai.openai",
        env: &["AZURE_OPENAI", "AZURE"],
        base: "https://{resource}.openai.azure.com",
        needs_key: false,
        ..openai
    };
    [openai, anthropic, bedrock, azure]
}

/// Keys that are moved to where they are read before anything is.
const MOVED: [&str; 4] = ["proxy", "model_list", "litellm_params", "log_level"];

#[test]
fn the_reader_asks_for_exactly_the_keys_of_the_tables() {
    let asked = asked(EVERYTHING);
    let tables = all();
    // A table may have several places; the example shows it in one at least.
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (path, table) in &tables {
        let known: BTreeSet<&str> = table
            .keys
            .iter()
            .flat_map(|key| key.names.iter().copied())
            .filter(|name| !MOVED.contains(name))
            .collect();
        let Some(asked) = asked.get(path) else { continue };
        seen.insert(&table.about);
        let asked: BTreeSet<&str> = asked.iter().copied().collect();
        let unread: Vec<_> = known.difference(&asked).collect();
        let untold: Vec<_> = asked.difference(&known).collect();
        assert!(
            unread.is_empty() && untold.is_empty(),
            "`{path}`: the tables have {unread:?} that nobody reads, and lack {untold:?}"
        );
    }
    for (path, table) in &tables {
        assert!(seen.contains(&*table.about), "`{path}` is nowhere in config/everything.yaml");
    }
    for path in asked.keys() {
        assert!(tables.contains_key(path), "`{path}` is read and not in the tables");
    }
}

#[test]
fn the_reference_example_shows_every_key() {
    let shown: BTreeSet<&str> = EVERYTHING
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(|line| line.split(['{', ',', ' ']))
        .filter_map(|word| word.strip_suffix(':'))
        .collect();
    // Told elsewhere: other ways to say what is shown.
    let others = [
        "host",
        "port",
        "temperature",
        "max_tokens",
        "top_p",
        "max_qps",
        "max_concurrency",
        "api_version",
        // Files, which this machine does not have.
        "credentials",
        "catalogue",
    ];
    for (path, table) in all() {
        for key in &table.keys {
            let name = key.name();
            if !MOVED.contains(&name) && !others.contains(&name) {
                assert!(shown.contains(name), "{path}.{name} is not in config/everything.yaml");
            }
        }
    }
}

#[test]
fn the_reference_and_the_schema_are_as_the_code_has_them() {
    // Not `assert_eq`, which would print all of both.
    let schema = include_str!("../../../../config/schema.json");
    let same = markdown(REFERENCE).is_ok_and(|made| made == REFERENCE) && json_schema() == schema;
    assert!(same, "run `cargo xtask schema`");
}

#[test]
fn a_page_that_cannot_take_the_tables_is_refused() {
    let unclosed = markdown("<!-- keys: server -->\n").unwrap_err();
    assert_eq!(unclosed, Unfit::Unclosed("server".to_owned()));
    let page = REFERENCE.replace("<!-- keys: mock -->", "<!-- keys: mokc -->");
    assert_eq!(markdown(&page), Err(Unfit::Unknown("mokc".to_owned())));
    let page = REFERENCE.replace("<!-- keys: mock -->\n", "");
    assert_eq!(markdown(&page), Err(Unfit::Missing("mock")));
    let page = REFERENCE.replace("| `drain` |", "| `drian` |");
    assert!(markdown(&page).is_ok_and(|made| made == REFERENCE));
}

/// Where each table stands in a configuration that is right without it.
fn around(path: &str, key: &Key, value: &Value) -> Value {
    let mut leaf = json!({ key.name(): value });
    let mut deployment = json!({ "provider": "mock" });
    let mut document = json!({});
    for part in path.rsplit('.').filter(|part| !part.is_empty() && !part.contains('*')) {
        match part {
            "deployments[]" => {
                deployment.as_object_mut().unwrap().extend(leaf.as_object().unwrap().clone());
                leaf = json!({});
            }
            "models" => {}
            part => leaf = json!({ part: leaf }),
        }
    }
    let mut model = json!({ "deployments": [deployment] });
    if path.starts_with("models") {
        model.as_object_mut().unwrap().extend(leaf.as_object().unwrap().clone());
    } else {
        document.as_object_mut().unwrap().extend(leaf.as_object().unwrap().clone());
    }
    document["models"] = json!({ "m": model });
    document
}

fn config(document: &Value) -> Config {
    let config = parse(&document.to_string(), &vendors());
    Config {
        warnings: Vec::new(),
        ..config.unwrap_or_else(|errors| panic!("{document}: {errors}"))
    }
}

#[test]
fn every_default_is_the_real_one() {
    let without = format!("{:?}", config(&json!({ "models": { "m": { "provider": "mock" } } })));
    let mut count = 0;
    for (path, table) in all() {
        let nested = path.contains("key") || path.contains("providers");
        for key in &table.keys {
            let Default::Value(default) = &key.default else { continue };
            // A key alone, and keys that only a model without `deployments` may have.
            let beside = path == "models.*" && key.name() == "priority" || path == "models.*.mock";
            if nested || beside {
                continue;
            }
            let value = serde_json::from_str(default).unwrap_or_else(|_| json!(default));
            let with = format!("{:?}", config(&around(&path, key, &value)));
            // `whole` follows `first_token` where that is said: it is the one default that moves.
            let moved = key.name() == "first_token";
            assert!(moved || with == without, "{path}.{} is not {default}", key.name());
            count += 1;
        }
    }
    assert!(count >= 30, "{count} defaults");
}

#[test]
fn strategies_are_those_of_the_types() {
    let table = tables::defaults();
    let key = table.keys.iter().find(|key| key.name() == "strategy").unwrap();
    let Shape::Choice(names) = &key.shape else { panic!("{:?}", key.shape) };
    assert_eq!(*names, Strategy::ALL.map(Strategy::as_str));
}

#[test]
fn every_key_says_what_it_means() {
    for (path, table) in all() {
        assert!(!table.about.is_empty(), "{path}");
        for key in &table.keys {
            assert!(key.about.len() > 8, "{path}.{}: {}", key.name(), key.about);
        }
    }
}
