//! Broken input for every reader: a bounded, seeded search over a committed corpus.
//!
//! On stable Rust there is no coverage to steer by, so a target tells what it did with an input as a
//! number (which error, which events), and inputs that bring a new number are built upon. A run
//! follows from its seed alone. A failing input is made small, kept and printed; put into the corpus
//! it is tried first in every later run. It must never touch anything but the folder that it is
//! given.
//!
//! The same targets serve a coverage-guided fuzzer, where one is at hand:
//! `fuzz_target!(|data: &[u8]| tollgate_proofs::fuzz::feed("sse", data));`

mod check;
mod corpus;
mod driver;
mod minimise;
mod mutate;
mod sweep;
pub mod targets;

use anyhow::{Context as _, Result, bail};
use std::path::PathBuf;
use std::time::Duration;

use crate::clock::Stopwatch;
use targets::{TARGETS, Target};

/// Where chance begins unless a run says otherwise.
const DEFAULT_SEED: u64 = 1;

/// What to run.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Targets by name, or beginnings of names; all unless said.
    targets: Vec<String>,
    /// How long all of them together may take, beyond one pass over the corpus.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// How many inputs each of them gets at most, beyond one pass over the corpus: with a bound that
    /// the time allows, a run is the same on every machine.
    #[arg(long)]
    inputs: Option<u64>,
    /// Where chance begins.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// Where failing inputs are kept.
    #[arg(long, default_value = "target/xtask/fuzz")]
    kept: PathBuf,
    /// Lists the targets and runs none.
    #[arg(long)]
    list: bool,
}

/// One input that breaks a rule.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The input, made small.
    pub input: Vec<u8>,
    /// What was broken.
    pub said: String,
}

/// Gives one input to a target; for fuzzers that bring inputs of their own.
///
/// # Panics
/// When the input breaks a rule of the target, or there is no such target.
pub fn feed(target: &str, input: &[u8]) {
    let found = TARGETS.iter().find(|known| known.name == target);
    assert!(found.is_some(), "no target is called {target}");
    if let Some(found) = found {
        let _ = (found.run)(input);
    }
}

/// Runs the targets that `options` name.
///
/// # Errors
/// When one fails, when a name is unknown, or when the corpus cannot be read.
pub fn run(options: &Options, say: &mut dyn FnMut(&str)) -> Result<()> {
    let chosen = chosen(&options.targets)?;
    if options.list {
        chosen.iter().for_each(|target| say(&format!("{:<28} {}", target.name, target.about)));
        return Ok(());
    }
    let share = Duration::from_secs(options.seconds.into()) / u32::try_from(chosen.len())?.max(1);
    let mut failed = Vec::new();
    check::quietly(|| -> Result<()> {
        for target in chosen {
            let begun = Stopwatch::start();
            let corpus = corpus::read(target.name)?;
            if corpus.is_empty() {
                bail!("{}: its corpus is empty", target.name);
            }
            let run = driver::run(target, &corpus, options.seed, (share, options.inputs));
            let took = begun.elapsed().as_secs_f64();
            let (tries, kinds) = (run.tries, run.kinds);
            say(&format!(
                "{:<28} {tries:>9} inputs, {kinds:>5} behaviours, {took:>5.1} s",
                target.name
            ));
            if let Some(failure) = run.failure {
                let path = corpus::keep(&options.kept, target.name, &failure)?;
                say(&format!("{}: {}", target.name, failure.said));
                say(&format!("  seed {}, input kept in {}", options.seed, path.display()));
                failed.push(target.name);
            }
        }
        Ok(())
    })?;
    if failed.is_empty() { Ok(()) } else { bail!("targets failed: {}", failed.join(", ")) }
}

fn chosen(names: &[String]) -> Result<Vec<&'static Target>> {
    let named = |target: &&Target| {
        names.is_empty() || names.iter().any(|name| target.name.starts_with(name.as_str()))
    };
    let chosen: Vec<&Target> = TARGETS.iter().filter(named).collect();
    let unknown = |name: &&String| !TARGETS.iter().any(|it| it.name.starts_with(name.as_str()));
    if let Some(name) = names.iter().find(unknown) {
        let all: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        bail!("no target is called {name}; there are {}", all.join(", "));
    }
    Some(chosen).filter(|chosen| !chosen.is_empty()).context("no target")
}

#[cfg(test)]
mod tests;
