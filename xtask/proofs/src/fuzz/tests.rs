//! The driver finds what is broken, makes it small, and does the same again from the same seed.

use super::driver;
use super::targets::{TARGETS, Target};
use super::*;

/// Breaks on a bracket that is not closed.
fn fragile(input: &[u8]) -> u64 {
    let open = input.iter().filter(|byte| **byte == b'[').count();
    let closed = input.iter().filter(|byte| **byte == b']').count();
    assert!(open <= closed, "a bracket stays open");
    open as u64
}

fn sound(input: &[u8]) -> u64 {
    u64::try_from(input.len().min(8)).unwrap_or_default()
}

const fn target(run: fn(&[u8]) -> u64, swept: bool) -> Target {
    Target { name: "test", about: "", swept, run }
}

const CORPUS: &[u8] = br#"{"a": [1, 2, {"b": [3]}], "c": "d"}"#;

fn ran(target: &Target) -> driver::Run {
    check::quietly(|| {
        driver::run(target, &[CORPUS.to_vec()], 7, (Duration::from_millis(200), None))
    })
}

#[test]
fn what_is_broken_is_found_made_small_and_found_again() {
    let target = target(fragile, false);
    let (first, second) = (ran(&target), ran(&target));
    let (first, second) = (first.failure.unwrap(), second.failure.unwrap());
    assert_eq!(first.input, b"[");
    assert!(first.said.contains("a bracket stays open"), "{}", first.said);
    assert_eq!(first.input, second.input);
}

#[test]
fn every_slip_is_tried_before_chance() {
    let run = ran(&target(fragile, true));
    assert_eq!(run.failure.unwrap().input, b"[");
    assert!(run.tries < 100, "{}", run.tries);
    let run = ran(&target(sound, true));
    assert!(run.failure.is_none() && run.tries > 4 * CORPUS.len() as u64);
}

/// What a run would begin with: each rule holds for the whole corpus, also where no run is made.
#[test]
fn the_corpus_keeps_every_rule() {
    for target in TARGETS {
        let inputs = corpus::read(target.name).unwrap();
        assert!(inputs.len() >= 2, "{}: {} inputs", target.name, inputs.len());
        for input in inputs {
            feed(target.name, &input);
        }
    }
}

#[test]
fn names_are_unique_and_unknown_ones_are_refused() {
    let mut names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), TARGETS.len());
    let error = chosen(&["nonsense".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("no target is called nonsense"), "{error}");
    assert_eq!(chosen(&["config".to_owned()]).unwrap().len(), 3);
}
