//! The example files of the repository load as they are, with the variables that they name.

use std::path::{Path, PathBuf};
use tollgate_config::{Auth, Config, LoadOptions, load};

use crate::support::{VENDORS, env, from_files, warnings};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}

fn example(name: &str) -> Config {
    let variables = env(&[
        ("OPENAI_API_KEY", "k1"),
        ("OPENAI_API_KEY_2", "k2"),
        ("ANTHROPIC_API_KEY", "k3"),
        ("AZURE_API_KEY", "k4"),
        ("AZURE_RESOURCE", "my-resource"),
        ("AZURE_CLIENT_SECRET", "k11"),
        ("ZHIPU_KEY_1", "k5"),
        ("ZHIPU_KEY_2", "k6"),
        ("SILICONFLOW_API_KEY", "k7"),
        ("VLLM_API_KEY", "k8"),
        ("HOUSE_API_KEY", "k12"),
        ("BEDROCK_SECRET_KEY", "k9"),
        ("BEDROCK_SESSION_TOKEN", "k10"),
    ]);
    let options =
        LoadOptions { files: vec![folder().join(name)], env: variables, ..LoadOptions::default() };
    load(&options, VENDORS).unwrap_or_else(|errors| panic!("{name}: {errors}"))
}

#[test]
fn every_example_loads_without_a_warning() {
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "schema.json" {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# yaml-language-server: $schema=./schema.json\n"), "{name}");
        let mut said = warnings(&example(name));
        // The reference shows every key, also the one that does nothing yet.
        said.retain(|warning| !warning.contains("tokens per minute are not enforced yet"));
        assert!(said.is_empty(), "{name}: {said:?}");
        count += 1;
    }
    assert!(count >= 5, "{count} examples");
}

#[test]
fn the_examples_say_what_they_are_for() {
    let failover = example("openai-azure-anthropic-failover.yaml");
    let azure = &failover.models[0].deployments[2];
    let base = azure.base.as_ref().unwrap().as_str();
    assert_eq!(base, "https://my-resource.openai.azure.com");
    assert_eq!(azure.auth, Auth::Dialect);
    let base_model = azure.azure.as_ref().unwrap().base_model.as_deref();
    assert_eq!(base_model, Some("gpt-4o"));
    let priorities: Vec<u32> =
        failover.models[0].deployments.iter().map(|deployment| deployment.priority).collect();
    assert!(priorities.contains(&0) && priorities.contains(&1), "{priorities:?}");
    let pool = example("pooled-free-keys.yaml");
    assert!(
        pool.models
            .iter()
            .flat_map(|m| &m.deployments)
            .all(|d| { d.limits.qps.is_some() || d.limits.concurrency.is_some() })
    );
    let own = example("own-vendor.yaml");
    let house = &own.models[0].deployments[0];
    assert_eq!(house.base.as_ref().unwrap().as_str(), "https://llm.example.com/v1");
    assert_eq!(house.auth, Auth::Header("x-house-key".to_owned()));
    assert_eq!(house.error_codes.len(), 1);
    let vllm = example("vllm.yaml");
    assert!(vllm.models[0].deployments.len() >= 2);
}

/// Every YAML block of the documentation is a configuration, alone or with a model beside it.
#[test]
fn the_documentation_says_what_is_accepted() {
    let path = folder().join("../docs/configuration.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut count = 0;
    for block in text.split("```yaml\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let files = [("base.yaml", "models: { m: { provider: mock } }"), ("docs.yaml", block)];
        let variables =
            [("OPENAI_API_KEY", "k1"), ("OPENAI_API_KEY_2", "k2"), ("ANTHROPIC_API_KEY", "k3")];
        let config = from_files(&files, &variables).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(config.warnings.is_empty(), "{:?}", config.warnings);
        count += 1;
    }
    assert!(count >= 4, "{count} blocks");
}
