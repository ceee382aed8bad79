//! The binary `tollgate`: reads the command line and the configuration, wires the crates, serves.
//!
//! Nothing is decided here that a library could decide.

mod banner;
mod cli;
mod lifecycle;

use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

use cli::{Cli, Command};

/// Exit code for a configuration that cannot be used.
const BAD_CONFIG: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let config = match cli.load() {
        Ok(config) => config,
        Err(problems) => {
            let _ = writeln!(std::io::stderr(), "tollgate: {problems}");
            return ExitCode::from(BAD_CONFIG);
        }
    };
    let done = match cli.command {
        None | Some(Command::Serve) => lifecycle::serve(&config),
        Some(Command::Check) => cli::report_check(&config),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "tollgate: {error:#}");
            ExitCode::FAILURE
        }
    }
}
