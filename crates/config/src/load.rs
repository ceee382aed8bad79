//! From sources to a checked configuration: the order of layers stands here and nowhere else.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use tollgate_core_types::VendorPreset;

use crate::check::{Context, check};
use crate::effective::Effective;
use crate::env_start;
use crate::expand::expand;
use crate::options::LoadOptions;
use crate::problem::{ConfigErrors, Place, Problem};
use crate::report::{Report, Trail};
use crate::shapes::normalise;
use crate::tree::merge::{Names, merge};
use crate::tree::overlay::overlay;
use crate::tree::yaml::SyntaxError;
use crate::tree::{Entry, Node, Source, Span, toml, yaml};
use crate::types::{Config, Origin};

/// Largest configuration file.
const MAX_FILE: u64 = 4 << 20;

/// What runs where nothing is configured.
const DEMO: &str = include_str!("demo.yaml");

/// Loads and checks a configuration: defaults, then files in their order, then variables
/// `TOLLGATE__SECTION__KEY`, then flags, each over what comes before.
///
/// Where no file is given and nothing names a model, the models are those of the vendors whose
/// keys are in the environment, and the demo where there are none either.
///
/// # Errors
/// Every problem that was found, each with its place.
pub fn load(options: &LoadOptions, vendors: &[VendorPreset]) -> Result<Config, ConfigErrors> {
    read_all(options, vendors).map(|loaded| loaded.config)
}

/// As [`load`], and says beside it what is in effect and where each value came from.
///
/// # Errors
/// As [`load`].
pub fn explain(
    options: &LoadOptions,
    vendors: &[VendorPreset],
) -> Result<(Config, Effective), ConfigErrors> {
    let Loaded { config, root, trail } = read_all(options, vendors)?;
    let effective = Effective::new(&config, &root, &trail, options);
    Ok((config, effective))
}

/// A configuration, what it was read from, and where that came from.
struct Loaded {
    config: Config,
    root: Node,
    trail: Trail,
}

fn read_all(options: &LoadOptions, vendors: &[VendorPreset]) -> Result<Loaded, ConfigErrors> {
    let mut report = Report::default();
    let files = read_files(&options.files, &mut report);
    let origin = (!options.files.is_empty()).then(|| Origin::Files(options.files.clone()));
    let Some(root) = files else { return Err(unfinished(report)) };
    finish(root, origin, options, vendors, report)
}

/// Checks a YAML text given by the program, with no environment and no files but those that it
/// names.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, vendors: &[VendorPreset]) -> Result<Config, ConfigErrors> {
    parse_with(text, &BTreeMap::new(), vendors)
}

/// Checks a YAML text given by the program, in an environment that the program chose.
///
/// # Errors
/// As [`load`].
pub fn parse_with(
    text: &str,
    env: &BTreeMap<String, String>,
    vendors: &[VendorPreset],
) -> Result<Config, ConfigErrors> {
    let mut report = Report::default();
    let source = report.add_source(Source::File(PathBuf::from("configuration")));
    let (node, errors) = yaml::parse(text, source);
    tell(errors, &mut report);
    let Some(root) = node.and_then(|node| as_root(node, &mut report)) else {
        return Err(unfinished(report));
    };
    let options = LoadOptions { env: env.clone(), ..LoadOptions::default() };
    finish(root, Some(Origin::Text), &options, vendors, report).map(|loaded| loaded.config)
}

fn finish(
    mut root: Node,
    origin: Option<Origin>,
    options: &LoadOptions,
    vendors: &[VendorPreset],
    mut report: Report,
) -> Result<Loaded, ConfigErrors> {
    let named = names_models(&root);
    let flags = options.flags.settings();
    if let Some(upper) = overlay(&options.env, &flags, &mut report) {
        merge(&mut root, upper, Names::Forgiving);
    }
    let origin = match named {
        true => origin.unwrap_or(Origin::Environment),
        false => add_models(&mut root, origin, options, vendors, &mut report),
    };
    expand(&mut root, "", &options.env, &mut report);
    normalise(&mut root, &report);
    let context = Context { vendors, env: &options.env };
    match check(&root, context, origin, &mut report) {
        Some(config) => {
            let (warnings, trail) = report.finish()?;
            Ok(Loaded { config: Config { warnings, ..config }, root, trail })
        }
        None => Err(unfinished(report)),
    }
}

