//! A model has one spelling, and what is none is named.

use super::*;
use proptest::prelude::*;

#[test]
fn a_line_says_what_it_says() {
    let line = "v/m context=10 +images -audio reasoning=always in=5 cr>200=7 in@batch=2 ~us=1100 \
                off:1-5/0-60";
    let (name, model) = read(line).unwrap();
    assert_eq!(name, "v/m");
    assert_eq!(model.capabilities.context, Some(10));
    assert_eq!((model.capabilities.images, model.capabilities.audio), (Some(true), Some(false)));
    assert_eq!(model.capabilities.tools, None);
    assert_eq!(model.capabilities.reasoning, Some(ReasoningStyle::Always));
    assert_eq!(model.prices.rate(Kind::CacheRead, Tier::Standard, 201), Some(7));
    assert_eq!(model.prices.rate(Kind::CacheRead, Tier::Standard, 200), None);
    assert_eq!(model.prices.rate(Kind::Input, Tier::Batch, 0), Some(2));
    assert_eq!(model.prices.regions, [(Region::Us, 1100)]);
    assert_eq!(model.prices.windows, [Window { first: 1, last: 5, from: 0, to: 60 }]);
    assert_eq!(write(name, &model), line);
}

#[test]
fn what_is_no_word_is_named() {
    for (line, word) in [
        ("no-vendor in=1", "no-vendor in=1"),
        ("v/m +sight", "+sight"),
        ("v/m in=-1", "in=-1"),
        ("v/m in=1.5", "in=1.5"),
        ("v/m in@slow=1", "in@slow=1"),
        ("v/m in>x=1", "in>x=1"),
        ("v/m rent=1", "rent=1"),
        ("v/m reasoning=deep", "reasoning=deep"),
        ("v/m ~mars=1", "~mars=1"),
        ("v/m off:5-1/0-60", "off:5-1/0-60"),
        ("v/m off:1-5/60-60", "off:1-5/60-60"),
        ("v/m off:1-5/0-1441", "off:1-5/0-1441"),
        ("v/m in=99999999999999999999", "in=99999999999999999999"),
        ("v/m  in=1", ""),
    ] {
        assert_eq!(read(line).unwrap_err().word, word, "{line}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_line_or_refused(text in "[ -~]{0,80}") {
        let _ = read(&text);
    }
}
