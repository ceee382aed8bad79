//! `cargo xtask translation` and `cargo xtask fuzz`: proofs by running the vendor crates.
//!
//! They are a program of their own (`xtask/proofs`), which is built when it is asked for, so that no
//! other chore waits for the vendor crates.

use anyhow::Result;
use clap::Args;

use crate::shell;

/// How long all fuzz targets together run in CI.
const CI_SECONDS: u32 = 60;
/// So many that there is time for them, so that what is tried does not depend on the machine.
const CI_INPUTS: u64 = 20_000;

/// What to do with a page that is stale.
#[derive(Debug, Args)]
pub(crate) struct Translation {
    /// Write nothing, and fail where the page is not as the code would make it.
    #[arg(long)]
    check: bool,
}

/// What to feed with broken input, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Targets by name, or beginnings of names; all unless said.
    targets: Vec<String>,
    /// How long all of them together may take.
    #[arg(long, default_value_t = CI_SECONDS)]
    seconds: u32,
    /// How many inputs each target gets at most; as many as there is time for unless said.
    #[arg(long)]
    inputs: Option<u64>,
    /// Where chance begins; a run with the same seed tries the same inputs.
    #[arg(long)]
    seed: Option<u64>,
    /// Lists the targets and runs none.
    #[arg(long)]
    list: bool,
}

/// Writes `docs/translation.md`, or compares it.
///
/// # Errors
/// When a field vanishes without a word, or with `--check` when the page is stale.
pub(crate) fn translation(options: &Translation) -> Result<()> {
    let page = shell::root()?.join("docs/translation.md");
    let mut args = vec!["translation".to_owned(), page.to_string_lossy().into_owned()];
    args.extend(options.check.then(|| "--check".to_owned()));
    proofs("dev", &args)
}

/// Compares alone, as CI does.
///
/// # Errors
/// As [`translation`].
pub(crate) fn translation_holds() -> Result<()> {
    translation(&Translation { check: true })
}

/// Runs fuzz targets.
///
/// # Errors
/// When one fails: its input is kept and its place printed.
pub(crate) fn fuzz(options: &Fuzz) -> Result<()> {
    let Fuzz { targets, seconds, inputs, seed, list } = options;
    let kept = shell::scratch()?.join("fuzz");
    let mut args = vec![
        "fuzz".to_owned(),
        format!("--seconds={seconds}"),
        format!("--kept={}", kept.to_string_lossy()),
    ];
    args.extend(inputs.map(|inputs| format!("--inputs={inputs}")));
    args.extend(seed.map(|seed| format!("--seed={seed}")));
    args.extend(list.then(|| "--list".to_owned()));
    args.extend(targets.iter().cloned());
    proofs("fuzz", &args)
}

/// Every target for a bounded number of inputs, from the same seed each time: what passes passes again.
///
/// # Errors
/// As [`fuzz`].
pub(crate) fn fuzz_in_ci() -> Result<()> {
    fuzz(&Fuzz {
        targets: Vec::new(),
        seconds: CI_SECONDS,
        inputs: Some(CI_INPUTS),
        seed: Some(1),
        list: false,
    })
}

/// Builds and runs the program.
fn proofs(profile: &str, args: &[String]) -> Result<()> {
    let run = ["run", "--quiet", "--package=tollgate-proofs", "--profile", profile, "--"];
    let mut cargo = shell::cargo(&run)?;
    shell::run(cargo.args(args))
}
