//! Running other programs: where, with what said, and what of their output is kept.

use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::report;

/// The repository's root.
pub(crate) fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(Path::to_path_buf).context("xtask stands below the repository's root")
}

/// Where the chores keep what they install and write: below cargo's target directory.
pub(crate) fn scratch() -> Result<PathBuf> {
    Ok(target_dir()?.join("xtask"))
}

/// Cargo's target directory, which a developer may have moved.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let root = root()?;
    Ok(std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |dir| root.join(dir)))
}

/// `cargo` as it was started, at the repository's root.
pub(crate) fn cargo(args: &[&str]) -> Result<Command> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(args).current_dir(root()?);
    // Set for this process by `cargo run`; cargo below must find its own.
    command.env_remove("CARGO_MANIFEST_DIR");
    Ok(command)
}

/// Runs a command with its output shown.
///
/// # Errors
/// When it cannot start or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    report::line(&format!("$ {}", describe(command)));
    let status = command.status().with_context(|| format!("cannot run {}", describe(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", describe(command));
    }
    Ok(())
}

/// What a command that was shown and read left behind.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Whether it succeeded.
    pub(crate) success: bool,
    /// Its standard output, line by line.
    pub(crate) lines: Vec<String>,
}

/// Runs a command, shows its output as it comes, and keeps the standard output.
///
/// # Errors
/// When it cannot start.
pub(crate) fn run_and_keep(command: &mut Command) -> Result<Shown> {
    report::line(&format!("$ {}", describe(command)));
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", describe(command)))?;
    let mut lines = Vec::new();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            report::line(&line);
            lines.push(line);
        }
    }
    Ok(Shown { success: child.wait()?.success(), lines })
}

/// Runs a command quietly and returns its standard output.
///
/// # Errors
/// When it cannot start or fails; the text holds what it said on standard error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {}", describe(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed ({}): {}", describe(command), output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as a person would type it.
fn describe(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut text = name.to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}
