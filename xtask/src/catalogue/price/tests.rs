//! Fields of the source become the rates that they say.

use super::*;
use serde_json::json;

fn read(entry: Value) -> Prices {
    prices(entry.as_object().unwrap()).unwrap()
}

#[test]
fn every_form_of_a_field_is_understood() {
    for (field, meaning) in [
        ("input_cost_per_token", Some((Kind::Input, Tier::Standard, 0))),
        ("output_cost_per_token_flex", Some((Kind::Output, Tier::Flex, 0))),
        (
            "cache_read_input_token_cost_above_200k_tokens_batches",
            Some((Kind::CacheRead, Tier::Batch, 200_000)),
        ),
        (
            "cache_creation_input_token_cost_above_1hr_above_200k_tokens",
            Some((Kind::CacheWriteHour, Tier::Standard, 200_000)),
        ),
        ("cache_creation_input_token_cost_above_12hr", None),
        ("input_cost_per_token_balanced", None),
        ("output_cost_per_image", None),
        ("max_input_tokens", None),
    ] {
        assert_eq!(field_of(field), meaning, "{field}");
    }
}

#[test]
fn artefacts_of_floats_do_not_reach_a_rate() {
    let prices = read(json!({
        "mode": "chat", "input_cost_per_token": 0.1 + 0.2, "output_cost_per_token": (0.1 + 0.2) * 1e-6,
    }));
    let rate = |kind| prices.rate(kind, Tier::Standard, 1);
    assert_eq!(rate(Kind::Input), Some(300_000_000_000));
    assert_eq!(rate(Kind::Output), Some(300_000));
}

#[test]
fn ranges_hours_and_factors_are_read() {
    let prices = read(json!({
        "mode": "chat",
        "input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06,
        "tiered_pricing": [{"range": [32000.0, 64000.0], "input_cost_per_token": 4e-06}],
        "off_peak_pricing": {
            "input_cost_per_token": 1e-06,
            "windows": [{"weekdays": [1, 2, 3], "hours_utc": ["10:30-00:00"]}],
        },
        "provider_specific_entry": {"us": 1.1, "fast": 2.0},
    }));
    assert_eq!(prices.rate(Kind::Input, Tier::Standard, 32_001), Some(4_000_000));
    assert_eq!(prices.rate(Kind::Input, Tier::OffPeak, 1), Some(1_000_000));
    assert_eq!(prices.rate(Kind::Output, Tier::Fast, 1), Some(16_000_000));
    assert_eq!(prices.regions, [(Region::Us, 1100)]);
    assert_eq!(prices.windows, [Window { first: 1, last: 3, from: 630, to: 1440 }]);
}

#[test]
fn half_a_price_and_nothing_but_zeros_are_no_price() {
    assert!(read(json!({"mode": "chat", "input_cost_per_token": 1e-06})).is_unknown());
    let zeros = json!({"mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0});
    assert!(read(zeros).is_unknown());
    assert!(!read(json!({"mode": "embedding", "input_cost_per_token": 2e-08})).is_unknown());
    let broken = json!({"mode": "chat", "input_cost_per_token": "dear"});
    assert!(prices(broken.as_object().unwrap()).is_err());
}
