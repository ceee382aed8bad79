//! `models`: the groups, by the names that clients send.

use super::balance;
use super::defaults::{flag, strategy};
use super::deployments;
use super::deployments::expand::{Builder, Layers};
use super::fallbacks::{self, FallbacksGiven, Names};
use super::providers::Providers;
use super::timing::{capped, retries};
use super::traits::Traits;
use super::useless::{self, Listed};
use super::{Context, Own};
use crate::read::{At, Section, clip};
use crate::report::Report;
use crate::tree::Node;
use crate::types::{Defaults, Deployment, Fallbacks, Model, Strategy};

/// What models refer to.
#[derive(Debug)]
pub(super) struct Env<'a> {
    pub(super) context: Context<'a>,
    pub(super) own: Own,
    pub(super) providers: &'a Providers<'a>,
    pub(super) defaults: &'a Defaults,
}

/// Longest name of a model: it travels in headers and labels.
const LONGEST: usize = 200;

/// Reads the section.
pub(super) fn read(root: &mut Section<'_>, env: &Env<'_>, report: &mut Report) -> Vec<Model> {
    let Some(at) = root.take(&["models"], report) else {
        let hint = "name at least one under `models`, or set a vendor's key in the environment";
        report.problem_hint(root.at.span(), "models", "no model is configured", hint);
        return Vec::new();
    };
    let mut reader = Reader { env, builder: Builder::default(), names: Names::default() };
    let mut models = Vec::new();
    let mut given = Vec::new();
    for (entry, at) in at.entries(report) {
        if let Some((model, fallbacks)) = reader.model(&entry.key, &at, models.len(), report) {
            models.push(model);
            given.push(fallbacks);
        }
    }
    if models.is_empty() && report.is_clean() {
        at.problem(report, "no model is configured");
    }
    fallbacks::resolve(&mut models, &given, &reader.names, report);
    reader.builder.finish(&mut models);
    models
}

struct Reader<'a> {
    env: &'a Env<'a>,
    builder: Builder,
    names: Names,
}

