//! The committed inputs of a target, and where failing ones go.

use anyhow::{Context as _, Result};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use super::Failure;

/// Recorded answers and requests that stand beside the code they are read by: target, folder, ending.
const FIXTURES: &[(&str, &str, &str)] = &[
    ("sse", "providers-openai/fixtures/streams", "sse"),
    ("stream.openai_chat", "providers-openai/fixtures/streams", "sse"),
    ("stream.openai_completions", "providers-openai/fixtures/streams", "sse"),
    ("stream.anthropic", "providers-anthropic/src/messages/stream/fixtures", "sse"),
    ("answer.openai_chat", "providers-openai/fixtures/replies", "json"),
    ("request.openai_chat", "providers-openai/fixtures/requests", "json"),
    ("request.openai_completions", "providers-openai/fixtures/prompts", "json"),
    ("stream.openai_responses", "providers-openai/fixtures/responses/streams", "sse"),
    ("answer.openai_responses", "providers-openai/fixtures/responses/replies", "json"),
    ("request.openai_responses", "providers-openai/fixtures/responses/requests", "json"),
    ("splice", "providers-openai/fixtures/requests", "json"),
];

/// Every input of `target`: its own folder and the recordings that it shares with tests, in the
/// order of their names.
///
/// # Errors
/// When a folder cannot be read.
pub(super) fn read(target: &str) -> Result<Vec<Vec<u8>>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    let own = here.join("corpus").join(target);
    if own.is_dir() {
        paths.extend(files(&own, None)?);
    }
    for (_, folder, ending) in FIXTURES.iter().filter(|(name, ..)| *name == target) {
        paths.extend(files(&here.join("../../crates").join(folder), Some(ending))?);
    }
    paths.iter().map(|path| fs::read(path).with_context(|| path.display().to_string())).collect()
}

fn files(folder: &Path, ending: Option<&str>) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>()?;
    let wanted = |path: &PathBuf| {
        path.is_file()
            && ending.is_none_or(|ending| path.extension().is_some_and(|it| it == ending))
    };
    paths.retain(wanted);
    paths.sort();
    Ok(paths)
}

/// Keeps a failing input; put it into the corpus once it is understood.
///
/// # Errors
/// When it cannot be written.
pub(super) fn keep(folder: &Path, target: &str, failure: &Failure) -> Result<PathBuf> {
    let folder = folder.join(target);
    fs::create_dir_all(&folder).context("no folder for failing inputs")?;
    let mut hasher = DefaultHasher::new();
    failure.input.hash(&mut hasher);
    let path = folder.join(format!("{:016x}", hasher.finish()));
    fs::write(&path, &failure.input).context("cannot keep the failing input")?;
    Ok(path)
}
