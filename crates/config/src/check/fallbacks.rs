//! `fallbacks`: where requests go that a group cannot serve. No group is reached from itself, over
//! whatever reasons: a request may leave one group for its length and the next for an outage. The
//! balancer's router holds the same, so what is accepted here can be built.

use std::collections::HashMap;

use super::Said;
use crate::read::{At, Section, clip, did_you_mean};
use crate::report::Report;
use crate::tree::Value;
use crate::types::{Fallbacks, Model};

/// Names as they were given, and where.
type Given = Vec<(String, Said)>;

/// The names that a model gives, before it is known what they mean.
#[derive(Debug, Default)]
pub(super) struct FallbacksGiven {
    any: Given,
    context_window: Given,
    content_policy: Given,
}

impl FallbacksGiven {
    /// Whether no name is given.
    pub(super) fn is_empty(&self) -> bool {
        let Self { any, context_window, content_policy } = self;
        any.is_empty() && context_window.is_empty() && content_policy.is_empty()
    }
}

/// What names mean: every group's number by each of its names, and those that are switched off.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) groups: HashMap<String, usize>,
    pub(super) disabled: Vec<String>,
}

/// Reads `fallbacks`: a map by reason, or a plain list for any.
pub(super) fn read(given: &mut Section<'_>, report: &mut Report) -> FallbacksGiven {
    let mut fallbacks = FallbacksGiven::default();
    let Some(at) = given.take(&["fallbacks"], report) else { return fallbacks };
    if !matches!(at.node.value, Value::Map(_)) {
        fallbacks.any = names(&at, report);
        return fallbacks;
    }
    let Some(mut all) = at.section(report) else { return fallbacks };
    for (name, field) in [
        ("any", &mut fallbacks.any),
        ("context_window", &mut fallbacks.context_window),
        ("content_policy", &mut fallbacks.content_policy),
    ] {
        if let Some(at) = all.take(&[name], report) {
            *field = names(&at, report);
        }
    }
    all.finish(report);
    fallbacks
}

fn names(at: &At<'_>, report: &mut Report) -> Given {
    at.texts(report)
        .into_iter()
        .map(|(at, name)| (name.trim().to_owned(), Said { span: at.span(), path: at.path }))
        .collect()
}

/// Resolves every model's names and refuses cycles.
pub(super) fn resolve(
    models: &mut [Model],
    given: &[FallbacksGiven],
    names: &Names,
    report: &mut Report,
) {
    let aliases: Vec<String> = models.iter().map(|model| model.alias.clone()).collect();
    let mut reason = |of: fn(&FallbacksGiven) -> &Given| -> Vec<Vec<Target>> {
        let given = given.iter().enumerate();
        given.map(|(from, given)| targets(from, of(given), names, report)).collect()
    };
    let any = reason(|given| &given.any);
    let context_window = reason(|given| &given.context_window);
    let content_policy = reason(|given| &given.content_policy);
    let lists = || any.iter().zip(&context_window).zip(&content_policy);
    let edges: Vec<Vec<Target>> = lists().map(|((a, b), c)| joined([a, b, c])).collect();
    refuse_cycles(&edges, &aliases, report);
    let named = |list: &[Target]| {
        list.iter().filter_map(|(to, _)| aliases.get(*to).cloned()).collect::<Vec<_>>()
    };
    for (model, ((any, context_window), content_policy)) in models.iter_mut().zip(lists()) {
        model.fallbacks = Fallbacks {
            any: named(any),
            context_window: named(context_window),
            content_policy: named(content_policy),
        };
    }
}

/// A group that is fallen back to, by number, and where that was said.
type Target = (usize, Said);

/// Every group that is fallen back to for whatever reason, once.
fn joined(lists: [&Vec<Target>; 3]) -> Vec<Target> {
    let mut all: Vec<Target> = Vec::new();
    for target in lists.into_iter().flatten() {
        if !all.iter().any(|(known, _)| *known == target.0) {
            all.push(target.clone());
        }
    }
    all
}

fn targets(
    from: usize,
    given: &[(String, Said)],
    names: &Names,
    report: &mut Report,
) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for (name, said) in given {
        let Some(to) = names.groups.get(name).copied() else {
            unknown(name, said, names, report);
            continue;
        };
        if to == from {
            report.problem(said.span, &said.path, "a model cannot fall back to itself");
        } else if targets.iter().any(|(known, _)| *known == to) {
            let message = format!("`{}` is named twice", clip(name));
            report.problem(said.span, &said.path, message);
        } else {
            targets.push((to, said.clone()));
        }
    }
    targets
}

fn unknown(name: &str, said: &Said, names: &Names, report: &mut Report) {
    let shown = clip(name);
    if names.disabled.iter().any(|disabled| disabled == name) {
        let message = format!("the fallback `{shown}` is switched off and left out");
        report.warn(said.span, &said.path, message, "`enabled: false` stands at that model");
        return;
    }
    let message = format!("there is no model `{shown}` to fall back to");
    let hint = if report.is_full() {
        None
    } else {
        did_you_mean(name, names.groups.keys().map(String::as_str))
    };
    match hint {
        Some(hint) => report.problem_hint(said.span, &said.path, message, hint),
        None => report.problem(said.span, &said.path, message),
    }
}

/// Walks the graph of all reasons depth first, on a stack of its own: a chain may be long.
fn refuse_cycles(edges: &[Vec<Target>], aliases: &[String], report: &mut Report) {
    let mut done = vec![false; edges.len()];
    let mut place: Vec<Option<usize>> = vec![None; edges.len()];
    for start in 0..edges.len() {
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        if done.get(start).copied().unwrap_or(true) {
            continue;
        }
        set(&mut place, start, Some(0));
        while let Some((at, next)) = way.last().copied() {
            let Some((to, said)) = edges.get(at).and_then(|edges| edges.get(next)) else {
                set(&mut done, at, true);
                set(&mut place, at, None);
                way.pop();
                continue;
            };
            if let Some(last) = way.last_mut() {
                last.1 += 1;
            }
            if let Some(since) = place.get(*to).copied().flatten() {
                let round = way.iter().skip(since).map(|(at, _)| *at).chain([*to]);
                let round: Vec<&str> =
                    round.filter_map(|at| aliases.get(at).map(String::as_str)).collect();
                let message = format!("fallbacks go in a circle: {}", clip(&round.join(" -> ")));
                report.problem_hint(said.span, &said.path, message, "take one of them out");
            } else if !done.get(*to).copied().unwrap_or(true) {
                set(&mut place, *to, Some(way.len()));
                way.push((*to, 0));
            }
        }
    }
}

fn set<T>(values: &mut [T], at: usize, value: T) {
    if let Some(slot) = values.get_mut(at) {
        *slot = value;
    }
}