impl Reader<'_> {
    /// `None` where the model is switched off or is no map.
    fn model(
        &mut self,
        alias: &str,
        at: &At<'_>,
        number: usize,
        report: &mut Report,
    ) -> Option<(Model, FallbacksGiven)> {
        let mut given = at.section(report)?;
        if !flag(&mut given, "enabled", true, report) {
            self.names.disabled.push(alias.to_owned());
            return None;
        }
        self.name(alias, at, number, report);
        let aliases = self.further_names(&mut given, number, report);
        let fallbacks = fallbacks::read(&mut given, report);
        let defaults = self.env.defaults;
        let traits = Traits::read(&mut given, report);
        let timeouts = traits.timeouts.over(defaults.timeouts);
        traits.timeouts.warn_beyond(timeouts.total, report);
        let mut model = Model {
            alias: alias.to_owned(),
            aliases,
            strategy: strategy(&mut given, defaults.strategy, report),
            weight: weight(&mut given, report),
            deployments: Vec::new(),
            fallbacks: Fallbacks::default(),
            timeouts: capped(timeouts),
            retries: retries(&mut given, defaults.retries, report),
            breaker: balance::breaker(&mut given, defaults.breaker, report),
            queue: balance::queue(&mut given, defaults.queue, report),
            inject_params: flag(&mut given, "inject_params", defaults.inject_params, report),
            strict_params: flag(&mut given, "strict_params", defaults.strict_params, report),
        };
        model.deployments = self.deployments(&mut given, &model, &traits, report);
        useless::fallbacks(at, &fallbacks, &model, report);
        useless::additions(at, model.inject_params, report);
        given.finish(report);
        Some((model, fallbacks))
    }

    fn deployments(
        &mut self,
        given: &mut Section<'_>,
        model: &Model,
        traits: &Traits,
        report: &mut Report,
    ) -> Vec<Deployment> {
        let layers = Layers {
            alias: &model.alias,
            position: 1,
            inject_params: model.inject_params,
            weight: 1.0,
            model: traits,
            own: None,
        };
        match given.take(&["deployments"], report) {
            Some(list) => {
                refuse_short_form(given, report);
                self.several(&list, &layers, model.strategy, report)
            }
            None => self.only(given, &layers, report),
        }
    }

    /// The model is its own only deployment: its keys stand beside the model's.
    fn only(
        &mut self,
        given: &mut Section<'_>,
        layers: &Layers<'_>,
        report: &mut Report,
    ) -> Vec<Deployment> {
        let read = deployments::read(given, self.env, report);
        read.map_or(Vec::new(), |read| self.builder.build(&read, layers, self.env, report))
    }

    fn several(
        &mut self,
        list: &At<'_>,
        layers: &Layers<'_>,
        strategy: Strategy,
        report: &mut Report,
    ) -> Vec<Deployment> {
        let items = list.list(report);
        let mut all = Vec::new();
        let mut listed = Vec::new();
        let mut off = 0;
        for (n, item) in items.iter().enumerate() {
            let Some(mut given) = item.section(report) else { continue };
            if !flag(&mut given, "enabled", true, report) {
                off += 1;
                continue;
            }
            let own = Traits::read(&mut given, report);
            let weight = weight(&mut given, report);
            let read = deployments::read(&mut given, self.env, report);
            given.finish(report);
            let Some(read) = read else { continue };
            let layers = Layers { position: n + 1, weight, own: Some(&own), ..*layers };
            let made = self.builder.build(&read, &layers, self.env, report);
            listed.push(Listed { at: item.clone(), from: all.len(), count: made.len() });
            all.extend(made);
            useless::additions(item, layers.inject_params, report);
        }
        useless::entries(&listed, &all, strategy, report);
        useless::twins(&listed, &all, report);
        if items.len() == off && is_list(list.node) {
            let hint = "name one, or switch the model off with `enabled: false`";
            list.problem_hint(report, "has no deployment", hint);
        }
        all
    }

    fn name(&mut self, name: &str, at: &At<'_>, number: usize, report: &mut Report) {
        if name.is_empty() {
            at.problem(report, "a model has no name");
        } else if name.len() > LONGEST || name.trim() != name || name.chars().any(char::is_control)
        {
            let hint = format!("up to {LONGEST} bytes, without spaces at its ends");
            at.problem_hint(report, format!("`{}` cannot be a model's name", clip(name)), hint);
        } else if self.names.groups.contains_key(name) {
            let message = format!("the model name `{}` is used twice", clip(name));
            at.problem(report, message);
        } else {
            self.names.groups.insert(name.to_owned(), number);
        }
    }

    fn further_names(
        &mut self,
        given: &mut Section<'_>,
        number: usize,
        report: &mut Report,
    ) -> Vec<String> {
        let Some(at) = given.take(&["aliases"], report) else { return Vec::new() };
        let names = at.texts(report);
        names
            .into_iter()
            .map(|(at, name)| {
                self.name(name, &at, number, report);
                name.to_owned()
            })
            .collect()
    }
}

/// Keys of a deployment beside `deployments`: nobody could say to which of them they belong.
fn refuse_short_form(given: &mut Section<'_>, report: &mut Report) {
    for name in deployments::KEYS {
        if let Some(at) = given.take(&[name], report) {
            let hint = "move it into each deployment, or leave `deployments` out";
            at.problem_hint(report, "belongs to a deployment", hint);
        }
    }
}

fn weight(given: &mut Section<'_>, report: &mut Report) -> f64 {
    given.take(&["weight"], report).and_then(|at| at.positive(report)).unwrap_or(1.0)
}

fn is_list(node: &Node) -> bool {
    matches!(node.value, crate::tree::Value::List(_))
}
