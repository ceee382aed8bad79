//! The command line: what may stand on it, and which configuration it names. Every command has a file
//! of its own.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use tollgate_config::{Config, ConfigErrors, LoadOptions, Server};

use crate::chat::ChatArgs;
use crate::check::{self, Check};
use crate::completions::{self, Completions};
use crate::health::{self, Health};
use crate::models::{self, Models};
use crate::version;

/// One API in front of many LLM vendors.
#[derive(Debug, Parser)]
#[command(
    name = "tollgate",
    version = version::SHORT,
    long_version = version::LONG,
    after_help = EXAMPLES,
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) sources: Sources,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Where the configuration comes from.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct Sources {
    /// Configuration file, YAML or TOML; may be given several times, later ones win.
    #[arg(long, short, global = true, env = "TOLLGATE_CONFIG", value_delimiter = ',')]
    config: Vec<PathBuf>,
    /// Where clients connect, for example 0.0.0.0:8000.
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where metrics and probes answer, or `off`.
    #[arg(long, global = true, value_name = "ADDRESS")]
    ops_listen: Option<String>,
    /// The form of log lines: text, json or auto (text on a terminal).
    #[arg(long, global = true, value_name = "FORM")]
    log: Option<String>,
    /// What is logged: off, error, warn, info, debug, trace, or a list such as info,tollgate=debug.
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  tollgate                                   serve what the environment names, or a demo
  tollgate --config tollgate.yaml            serve a configuration
  OPENAI_API_KEYS=k1,k2 tollgate             serve OpenAI over two keys
  tollgate check --config tollgate.yaml      report every problem in a configuration
  tollgate check --print                     show what is in effect, and where it comes from
  tollgate chat \"hello\"                      ask a model and print its answer
  tollgate health                            whether it is ready, as an exit code

`tollgate help COMMAND` has more.";

const SERVE_EXAMPLES: &str = "\
SIGTERM and ctrl-c stop it in good order: running requests may finish; a second signal ends at once.

Examples:
  tollgate serve --config tollgate.yaml
  tollgate serve --listen 0.0.0.0:8000 --ops-listen off
  ANTHROPIC_API_KEY=... tollgate serve --log text";

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Serve (the default).
    #[command(after_help = SERVE_EXAMPLES)]
    Serve,
    /// Check the configuration and report every problem; exit code 2 if there is one.
    #[command(after_help = check::EXAMPLES)]
    Check(Check),
    /// Ask a model and print its answer.
    Chat(ChatArgs),
    /// List the models of the configuration, or of a running gateway.
    #[command(after_help = models::EXAMPLES)]
    Models(Models),
    /// Ask a running gateway whether it is ready; the exit code says it.
    #[command(after_help = health::EXAMPLES)]
    Health(Health),
    /// Print the completions of a shell.
    #[command(after_help = completions::EXAMPLES)]
    Completions(Completions),
}

impl Sources {
    /// Loads the configuration that the arguments, files and environment describe.
    ///
    /// # Errors
    /// Every problem that it has.
    pub(crate) fn load(&self) -> Result<Config, ConfigErrors> {
        tollgate_config::load(&self.options()?, &tollgate::vendors())
    }

    /// The files that are read for the configuration, besides those that it refers to.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.config.iter().cloned().chain([PathBuf::from(".env")]).collect()
    }

    /// What the configuration is loaded from.
    ///
    /// # Errors
    /// When a `.env` cannot be read.
    pub(crate) fn options(&self) -> Result<LoadOptions, ConfigErrors> {
        let mut options = LoadOptions::from_process()?;
        options.files.clone_from(&self.config);
        options.flags.listen.clone_from(&self.listen);
        options.flags.ops_listen.clone_from(&self.ops_listen);
        options.flags.log.clone_from(&self.log);
        options.flags.log_level.clone_from(&self.log_level);
        Ok(options)
    }

    /// The listeners that flags and environment name, whatever else the configuration says.
    ///
    /// # Errors
    /// Where their addresses cannot be read.
    pub(crate) fn server(&self) -> Result<Server, ConfigErrors> {
        let mut options = LoadOptions::from_process()?;
        options.env.retain(|name, _| name.starts_with("TOLLGATE__SERVER__"));
        options.flags.listen.clone_from(&self.listen);
        options.flags.ops_listen.clone_from(&self.ops_listen);
        tollgate_config::load(&options, &tollgate::vendors()).map(|config| config.server)
    }
}
