//! Invoices worked out by hand, and what holds for every price and usage.

use super::*;
use crate::Catalogue;
use proptest::prelude::*;
use tollgate_core_types::usage::UsageDetail;

fn prices(vendor: &str, model: &str) -> Prices {
    Catalogue::default().find(vendor, model).unwrap().prices
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() }
}

fn tier(tier: ServiceTier) -> UsageDetail {
    UsageDetail { tier: Some(tier), ..UsageDetail::default() }
}

const USUAL: Circumstances = Circumstances { region: Region::Anywhere, minute_of_week: 0 };

/// Dollars, as an invoice shows them, in pico-dollars.
fn dollars(text: &str) -> Option<u64> {
    Some(crate::per_token(text).unwrap())
}

#[test]
fn well_known_models_cost_what_their_price_lists_say() {
    // $2.50 and $10 a million, cached input $1.25.
    let gpt = prices("openai", "gpt-4o");
    assert_eq!(gpt.cost(&usage(1_000_000, 1_000_000), USUAL), dollars("12.5"));
    let cached = Usage { cache_read_tokens: Some(600), ..usage(1000, 50) };
    // 400 × 2.5 µ$ + 600 × 1.25 µ$ + 50 × 10 µ$
    assert_eq!(gpt.cost(&cached, USUAL), dollars("0.00225"));
    // Reasoning is output: $1.25 and $10 a million.
    let thought = Usage { reasoning_tokens: Some(900), ..usage(100, 1000) };
    assert_eq!(prices("openai", "gpt-5").cost(&thought, USUAL), dollars("0.010125"));
    // $3 and $15 a million; 5 min writes $3.75, 1 h writes $6, reads $0.30.
    let claude = prices("anthropic", "claude-sonnet-4-5-20250929");
    let marked = Usage {
        cache_read_tokens: Some(10_000),
        cache_write_tokens: Some(3_000),
        detail: UsageDetail { cache_write_hour_tokens: Some(1_000), ..UsageDetail::default() },
        ..usage(13_500, 200)
    };
    // 500 × 3 + 10000 × 0.3 + 2000 × 3.75 + 1000 × 6 + 200 × 15 µ$
    assert_eq!(claude.cost(&marked, USUAL), dollars("0.021"));
    // $0.02 a million.
    let vectors = Usage { input_tokens: Some(8_000), ..Usage::default() };
    assert_eq!(
        prices("openai", "text-embedding-3-small").cost(&vectors, USUAL),
        dollars("0.00016")
    );
}

#[test]
fn long_prompts_cost_more_from_the_first_token() {
    // $1.25 and $10 up to 200 thousand tokens, $2.50 and $15 above.
    let gemini = prices("gemini", "gemini-2.5-pro");
    assert_eq!(gemini.cost(&usage(200_000, 1_000), USUAL), dollars("0.26"));
    assert_eq!(gemini.cost(&usage(200_001, 1_000), USUAL), dollars("0.5150025"));
    // The bound is of all input, read from the cache or not.
    let cached = Usage { cache_read_tokens: Some(200_000), ..usage(200_001, 0) };
    assert_eq!(gemini.cost(&cached, USUAL), dollars("0.0500025"));
}

#[test]
fn service_tiers_regions_and_quiet_hours_count() {
    let gpt = prices("openai", "gpt-4o");
    let with = |detail| Usage { detail, ..usage(1_000_000, 0) };
    assert_eq!(gpt.cost(&with(tier(ServiceTier::Standard)), USUAL), dollars("2.5"));
    assert_eq!(gpt.cost(&with(tier(ServiceTier::Batch)), USUAL), dollars("1.25"));
    assert_eq!(gpt.cost(&with(tier(ServiceTier::Priority)), USUAL), dollars("4.25"));
    // No price list has these: not known, not the usual price.
    assert_eq!(gpt.cost(&with(tier(ServiceTier::Flex)), USUAL), None);
    assert_eq!(gpt.cost(&with(tier(ServiceTier::Other)), USUAL), None);

    let opus = prices("anthropic", "claude-opus-5-5");
    let us = Circumstances { region: Region::Us, ..USUAL };
    let eu = Circumstances { region: Region::Eu, ..USUAL };
    assert_eq!(opus.cost(&usage(1_000_000, 0), us), dollars("4.4"));
    assert_eq!(opus.cost(&usage(1_000_000, 0), eu), dollars("4"));
    assert_eq!(opus.cost(&with(tier(ServiceTier::Fast)), USUAL), dollars("8"));

    let deepseek = prices("deepseek", "deepseek-v4-pro");
    // 2026-11-20 was a Friday: 02:00 UTC is dear, 11:00 is cheap; Saturday always is.
    let at = |hours: u64| Circumstances::at(Region::Anywhere, 1_795_132_800 + hours * 3600);
    assert_eq!(deepseek.cost(&usage(1_000_000, 0), at(2)), dollars("1.32"));
    assert_eq!(deepseek.cost(&usage(1_000_000, 0), at(11)), dollars("0.66"));
    assert_eq!(deepseek.cost(&usage(1_000_000, 0), at(26)), dollars("0.66"));
}

