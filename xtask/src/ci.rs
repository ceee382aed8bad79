//! `cargo xtask ci`, `test` and `e2e`: what runs, in which order, and what it comes to.
//!
//! Steps go from cheap to dear, and all of them run: one run tells everything that is wrong. The
//! lint, doc and check steps share their artefacts, the unit tests run crate by crate (which is every
//! unit test, each in the features that its own users get), and the optimised build is made once, for
//! the end-to-end suite.

use anyhow::{Result, bail};
use std::process::Command;
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::crates::Built;
use crate::suite::{Options, Totals};
use crate::{arch, catalogue, crates, e2e, proofs, report, schema, shell, tidy};

/// Everything that a change must pass.
///
/// # Errors
/// When a step fails.
pub(crate) fn ci(options: &Options) -> Result<()> {
    let mut run = Run::default();
    run.check("format", || cargo(&["fmt", "--all", "--check"]));
    run.check("arch", arch::run);
    run.check("tidy", tidy::run);
    run.check("schema", schema::check);
    run.check("catalogue", catalogue::check);
    run.check("lints", || {
        let what = ["clippy", "--workspace", "--all-targets", "--all-features", "--locked"];
        cargo(&[&what[..], &["--", "--deny=warnings"]].concat())
    });
    run.check("translation", proofs::translation_holds);
    run.check("docs", docs);
    run.check("licences and bans", cargo_deny);
    run.check("fuzz", proofs::fuzz_in_ci);
    run.tests("each crate alone", || crates::tests_alone(&["--locked"]));
    run.check("examples", || crates::examples(Built::Alone));
    run.check("packages", crates::packaged);
    run.tests("end to end", || e2e::run(options));
    run.finish()
}

/// All tests.
///
/// # Errors
/// When one fails.
pub(crate) fn test(options: &Options) -> Result<()> {
    let mut run = Run::default();
    run.tests("unit tests", unit_tests);
    run.check("examples", || crates::examples(Built::Together));
    run.tests("end to end", || e2e::run(options));
    run.finish()
}

/// The end-to-end suite alone.
///
/// # Errors
/// When a test fails.
pub(crate) fn e2e(options: &Options) -> Result<()> {
    let mut run = Run::default();
    run.tests("end to end", || e2e::run(options));
    run.finish()
}

/// The steps of one run and what they came to.
#[derive(Debug, Default)]
struct Run {
    steps: Vec<Step>,
    totals: Totals,
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    passed: bool,
    took: Duration,
}

impl Run {
    /// Runs a step that either holds or does not.
    fn check(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) {
        self.tests(name, || step().map(|()| Totals::default()));
    }

    /// Runs a step that counts tests. One that cannot run at all counts as one failure.
    fn tests(&mut self, name: &'static str, step: impl FnOnce() -> Result<Totals>) {
        report::step(name);
        let watch = Stopwatch::start();
        let totals = step().unwrap_or_else(|error| {
            report::problem(&format!("{error:#}"));
            let summaries = vec![format!("{name}: {error}")];
            Totals { passed: 0, failed: 1, summaries }
        });
        let passed = totals.failed == 0;
        self.steps.push(Step { name, passed, took: watch.elapsed() });
        self.totals.add(totals);
    }

    /// Says what it came to; the last line stands alone.
    fn finish(self) -> Result<()> {
        report::step("summary");
        for line in &self.totals.summaries {
            report::line(line);
        }
        for Step { name, passed, took } in &self.steps {
            let word = if *passed { "ok" } else { "FAILED" };
            report::line(&format!("{name:<20} {word:<8} {:>7.1} s", took.as_secs_f64()));
        }
        let Totals { passed, failed, summaries: _ } = self.totals;
        report::line(&format!("{passed} passed, {failed} failed"));
        if failed > 0 {
            bail!("{failed} failed");
        }
        Ok(())
    }
}

fn cargo(args: &[&str]) -> Result<()> {
    shell::run(&mut shell::cargo(args)?)
}

fn docs() -> Result<()> {
    let mut doc = shell::cargo(&["doc", "--workspace", "--no-deps", "--locked"])?;
    shell::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

/// A tool that takes minutes to build is used where it is, and not installed.
fn cargo_deny() -> Result<()> {
    if shell::output(Command::new("cargo-deny").arg("--version")).is_err() {
        report::line("skipped: cargo-deny is not installed (cargo install --locked cargo-deny)");
        return Ok(());
    }
    cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"])
}

fn unit_tests() -> Result<Totals> {
    let test = ["test", "--workspace", "--no-fail-fast"];
    let shown = shell::run_and_keep(&mut shell::cargo(&test)?)?;
    Ok(Totals::read(&shown.lines, shown.success))
}
