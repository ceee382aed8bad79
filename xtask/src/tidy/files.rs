//! The texts that the rules read: everything below the root but what is built or installed.

use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;

/// Folders that hold nothing of ours.
const SKIPPED: &[&str] =
    &["target", ".git", "node_modules", "__pycache__", ".venv", ".pytest_cache"];

/// One text file.
#[derive(Debug)]
pub(super) struct File {
    /// Path relative to the root, with `/`.
    pub(super) path: String,
    /// Its text.
    pub(super) text: String,
}

impl File {
    /// Whether it is Rust source.
    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// Every text file below `root`, in the order of their paths.
///
/// # Errors
/// When a folder or file cannot be read.
pub(super) fn read(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    visit(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The names at the root.
///
/// # Errors
/// When the root cannot be read.
pub(super) fn top_level(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn visit(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                visit(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if kind.is_file() && !is_private(&name) {
            let bytes = fs::read(entry.path()).with_context(|| format!("cannot read {path}"))?;
            // What is no UTF-8 is no text: pictures, recorded bytes.
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File { path, text });
            }
        }
    }
    Ok(())
}

/// A developer's own environment is not the repository's business.
fn is_private(name: &str) -> bool {
    name == ".env" || name.starts_with(".env.local")
}
