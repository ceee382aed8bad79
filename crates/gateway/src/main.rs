//! The binary `tollgate`: reads the command line and the configuration, wires the crates, serves.
//!
//! Nothing is decided here that a library could decide.

mod banner;
mod chat;
mod cli;
mod lifecycle;

use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

use cli::{Cli, Command};
use tollgate::BuildError;

/// Requests are many small allocations on few threads; measured in docs/benchmarks.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit code for a configuration that cannot be used.
const BAD_CONFIG: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Chat(args)) = &cli.command
        && args.url().is_some()
    {
        // A gateway elsewhere is asked; what is configured here does not matter.
        return chat_outcome(chat::run(args, None));
    }
    let config = match cli.load() {
        Ok(config) => config,
        Err(problems) => {
            let _ = writeln!(std::io::stderr(), "tollgate: {problems}");
            return ExitCode::from(BAD_CONFIG);
        }
    };
    let done = match &cli.command {
        None | Some(Command::Serve) => lifecycle::serve(&config),
        Some(Command::Check) => cli::check(&config),
        Some(Command::Chat(args)) => return chat_outcome(chat::run(args, Some(&config))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "tollgate: {error:#}");
            exit_code(&error)
        }
    }
}

/// What kept a question from being asked is wrong usage or configuration.
fn chat_outcome(outcome: anyhow::Result<ExitCode>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "tollgate: {error:#}");
        ExitCode::from(BAD_CONFIG)
    })
}

/// A configuration that cannot be built is as bad as one that cannot be read.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<BuildError>() { ExitCode::from(BAD_CONFIG) } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_built_is_a_bad_configuration() {
        let (deployment, reason) = ("m/openai/1".to_owned(), "it has no api_base".to_owned());
        let unbuilt = anyhow::Error::from(BuildError::Deployment { deployment, reason });
        assert_eq!(exit_code(&unbuilt.context("serving")), ExitCode::from(BAD_CONFIG));
        assert_eq!(exit_code(&anyhow::anyhow!("no port")), ExitCode::FAILURE);
    }
}
