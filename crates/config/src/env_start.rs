//! Models from vendors' own environment variables, for a start without any file.
//!
//! `OPENAI_API_KEYS="k1,k2"`, `OPENAI_API_BASES`, `OPENAI_MODEL`, and so for every vendor of the
//! presets. It makes the tree that a file would have made, so everything is checked in one place.

use std::collections::BTreeMap;
use tollgate_core_types::VendorPreset;

use crate::check::azure;
use crate::report::Report;
use crate::tree::{Entry, Node, Source, Span, Written};

const KEYS: &[&str] = &["_API_KEYS", "_API_KEY"];
const BASES: &[&str] = &["_API_BASES", "_API_BASE", "_API_URL", "_BASE_URL"];
const MODELS: &[&str] = &["_MODELS", "_MODEL"];
/// What Azure's own tools call an address, and what people call a deployment there.
const AZURE_BASES: &[&str] =
    &["_ENDPOINTS", "_ENDPOINT", "_API_BASES", "_API_BASE", "_API_URL", "_BASE_URL"];
const AZURE_MODELS: &[&str] =
    &["_MODELS", "_MODEL", "_DEPLOYMENTS", "_DEPLOYMENT", "_DEPLOYMENT_NAME"];

/// What the environment says of one vendor.
#[derive(Debug, Default)]
pub(crate) struct VendorEnv {
    keys: Option<Variable>,
    bases: Option<Variable>,
    models: Option<Variable>,
}

/// A variable that is set to a comma-separated list of at least one value.
struct Variable {
    name: String,
    values: Vec<String>,
    source: usize,
}

impl std::fmt::Debug for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

/// An address and the keys that it takes, as nodes; `None` is the vendor's own address.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) base: Option<Node>,
    pub(crate) keys: Vec<Node>,
}

/// The map of models that the environment names; `None` where it names no vendor at all.
///
/// A vendor that is named but cannot start is a problem if no other can, else a warning: a
/// forgotten variable must neither stop the rest nor turn production into a demo.
pub(crate) fn models(
    vendors: &[VendorPreset],
    env: &BTreeMap<String, String>,
    report: &mut Report,
) -> Option<Node> {
    let mut groups: Vec<Entry> = Vec::new();
    let mut unusable: Vec<(Span, String, String)> = Vec::new();
    for preset in vendors {
        let vendor = VendorEnv::read(preset, env, report);
        warn_of_version(preset, env, report);
        let Some(span) = vendor.span() else { continue };
        match vendor.start(preset) {
            Ok(models) => {
                vendor.warn_of_no_key(preset, report);
                models.into_iter().for_each(|model| add(&mut groups, model));
            }
            Err((message, hint)) => unusable.push((span, message, hint)),
        }
    }
    if groups.is_empty() && unusable.is_empty() {
        return None;
    }
    for (span, message, hint) in unusable {
        if groups.is_empty() {
            report.problem_hint(span, "", message, hint);
        } else {
            report.warn(span, "", message, hint);
        }
    }
    Some(Node::map(groups, Span::whole(usize::MAX)))
}

impl VendorEnv {
    /// Reads the variables of a vendor; the first of its prefixes that is set wins.
    pub(crate) fn read(
        preset: &VendorPreset,
        env: &BTreeMap<String, String>,
        report: &mut Report,
    ) -> Self {
        let mut find = |suffixes: &[&str]| variable(preset, suffixes, env, report);
        let azure = preset.name == azure::NAME;
        let (bases, models) = if azure { (AZURE_BASES, AZURE_MODELS) } else { (BASES, MODELS) };
        Self { keys: find(KEYS), bases: find(bases), models: find(models) }
    }

    fn span(&self) -> Option<Span> {
        let named = self.keys.as_ref().or(self.bases.as_ref()).or(self.models.as_ref())?;
        Some(Span::whole(named.source))
    }

