//! Expansion, table by table.

use super::*;
use crate::problem::ConfigErrors;
use crate::tree::{Entry, Span};
use proptest::prelude::*;

fn env() -> BTreeMap<String, String> {
    [("KEY", "sk-1"), ("EMPTY", ""), ("QUOTE", "a\": {b: c}\n- d"), ("REF", "${KEY}")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn expanded(text: &str) -> Result<(String, Written), ConfigErrors> {
    let mut report = Report::default();
    let mut root =
        Node::map(vec![Entry::new("a", Node::literal(text, Span::whole(0)))], Span::whole(0));
    expand(&mut root, "", &env(), &mut report);
    report.finish()?;
    let Value::Text(text) = &root.get("a").unwrap().value else { panic!("no text") };
    Ok((text.text.clone(), text.written))
}

#[test]
fn references_become_values_once() {
    let table = [
        ("plain", "plain", Written::Literally),
        ("${KEY}", "sk-1", Written::Expanded),
        ("a${KEY}b${KEY}c", "ask-1bsk-1c", Written::Expanded),
        ("${EMPTY}", "", Written::Expanded),
        ("${EMPTY:-x}", "x", Written::Expanded),
        ("${KEY:-x}", "sk-1", Written::Expanded),
        ("${NONE:-x:-y}", "x:-y", Written::Expanded),
        ("${NONE:-}", "", Written::Expanded),
        ("${NONE:-${ALSO_NONE:-${KEY}}}", "sk-1", Written::Expanded),
        ("${QUOTE}", "a\": {b: c}\n- d", Written::Expanded),
        ("${REF}", "${KEY}", Written::Expanded),
        ("os.environ/KEY", "sk-1", Written::Expanded),
        ("os.environ/REF", "${KEY}", Written::Expanded),
        ("see os.environ/KEY", "see os.environ/KEY", Written::Literally),
        ("$${KEY}", "${KEY}", Written::Literally),
        ("$${KEY} ${KEY}", "${KEY} sk-1", Written::Expanded),
        ("$KEY $ { } $$", "$KEY $ { } $$", Written::Literally),
        ("file: is a word", "file: is a word", Written::Literally),
        ("{{mustache}}", "{{mustache}}", Written::Literally),
    ];
    for (text, value, written) in table {
        assert_eq!(expanded(text).unwrap(), (value.to_owned(), written), "{text}");
    }
}

#[test]
fn what_cannot_be_expanded_is_reported_with_its_path() {
    let table = [
        ("${NONE}", "a: the environment variable NONE is not set"),
        ("${}", "a: `${...}` does not hold the name of a variable"),
        ("${1A}", "a: `${...}` does not hold the name of a variable"),
        ("os.environ/", "a: `os.environ/` is not followed by the name"),
        ("os.environ/A}", "a: `os.environ/` is not followed by the name"),
        ("os.environ/NONE", "a: the environment variable NONE is not set"),
        ("${KEY", "a: `${` without its `}`"),
        ("${NONE:-${KEY}", "a: `${` without its `}`"),
        ("file:../secret", "a: `file:` needs an absolute path"),
        ("file:/no/such/file", "a: cannot read the file /no/such/file"),
    ];
    for (text, message) in table {
        let said = expanded(text).unwrap_err().to_string();
        assert!(said.contains(message), "{text}: {said}");
    }
    let deep = format!("{}{}", "${A:-".repeat(20), "}".repeat(20));
    assert!(expanded(&deep).unwrap_err().to_string().contains("nested too deeply"));
}

#[test]
fn files_give_their_contents_without_the_line_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    std::fs::write(&path, "sk-from-file\r\n").unwrap();
    for text in [format!("file:{}", path.display()), format!("file://{}", path.display())] {
        assert_eq!(expanded(&text).unwrap(), ("sk-from-file".to_owned(), Written::Expanded));
    }
    std::fs::write(&path, vec![b'x'; 70_000]).unwrap();
    let said = expanded(&format!("file:{}", path.display())).unwrap_err().to_string();
    assert!(said.contains("larger than"), "{said}");
    std::fs::write(&path, [0xFF, 0xFE]).unwrap();
    let said = expanded(&format!("file:{}", path.display())).unwrap_err().to_string();
    assert!(said.contains("not UTF-8"), "{said}");
}

proptest! {
    #[test]
    fn any_text_is_expanded_or_refused(text in "[${}:a-zA-Z_\\-/.é ]{0,40}") {
        let _ = expanded(&text);
    }

    #[test]
    fn text_without_references_stays(text in "[^$]{0,40}") {
        prop_assume!(!text.starts_with("file:"));
        prop_assert_eq!(expanded(&text).unwrap().0, text);
    }
}
