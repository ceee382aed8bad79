//! From a tree to the checked configuration: every key is read here or below, each problem noted.
//!
//! One file per part of the configuration. Nothing here reads files or the environment; both come
//! in through [`Context`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use tollgate_core_types::VendorPreset;

use crate::read::Section;
use crate::report::Report;
use crate::tree::{Node, Span};
use crate::types::{Config, Origin};

mod aws;
pub(crate) mod azure;
mod balance;
mod base;
mod catalogue;
mod credentials;
mod defaults;
mod deployments;
mod fallbacks;
mod google;
mod keys;
mod media;
mod mock;
mod models;
mod params;
mod providers;
mod quirks;
mod server;
mod telemetry;
mod timing;
mod traits;
mod useless;

pub(crate) use quirks::CLASS_WORDS;

/// What checking needs beside the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) vendors: &'a [VendorPreset],
    pub(crate) env: &'a BTreeMap<String, String>,
}

/// What addresses of vendors are checked against: where clients reach this gateway.
#[derive(Debug, Clone, Copy)]
struct Own(SocketAddr);

/// Checks a whole tree. `None` only where a problem was reported.
pub(crate) fn check(
    root: &Node,
    context: Context<'_>,
    origin: Origin,
    report: &mut Report,
) -> Option<Config> {
    let mut root = crate::read::At { node: root, path: String::new() }.section(report)?;
    let server = server::read(&mut root, report);
    let telemetry = telemetry::read(&mut root, &server, report);
    let media = media::read(&mut root, report);
    let mut defaults = defaults::read(&mut root, report);
    let catalogue = catalogue::read(&mut root, context, report);
    let own = Own(server.listen);
    let providers = providers::read(&mut root, context, own, report);
    let env = models::Env { context, own, providers: &providers, defaults: &defaults.values };
    let models = models::read(&mut root, &env, report);
    // Only now: models lay theirs over what was said, not over what is left of it.
    defaults.values.timeouts = timing::capped(defaults.values.timeouts);
    defaults.values.model = defaults::model(&defaults, &models, report);
    providers.warn_of_unused(&models, report);
    root.finish(report);
    report.is_clean().then_some(Config {
        server,
        defaults: defaults.values,
        models,
        telemetry,
        media,
        catalogue: catalogue.catalogue,
        catalogue_file: catalogue.file,
        origin,
        referenced: report.take_referenced(),
        warnings: Vec::new(),
    })
}

/// The section under `name`, where there is one.
fn section<'a>(
    parent: &mut Section<'a>,
    name: &'static [&'static str],
    report: &mut Report,
) -> Option<Section<'a>> {
    parent.take(name, report)?.section(report)
}

/// Reports that a required key is missing.
fn missing(section: &Section<'_>, key: &str, hint: &str, report: &mut Report) {
    let Section { at, .. } = section;
    report.problem_hint(at.span(), &at.path, format!("`{key}` is missing"), hint);
}

/// Where a thing was said, for problems that only show once everything is read.
#[derive(Debug, Clone)]
struct Said {
    span: Span,
    path: String,
}