    /// Addresses with their keys, paired by position: one base serves all keys, one key all bases.
    /// A server of the user's own may need no key even where the vendor itself does.
    ///
    /// # Errors
    /// Message and hint where they do not pair, or where there is nothing to call with.
    pub(crate) fn doors(&self, preset: &VendorPreset) -> Result<Vec<Door>, (String, String)> {
        let keys = self.keys.as_ref().map_or(Vec::new(), Variable::nodes);
        let bases = self.bases.as_ref().map_or(Vec::new(), Variable::nodes);
        if keys.is_empty() && preset.needs_key && !self.is_elsewhere(preset) {
            let first = preset.env.first().unwrap_or(&preset.name);
            return Err((format!("{} has no key", preset.name), format!("set {first}_API_KEY")));
        }
        match (keys.len(), bases.len()) {
            (_, 0) => Ok(vec![Door { base: None, keys }]),
            (_, 1) => Ok(vec![Door { base: bases.into_iter().next(), keys }]),
            (0 | 1, _) => Ok(bases
                .into_iter()
                .map(|base| Door { base: Some(base), keys: keys.clone() })
                .collect()),
            (k, b) if k == b => Ok(bases
                .into_iter()
                .zip(keys)
                .map(|(base, key)| Door { base: Some(base), keys: vec![key] })
                .collect()),
            (k, b) => Err((
                format!("{} has {k} keys and {b} bases, which do not pair", preset.name),
                "give one base for all keys, or one base per key".to_owned(),
            )),
        }
    }

    /// Whether there are addresses and none of them is the vendor's own.
    fn is_elsewhere(&self, preset: &VendorPreset) -> bool {
        let bases = self.bases.as_ref().map_or(&[][..], |bases| &bases.values);
        !bases.is_empty() && !bases.iter().any(|base| host(base) == host(preset.base))
    }

    /// Says that requests go out without a key where the vendor itself would want one.
    pub(crate) fn warn_of_no_key(&self, preset: &VendorPreset, report: &mut Report) {
        let (None, Some(bases), true) = (&self.keys, &self.bases, preset.needs_key) else { return };
        let first = preset.env.first().unwrap_or(&preset.name);
        let message = format!("{} has no key; the server there is called without one", preset.name);
        let hint = format!("set {first}_API_KEY if it wants one");
        report.warn(Span::whole(bases.source), "", message, hint);
    }

    fn start(&self, preset: &VendorPreset) -> Result<Vec<Entry>, (String, String)> {
        if preset.name == azure::NAME && self.bases.is_none() {
            return Err((
                "azure has no address".to_owned(),
                "set AZURE_OPENAI_ENDPOINT".to_owned(),
            ));
        }
        let doors = self.doors(preset)?;
        let models = self.models(preset);
        if models.is_empty() {
            let first = preset.env.first().unwrap_or(&preset.name);
            return Err((
                format!("{} has no model to serve", preset.name),
                format!("set {first}_MODEL, for example to `alias=model` or `model`"),
            ));
        }
        let span = self.span().unwrap_or(Span::whole(usize::MAX));
        Ok(models
            .into_iter()
            .map(|(alias, upstream)| {
                let deployments = doors.iter().map(|door| door.deployment(preset, &upstream, span));
                let deployments = Node::list(deployments.collect(), span);
                let group = Node::map(vec![Entry::new("deployments", deployments)], span);
                Entry::new(alias, group)
            })
            .collect())
    }

    /// Alias and upstream name of each model: those of the variable, else the preset's. A custom
    /// address is not assumed to serve the vendor's embeddings.
    fn models(&self, preset: &VendorPreset) -> Vec<(String, String)> {
        if let Some(models) = &self.models {
            return models
                .values
                .iter()
                .map(|value| match value.split_once('=') {
                    Some((alias, upstream)) => {
                        (alias.trim().to_owned(), upstream.trim().to_owned())
                    }
                    None => (value.clone(), value.clone()),
                })
                .collect();
        }
        let embeddings = if self.bases.is_none() { preset.embedding_models } else { &[] };
        let known = preset.models.iter().chain(embeddings);
        known.map(|name| ((*name).to_owned(), (*name).to_owned())).collect()
    }
}

