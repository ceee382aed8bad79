//! The command line.

use clap::{Args, Parser, Subcommand};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use tollgate::Tollgate;
use tollgate_config::{Checked, Config, ConfigErrors, LoadOptions};
use tollgate_telemetry::{Telemetry, TelemetryOptions};

use crate::BAD_CONFIG;

/// One API in front of many LLM vendors.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, about, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Configuration file, YAML or TOML; may be given several times, later ones win.
    #[arg(long, short, global = true, env = "TOLLGATE_CONFIG", value_delimiter = ',')]
    pub(crate) config: Vec<PathBuf>,
    /// Where clients connect, for example 0.0.0.0:8000.
    #[arg(long, global = true)]
    pub(crate) listen: Option<String>,
    /// Where metrics and probes answer, or `off`.
    #[arg(long, global = true)]
    pub(crate) ops_listen: Option<String>,
    /// The form of log lines: text, json or auto (text on a terminal).
    #[arg(long, global = true, value_name = "FORM")]
    pub(crate) log: Option<String>,
    /// What is logged: off, error, warn, info, debug, trace, or a list such as info,tollgate=debug.
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  tollgate                                   serve what the environment names, or a demo
  tollgate --config tollgate.yaml            serve a configuration
  OPENAI_API_KEYS=k1,k2 tollgate             serve OpenAI over two keys
  tollgate check --config tollgate.yaml      report every problem in a configuration
  tollgate check --print                     show what is in effect, and where it comes from";

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Command {
    /// Serve (the default).
    Serve,
    /// Check the configuration and report every problem; exit code 2 if there is one.
    Check(Check),
}

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

impl Cli {
    /// The files that are read for the configuration, besides those that it refers to.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.config.iter().cloned().chain([PathBuf::from(".env")]).collect()
    }

    /// Loads the configuration that the arguments, files and environment describe.
    pub(crate) fn load(&self) -> Result<Config, ConfigErrors> {
        tollgate_config::load(&self.options()?, &tollgate::vendors())
    }

    fn options(&self) -> Result<LoadOptions, ConfigErrors> {
        let mut options = LoadOptions::from_process()?;
        options.files.clone_from(&self.config);
        options.flags.listen.clone_from(&self.listen);
        options.flags.ops_listen.clone_from(&self.ops_listen);
        options.flags.log.clone_from(&self.log);
        options.flags.log_level.clone_from(&self.log_level);
        Ok(options)
    }

    /// Checks as `check` asks for it, and says what there is to say; problems go to standard error,
    /// and with `--json` to standard output like everything else.
    pub(crate) fn check(&self, check: Check) -> anyhow::Result<ExitCode> {
        let checked = Checked::new(self.options(), &tollgate::vendors());
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
}

/// Builds everything that serving would.
fn built(config: &Config) -> anyhow::Result<()> {
    Tollgate::new(config, Telemetry::new(&TelemetryOptions::default())?)?;
    Ok(())
}
