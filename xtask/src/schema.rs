//! `cargo xtask schema`: the reference of the configuration and its JSON Schema, from the code.
//!
//! Both are made by `tollgate-config` from the table of keys that its reader is held to. In the
//! reference only the tables between marks are written; the prose around them is people's.

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::PathBuf;

use crate::{report, shell};

/// What to do with files that are stale.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Write nothing, and fail where a file is not as the code would make it.
    #[arg(long)]
    check: bool,
}

/// Writes `config/schema.json` and the tables of `docs/configuration.md`, or checks them.
///
/// # Errors
/// When a file cannot be read or written, and with `--check` when one is stale.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut stale = Vec::new();
    for (name, made) in [("config/schema.json", schema()?), ("docs/configuration.md", reference()?)]
    {
        let path = path(name)?;
        if fs::read_to_string(&path).is_ok_and(|there| there == made) {
            continue;
        }
        if options.check {
            stale.push(name);
        } else {
            fs::write(&path, made).with_context(|| format!("cannot write {name}"))?;
            report::line(&format!("wrote {name}"));
        }
    }
    if !stale.is_empty() {
        bail!("{} not as the code has it: run `cargo xtask schema`", stale.join(" and "));
    }
    report::line("schema: the reference and the JSON Schema are as the code has them");
    Ok(())
}

/// Checks alone, as CI does.
///
/// # Errors
/// When a file is stale or cannot be read.
pub(crate) fn check() -> Result<()> {
    run(&Options { check: true })
}

fn path(name: &str) -> Result<PathBuf> {
    Ok(shell::root()?.join(name))
}

fn schema() -> Result<String> {
    Ok(tollgate_config::document::json_schema())
}

fn reference() -> Result<String> {
    let name = "docs/configuration.md";
    let page = fs::read_to_string(path(name)?).with_context(|| format!("cannot read {name}"))?;
    tollgate_config::document::markdown(&page).with_context(|| name.to_owned())
}
