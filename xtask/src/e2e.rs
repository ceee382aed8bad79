//! The end-to-end suite: builds the gateway and the scripted upstream, then lets official SDKs talk
//! through the one to the other. The tests themselves are Python and JavaScript, below `xtask/e2e`.

use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::suite::{Options, Totals};
use crate::{report, shell, tools};

/// Builds, installs and runs everything; a piece that is missing fails unless it may be.
///
/// # Errors
/// When the binaries cannot be built, or a piece is missing and must not be.
pub(crate) fn run(options: &Options) -> Result<Totals> {
    let binaries = build(options)?;
    let mut totals = Totals::default();
    let python = may_miss(tools::python(), options, &mut totals)?;
    let node = may_miss(tools::node(python.as_deref()), options, &mut totals)?;
    let promtool = may_miss(tools::promtool(), options, &mut totals)?;
    if let Some(python) = &python {
        report::step("end to end: Python");
        let mut pytest = pytest(python, &binaries, options)?;
        match &node {
            Some(node) => pytest.env("NODE", &node.program).env("NODE_PACKAGES", &node.packages),
            // It was allowed to be missing, so what needs it is skipped and said.
            None => pytest.env("NODE_MAY_MISS", "1"),
        };
        if promtool.is_none() {
            pytest.env("PROMTOOL_MAY_MISS", "1");
        }
        match may_miss(tools::kubectl(), options, &mut totals)? {
            Some(kubectl) => pytest.env("KUBECTL", kubectl),
            None => pytest.env("KUBECTL_MAY_MISS", "1"),
        };
        totals.add(shown(&mut pytest)?);
    }
    if let Some(node) = &node {
        report::step("end to end: Node");
        totals.add(shown(&mut node_tests(node, &binaries, options)?)?);
    }
    Ok(totals)
}

/// The programs under test.
#[derive(Debug)]
struct Binaries {
    gateway: PathBuf,
    upstream: PathBuf,
}

impl Binaries {
    fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("TOLLGATE_BIN", &self.gateway).env("FAULT_UPSTREAM_BIN", &self.upstream)
    }
}

/// The gateway as its users build it (its own features, nothing that only tests turn on), and the
/// upstream in the profile of this program, whose dependencies are built already.
fn build(options: &Options) -> Result<Binaries> {
    report::step("end to end: build");
    let profile = options.profile;
    shell::run(&mut shell::cargo(&[
        "build",
        "--package=tollgate-gateway",
        "--bin=tollgate",
        "--profile",
        profile.name(),
    ])?)?;
    shell::run(&mut shell::cargo(&["build", "--package=xtask", "--bin=fault-upstream"])?)?;
    let target = shell::target_dir()?;
    let gateway = target.join(profile.folder()).join("tollgate");
    Ok(Binaries { gateway, upstream: target.join("debug/fault-upstream") })
}

/// A piece of the machine, or `None` where going on without it was allowed.
fn may_miss<T>(piece: Result<T>, options: &Options, totals: &mut Totals) -> Result<Option<T>> {
    match piece {
        Ok(piece) => Ok(Some(piece)),
        Err(error) if options.allow_missing => {
            let missing = format!("missing, allowed by --allow-missing: {error:#}");
            report::problem(&missing);
            totals.summaries.push(missing);
            Ok(None)
        }
        Err(error) => Err(error.context("a piece of the test suite is missing (--allow-missing)")),
    }
}

fn pytest(python: &Path, binaries: &Binaries, options: &Options) -> Result<Command> {
    let mut command = Command::new(python);
    command.args(["-m", "pytest", "-p", "no:cacheprovider"]);
    if let Some(pattern) = &options.only {
        command.args(["-k", pattern]);
    }
    command.current_dir(tools::suite()?.join("py")).env("PYTHONDONTWRITEBYTECODE", "1");
    binaries.tell(&mut command);
    Ok(command)
}

/// Node finds packages beside the tests only, so the tests are copied to where the packages are.
fn node_tests(node: &tools::Node, binaries: &Binaries, options: &Options) -> Result<Command> {
    let mut command = Command::new(&node.program);
    command.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]);
    if let Some(pattern) = &options.only {
        command.arg(format!("--test-name-pattern={pattern}"));
    }
    for entry in fs::read_dir(tools::suite()?.join("node"))? {
        let path = entry?.path();
        let Some(name) =
            path.file_name().filter(|_| path.extension().is_some_and(|it| it == "mjs"))
        else {
            continue;
        };
        fs::copy(&path, node.packages.join(name))?;
        if name.to_string_lossy().ends_with(".test.mjs") {
            command.arg(name);
        }
    }
    command.current_dir(&node.packages);
    binaries.tell(&mut command);
    Ok(command)
}

fn shown(command: &mut Command) -> Result<Totals> {
    let shown = shell::run_and_keep(command)?;
    Ok(Totals::read(&shown.lines, shown.success))
}
