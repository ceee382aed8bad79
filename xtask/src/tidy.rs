//! `cargo xtask tidy`: the house rules that no compiler knows.
//!
//! Rules are functions from text to findings, so that each is tested on a text that breaks it.
//! A rule never edits; it names file, line and what to do.

mod files;
mod invariants;
mod layout;
mod rules;

use anyhow::{Result, bail};
use std::fmt;

use crate::{report, shell};

/// Something that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Where, relative to the root.
    path: String,
    /// Line from 1, where a line is at fault.
    line: Option<usize>,
    /// What is wrong and what to do.
    what: String,
}

impl Finding {
    /// A finding about a whole file.
    fn file(path: &str, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, what: what.into() }
    }

    /// A finding in line `line`, counted from 1.
    fn line(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: Some(line), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.what),
            None => write!(f, "{}: {}", self.path, self.what),
        }
    }
}

/// Checks the repository.
///
/// # Errors
/// When a file cannot be read, or when a rule is broken.
pub(crate) fn run() -> Result<()> {
    let root = shell::root()?;
    let files = files::read(&root)?;
    let mut findings = layout::top_level(&files::top_level(&root)?);
    findings.extend(layout::readmes(&files));
    findings.extend(invariants::check(&files));
    let mut long = Vec::new();
    for file in &files {
        findings.extend(rules::check(file));
        long.extend(rules::growing(file));
    }
    for warning in long {
        report::line(&format!("warning: {warning}"));
    }
    if findings.is_empty() {
        report::line(&format!("tidy: {} files keep the house rules", files.len()));
        return Ok(());
    }
    for finding in &findings {
        report::problem(&finding.to_string());
    }
    bail!("{} house rules broken (CONTRIBUTING.md)", findings.len());
}
