//! `cargo xtask catalogue`: the catalogue of models and prices, from public data.
//!
//! The data is LiteLLM's, which its Python package carries under the MIT licence; the licence's text
//! comes along and is kept beside ours. The same release gives the same bytes. `--check` needs no
//! network: it reads what is there as the gateway would.

mod convert;
mod price;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{report, shell, tools};

/// The release that the data is from.
const RELEASE: &str = "1.109.1";
/// Where the package keeps its data.
const DATA: &str = "litellm/model_prices_and_context_window_backup.json";
/// Where ours is.
const MODELS: &str = "crates/catalogue/data/models.txt";
/// The licence of the data's source.
const NOTICE: &str = "crates/catalogue/data/NOTICE";
/// Vendors without whose models something is wrong with the source or with our reading of it.
const SURE: [&str; 9] =
    ["anthropic", "azure", "bedrock", "deepseek", "gemini", "groq", "openai", "qwen", "vertex"];

/// Where the data is from, and what to do with it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Write nothing, ask no registry, and fail where the catalogue cannot be read as it must be.
    #[arg(long)]
    check: bool,
    /// The release of the package to take the data from.
    #[arg(long, default_value = RELEASE)]
    release: String,
}

/// Writes the catalogue and its notice, or checks them.
///
/// # Errors
/// When the data cannot be had, read or written, and with `--check` when it is not whole.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.check {
        return check();
    }
    let source = source(&options.release)?;
    let models = convert::models(&source.data)?;
    let mut text = header(&options.release);
    for (name, model) in &models {
        text.push_str(&tollgate_catalogue::write_line(name, model));
        text.push('\n');
    }
    whole(&text)?;
    let notice = notice(&source.licence);
    for (name, made) in [(MODELS, text), (NOTICE, notice)] {
        let path = shell::root()?.join(name);
        if fs::read_to_string(&path).is_ok_and(|there| there == made) {
            continue;
        }
        fs::write(&path, made).with_context(|| format!("cannot write {name}"))?;
        report::line(&format!("wrote {name}"));
    }
    check()
}

/// Checks alone, as CI does.
///
/// # Errors
/// When the catalogue is not whole or its notice is gone.
pub(crate) fn check() -> Result<()> {
    let read = |name| {
        fs::read_to_string(shell::root()?.join(name)).with_context(|| format!("cannot read {name}"))
    };
    let count = whole(&read(MODELS)?)?;
    let notice = read(NOTICE)?;
    if !["MIT License", "Copyright (c)"].iter().all(|words| notice.contains(words)) {
        bail!("{NOTICE} lacks the licence of the data: run `cargo xtask catalogue`");
    }
    report::line(&format!("catalogue: {count} models, every one read as it is written"));
    Ok(())
}

/// How many models a catalogue has, where it can be read and has every vendor that it must have.
fn whole(text: &str) -> Result<usize> {
    let count = tollgate_catalogue::check(text).with_context(|| MODELS.to_owned())?;
    let mut vendors: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let vendor = line.split('/').next().unwrap_or_default();
        *vendors.entry(vendor).or_default() += 1;
    }
    let missing: Vec<&str> =
        SURE.into_iter().filter(|vendor| !vendors.contains_key(vendor)).collect();
    if !missing.is_empty() {
        bail!("{MODELS} has no models of {}", missing.join(", "));
    }
    Ok(count)
}

fn header(release: &str) -> String {
    format!(
        "# Models, what they take and what they cost; made by `cargo xtask catalogue`, not by hand.\n\
         # From LiteLLM {release}, Copyright (c) 2023 Berri AI, under the MIT License: see NOTICE.\n\
         # Rates are pico-dollars per token: 2500000 is 2.50 US dollars per million tokens.\n"
    )
}

fn notice(licence: &str) -> String {
    let licence = licence.trim_end();
    format!(
        "models.txt is made from the model data of LiteLLM (https://github.com/BerriAI/litellm), which\n\
         lies outside its \"enterprise\" folder and is under this licence:\n\n{licence}\n"
    )
}

/// What the package holds.
struct Source {
    data: Value,
    licence: String,
}

fn source(release: &str) -> Result<Source> {
    let folder = shell::scratch()?.join(format!("catalogue/{release}"));
    if !folder.join(DATA).exists() {
        fetch(release, &folder)?;
    }
    let data = fs::read_to_string(folder.join(DATA)).context("the package lacks its data")?;
    let data = serde_json::from_str(&data).context("the package's data is no JSON")?;
    let licence = format!("litellm-{release}.dist-info/licenses/LICENSE");
    let licence = fs::read_to_string(folder.join(licence)).context("the package has no licence")?;
    Ok(Source { data, licence })
}

/// Takes the package from the Python registry and unpacks the two files that are wanted.
fn fetch(release: &str, folder: &Path) -> Result<()> {
    let python = tools::system_python()?;
    report::line(&format!("fetching from the Python registry: litellm=={release}"));
    fs::create_dir_all(folder)?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    pip.args(["--only-binary=:all:", &format!("litellm=={release}"), "--dest"]).arg(folder);
    shell::run(&mut pip)?;
    let wheel = wheel(folder)?;
    let script = "import sys, zipfile\n\
                  for name in sys.argv[3:]: zipfile.ZipFile(sys.argv[1]).extract(name, sys.argv[2])";
    let licence = format!("litellm-{release}.dist-info/licenses/LICENSE");
    let mut unpack = Command::new(&python);
    unpack.args(["-c", script]).arg(&wheel).arg(folder).args([DATA, &licence]);
    shell::run(&mut unpack)?;
    fs::remove_file(wheel)?;
    Ok(())
}

fn wheel(folder: &Path) -> Result<PathBuf> {
    let files = fs::read_dir(folder)?.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut wheels = files.filter(|path| path.extension().is_some_and(|ending| ending == "whl"));
    wheels.next().context("the registry gave no wheel")
}
