//! Text from anywhere: it is refused or understood, in bounded time and memory, and never a panic.

use proptest::prelude::*;
use std::time::Duration;
use tollgate_config::parse;

use crate::support::{VENDORS, from_env, from_files};

/// A configuration with every kind of value, to be mutilated.
const EVERYTHING: &str = include_str!("../../../../config/everything.yaml");

#[test]
fn alias_bombs_are_refused_early() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..30 {
        let before = n - 1;
        let row = vec![format!("*a{before}"); 10].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{row}]\n"));
    }
    let said = parse(&text, VENDORS).unwrap_err().to_string();
    assert!(said.contains("too large, too deep or too many aliases"), "{said}");
    let said = parse("a: &a { b: *a }", VENDORS).unwrap_err().to_string();
    assert!(said.starts_with("1 problem"), "{said}");
}

#[test]
fn depth_is_bounded_in_every_format() {
    let deep = |open: &str, close: &str| open.repeat(5000) + &close.repeat(5000);
    assert!(parse(&format!("models: {}", deep("[", "]")), VENDORS).is_err());
    assert!(parse(&format!("models: {}", deep("{a: ", "}")), VENDORS).is_err());
    let blocks: String = (0..2000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert!(parse(&blocks, VENDORS).is_err());
    assert!(from_files(&[("a.toml", &format!("a = {}", deep("[", "]")))], &[]).is_err());
    assert!(from_env(&[("TOLLGATE__MODELS", &deep("[", "]"))]).is_err());
    assert!(from_env(&[("TOLLGATE__MODELS", &deep("{a=", "}"))]).is_err());
    let path = format!("TOLLGATE__MODELS{}", "__A".repeat(3000));
    assert!(from_env(&[(&path, "x")]).is_err());
}

#[test]
fn wide_files_are_bounded() {
    let wide: String = (0..30_000).map(|n| format!("key{n}: {n}\n")).collect();
    let errors = parse(&wide, VENDORS).unwrap_err();
    assert!(errors.0.len() <= 201);
    assert!(errors.to_string().contains("more problems are not shown"));
    let large = format!("# {}\n", "x".repeat(5 << 20));
    let said = from_files(&[("a.yaml", &large)], &[]).unwrap_err().to_string();
    assert!(said.contains("is larger than"), "{said}");
}

#[test]
fn a_long_chain_of_fallbacks_is_walked() {
    let mut text = String::from("models:\n");
    for n in 0..3000 {
        text.push_str(&format!("  m{n}: {{ provider: mock, fallbacks: [m{}] }}\n", n + 1));
    }
    text.push_str("  m3000: { provider: mock }\n");
    assert_eq!(parse(&text, VENDORS).unwrap().models.len(), 3001);
    let text =
        text.replace("  m3000: { provider: mock }", "  m3000: { provider: mock, fallbacks: [m0] }");
    let said = parse(&text, VENDORS).unwrap_err().to_string();
    assert!(said.contains("fallbacks go in a circle: m0 -> m1"), "{said}");
}

#[test]
fn durations_never_overflow() {
    for text in ["1e300", "9223372036854775807", "-0.0001", "1e-320", ".nan", "1000000000000h"] {
        let text =
            format!("defaults: {{ timeout: {text} }}\nmodels: {{ a: {{ provider: mock }} }}");
        match parse(&text, VENDORS) {
            Ok(config) => assert!(config.models[0].timeouts.total < Duration::from_secs(604_801)),
            Err(errors) => assert!(!errors.0.is_empty()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_accepted_or_refused(text in "\\PC{0,200}") {
        if let Err(errors) = parse(&text, VENDORS) {
            prop_assert!(!errors.0.is_empty());
        }
    }

    #[test]
    fn any_yaml_like_text_is_accepted_or_refused(text in "([a-z]{1,6}|[:{}\\[\\],&*!|>\"'#%@`\\-?<]| |\n|\t|[0-9.]){0,120}") {
        let _ = parse(&text, VENDORS);
        let _ = from_files(&[("a.toml", &text)], &[]);
    }

    #[test]
    fn a_mutilated_configuration_is_accepted_or_refused(
        at in 0_usize..10_000,
        len in 0_usize..12,
        insert in "[a-z:{}\\[\\], \n&*!\"'#0-9-]{0,6}",
    ) {
        let chars: Vec<char> = EVERYTHING.chars().collect();
        let at = at % chars.len();
        let until = (at + len).min(chars.len());
        let text: String = chars[..at].iter().collect::<String>()
            + &insert
            + &chars[until..].iter().collect::<String>();
        if let Err(errors) = parse(&text, VENDORS) {
            prop_assert!(!errors.0.is_empty());
        }
    }

    #[test]
    fn any_variable_is_accepted_or_refused(name in "[A-Z_0-9]{0,24}", value in "\\PC{0,60}") {
        let _ = from_env(&[(&format!("TOLLGATE__{name}"), &value)]);
        let _ = from_env(&[(&format!("OPENAI_{name}"), &value), ("OPENAI_API_KEYS", &value)]);
        let _ = from_env(&[("OPENAI_API_KEY", "k"), ("OPENAI_MODELS", &value)]);
    }
}