/// Whether a tree says which models there are, in any of the shapes that are understood.
fn names_models(root: &Node) -> bool {
    let said = |key: &str| root.get(key).is_some_and(|node| !node.is_null());
    let list = root.get("providers").is_some_and(|node| node.kind() == "a list");
    said("models") || said("model_list") || list
}

/// Adds the models of the environment, or the demo's, where the files name none. Variables that
/// change single settings of these models stay above them.
fn add_models(
    root: &mut Node,
    origin: Option<Origin>,
    options: &LoadOptions,
    vendors: &[VendorPreset],
    report: &mut Report,
) -> Origin {
    if let Some(models) = env_start::models(vendors, &options.env, report) {
        lay_under(root, Node::map(vec![Entry::new("models", models)], root.span));
        return origin.unwrap_or(Origin::Environment);
    }
    match origin {
        // A file without models is a mistake; the demo in its place would hide it.
        Some(origin) => origin,
        None if names_models(root) => Origin::Environment,
        None => {
            let source = report.add_source(Source::Nowhere);
            let (demo, _) = yaml::parse(DEMO, source);
            if let Some(demo) = demo {
                lay_under(root, demo);
            }
            env_start::warn_of_empty_keys(vendors, &options.env, report);
            Origin::Demo
        }
    }
}

fn lay_under(root: &mut Node, mut lower: Node) {
    std::mem::swap(root, &mut lower);
    merge(root, lower, Names::Forgiving);
}

/// All files as one tree; `None` where one of them could not be understood.
fn read_files(files: &[PathBuf], report: &mut Report) -> Option<Node> {
    let source = report.add_source(Source::Nowhere);
    let mut root = Some(Node::map(Vec::new(), Span::whole(source)));
    for path in files {
        match (read_file(path, report), &mut root) {
            (Some(node), Some(root)) => {
                let span = node.span;
                merge(root, node, Names::Exact);
                root.span = span;
            }
            (Some(_), None) => {}
            (None, _) => root = None,
        }
    }
    root
}

/// One file as a tree; `None` where it could not be understood, which was reported.
pub(crate) fn read_file(path: &Path, report: &mut Report) -> Option<Node> {
    let source = report.add_source(Source::File(path.to_owned()));
    let text = match read_text(path) {
        Ok(text) => text,
        Err(message) => {
            report.problem(Span::whole(source), "", message);
            return None;
        }
    };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let (node, errors) = match ending.to_ascii_lowercase().as_str() {
        "yaml" | "yml" | "json" => yaml::parse(&text, source),
        "toml" => {
            let (node, errors) = toml::parse(&text, source);
            // What is left of a broken table would be blamed for what was lost of it.
            (node.filter(|_| errors.is_empty()), errors)
        }
        _ => {
            let hint = "name it .yaml, .yml, .toml or .json";
            report.problem_hint(Span::whole(source), "", "is of no known format", hint);
            return None;
        }
    };
    tell(errors, report);
    node.and_then(|node| as_root(node, report))
}

/// A document is a map, or nothing at all.
fn as_root(node: Node, report: &mut Report) -> Option<Node> {
    match node.kind() {
        "a map" => Some(node),
        "nothing" => Some(Node::map(Vec::new(), node.span)),
        other => {
            report.problem(node.span, "", format!("expected a map of settings, found {other}"));
            None
        }
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("cannot be read: {}", error.kind());
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("is larger than {MAX_FILE} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
}

fn tell(errors: Vec<SyntaxError>, report: &mut Report) {
    for SyntaxError { span, message } in errors {
        report.problem(span, "", message);
    }
}

/// The problems of a load that came to nothing.
fn unfinished(report: Report) -> ConfigErrors {
    match report.finish() {
        Err(errors) => errors,
        // Unreachable as long as everything that gives up says why; said here if ever it does not.
        Ok(_) => ConfigErrors(vec![Problem {
            place: Place::Nowhere,
            path: String::new(),
            message: "could not be loaded, for a reason that was not recorded".to_owned(),
            hint: None,
        }]),
    }
}
