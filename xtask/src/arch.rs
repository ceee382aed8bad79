//! `cargo xtask arch`: the crates' dependencies against the table of the architecture.
//!
//! The table stands in [`table`] as data. Every dependency among our crates that it does not name
//! fails, as does a third-party crate used outside the crates that own it. Dev-dependencies are
//! left aside: a test may use whatever it needs.

mod table;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::collections::BTreeSet;

use crate::{report, shell};
use table::{ARROWS, OWNED, TREES};

/// What `cargo metadata` says, as far as the arrows need it.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    id: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// `None` is a normal dependency; else `dev` or `build`.
    kind: Option<String>,
    features: Vec<String>,
}

/// Checks the workspace.
///
/// # Errors
/// When cargo cannot be asked, or with every forbidden arrow.
pub(crate) fn run() -> Result<()> {
    let text = shell::output(&mut shell::cargo(&[
        "metadata",
        "--format-version=1",
        "--no-deps",
        "--all-features",
    ])?)?;
    let metadata: Metadata = serde_json::from_str(&text).context("unreadable cargo metadata")?;
    let mut findings = direct(&metadata);
    for (package, forbidden) in TREES {
        findings.extend(in_tree(package, forbidden, &tree(package)?));
    }
    if findings.is_empty() {
        report::line(&format!(
            "arch: {} crates keep to the table",
            metadata.workspace_members.len()
        ));
        return Ok(());
    }
    for finding in &findings {
        report::problem(finding);
    }
    bail!("{} dependencies break the architecture (docs/architecture.md)", findings.len());
}

/// The names of everything that `package` is built from, itself included.
fn tree(package: &str) -> Result<Vec<String>> {
    let text = shell::output(&mut shell::cargo(&[
        "tree",
        "--package",
        package,
        "--edges=normal,build",
        "--prefix=none",
        "--format={p}",
    ])?)?;
    Ok(text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

/// Every arrow that a manifest draws and the table does not allow.
fn direct(metadata: &Metadata) -> Vec<String> {
    let members: BTreeSet<&str> = metadata.workspace_members.iter().map(String::as_str).collect();
    let ours: Vec<&Package> =
        metadata.packages.iter().filter(|package| members.contains(package.id.as_str())).collect();
    let names: BTreeSet<&str> = ours.iter().map(|package| package.name.as_str()).collect();
    let mut findings = Vec::new();
    for package in ours {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name) else {
            findings.push(format!("{}: no row in the table of crates", package.name));
            continue;
        };
        let built = package.dependencies.iter().filter(|it| it.kind.as_deref() != Some("dev"));
        for dependency in built {
            if names.contains(dependency.name.as_str()) {
                if !allowed.contains(&dependency.name.as_str()) {
                    findings.push(format!(
                        "{} -> {}: not an arrow of the table",
                        package.name, dependency.name
                    ));
                }
            } else if let Some(finding) = owned(package, dependency) {
                findings.push(finding);
            }
        }
    }
    findings
}

/// A third-party dependency that belongs to other crates.
fn owned(package: &Package, dependency: &Dependency) -> Option<String> {
    let rule = OWNED.iter().find(|rule| {
        rule.dependency == dependency.name
            && (rule.feature.is_empty()
                || dependency.features.iter().any(|name| name.starts_with(rule.feature)))
    })?;
    if rule.owners.contains(&package.name.as_str()) {
        return None;
    }
    let feature = if rule.feature.is_empty() {
        String::new()
    } else {
        format!(" (feature `{}`)", rule.feature)
    };
    Some(format!(
        "{} -> {}{feature}: only for {}",
        package.name,
        dependency.name,
        if rule.owners.is_empty() { "nobody yet".to_owned() } else { rule.owners.join(", ") }
    ))
}

/// Every forbidden crate in what a package is built from, however deep.
fn in_tree(package: &str, forbidden: &[&str], tree: &[String]) -> Vec<String> {
    forbidden
        .iter()
        .filter(|name| tree.iter().any(|built| built == *name))
        .map(|name| format!("{package}: its tree holds {name} (cargo tree -p {package} -i {name})"))
        .collect()
}

#[cfg(test)]
mod tests;
