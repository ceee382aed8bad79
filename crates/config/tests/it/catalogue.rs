//! What is said of models over the catalogue: beside a deployment, and in a file of its own.

use tollgate_catalogue::{Kind, Model, Tier};
use tollgate_config::{Config, Place};

use crate::support::{from_files, problems};

fn model(config: &Config, at: usize) -> Model {
    let deployment = &config.models[at].deployments[0];
    let found = config.catalogue.find("openai", &deployment.upstream_model);
    found.unwrap_or_default().with(&deployment.catalogue)
}

fn input(model: &Model) -> Option<u64> {
    model.prices.rate(Kind::Input, Tier::Standard, 1)
}

const FILE: &str = "
models:
  openai/gpt-4o:
    prices: { factor: 0.9 }
    capabilities: { images: false }
  in-house:
    prices:
      input: 1
      output: '2.5'
      batch: { input: 0.5 }
      above: [{ tokens: 1000, input: 2 }]
";

#[test]
fn the_nearest_word_on_each_capability_holds_and_any_rate_replaces_all() {
    let text = "
catalogue: models.yaml
providers: { openai: { capabilities: { audio: true, images: true } } }
models:
  a: { provider: openai, model: gpt-4o, api_key: k }
  b: { provider: openai, model: in-house, api_key: k, capabilities: { audio: false } }
  c: { deployments: [{ provider: openai, model: gpt-4o, api_key: k, prices: { input: 7 } }], prices: { input: 8, output: 9 } }
";
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("models.yaml"), FILE).unwrap();
    let path = dir.path().join("tollgate.yaml");
    std::fs::write(&path, text).unwrap();
    let config = load(&path).unwrap();
    let [a, b, c] = [0, 1, 2].map(|at| model(&config, at));
    assert_eq!(a.prices.factor, Some(900));
    assert_eq!(input(&a), Some(2_500_000));
    // The provider's word is nearer than the file's.
    assert_eq!((a.capabilities.images, a.capabilities.audio), (Some(true), Some(true)));
    assert_eq!((b.capabilities.images, b.capabilities.audio), (Some(true), Some(false)));
    assert_eq!(b.prices.rate(Kind::Output, Tier::Standard, 1), Some(2_500_000));
    assert_eq!(b.prices.rate(Kind::Input, Tier::Batch, 1), Some(500_000));
    assert_eq!(b.prices.rate(Kind::Input, Tier::Standard, 1001), Some(2_000_000));
    assert_eq!(input(&c), Some(7_000_000));
    assert_eq!(c.prices.rate(Kind::Output, Tier::Standard, 1), None);
    // Whoever watches files watches this one.
    assert_eq!(config.referenced, [dir.path().join("models.yaml")]);
    assert_eq!(config.catalogue_file, Some(dir.path().join("models.yaml")));
}

#[test]
fn a_catalogue_that_is_not_there_or_is_none_is_told() {
    for (file, words) in [
        (None, "cannot be read: entity not found"),
        (Some("models: [a]"), "expected a map, found a list"),
        (Some("just words"), "expected a map of settings, found a text"),
        (Some("modles: {}"), "unknown key (did you mean `models`?)"),
        (Some("models: { a: 1 }"), "expected a map"),
        (Some("models: { ' a': {} }"), "is no model's name"),
        (Some("models: { a: { prices: { input: 1e-9 } } }"), "is not an amount of dollars"),
        (Some("models: { a: { prices: { input: 99999999999 } } }"), "ten thousand dollars a token"),
        (Some("models: { a: { prices: { input: true } } }"), "expected a number"),
        (Some("models: { a: { prices: { factor: 0.0001 } } }"), "is no factor"),
        (Some("models: { a: { prices: { factor: 1001 } } }"), "is no factor"),
        (Some("models: {\n"), "not valid YAML"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        if let Some(text) = file {
            std::fs::write(dir.path().join("models.yaml"), text).unwrap();
        }
        let path = dir.path().join("tollgate.yaml");
        std::fs::write(&path, "{ catalogue: models.yaml, models: { m: { provider: mock } } }")
            .unwrap();
        let errors = load(&path).unwrap_err();
        assert!(errors.to_string().contains(words), "{words} is not in {errors}");
        let there = errors.0.iter().any(|problem| match &problem.place {
            Place::File { path, .. } => path.ends_with("models.yaml"),
            Place::Environment(_) | Place::Flag(_) | Place::Nowhere => false,
        });
        assert!(there, "{words}: {errors}");
    }
}

#[test]
fn prices_beside_a_deployment_have_their_place_too() {
    let text = "
models:
  m:
    provider: mock
    prices:
      output: 1
      above: [{ input: 2 }]
";
    let told = problems(from_files(&[("tollgate.yaml", text)], &[])).join("\n");
    assert!(told.contains("has no rate for input"), "{told}");
    assert!(told.contains("`tokens` is missing"), "{told}");
}

fn load(path: &std::path::Path) -> Result<Config, tollgate_config::ConfigErrors> {
    let files = vec![path.to_owned()];
    let options = tollgate_config::LoadOptions { files, ..Default::default() };
    tollgate_config::load(&options, crate::support::VENDORS)
}
