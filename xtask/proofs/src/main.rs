//! The program behind `cargo xtask translation` and `cargo xtask fuzz`.
//!
//! It stands apart from xtask because it is built from the vendor crates. It prints what it found,
//! writes only what it is told to, and fails where a proof does not hold.

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use tollgate_proofs::{fuzz, translation};

/// What Tollgate's readers and encoders do to every field, and to any bytes.
#[derive(Debug, Parser)]
#[command(name = "tollgate-proofs")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes the matrix of translation, or compares it.
    Translation {
        /// The page.
        page: PathBuf,
        /// Write nothing, and fail where the page is not as the code has it.
        #[arg(long)]
        check: bool,
    },
    /// Feeds readers broken input.
    Fuzz(fuzz::Options),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Translation { page, check } => matrix(&page, check),
        Command::Fuzz(options) => fuzz::run(&options, &mut say),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// A closed pipe is no failure of a proof.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn matrix(path: &PathBuf, check: bool) -> Result<()> {
    let (page, faults) = translation::run()?;
    for fault in &faults {
        say(&format!("{} -> {}: {}: {}", fault.from, fault.to, fault.field, fault.what));
    }
    if !faults.is_empty() {
        bail!("{} fields vanish without a word", faults.len());
    }
    if std::fs::read_to_string(path).is_ok_and(|there| there == page) {
        say("translation: the matrix is as the code has it");
        return Ok(());
    }
    if check {
        bail!("docs/translation.md is not as the code has it: run `cargo xtask translation`");
    }
    std::fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
    say("wrote docs/translation.md");
    Ok(())
}