#[test]
fn what_is_not_known_is_not_free() {
    let gpt = prices("openai", "gpt-4o");
    assert_eq!(gpt.cost(&Usage::default(), USUAL), None);
    let half = Usage { input_tokens: Some(10), ..Usage::default() };
    assert_eq!(gpt.cost(&half, USUAL), None, "the answer was not counted");
    assert_eq!(Prices::default().cost(&usage(10, 10), USUAL), None);
    let only = |kind| Prices {
        rates: vec![Rate { kind, tier: Tier::Standard, above: 0, pico: 5 }],
        ..Prices::default()
    };
    assert_eq!(only(Kind::Input).cost(&usage(10, 1), USUAL), None);
    assert_eq!(only(Kind::Output).cost(&usage(1, 10), USUAL), None);
    // Nothing of a kind costs nothing, whatever it would cost.
    assert_eq!(only(Kind::Input).cost(&usage(10, 0), USUAL), Some(50));
    // Hours are not billed as minutes.
    let mut minutes = only(Kind::Input);
    minutes.rates.push(Rate { kind: Kind::CacheWrite, tier: Tier::Standard, above: 0, pico: 6 });
    let written = Usage {
        cache_write_tokens: Some(4),
        detail: UsageDetail { cache_write_hour_tokens: Some(4), ..UsageDetail::default() },
        ..usage(4, 0)
    };
    assert_eq!(minutes.cost(&written, USUAL), None);
}

#[test]
fn a_factor_holds_for_everything_and_is_rounded_once() {
    let mut gpt = prices("openai", "gpt-4o");
    gpt.factor = Some(900);
    assert_eq!(gpt.cost(&usage(1_000_000, 0), USUAL), dollars("2.25"));
    let mut tiny = Prices {
        rates: vec![Rate { kind: Kind::Input, tier: Tier::Standard, above: 0, pico: 1 }],
        factor: Some(1),
        ..Prices::default()
    };
    assert_eq!(tiny.cost(&usage(499, 0), USUAL), Some(0));
    assert_eq!(tiny.cost(&usage(500, 0), USUAL), Some(1));
    tiny.factor = Some(u64::MAX);
    tiny.rates[0].pico = u64::MAX;
    assert_eq!(tiny.cost(&usage(u64::MAX, 0), USUAL), None, "more than can be said");
}

#[test]
fn counts_that_contradict_each_other_are_billed_as_they_are() {
    let gpt = prices("openai", "gpt-4o");
    let more_cached = Usage { cache_read_tokens: Some(100), ..usage(10, 0) };
    assert_eq!(gpt.cost(&more_cached, USUAL), Some(100 * 1_250_000));
    let more_thought = Usage { reasoning_tokens: Some(100), ..usage(0, 10) };
    assert_eq!(gpt.cost(&more_thought, USUAL), Some(10 * 10_000_000));
}

fn any_usage(most: u64) -> impl Strategy<Value = Usage> {
    let count = || proptest::option::of(0..=most);
    let detail = (count(), count(), count()).prop_map(|(hour, input, output)| UsageDetail {
        cache_write_hour_tokens: hour,
        input_audio_tokens: input,
        output_audio_tokens: output,
        tier: None,
    });
    (count(), count(), count(), count(), count(), detail).prop_map(
        |(input, output, read, write, reasoning, detail)| Usage {
            input_tokens: input,
            output_tokens: output,
            cache_read_tokens: read,
            cache_write_tokens: write,
            reasoning_tokens: reasoning,
            detail,
        },
    )
}

fn any_prices() -> impl Strategy<Value = Prices> {
    let rate = (0..Kind::ALL.len(), 0..Tier::ALL.len(), 0_u64..3, any::<u64>()).prop_map(
        |(kind, tier, above, pico)| Rate {
            kind: Kind::ALL[kind],
            tier: Tier::ALL[tier],
            above: above * 100_000,
            pico,
        },
    );
    (proptest::collection::vec(rate, 0..12), proptest::option::of(any::<u64>()))
        .prop_map(|(rates, factor)| Prices { rates, factor, ..Prices::default() })
}

proptest! {
    #[test]
    fn no_usage_and_no_price_overflow(
        usage in any_usage(u64::MAX),
        prices in any_prices(),
        minute in 0_u16..,
    ) {
        let _ = prices.cost(&usage, Circumstances { minute_of_week: minute, ..USUAL });
    }

    #[test]
    fn more_tokens_never_cost_less(
        usage in any_usage(1_000_000),
        more in (0_u64..1_000_000, 0_u64..1_000_000),
        model in proptest::sample::select(vec![
            ("openai", "gpt-4o"), ("openai", "gpt-5.4"), ("anthropic", "claude-opus-5-5"),
            ("gemini", "gemini-2.5-pro"), ("qwen", "qwen3-max"),
            ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ]),
    ) {
        let prices = prices(model.0, model.1);
        let greater = Usage {
            input_tokens: usage.input_tokens.map(|input| input + more.0),
            output_tokens: usage.output_tokens.map(|output| output + more.1),
            ..usage
        };
        if let Some(less) = prices.cost(&usage, USUAL) {
            let cost = prices.cost(&greater, USUAL).unwrap();
            prop_assert!(cost >= less, "{usage:?} {less}, {greater:?} {cost}");
        }
    }

    #[test]
    fn two_halves_cost_what_the_whole_does(input in 0_u64..50_000, output in 0_u64..50_000) {
        let gpt = prices("openai", "gpt-4o");
        let whole = gpt.cost(&usage(input * 2, output * 2), USUAL).unwrap();
        prop_assert_eq!(whole, 2 * gpt.cost(&usage(input, output), USUAL).unwrap());
    }
}
