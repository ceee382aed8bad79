//! Tollgate's chores, one entry point for people and CI: `cargo xtask <command>`.
//!
//! Every check that CI runs is a command here, so that nothing passes there that fails at home.
//! Checks never change tracked files: they report, people edit. What is made is written by
//! `schema` and `catalogue` alone.

mod arch;
mod bench;
mod catalogue;
mod ci;
mod clock;
mod crates;
mod e2e;
mod proofs;
mod report;
mod schema;
mod shell;
mod suite;
mod tidy;
mod tools;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Tollgate's chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything that a change must pass: format, lints, architecture, docs, all tests.
    Ci(suite::Options),
    /// All tests: units, doc examples and the end-to-end suite; installs what that needs.
    Test(suite::Options),
    /// The end-to-end suite alone: official SDKs through the built binary to a scripted upstream.
    E2e(suite::Options),
    /// What a request costs, beside nginx and minimal proxies, in one run on this machine.
    Bench(bench::Options),
    /// Every example program: built alone, it ends, succeeds and prints something.
    Examples,
    /// The packages as they would be published: described, complete, without test data.
    Package,
    /// Compares the crates' dependencies with the table of the architecture.
    Arch,
    /// Writes what is made from the code: the configuration's reference and JSON Schema.
    Schema(schema::Options),
    /// Writes the matrix of translation, `docs/translation.md`, by running every field's probe.
    Translation(proofs::Translation),
    /// Feeds every reader broken input for a bounded time; failing inputs are kept and printed.
    Fuzz(proofs::Fuzz),
    /// Writes the catalogue of models and prices from public data; `--check` reads it alone.
    Catalogue(catalogue::Options),
    /// Checks the house rules that no compiler knows.
    Tidy,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.command {
        Command::Ci(options) => ci::ci(options),
        Command::Test(options) => ci::test(options),
        Command::E2e(options) => ci::e2e(options),
        Command::Bench(options) => bench::run(options),
        Command::Examples => crates::examples(crates::Built::Alone),
        Command::Package => crates::packaged(),
        Command::Arch => arch::run(),
        Command::Schema(options) => schema::run(options),
        Command::Translation(options) => proofs::translation(options),
        Command::Fuzz(options) => proofs::fuzz(options),
        Command::Catalogue(options) => catalogue::run(options),
        Command::Tidy => tidy::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::problem(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
