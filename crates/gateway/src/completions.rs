//! `tollgate completions`: the command line, for shells to complete.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use std::io::Write as _;

use crate::cli::Cli;

pub(crate) const EXAMPLES: &str = "\
Examples:
  tollgate completions bash > ~/.local/share/bash-completion/completions/tollgate
  tollgate completions zsh  > ~/.zfunc/_tollgate
  tollgate completions fish > ~/.config/fish/completions/tollgate.fish";

/// For which shell.
#[derive(Debug, Clone, Args)]
pub(crate) struct Completions {
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(completions: &Completions) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut Cli::command(), "tollgate", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(())
}
