//! The matrix is whole, and a field that vanishes is found.

use super::outcome::{self, Outcome, Sent};
use super::probe::{Probe, Probes};
use super::*;
use tollgate_core_types::Lost;

fn probe(text: &str) -> Probe {
    serde_json::from_str(text).unwrap()
}

fn sent(text: &str, lost: Vec<Lost>) -> Sent {
    Sent::Text { text: text.to_owned(), lost }
}

#[test]
fn nothing_vanishes_without_a_word() {
    let (page, faults) = run().unwrap();
    assert_eq!(faults, [], "{faults:#?}");
    assert!(page.contains("### `openai.chat`") && page.contains("| kept |"));
}

#[test]
fn a_field_that_changes_nothing_and_is_not_named_is_found() {
    let asked = probe(r#"{"field": "seed", "value": 7131}"#);
    let same = sent("{}", Vec::new());
    assert!(matches!(outcome::of(&asked, "v", &same, &same), Outcome::Silent(_)));
    let named = sent("{}", vec![Lost::dropped("seed")]);
    assert_eq!(outcome::of(&asked, "v", &same, &named), Outcome::Dropped(vec!["seed".to_owned()]));
    let kept = sent(r#"{"seed":7131}"#, Vec::new());
    assert_eq!(outcome::of(&asked, "v", &same, &kept), Outcome::Kept);
}

#[test]
fn a_value_that_arrives_as_another_one_without_a_word_is_found() {
    let asked = probe(r#"{"field": "temperature", "value": 1.7}"#);
    let without = sent("{}", Vec::new());
    let clamped = sent(r#"{"temperature":1.0}"#, Vec::new());
    assert!(matches!(outcome::of(&asked, "v", &without, &clamped), Outcome::Silent(_)));
    let told = sent(r#"{"temperature":1.0}"#, vec![Lost::approximated("temperature")]);
    assert!(matches!(outcome::of(&asked, "v", &without, &told), Outcome::Approximated(_)));
}

#[test]
fn losses_of_the_body_around_a_field_are_not_its_own() {
    let asked = probe(r#"{"field": "tools[0].strict", "value": true}"#);
    let without = sent("{}", vec![Lost::dropped("tools[0].defer")]);
    assert!(matches!(outcome::of(&asked, "v", &without, &without), Outcome::Silent(_)));
}

#[test]
fn a_probe_stands_where_it_says() {
    let probes = r#"{"dialect": "d", "sdk": "s", "base": {"a": [{"b": 1}]}, "given": {"c": {}},
        "probes": [{"field": "a[0].x.y[0]", "value": "zq"}, {"field": "z", "value": 1, "given": "c"}]}"#;
    let probes = Probes::read("d", probes).unwrap();
    let bodies = |at: usize| probes.bodies(probes.probes.get(at).unwrap()).unwrap();
    assert_eq!(bodies(0).1.to_string(), r#"{"a":[{"b":1,"x":{"y":["zq"]}}]}"#);
    assert_eq!(bodies(1).1.to_string(), r#"{"z":1}"#);
    assert_eq!(probes.probes.first().unwrap().shown(), "`a[].x.y[]`");
}
