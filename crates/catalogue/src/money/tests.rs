//! Prices are exact, and what is no price is refused.

use super::*;
use proptest::prelude::*;

#[test]
fn dollars_per_million_are_whole_pico_dollars_per_token() {
    for (said, pico) in [
        ("0", 0),
        ("4", 4_000_000),
        ("2.50", 2_500_000),
        ("0.0825", 82_500),
        ("0.000001", 1),
        ("150.0000000", 150_000_000),
        ("007.5", 7_500_000),
    ] {
        assert_eq!(per_million(said), Ok(pico), "{said}");
    }
}

#[test]
fn what_is_no_price_is_refused() {
    for (said, why) in [
        ("", BadPrice::NotDecimal),
        (".5", BadPrice::NotDecimal),
        ("-1", BadPrice::NotDecimal),
        ("1e3", BadPrice::NotDecimal),
        ("1,5", BadPrice::NotDecimal),
        ("1.2.3", BadPrice::NotDecimal),
        ("$1", BadPrice::NotDecimal),
        ("0.0000001", BadPrice::TooFine),
        ("10000000001", BadPrice::TooLarge),
        ("99999999999999999999999999", BadPrice::TooLarge),
    ] {
        assert_eq!(per_million(said), Err(why), "{said}");
    }
}

#[test]
fn dollars_per_token_are_rounded_to_the_nearest_pico_dollar() {
    for (said, pico) in [
        ("0.0000025", 2_500_000),
        ("0.00000019999999999999998", 200_000),
        ("0.0000000000004", 0),
        ("0.0000000000005", 1),
        ("1", 1_000_000_000_000),
    ] {
        assert_eq!(per_token(said), Ok(pico), "{said}");
    }
}

proptest! {
    #[test]
    fn what_is_shown_is_read_again(pico in 0..=MOST) {
        prop_assert_eq!(per_million(&shown_per_million(pico)), Ok(pico));
    }

    #[test]
    fn any_text_is_a_price_or_refused(text in "[0-9.eE+-]{0,40}") {
        let _ = (per_million(&text), per_token(&text));
    }
}