impl Door {
    fn deployment(&self, preset: &VendorPreset, upstream: &str, span: Span) -> Node {
        let mut entries = vec![
            Entry::new("provider", Node::literal(preset.name, span)),
            Entry::new("model", Node::literal(upstream, span)),
        ];
        if let Some(base) = &self.base {
            entries.push(Entry::new("api_base", base.clone()));
        }
        if let Some(first) = self.keys.first() {
            let keys = Node::list(self.keys.clone(), first.span);
            entries.push(Entry::new("api_keys", keys));
        }
        Node::map(entries, span)
    }
}

impl Variable {
    fn nodes(&self) -> Vec<Node> {
        let span = Span::whole(self.source);
        let node = |value: &String| Node::text(value.clone(), Written::InEnvironment, span);
        self.values.iter().map(node).collect()
    }
}

fn variable(
    preset: &VendorPreset,
    suffixes: &[&str],
    env: &BTreeMap<String, String>,
    report: &mut Report,
) -> Option<Variable> {
    let names = preset
        .env
        .iter()
        .flat_map(|prefix| suffixes.iter().map(move |suffix| format!("{prefix}{suffix}")));
    for name in names {
        let values: Vec<String> = env
            .get(&name)
            .map(|value| value.split(','))
            .into_iter()
            .flatten()
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
            .collect();
        if !values.is_empty() {
            let source = report.add_source(Source::Environment(name.clone()));
            return Some(Variable { name, values, source });
        }
    }
    None
}

/// The host of an address, in so far as it is one.
fn host(base: &str) -> &str {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    rest.split(['/', ':']).next().unwrap_or(rest)
}

/// A version is Azure's; elsewhere it is a leftover that changes nothing, which is worth saying.
fn warn_of_version(preset: &VendorPreset, env: &BTreeMap<String, String>, report: &mut Report) {
    // Azure's own SDKs read the version under OpenAI's name.
    let azure = ["AZURE_OPENAI_", "AZURE_API_"];
    let is_azures = |name: &String| azure.iter().any(|prefix| name.starts_with(prefix));
    if preset.name == azure::NAME || env.keys().any(is_azures) {
        return;
    }
    for prefix in preset.env {
        let name = format!("{prefix}_API_VERSION");
        if env.get(&name).is_some_and(|value| !value.is_empty()) {
            let source = report.add_source(Source::Environment(name));
            let message = format!("{} has no API versions; the variable is ignored", preset.name);
            report.warn(Span::whole(source), "", message, "remove it");
        }
    }
}

/// Says of every key that is set to nothing why its vendor is not served: where that ends in the
/// demo, a secret that did not arrive would pass for a working gateway.
pub(crate) fn warn_of_empty_keys(
    vendors: &[VendorPreset],
    env: &BTreeMap<String, String>,
    report: &mut Report,
) {
    for preset in vendors {
        let prefixes = preset.env.iter();
        let names =
            prefixes.flat_map(|prefix| KEYS.iter().map(move |end| format!("{prefix}{end}")));
        for name in names.filter(|name| env.contains_key(name)) {
            let source = report.add_source(Source::Environment(name));
            let message = format!("is empty, so {} is not served", preset.name);
            report.warn(Span::whole(source), "", message, "set it to a key, or unset it");
        }
    }
}

/// Adds a model; a name that another vendor has already becomes one group of both.
fn add(groups: &mut Vec<Entry>, model: Entry) {
    use crate::tree::Value;
    let Some(known) = groups.iter_mut().find(|entry| entry.key == model.key) else {
        groups.push(model);
        return;
    };
    let lists = (&mut known.node.value, model.node.value);
    if let (Value::Map(known), Value::Map(new)) = lists {
        for (known, new) in known.iter_mut().zip(new) {
            if let (Value::List(known), Value::List(new)) = (&mut known.node.value, new.node.value)
            {
                known.extend(new);
            }
        }
    }
}
