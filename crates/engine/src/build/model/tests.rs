//! Which model a deployment has, and what the catalogue adds to what its name says.

use super::*;
use tollgate_catalogue::{Kind, Tier};

fn deployment(text: &str) -> Deployment {
    let config = tollgate_config::parse(&format!("models: {{ m: {text} }}"), &crate::vendors());
    config.unwrap().models[0].deployments[0].clone()
}

fn input(text: &str) -> Option<u64> {
    let model = known(&Catalogue::default(), &deployment(text));
    model.prices.rate(Kind::Input, Tier::Standard, 1)
}

#[test]
fn a_model_is_known_by_its_vendor_and_name_or_by_what_is_behind_it() {
    for (text, pico) in [
        ("{ provider: openai, model: gpt-4o-2024-11-20, api_key: k }", Some(2_500_000)),
        ("{ provider: openai, model: my-tune, api_key: k }", None),
        ("{ provider: openai, model: my-tune, base_model: gpt-4o, api_key: k }", Some(2_500_000)),
        ("{ provider: mock }", None),
        ("{ provider: mock, base_model: openai/gpt-4o }", Some(2_500_000)),
        (
            "{ provider: bedrock, model: us.anthropic.claude-sonnet-4-5-20250929-v1:0, \
              aws: { region: us-east-1 } }",
            Some(3_300_000),
        ),
        (
            "{ provider: bedrock, model: \"arn:aws:bedrock:us-east-1:1:application-inference-profile/x\", \
              aws: { base_model: anthropic.claude-sonnet-4-5-20250929-v1:0 } }",
            Some(3_000_000),
        ),
        ("{ provider: openai, model: x, api_key: k, prices: { input: 7 } }", Some(7_000_000)),
    ] {
        assert_eq!(input(text), pico, "{text}");
    }
}

#[test]
fn a_vendors_address_says_its_region() {
    let of = |text: &str, base: &str| region(&deployment(text), &base.parse().unwrap());
    let openai = "{ provider: openai, model: gpt-5.4, api_key: k }";
    assert_eq!(of(openai, "https://api.openai.com/v1"), Region::Anywhere);
    assert_eq!(of(openai, "https://eu.api.openai.com/v1"), Region::Eu);
    assert_eq!(of(openai, "https://us.api.openai.com/v1"), Region::Us);
    assert_eq!(of("{ provider: mock }", "https://eu.example.com"), Region::Anywhere);
}

#[test]
fn the_catalogue_adds_refusals_and_a_users_word_holds_both_ways() {
    let none = Capabilities::default();
    let no = Some(false);
    let refuses = Capabilities { sampling: no, forced_tools: no, ..none };
    let mut quirks = Quirks::default();
    teach(&mut quirks, &refuses, &none, Dialect::OPENAI_CHAT);
    assert!(quirks.no_sampling && quirks.no_forced_tools && !quirks.no_native_schema);
    // What a name says is not taken back by data, which is seldom so exact.
    let mut quirks = Quirks { no_sampling: true, ..Quirks::default() };
    let able = Capabilities { sampling: Some(true), ..none };
    teach(&mut quirks, &able, &none, Dialect::OPENAI_CHAT);
    assert!(quirks.no_sampling);
    teach(&mut quirks, &able, &able, Dialect::OPENAI_CHAT);
    assert!(!quirks.no_sampling);
}

#[test]
fn only_claude_is_taught_to_think_as_it_likes() {
    let adaptive =
        Capabilities { reasoning: Some(ReasoningStyle::Adaptive), ..Capabilities::default() };
    let taught = |chat| {
        let mut quirks = Quirks::default();
        teach(&mut quirks, &adaptive, &Capabilities::default(), chat);
        quirks.adaptive_thinking
    };
    assert!(taught(Dialect::ANTHROPIC_MESSAGES) && !taught(Dialect::OPENAI_CHAT));
}

#[test]
fn an_answers_default_bound_is_never_more_than_the_model_gives() {
    let gives = |max_output| Capabilities { max_output, ..Capabilities::default() };
    for (name, most, bound) in [
        ("claude-opus-5-5", Some(128_000), 16_384),
        ("claude-opus-5-5", Some(1_000), 1_000),
        ("claude-haiku-4-5", Some(64_000), 8_192),
        ("deepseek-v4-pro", Some(393_216), 16_384),
        ("deepseek-v4-pro", Some(8_000), 8_000),
        ("deepseek-v4-pro", None, 4_096),
    ] {
        assert_eq!(default_output(name, &gives(most)), bound, "{name} {most:?}");
    }
}
