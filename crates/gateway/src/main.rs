//! The binary `tollgate`: reads the command line and the configuration, wires the crates, serves.
//!
//! Nothing is decided here that a library could decide.

mod banner;
mod cli;
mod clock;
mod lifecycle;
mod reload;
mod settings;
mod signals;
mod watch;

use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

use cli::{Cli, Command};
use reload::Start;
use std::sync::Arc;
use std::time::Instant;
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
    let cli = Cli::parse();
    let done = match cli.command {
        None | Some(Command::Serve) => serve(cli, began),
        Some(Command::Check(check)) => cli.check(check),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "tollgate: {error:#}");
            exit_code(&error)
        }
    }
}

/// Serves what the arguments name.
fn serve(cli: Cli, began: Instant) -> anyhow::Result<ExitCode> {
    // Looked at before they are read: what changes in between is then a change.
    let contents = Contents::of(&cli.files());
    let config = Arc::new(cli.load()?);
    lifecycle::serve(Start { cli, config, began, contents })
}

/// A configuration that cannot be read or built is bad; everything else merely failed.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<BuildError>() || error.is::<ConfigErrors>() {
        ExitCode::from(BAD_CONFIG)
    } else {
        ExitCode::FAILURE
    }
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
