//! How a gateway comes to be without wiring: from a file, from the environment, from a text.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use tollgate_config::{Config, ConfigErrors, LoadOptions, Origin};
use tollgate_core_types::Chance as _;
use tollgate_core_types::chance::SplitMix64;
use tollgate_telemetry::{Telemetry, TelemetryError, TelemetryOptions};

use crate::build::BuildError;
use crate::tollgate::Tollgate;
use crate::vendors::vendors;

/// Why a gateway could not be made. Its debug output is its text, for a `main` that returns it shows
/// that.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration is wrong; every problem is told at once.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The configuration is well-formed and cannot be run.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Metrics cannot be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The environment names no vendor. Only the binary's demo starts with nothing: a program that
    /// forgot its keys must not get made-up answers.
    #[error(
        "no vendor is configured: set a vendor's key, for example OPENAI_API_KEY or \
         ANTHROPIC_API_KEY, or name a configuration file"
    )]
    Nothing,
    /// No runtime could be started (blocking face only).
    #[error("cannot start a runtime: {0}")]
    Runtime(#[from] std::io::Error),
}

impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Tollgate {
    /// Builds a gateway from a configuration file (YAML, TOML or JSON), with `${VAR}` from the
    /// environment and the working directory's `.env`.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tollgate = tollgate::Tollgate::from_config("tollgate.yaml")?;
    /// println!("{}", tollgate.chat("hello").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Every problem of the configuration with its place; see [`StartError`].
    pub fn from_config(path: impl AsRef<Path>) -> Result<Self, StartError> {
        let files = vec![path.as_ref().to_owned()];
        let options = LoadOptions::from_process()?.with_files(files);
        Self::simple(&tollgate_config::load(&options, &vendors())?)
    }

    /// Builds a gateway from the environment alone: `OPENAI_API_KEYS=k1,k2`, `ANTHROPIC_API_KEY`,
    /// `DEEPSEEK_API_KEY` ..., and the working directory's `.env`.
    ///
    /// # Errors
    /// [`StartError::Nothing`] where no vendor's key is there; else as [`Tollgate::from_config`].
    pub fn from_env() -> Result<Self, StartError> {
        Self::from_options(&LoadOptions::from_process()?)
    }

    /// Builds a gateway from files and an environment that the program chose.
    ///
    /// # Errors
    /// As [`Tollgate::from_env`].
    pub fn from_options(options: &LoadOptions) -> Result<Self, StartError> {
        let config = tollgate_config::load(options, &vendors())?;
        match &config.origin {
            Origin::Demo => Err(StartError::Nothing),
            Origin::Environment | Origin::Files(_) | Origin::Text => Self::simple(&config),
        }
    }

    /// Builds a gateway from a configuration in YAML. No environment is read; use
    /// [`Tollgate::from_config`] for `${VAR}`.
    ///
    /// # Errors
    /// As [`Tollgate::from_config`].
    pub fn from_text(yaml: &str) -> Result<Self, StartError> {
        Self::simple(&tollgate_config::parse(yaml, &vendors())?)
    }

    /// A gateway that counts but logs no requests, and tends itself.
    fn simple(config: &Config) -> Result<Self, StartError> {
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let telemetry = Telemetry::new(&TelemetryOptions::default())?;
        Ok(Self::new(config, telemetry)?.tended())
    }

    /// An id for a call that brought none.
    pub(super) fn fresh_id(&self) -> Arc<str> {
        format!("req_{:016x}", SplitMix64::new(self.0.seeds.next()).next_u64()).into()
    }
}
