//! The binary `tollgate`: reads the command line and the configuration, wires the crates, serves.
//!
//! Nothing is decided here that a library could decide.

mod ask;
mod banner;
mod check;
mod cli;
mod clock;
mod completions;
mod health;
mod lifecycle;
mod models;
mod version;

use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

use cli::{Cli, Command};
use tollgate::BuildError;
use tollgate_config::ConfigErrors;

/// Requests are many small allocations on few threads; measured in docs/benchmarks.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit code for a configuration that cannot be used.
const BAD_CONFIG: u8 = 2;

fn main() -> ExitCode {
    run(Cli::parse()).unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "tollgate: {error:#}");
        exit_code(&error)
    })
}

fn run(Cli { sources, command }: Cli) -> anyhow::Result<ExitCode> {
    match command {
        None | Some(Command::Serve) => lifecycle::serve(&sources.load()?)?,
        Some(Command::Check(check)) => return check::run(check, &sources),
        Some(Command::Models(models)) => match &models.url {
            Some(address) => models::of_gateway(address, &models)?,
            None => models::of_config(&sources.load()?)?,
        },
        Some(Command::Health(health)) => return health::run(&health, &sources),
        Some(Command::Completions(completions)) => completions::run(&completions)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A configuration that cannot be built is as bad as one that cannot be read.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    let bad = error.is::<BuildError>() || error.is::<ConfigErrors>();
    if bad { ExitCode::from(BAD_CONFIG) } else { ExitCode::FAILURE }
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
