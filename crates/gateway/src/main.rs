//! The binary `tollgate`: reads the command line and the configuration, wires the crates, serves.
//!
//! Nothing is decided here that a library could decide.

mod ask;
mod banner;
mod chat;
mod check;
mod cli;
mod clock;
mod completions;
mod health;
mod lifecycle;
mod models;
mod reload;
mod settings;
mod signals;
mod version;
mod watch;

use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use chat::ChatArgs;
use cli::{Cli, Command, Sources};
use reload::Start;
use tollgate::BuildError;
use tollgate_config::ConfigErrors;
use watch::Contents;

/// Requests are many small allocations on few threads; measured in docs/benchmarks.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit code for a configuration that cannot be used.
const BAD_CONFIG: u8 = 2;

fn main() -> ExitCode {
    let began = clock::now();
    run(Cli::parse(), began).unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "tollgate: {error:#}");
        exit_code(&error)
    })
}

fn run(Cli { sources, command }: Cli, began: Instant) -> anyhow::Result<ExitCode> {
    match command {
        None | Some(Command::Serve) => return serve(sources, began),
        Some(Command::Check(check)) => return check::run(check, &sources),
        Some(Command::Chat(question)) => return Ok(chat(&question, &sources)),
        Some(Command::Models(models)) => match &models.url {
            Some(address) => models::of_gateway(address, &models)?,
            None => models::of_config(&sources.load()?)?,
        },
        Some(Command::Health(health)) => return health::run(&health, &sources),
        Some(Command::Completions(completions)) => completions::run(&completions)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks a model. What kept the question from being asked is wrong usage or configuration.
fn chat(args: &ChatArgs, sources: &Sources) -> ExitCode {
    let asked = match args.url() {
        // A gateway elsewhere is asked; what is configured here does not matter.
        Some(_) => chat::run(args, None),
        None => {
            sources.load().map_err(Into::into).and_then(|config| chat::run(args, Some(&config)))
        }
    };
    asked.unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "tollgate: {error:#}");
        ExitCode::from(BAD_CONFIG)
    })
}

/// Serves what the arguments name.
fn serve(sources: Sources, began: Instant) -> anyhow::Result<ExitCode> {
    // Looked at before they are read: what changes in between is then a change.
    let contents = Contents::of(&sources.files());
    let config = Arc::new(sources.load()?);
    lifecycle::serve(Start { sources, config, began, contents })
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
