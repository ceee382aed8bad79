//! `models`: each group with what differs from `defaults`, and one entry per deployment.

use super::balance;
use super::origin::{Origins, Ways};
use super::places::{Nodes, place};
use super::sections::{number, retries, texts, timeouts};
use super::{Item, Shown};
use crate::report::DeploymentSaid;
use crate::tree::Node;
use crate::types::{Defaults, Fallbacks, Model};

pub(super) fn models(models: &[Model], defaults: &Defaults, origins: &Origins<'_>) -> Item {
    let mut said = origins.trail.deployments.iter();
    let items = models
        .iter()
        .map(|model| {
            let node = origins.node(&[&["models", &model.alias]]);
            let places: Vec<DeploymentSaid> =
                said.by_ref().take(model.deployments.len()).copied().collect();
            Item::map(&model.alias, group(model, defaults, node, &places, origins))
        })
        .collect();
    Item::map("models", items)
}

fn group(
    model: &Model,
    defaults: &Defaults,
    node: Option<&Node>,
    places: &[DeploymentSaid],
    origins: &Origins<'_>,
) -> Vec<Item> {
    let Model {
        alias: _,
        aliases,
        strategy,
        weight,
        deployments,
        fallbacks,
        timeouts: deadlines,
        retries: tries,
        breaker,
        queue,
        inject_params,
        strict_params,
    } = model;
    let find = |ways: Ways<'_>| node.and_then(|node| origins.within(node, ways));
    let mut items = Vec::new();
    items.extend(texts("aliases", aliases, origins.say(find(&[&["aliases"]]))));
    let said = find(&[&["strategy"], &["load_balance_strategy"]]);
    if said.is_some() || *strategy != defaults.strategy {
        items.push(Item::text("strategy", strategy.as_str(), origins.say(said)));
    }
    let said = find(&[&["weight"]]);
    if said.is_some() {
        items.push(Item::plain("weight", number(*weight), origins.say(said)));
    }
    items.extend(timeouts(deadlines, Some(&defaults.timeouts), &[node], origins));
    items.extend(retries(tries, Some(&defaults.retries), node, origins));
    items.extend(balance::breaker(breaker, Some(&defaults.breaker), node, origins));
    items.extend(balance::queue(queue, Some(&defaults.queue), node, origins));
    for (key, value, default) in [
        ("inject_params", *inject_params, defaults.inject_params),
        ("strict_params", *strict_params, defaults.strict_params),
    ] {
        let said = find(&[&[key]]);
        if said.is_some() || value != default {
            items.push(Item::plain(key, value, origins.say(said)));
        }
    }
    let list = deployments.iter().zip(places).map(|(deployment, said)| {
        let nodes = Nodes::new(deployment, *said, node, origins);
        place(deployment, model, &nodes, origins)
    });
    let value = Shown::List(list.collect());
    items.push(Item { key: "deployments".to_owned(), value, origin: String::new() });
    items.extend(reasons(fallbacks, node, origins));
    items
}

fn reasons(fallbacks: &Fallbacks, node: Option<&Node>, origins: &Origins<'_>) -> Option<Item> {
    let Fallbacks { any, context_window, content_policy } = fallbacks;
    let mut items = Vec::new();
    for (key, groups) in
        [("any", any), ("context_window", context_window), ("content_policy", content_policy)]
    {
        let ways: [&[&str]; 2] = [&["fallbacks", key], &["fallbacks"]];
        let said = node.and_then(|node| {
            origins.within(node, &ways[..1]).or_else(|| origins.within(node, &ways[1..]))
        });
        items.extend(texts(key, groups, origins.say(said)));
    }
    (!items.is_empty()).then(|| Item::map("fallbacks", items))
}
