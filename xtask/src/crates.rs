//! The crates one by one, as their users meet them: each built and tested alone, every example run,
//! every package made.
//!
//! In a workspace build one crate's features hide what another forgot to ask for, and a file that a
//! package leaves out is missed by nobody but the one who installs it.

mod package;
mod run;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::time::Duration;

use crate::suite::Totals;
use crate::{report, shell};

/// Longest that an example may run.
const PATIENCE: Duration = Duration::from_secs(60);

/// Examples that measure: they take minutes, and their figures mean something when optimised.
const MEASUREMENTS: &[&str] = &["cost"];

/// What `cargo metadata` says, as far as it is needed here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// One crate of the workspace.
#[derive(Debug, Default, Deserialize)]
struct Package {
    name: String,
    version: String,
    description: Option<String>,
    readme: Option<String>,
    license: Option<String>,
    repository: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    /// `Some` of nothing: never published.
    publish: Option<Vec<String>>,
    #[serde(default)]
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Package {
    fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|registries| !registries.is_empty())
    }

    fn examples(&self) -> impl Iterator<Item = &str> {
        let examples = self.targets.iter().filter(|it| it.kind.iter().any(|it| it == "example"));
        examples.map(|it| it.name.as_str())
    }
}

fn packages() -> Result<Vec<Package>> {
    let text = shell::output(&mut shell::cargo(&["metadata", "--format-version=1", "--no-deps"])?)?;
    let metadata: Metadata = serde_json::from_str(&text).context("unreadable cargo metadata")?;
    Ok(metadata.packages)
}

/// The tests of each crate with its own features only: all tests of the workspace, in as many runs.
///
/// # Errors
/// When cargo cannot be asked.
pub(crate) fn tests_alone(more: &[&str]) -> Result<Totals> {
    let mut totals = Totals::default();
    for Package { name, .. } in packages()? {
        let args = [&["test", "--no-fail-fast", "--package", &name], more].concat();
        let shown = shell::run_and_keep(&mut shell::cargo(&args)?)?;
        totals.add(Totals::read(&shown.lines, shown.success));
    }
    Ok(totals)
}

/// How examples are built: as the tests before them left them, so that nothing is built twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Built {
    /// Each with its crate's own features.
    Alone,
    /// All at once.
    Together,
}

/// Every example: it ends in time, succeeds and prints something, with nothing in its environment.
///
/// # Errors
/// When one cannot be built, with every one that does not.
pub(crate) fn examples(built: Built) -> Result<()> {
    let build = ["build", "--locked", "--examples"];
    if built == Built::Together {
        shell::run(&mut shell::cargo(&[&build[..], &["--workspace"]].concat())?)?;
    }
    let mut failed = Vec::new();
    for package in packages()?.iter().filter(|package| package.examples().next().is_some()) {
        if built == Built::Alone {
            let alone = ["--package", &package.name];
            shell::run(&mut shell::cargo(&[&build[..], &alone].concat())?)?;
        }
        for example in package.examples().filter(|it| !MEASUREMENTS.contains(it)) {
            let program = shell::target_dir()?.join("debug/examples").join(example);
            match run::example(&program, PATIENCE) {
                Ok(lines) => report::line(&format!("{example:<16} ok, {lines} lines")),
                Err(error) => {
                    report::problem(&format!("{}, example {example}: {error:#}", package.name));
                    failed.push(example.to_owned());
                }
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("examples failed: {}", failed.join(", ")) }
}

/// The packages as they would be published: complete, described and small.
///
/// # Errors
/// When a package cannot be made, with everything that is wrong with the others.
pub(crate) fn packaged() -> Result<()> {
    let packages: Vec<Package> = packages()?.into_iter().filter(Package::is_published).collect();
    let mut findings: Vec<String> = packages.iter().flat_map(package::described).collect();
    package::make(&packages)?;
    for package in &packages {
        findings.extend(package::contents(package)?);
    }
    for finding in &findings {
        report::problem(finding);
    }
    if findings.is_empty() {
        report::line(&format!("packages: {} are complete", packages.len()));
        return Ok(());
    }
    bail!("{} things are missing from packages", findings.len());
}
