//! `defaults`: what holds where a model says nothing else.

use super::balance;
use super::timing::{TimeoutsGiven, retries};
use super::{Said, section};
use crate::read::{At, Section, did_you_mean};
use crate::report::Report;
use crate::tree::Value;
use crate::types::{Defaults, Model, Strategy};

/// The section, with the default model still a name.
#[derive(Debug)]
pub(super) struct DefaultsRead {
    /// Everything but the model. Timeouts are not yet capped: models lay theirs over them.
    pub(super) values: Defaults,
    model: DefaultModel,
}

#[derive(Debug)]
enum DefaultModel {
    First,
    None,
    Named(String, Said),
}

/// Reads the section.
pub(super) fn read(root: &mut Section<'_>, report: &mut Report) -> DefaultsRead {
    let mut read = DefaultsRead { values: Defaults::default(), model: DefaultModel::First };
    let Some(mut given) = section(root, &["defaults"], report) else { return read };
    if let Some(at) = given.take(&["model"], report) {
        read.model = named(&at, report);
    }
    let values = &mut read.values;
    values.strategy = strategy(&mut given, values.strategy, report);
    let timeouts = TimeoutsGiven::read(&mut given, report);
    values.timeouts = timeouts.over(values.timeouts);
    timeouts.warn_beyond(values.timeouts.total, report);
    values.retries = retries(&mut given, values.retries, report);
    values.breaker = balance::breaker(&mut given, values.breaker, report);
    values.queue = balance::queue(&mut given, values.queue, report);
    for (name, field) in [
        ("inject_params", &mut values.inject_params),
        ("log_requests", &mut values.log_requests),
        ("strict_params", &mut values.strict_params),
        ("fetch_media", &mut values.fetch_media),
    ] {
        *field = flag(&mut given, name, *field, report);
    }
    given.finish(report);
    read
}

/// Reads a strategy by name.
pub(super) fn strategy(given: &mut Section<'_>, below: Strategy, report: &mut Report) -> Strategy {
    let choices = Strategy::ALL.map(|strategy| (strategy.as_str(), strategy));
    given
        .take(&["strategy", "load_balance_strategy"], report)
        .and_then(|at| at.one_of("strategy", &choices, report))
        .unwrap_or(below)
}

/// Reads a truth value.
pub(super) fn flag(
    given: &mut Section<'_>,
    name: &'static str,
    below: bool,
    report: &mut Report,
) -> bool {
    given.take(&[name], report).and_then(|at| at.boolean(report)).unwrap_or(below)
}

/// The default model's alias, once the models are known.
pub(super) fn model(
    defaults: &DefaultsRead,
    models: &[Model],
    report: &mut Report,
) -> Option<String> {
    let (name, said) = match &defaults.model {
        DefaultModel::None => return None,
        DefaultModel::First => return models.first().map(|model| model.alias.clone()),
        DefaultModel::Named(name, said) => (name, said),
    };
    let has = |model: &&Model| model.alias == *name || model.aliases.contains(name);
    if let Some(model) = models.iter().find(has) {
        return Some(model.alias.clone());
    }
    let names = models.iter().flat_map(|model| {
        std::iter::once(model.alias.as_str()).chain(model.aliases.iter().map(String::as_str))
    });
    let message = "the default model is not among the models";
    match did_you_mean(name, names) {
        Some(hint) => report.problem_hint(said.span, &said.path, message, hint),
        None => report.problem(said.span, &said.path, message),
    }
    None
}

fn named(at: &At<'_>, report: &mut Report) -> DefaultModel {
    if matches!(at.node.value, Value::Bool(false)) {
        return DefaultModel::None;
    }
    match at.text(report) {
        Some(name) => {
            let said = Said { span: at.span(), path: at.path.clone() };
            DefaultModel::Named(name.to_owned(), said)
        }
        None => DefaultModel::First,
    }
}
