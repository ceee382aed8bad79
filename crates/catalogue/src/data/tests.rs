//! The data is whole, and every model is found where it stands.

use super::*;

const SMALL: &str = "# a comment\na/one in=1\na/three in=3\na/two in=2\nb/one in=4\n";

#[test]
fn the_embedded_data_is_read_as_it_is_written() {
    assert!(check(EMBEDDED).unwrap() > 1000);
    assert!(Notice::TEXT.contains("MIT License"));
}

#[test]
fn every_embedded_model_is_found_by_its_name() {
    for line in EMBEDDED.lines().filter(|line| !line.starts_with('#')) {
        let (name, model) = line::read(line).unwrap();
        assert_eq!(find(EMBEDDED, name), Some(model), "{name}");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    for name in ["", "a", "a/", "a/on", "a/onee", "a/tw", "b/one ", "c/one", "# a comment", "\n"] {
        assert_eq!(find(SMALL, name), None, "{name:?}");
    }
    for (text, name) in [("", "a/b"), ("\n\n", "a/b"), ("# only", "a/b"), ("a/b", "a/c")] {
        assert_eq!(find(text, name), None, "{text:?}");
    }
    assert!(find("a/b in=1", "a/b").is_some());
    assert!(find(SMALL, "a/two").is_some());
}

#[test]
fn data_that_is_not_as_it_must_be_is_refused() {
    for (text, why) in [
        ("", "there is no model"),
        ("# c\n", "there is no model"),
        ("a/b\na/b\n", "line 2: `a/b` is out of order"),
        ("a/c\na/b\n", "line 2: `a/b` is out of order"),
        ("a/b out=1 in=1\n", "line 1: `a/b` has its words in another order, or some twice"),
        ("a/b in=1 in=1 up=1\n", "line 1: `up=1` is no word of a model's line"),
    ] {
        assert_eq!(check(text).unwrap_err().to_string(), why, "{text:?}");
    }
    assert_eq!(check(SMALL), Ok(4));
}
