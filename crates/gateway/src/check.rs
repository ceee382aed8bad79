//! `tollgate check`: everything that serving would build, without serving.

use clap::Args;
use std::io::Write as _;
use std::process::ExitCode;
use tollgate::Tollgate;
use tollgate_config::{Checked, Config};
use tollgate_telemetry::{Telemetry, TelemetryOptions};

use crate::BAD_CONFIG;
use crate::cli::Sources;

pub(crate) const EXAMPLES: &str = "\
Exit codes: 0 it can be served, 2 it cannot.

Examples:
  tollgate check --config tollgate.yaml
  tollgate check --config base.yaml --config production.yaml
  tollgate check --print                     what is in effect, and where it comes from
  TOLLGATE__SERVER__LISTEN=0.0.0.0:80 tollgate check --json";

/// What `check` says.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Check {
    /// Show the configuration in effect as YAML, secrets masked, with where each value came from.
    #[arg(long)]
    print: bool,
    /// Say everything as JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Checks, and says what there is to say; problems go to standard error, and with `--json` to standard
/// output like everything else.
pub(crate) fn run(check: Check, sources: &Sources) -> anyhow::Result<ExitCode> {
    let checked = Checked::new(sources.options(), &tollgate::vendors());
    if let Some(config) = checked.config() {
        built(config)?;
    }
    let mut out = std::io::stdout().lock();
    match checked.problems() {
        _ if check.json => writeln!(out, "{}", checked.to_json(check.print))?,
        Some(problems) => writeln!(std::io::stderr(), "tollgate: {problems}")?,
        None => write!(out, "{}", checked.to_text(check.print))?,
    }
    Ok(checked.problems().map_or(ExitCode::SUCCESS, |_| ExitCode::from(BAD_CONFIG)))
}

/// Builds everything that serving would.
fn built(config: &Config) -> anyhow::Result<()> {
    Tollgate::new(config, Telemetry::new(&TelemetryOptions::default())?)?;
    Ok(())
}
