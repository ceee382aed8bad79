//! Configuration files: what a slip does to them.
//!
//! A file that is not what it was is refused with its place, means the same, or is seen in what
//! `check --print` shows. No problem's text holds a secret.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use tempfile::TempDir;
use tollgate_config::{Config, ConfigErrors, LoadOptions, Place, explain};
use tollgate_core_types::{Dialect, VendorPreset};

use super::{kind, outline};

/// Where files stand that are read; gone with the process.
static FOLDER: LazyLock<Option<TempDir>> = LazyLock::new(|| TempDir::new().ok());

const OPENAI: VendorPreset = VendorPreset {
    name: "openai",
    otel_name: "openai",
    env: &["OPENAI"],
    base: "https://api.openai.com/v1",
    chat: Dialect::OPENAI_CHAT,
    models: &["gpt-4o"],
    embedding_models: &[],
    needs_key: true,
};

/// Vendors enough for the corpus.
const VENDORS: [VendorPreset; 4] = [
    OPENAI,
    VendorPreset {
        name: "anthropic",
        otel_name: "anthropic",
        env: &["ANTHROPIC"],
        base: "https://api.anthropic.com",
        chat: Dialect::ANTHROPIC_MESSAGES,
        models: &["claude-sonnet-5"],
        ..OPENAI
    },
    VendorPreset {
        name: "gemini",
        otel_name: "gcp.gemini",
        env: &["GEMINI"],
        base: "https://generativelanguage.googleapis.com/v1beta",
        chat: Dialect::GEMINI_GENERATE,
        models: &[],
        ..OPENAI
    },
    VendorPreset {
        name: "bedrock",
        otel_name: "aws.bedrock",
        env: &["BEDROCK"],
        base: "https://bedrock-runtime.{region}.amazonaws.com",
        chat: Dialect::BEDROCK_CONVERSE,
        models: &[],
        needs_key: false,
        ..OPENAI
    },
];

/// A secret of each variable, all of them recognisable.
fn env() -> BTreeMap<String, String> {
    ["OPENAI_API_KEY", "OPENAI_API_KEY_2", "ANTHROPIC_API_KEY", "VLLM_API_KEY"]
        .map(|name| (name.to_owned(), format!("canary-{}", name.to_lowercase())))
        .into()
}

/// A file as it should be, and what it means then.
struct Reference {
    name: &'static str,
    bytes: &'static [u8],
    told: Option<Told>,
}

static YAML: LazyLock<Reference> = LazyLock::new(|| {
    reference("config.yaml", include_bytes!("../../../corpus/config.yaml/reference.yaml"))
});
static TOML: LazyLock<Reference> = LazyLock::new(|| {
    reference("config.toml", include_bytes!("../../../corpus/config.toml/reference.toml"))
});
static DOTENV: LazyLock<(&'static [u8], BTreeMap<String, String>)> = LazyLock::new(|| {
    let bytes = include_bytes!("../../../corpus/config.dotenv/reference.env");
    (bytes, variables(bytes).unwrap_or_default())
});

fn reference(name: &'static str, bytes: &'static [u8]) -> Reference {
    let told = loaded(name, bytes);
    assert!(told.is_ok(), "{name} as it should be is refused: {:?}", told.err());
    Reference { name, bytes, told: told.ok() }
}

/// YAML.
pub(super) fn yaml(input: &[u8]) -> u64 {
    file(&YAML, input)
}

/// TOML.
pub(super) fn toml(input: &[u8]) -> u64 {
    file(&TOML, input)
}

/// What a file means, and how it is printed.
struct Told {
    means: String,
    print: String,
}

fn path(name: &str) -> Option<PathBuf> {
    FOLDER.as_ref().map(|folder| folder.path().join(name))
}

fn loaded(name: &str, bytes: &[u8]) -> Result<Told, ConfigErrors> {
    let path = path(name).unwrap_or_default();
    let written = fs::write(&path, bytes);
    assert!(written.is_ok(), "cannot write {}: {written:?}", path.display());
    let options = LoadOptions { files: vec![path], env: env(), ..LoadOptions::default() };
    let (config, effective) = explain(&options, &VENDORS)?;
    Ok(Told { means: meaning(&config), print: effective.to_yaml() })
}

/// Everything that a configuration means, keys in the clear.
fn meaning(config: &Config) -> String {
    let Config { server, defaults, models, telemetry, .. } = config;
    let mut told = format!("{server:?} {defaults:?} {models:?} {telemetry:?}");
    for deployment in models.iter().flat_map(|model| &model.deployments) {
        for credential in deployment.credential.iter() {
            told.push_str(credential.secret.expose());
        }
    }
    told
}

