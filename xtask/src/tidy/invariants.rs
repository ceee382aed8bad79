//! The numbered invariants of `docs/architecture.md` name what holds them, and it exists.
//!
//! An invariant is a numbered item under a heading with the word "invariants". It says "held by"
//! and then, in backticks, names of test functions (perhaps with their path), `cargo xtask arch`
//! or `tidy`, or lints of the workspace.

use std::collections::BTreeSet;

use super::Finding;
use super::files::File;

const PAGE: &str = "docs/architecture.md";

/// Every invariant that nothing holds.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let Some(page) = files.iter().find(|file| file.path == PAGE) else {
        return vec![Finding::file(PAGE, "is missing")];
    };
    let holders = holders(files);
    let items = items(&page.text);
    if items.is_empty() {
        return vec![Finding::file(PAGE, "lists no numbered invariants")];
    }
    items.iter().flat_map(|item| unheld(item, &holders)).collect()
}

/// One numbered invariant.
#[derive(Debug)]
struct Item {
    line: usize,
    text: String,
}

/// What may hold an invariant, by name.
fn holders(files: &[File]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> =
        ["cargo xtask arch", "cargo xtask tidy"].map(str::to_owned).into();
    for file in files {
        names.extend(tests(file));
    }
    for file in files.iter().filter(|file| file.path == "Cargo.toml") {
        let lints = file.text.lines().skip_while(|line| !line.starts_with("[workspace.lints"));
        names.extend(
            lints.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.to_owned()),
        );
    }
    names
}

/// The names of the test functions in a file.
fn tests(file: &File) -> Vec<String> {
    let python = file.path.ends_with(".py");
    if !python && !file.is_rust() {
        return Vec::new();
    }
    let mut names = Vec::new();
    let mut marked = false;
    for line in file.text.lines().map(str::trim_start) {
        marked |= line.starts_with("#[") && line.contains("test");
        let Some((_, rest)) = line.split_once(if python { "def test" } else { "fn " }) else {
            continue;
        };
        let rest = if python { format!("test{rest}") } else { rest.to_owned() };
        if python || marked {
            names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
        marked = false;
    }
    names
}

/// The numbered items under the heading of invariants.
fn items(text: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('#') {
            inside = line.to_lowercase().contains("invariants");
        } else if inside && starts_an_item(line) {
            items.push(Item { line: index + 1, text: line.to_owned() });
        } else if inside && let Some(item) = items.last_mut() {
            item.text.push(' ');
            item.text.push_str(line);
        }
    }
    items
}

fn starts_an_item(line: &str) -> bool {
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    digits > 0 && line.get(digits..).is_some_and(|rest| rest.starts_with(". "))
}

fn unheld(item: &Item, holders: &BTreeSet<String>) -> Vec<Finding> {
    let lower = item.text.to_lowercase();
    // Lower-casing keeps byte positions for the ASCII that the page is written in.
    let Some(claims) = lower.find("held by").and_then(|at| item.text.get(at..)) else {
        return vec![Finding::line(PAGE, item.line, "the invariant names nothing that holds it")];
    };
    let names: Vec<&str> = claims.split('`').skip(1).step_by(2).collect();
    if names.is_empty() {
        return vec![Finding::line(PAGE, item.line, "`held by` names no test in backticks")];
    }
    names
        .iter()
        .filter(|name| !holders.contains(name.rsplit("::").next().unwrap_or(name)))
        .map(|name| Finding::line(PAGE, item.line, format!("no test or lint `{name}`")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(page: &str) -> Vec<File> {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        vec![
            file("Cargo.toml", "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"),
            file(PAGE, page),
            file(
                "crates/a/src/lib.rs",
                "//! A.\n#[test]\nfn nothing_is_lost() {}\n\nfn helps() {}\n",
            ),
            file("xtask/e2e/py/test_a.py", "def test_nothing_is_doubled(gateway):\n"),
        ]
    }

    #[test]
    fn held_invariants_pass() {
        let page = "# The house\n\n## Invariants\n\n1. Nothing is lost; held by\n   \
                    `a::tests::nothing_is_lost` and `test_nothing_is_doubled`.\n2. Arrows: held by \
                    `cargo xtask arch`.\n3. Held by `unsafe_code`.\n\n## Else\n\n1. no invariant\n";
        assert_eq!(check(&files(page)), []);
    }

    #[test]
    fn an_invariant_without_a_living_test_fails() {
        let page = "## Invariants\n1. Kept. Held by `was_renamed`.\n2. Kept by faith.\n3. Held by us.\n4. Held by `helps`.\n";
        let findings = check(&files(page));
        let lines: Vec<_> = findings.iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [Some(2), Some(3), Some(4), Some(5)], "{findings:?}");
    }

    #[test]
    fn a_page_without_invariants_fails() {
        assert_eq!(check(&files("# The house\n")).len(), 1);
        assert_eq!(check(&[]).len(), 1);
    }
}
