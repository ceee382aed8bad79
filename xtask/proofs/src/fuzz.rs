//! Broken input for every reader.

use anyhow::Result;

/// What to run.
#[derive(Debug, clap::Args)]
pub struct Options {}

/// Runs.
///
/// # Errors
/// When a target fails.
pub fn run(_options: &Options, _say: &mut dyn FnMut(&str)) -> Result<()> {
    Ok(())
}
