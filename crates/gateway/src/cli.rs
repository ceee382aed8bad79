//! The command line.

use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::path::PathBuf;
use tollgate::Tollgate;
use tollgate_config::{Config, ConfigErrors, LoadOptions};
use tollgate_telemetry::{Telemetry, TelemetryOptions};

use crate::chat::ChatArgs;

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
  tollgate chat \"hello\"                      ask a model and print its answer";

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Serve (the default).
    Serve,
    /// Check the configuration and report every problem; exit code 2 if there is one.
    Check,
    /// Ask a model and print its answer.
    Chat(ChatArgs),
}

impl Cli {
    /// Loads the configuration that the arguments, files and environment describe.
    pub(crate) fn load(&self) -> Result<Config, ConfigErrors> {
        let mut options = LoadOptions::from_process()?;
        options.files.clone_from(&self.config);
        options.flags.listen.clone_from(&self.listen);
        options.flags.ops_listen.clone_from(&self.ops_listen);
        options.flags.log.clone_from(&self.log);
        options.flags.log_level.clone_from(&self.log_level);
        tollgate_config::load(&options, &tollgate::vendors())
    }
}

/// Builds everything that serving would, without serving, and prints what there is to say.
pub(crate) fn check(config: &Config) -> anyhow::Result<()> {
    Tollgate::new(config, Telemetry::new(&TelemetryOptions::default())?)?;
    let mut out = std::io::stdout().lock();
    for warning in &config.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    let deployments: usize = config.models.iter().map(|model| model.deployments.len()).sum();
    writeln!(out, "ok: {} models, {deployments} deployments", config.models.len())?;
    Ok(())
}
