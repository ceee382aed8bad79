//! Rules about one file's text.

use super::Finding;
use super::files::File;

/// A longer file is two files.
const MOST_LINES: usize = 800;
/// From here on a file is on its way to be two.
const MANY_LINES: usize = 500;

/// Marks of unfinished work. Put together here so that this file does not hold them.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("#[ig", "nore"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
];

/// Beginnings of paths that exist on one machine only.
const MACHINE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// What lockfiles say about where one machine downloads from.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("\"reso", "lved\": \"http"),
    concat!("--index", "-url"),
    concat!("--extra-index", "-url"),
];

/// Waiting for real time to pass.
const SLEEP: &str = concat!("time::sl", "eep(");

/// Everything that breaks a rule in `file`.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    if file.is_rust() {
        findings.extend(opening(file));
        findings.extend(module_file(file));
        findings.extend(too_long(file));
        findings.extend(globs(file));
        findings.extend(sleeps(file));
    }
    if is_code(&file.path) {
        findings.extend(lines_with(file, UNFINISHED, "unfinished work is an issue, not a comment"));
    }
    if file.path != "Cargo.lock" {
        findings.extend(machine_paths(file));
        findings.extend(lines_with(file, REGISTRY_HOSTS, "names a package registry's host"));
    }
    findings
}

/// A warning for a file that grows past its room.
pub(super) fn growing(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    (file.is_rust() && lines > MANY_LINES && lines <= MOST_LINES)
        .then(|| Finding::file(&file.path, format!("{lines} lines: think of a cut")))
}

fn is_code(path: &str) -> bool {
    [".rs", ".py", ".mjs", ".js", ".sh", ".toml", ".yml", ".yaml"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

/// Whether the whole file is test code.
fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.ends_with("_tests.rs")
}

/// The line, from 0, at which a file's inline tests begin.
fn tests_begin(file: &File) -> Option<usize> {
    if is_test_file(&file.path) {
        return Some(0);
    }
    file.text.lines().position(|line| line.trim() == "#[cfg(test)]")
}

fn opening(file: &File) -> Option<Finding> {
    (!file.text.starts_with("//! "))
        .then(|| Finding::file(&file.path, "begins without `//!`: what it is and why it exists"))
}

fn module_file(file: &File) -> Option<Finding> {
    file.path
        .ends_with("/mod.rs")
        .then(|| Finding::file(&file.path, "modules are `name.rs` with `name/` beside it"))
}

fn too_long(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    (lines > MOST_LINES)
        .then(|| Finding::file(&file.path, format!("{lines} lines; at most {MOST_LINES}")))
}

fn globs(file: &File) -> Vec<Finding> {
    let tests = tests_begin(file).unwrap_or(usize::MAX);
    numbered(file)
        .filter(|(number, line)| {
            let line = line.trim();
            *number <= tests
                && (line.starts_with("use crate::") || line.starts_with("use super::"))
                && line.ends_with("::*;")
        })
        .map(|(number, _)| Finding::line(&file.path, number, "glob import outside tests"))
        .collect()
}

/// A test that sleeps is slow or flaky, unless time is paused. A heuristic: file by file.
fn sleeps(file: &File) -> Vec<Finding> {
    let paused = file.text.contains("start_paused") || file.text.contains("pause()");
    let Some(tests) = tests_begin(file).filter(|_| !paused) else { return Vec::new() };
    numbered(file)
        .filter(|(number, line)| *number > tests && line.contains(SLEEP))
        .map(|(number, _)| Finding::line(&file.path, number, "a test sleeps without paused time"))
        .collect()
}

fn machine_paths(file: &File) -> Vec<Finding> {
    numbered(file)
        .filter(|(_, line)| MACHINE_PATHS.iter().any(|path| begins_a_path(line, path)))
        .map(|(number, _)| Finding::line(&file.path, number, "a path of somebody's machine"))
        .collect()
}

/// Whether `path` stands in `line` as the beginning of a path, not inside a longer one.
fn begins_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "._-/}*".contains(c))
    })
}

fn lines_with(file: &File, marks: &[&str], what: &str) -> Vec<Finding> {
    numbered(file)
        .filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)))
        .map(|(number, _)| Finding::line(&file.path, number, what))
        .collect()
}

/// The lines with their numbers from 1.
fn numbered(file: &File) -> impl Iterator<Item = (usize, &str)> {
    file.text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests;