fn file(reference: &Reference, input: &[u8]) -> u64 {
    match loaded(reference.name, input) {
        Err(errors) => refused(&errors),
        Ok(told) => {
            assert!(!told.print.contains("canary"), "a secret is printed");
            seen(reference, input, &told);
            kind(outline(&told.print).len() as u64 ^ told.print.lines().count() as u64)
        }
    }
}

/// A change of meaning is a change of the print. Only what is masked there cannot be seen: the slip
/// then stands in a secret.
fn seen(reference: &Reference, input: &[u8], told: &Told) {
    let Reference { name: _, bytes, told: meant } = reference;
    let Some(meant) = meant else { return };
    let Some(same) = slip(bytes, input) else { return };
    let line = line_of(bytes, same);
    let masked = ["key", "search", "x-team", "token", "secret"].iter().any(|it| line.contains(it));
    assert!(
        told.means == meant.means || told.print != meant.print || masked,
        "a slip at byte {same} changes the meaning and is not seen: {line}"
    );
}

/// Where `input` differs from `reference` by one slip: a byte lost, changed or added, or the rest
/// lost.
fn slip(reference: &[u8], input: &[u8]) -> Option<usize> {
    let same = reference.iter().zip(input).take_while(|(a, b)| a == b).count();
    let behind = reference.iter().rev().zip(input.iter().rev()).take_while(|(a, b)| a == b).count();
    let one = same + behind + 1 >= reference.len().max(input.len());
    let near = reference.len().abs_diff(input.len()) <= 1;
    (input != reference && ((one && near) || same == input.len())).then_some(same)
}

fn line_of(bytes: &[u8], at: usize) -> String {
    let (before, after) = bytes.split_at(at.min(bytes.len()));
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |found| found + 1);
    let end = after.iter().position(|byte| *byte == b'\n').unwrap_or(after.len());
    let line = [before.get(start..).unwrap_or_default(), after.get(..end).unwrap_or_default()];
    String::from_utf8_lossy(&line.concat()).into_owned()
}

fn refused(errors: &ConfigErrors) -> u64 {
    let text = errors.to_string();
    assert!(!errors.0.is_empty(), "refused without a reason");
    assert!(!text.contains("canary"), "a secret is told: {text}");
    assert!(errors.0.iter().all(|it| !it.message.is_empty()), "a problem without words: {text}");
    let placed = errors.0.iter().any(|it| matches!(&it.place, Place::File { .. }));
    assert!(placed, "no problem has a place: {text}");
    let mut words: Vec<String> = errors.0.iter().map(|it| outline(&it.message)).collect();
    words.dedup();
    words.truncate(3);
    kind(words)
}

/// A file of variables.
pub(super) fn dotenv(input: &[u8]) -> u64 {
    match variables(input) {
        Err(errors) => refused(&errors),
        Ok(env) => {
            untouched(input, &env);
            kind((env.len().min(32), env.keys().map(String::len).sum::<usize>() / 8))
        }
    }
}

fn variables(bytes: &[u8]) -> Result<BTreeMap<String, String>, ConfigErrors> {
    let path = path("variables.env").unwrap_or_default();
    let written = fs::write(&path, bytes);
    assert!(written.is_ok(), "cannot write {}: {written:?}", path.display());
    LoadOptions::from_dotenv(&path).map(|options| options.env)
}

/// A slip leaves every variable alone that stands on another line than it, or on the one beside it
/// where a line's end was lost. What is cut off is gone.
fn untouched(input: &[u8], env: &BTreeMap<String, String>) {
    let (reference, meant) = &*DOTENV;
    assert!(!meant.is_empty(), "the variables as they should be are refused");
    let Some(at) = slip(reference, input) else { return };
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    let line = lines(reference.get(..at).unwrap_or_default());
    let text = String::from_utf8_lossy(reference);
    let own: Vec<&str> = text.lines().skip(line.saturating_sub(1)).take(3).collect();
    let cut_off = input.len() + 1 < reference.len();
    for (name, value) in meant {
        let touched = own.iter().any(|line| line.contains(name.as_str()));
        let gone = cut_off && !env.contains_key(name);
        let place = format!("a slip in line {} (byte {at}) changes {name}", line + 1);
        assert!(touched || gone || env.get(name) == Some(value), "{place}");
    }
}
