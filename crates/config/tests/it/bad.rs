//! Broken configurations and exactly what is said of each: `bad/*.txt` hold text and messages side
//! by side. `TOLLGATE_BLESS=1` writes what is said now, to be read before it is committed.

use std::path::Path;
use tollgate_config::parse;

use crate::support::VENDORS;

struct Case {
    name: String,
    text: String,
    expected: String,
}

fn cases(file: &str) -> Vec<Case> {
    file.split("### ")
        .skip(1)
        .map(|case| {
            let (name, rest) = case.split_once('\n').unwrap();
            let (text, expected) = rest.split_once("=> said\n").unwrap();
            let trim = |text: &str| text.trim_matches('\n').to_owned();
            Case { name: name.to_owned(), text: trim(text), expected: trim(expected) }
        })
        .collect()
}

fn said(text: &str) -> String {
    let errors = match parse(text, VENDORS) {
        Ok(_) => return "accepted".to_owned(),
        Err(errors) => errors,
    };
    let lines: Vec<String> = errors
        .0
        .iter()
        .map(|problem| problem.to_string().replace("configuration:", "").trim().to_owned())
        .collect();
    lines.join("\n")
}

fn check(name: &str) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/bad").join(name);
    let file = std::fs::read_to_string(&path).unwrap();
    let cases = cases(&file);
    if std::env::var_os("TOLLGATE_BLESS").is_some() {
        let blessed: Vec<String> = cases
            .iter()
            .map(|case| {
                format!("### {}\n{}\n=> said\n{}\n", case.name, case.text, said(&case.text))
            })
            .collect();
        std::fs::write(&path, blessed.join("\n")).unwrap();
        return cases.len();
    }
    for case in &cases {
        assert_eq!(said(&case.text), case.expected, "{name}: {}", case.name);
        assert_ne!(case.expected, "accepted", "{name}: {}", case.name);
    }
    cases.len()
}

#[test]
fn every_broken_configuration_is_refused_in_these_words() {
    let files =
        ["syntax.txt", "server.txt", "models.txt", "deployments.txt", "media.txt", "providers.txt"];
    let count: usize = files.iter().map(|file| check(file)).sum();
    assert!(count >= 100, "only {count} cases");
}

#[test]
fn problems_of_different_parts_are_told_at_once() {
    let text = "
server: { listen: here, body_limit: 0 }
defaults: { strategy: fastest, timeout: soon }
models:
  a: { provider: opnai, model: x, weight: 0 }
  b: { provider: mock, fallbacks: [c] }
zzz: 1
";
    let said = said(text);
    assert_eq!(said.lines().count(), 8, "{said}");
}
