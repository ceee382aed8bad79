//! Names in vendors' spellings lead to their models, and users' words stand over the data.

use super::*;
use crate::prices::{Kind, Tier};

fn input(vendor: &str, model: &str) -> Option<u64> {
    Catalogue::default().find(vendor, model)?.prices.rate(Kind::Input, Tier::Standard, 1)
}

#[test]
fn names_are_resolved_through_prefixes_dates_versions_and_profiles() {
    for (vendor, model, pico) in [
        ("openai", "gpt-4o", 2_500_000),
        ("openai", "gpt-4o-2024-11-20", 2_500_000),
        ("openai", "openai/gpt-4o", 2_500_000),
        ("azure", "gpt-4o", 2_500_000),
        ("azure", "openai/gpt-4o", 2_500_000),
        ("", "openai/gpt-4o", 2_500_000),
        ("my-own-server", "openai/gpt-4o", 2_500_000),
        ("anthropic", "claude-sonnet-4-5-20250929", 3_000_000),
        ("vertex", "claude-sonnet-4-5@20250929", 3_000_000),
        ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", 3_000_000),
        // A profile within a region costs more; one over all regions does not.
        ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 3_300_000),
        ("bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", 3_000_000),
        ("gemini", "models/gemini-2.5-pro", 1_250_000),
    ] {
        assert_eq!(input(vendor, model), Some(pico), "{vendor} {model}");
    }
}

#[test]
fn a_name_that_only_begins_like_another_is_unknown() {
    for (vendor, model) in [
        ("openai", "gpt-4o-nobody-knows"),
        ("openai", "gpt-4oo"),
        ("my-own-server", "gpt-4o"),
        ("", "gpt-4o"),
        ("anthropic", "gpt-4o"),
        ("openai", ""),
    ] {
        assert_eq!(Catalogue::default().find(vendor, model), None, "{vendor} {model}");
    }
}

#[test]
fn a_tuned_model_takes_what_its_base_takes_and_costs_its_own() {
    let tuned = Catalogue::default().find("openai", "ft:gpt-4o-2024-08-06:org::id").unwrap();
    assert_eq!(tuned.prices.rate(Kind::Input, Tier::Standard, 1), Some(3_750_000));
    let unpriced = Catalogue::default().find("openai", "ft:gpt-5:org::id").unwrap();
    assert!(unpriced.prices.is_unknown());
    assert_eq!(unpriced.capabilities.max_output, Some(128_000));
}

#[test]
fn a_users_words_stand_over_the_data_part_by_part() {
    let blind = Capabilities { images: Some(false), ..Capabilities::default() };
    let said = Override { capabilities: blind, factor: Some(800), ..Override::default() };
    let new = Capabilities { context: Some(99), ..Capabilities::default() };
    let new = Override { capabilities: new, ..Override::default() };
    let own = [("OpenAI/GPT-4o".to_owned(), said), ("in-house".to_owned(), new)];
    let catalogue = Catalogue::new(own);
    let model = catalogue.find("openai", "gpt-4o-2024-11-20").unwrap();
    assert_eq!(model.capabilities.images, Some(false));
    assert_eq!(model.capabilities.tools, Some(true));
    assert_eq!(model.prices.factor, Some(800));
    // A bare name holds at every vendor.
    assert_eq!(catalogue.find("anyone", "in-house").unwrap().capabilities.context, Some(99));
    assert_eq!(catalogue.find("azure", "gpt-4o").unwrap().capabilities.images, Some(true));
}

#[test]
fn known_models_are_told_apart_by_what_they_take() {
    let capabilities =
        |vendor, model| Catalogue::default().find(vendor, model).unwrap().capabilities;
    let opus = capabilities("anthropic", "claude-opus-5-5");
    assert_eq!(
        (opus.sampling, opus.forced_tools, opus.prefill),
        (Some(false), Some(false), Some(false))
    );
    assert_eq!(opus.structured_output, Some(true));
    let old = capabilities("openai", "gpt-3.5-turbo");
    assert_eq!((old.images, old.audio, old.tools), (Some(false), Some(false), Some(true)));
    assert_eq!(capabilities("openai", "text-embedding-3-small").dimensions, Some(1536));
}
