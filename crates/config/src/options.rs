//! Where configuration is read from: files, environment, flags, all handed in as values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::problem::{ConfigErrors, Place, Problem};
use crate::tree::overlay::Flag;

/// Largest `.env` that is read.
const MAX_DOTENV: usize = 1 << 20;

/// What [`crate::load`] reads.
#[derive(Clone, Default)]
pub struct LoadOptions {
    /// Files, later ones over earlier ones; YAML, TOML or JSON by their endings.
    pub files: Vec<PathBuf>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// The variables of `env` that come from a `.env` file.
    pub dotenv: BTreeSet<String>,
    /// What the command line sets, over everything else.
    pub flags: Flags,
}

impl std::fmt::Debug for LoadOptions {
    // Values of the environment are secrets until proven otherwise.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadOptions")
            .field("files", &self.files)
            .field("env", &self.env.keys())
            .field("dotenv", &self.dotenv)
            .field("flags", &self.flags)
            .finish()
    }
}

/// What the command line may set; checked with everything else.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--listen`: where clients connect.
    pub listen: Option<String>,
    /// `--ops-listen`: where metrics and health answer, or `off`.
    pub ops_listen: Option<String>,
    /// `--log`: the form of log lines.
    pub log: Option<String>,
    /// `--log-level`: what is logged.
    pub log_level: Option<String>,
}

impl Flags {
    pub(crate) fn settings(&self) -> Vec<Flag> {
        let Self { listen, ops_listen, log, log_level } = self;
        let flags: [(&'static str, &'static [&'static str], &Option<String>); 4] = [
            ("--listen", &["server", "listen"], listen),
            ("--ops-listen", &["server", "ops_listen"], ops_listen),
            ("--log", &["telemetry", "log"], log),
            ("--log-level", &["telemetry", "level"], log_level),
        ];
        flags
            .into_iter()
            .filter_map(|(name, path, value)| value.clone().map(|value| Flag { name, path, value }))
            .collect()
    }
}

impl LoadOptions {
    /// The process's environment over the `.env` of the working directory. No variable is set:
    /// that would be unsound in a program with threads.
    ///
    /// # Errors
    /// When there is a `.env` that cannot be read: half of it would be worse than none.
    pub fn from_process() -> Result<Self, ConfigErrors> {
        let mut env = dotenv(Path::new(".env"))?;
        let mut names: BTreeSet<String> = env.keys().cloned().collect();
        // What is no text cannot be meant for us.
        let process = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        for (name, value) in process {
            names.remove(&name);
            env.insert(name, value);
        }
        Ok(Self { files: Vec::new(), env, dotenv: names, flags: Flags::default() })
    }

    /// The variables of this `.env` alone, and none of the process; an absent file has none.
    ///
    /// # Errors
    /// As [`Self::from_process`].
    pub fn from_dotenv(path: &Path) -> Result<Self, ConfigErrors> {
        let env = dotenv(path)?;
        let names = env.keys().cloned().collect();
        Ok(Self { files: Vec::new(), env, dotenv: names, flags: Flags::default() })
    }

    /// The same with these files.
    #[must_use]
    pub fn with_files(mut self, files: Vec<PathBuf>) -> Self {
        self.files = files;
        self
    }

    /// The same with these flags.
    #[must_use]
    pub fn with_flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }
}

/// Reads a `.env` file; an absent one is empty.
fn dotenv(path: &Path) -> Result<BTreeMap<String, String>, ConfigErrors> {
    let problem = |line: Option<u32>, message: String, hint: &str| Problem {
        place: Place::File { path: path.to_owned(), at: line.map(|line| (line, 1)) },
        path: String::new(),
        message,
        hint: Some(hint.to_owned()),
    };
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let text = std::fs::read(path)
        .map_err(|error| format!("cannot be read: {}", error.kind()))
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned()));
    let text = match text {
        Ok(text) if text.len() <= MAX_DOTENV => text,
        Ok(_) => {
            let message = format!("is larger than {MAX_DOTENV} bytes");
            return Err(ConfigErrors(vec![problem(None, message, "keep variables in it alone")]));
        }
        Err(message) => {
            return Err(ConfigErrors(vec![problem(None, message, "mend or remove the file")]));
        }
    };
    let mut env = BTreeMap::new();
    let mut problems = Vec::new();
    for item in dotenvy::from_read_iter(text.trim_start_matches('\u{feff}').as_bytes()) {
        match item {
            Ok((name, value)) => {
                env.entry(name).or_insert(value);
            }
            // The error repeats the line, which may hold a key: only its number is told.
            Err(dotenvy::Error::LineParse(line, _)) => problems.push(problem(
                line_number(&text, &line),
                "is not NAME=value".to_owned(),
                "put values with spaces, quotes or # in single quotes",
            )),
            Err(_) => {
                problems.push(problem(None, "cannot be read".to_owned(), "mend the file"));
                break;
            }
        }
    }
    if problems.is_empty() { Ok(env) } else { Err(ConfigErrors(problems)) }
}

fn line_number(text: &str, line: &str) -> Option<u32> {
    let before = text.get(..text.find(line.trim_end())?)?;
    u32::try_from(before.matches('\n').count() + 1).ok()
}

#[cfg(test)]
mod tests;
