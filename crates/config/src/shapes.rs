//! Other systems' shapes into ours, before anything is checked.
//!
//! Whoever comes from a broker (`proxy:`), a factory library (`providers:` as a list) or LiteLLM
//! (`model_list:`, `litellm_params:`) finds their file understood as far as it says the same.
//! Values are moved, never changed, so that problems still point to the line that was written.

use crate::report::Report;
use crate::tree::merge::{Names, merge};
use crate::tree::{Entry, Node, Span, Value};

/// Moves what other systems write to where we read it.
pub(crate) fn normalise(root: &mut Node, report: &Report) {
    proxy_section(root, report);
    log_level(root, report);
    rename(root, "model_list", "models");
    provider_list(root);
    if let Some(models) = get_mut(root, "models") {
        if let Some(items) = take_list(models) {
            *models = group(items, models.span, &["alias", "model_name", "name"]);
        }
        each_deployment(models, &mut litellm);
    }
}

/// `proxy: {default_model, timeout, ...}` is `defaults:`. Our spelling wins within one layer.
fn proxy_section(root: &mut Node, report: &Report) {
    let Some(proxy) = remove(root, "proxy") else { return };
    let mut proxy = proxy.node;
    rename(&mut proxy, "default_model", "model");
    rename(&mut proxy, "enable_parameter_injection", "inject_params");
    rename(&mut proxy, "enable_request_logging", "log_requests");
    let ours = remove(root, "defaults");
    let mut defaults = Entry::new("defaults", proxy);
    if let Some(mut ours) = ours {
        let higher = |known: &Entry| {
            let theirs = defaults.node.get(&known.key);
            theirs.is_some_and(|node| report.layer(node.span) > report.layer(known.node.span))
        };
        if let Value::Map(entries) = &mut ours.node.value {
            entries.retain(|entry| !higher(entry));
        }
        merge(&mut defaults.node, ours.node, Names::Exact);
    }
    insert(root, defaults);
}

/// `server: {log_level}` is `telemetry: {level}`, which wins within one layer.
fn log_level(root: &mut Node, report: &Report) {
    let level = get_mut(root, "server").and_then(|server| remove(server, "log_level"));
    let Some(mut level) = level else { return };
    "level".clone_into(&mut level.key);
    lower(&mut level.node);
    match get_mut(root, "telemetry") {
        Some(telemetry) => {
            let known = get_mut(telemetry, "level").map(|known| report.layer(known.span));
            if known.is_none_or(|known| known < report.layer(level.node.span)) {
                remove(telemetry, "level");
                insert(telemetry, level);
            }
        }
        None => {
            let span = level.at;
            insert(root, Entry::new("telemetry", Node::map(vec![level], span)));
        }
    }
}

fn lower(node: &mut Node) {
    if let Value::Text(text) = &mut node.value {
        text.text.make_ascii_lowercase();
    }
}

/// `providers:` as a list is a list of models.
fn provider_list(root: &mut Node) {
    let Some(items) = get_mut(root, "providers").and_then(take_list) else { return };
    let Some(entry) = remove(root, "providers") else { return };
    let items = items.into_iter().map(named_provider).collect();
    let mut models = group(items, entry.node.span, &["alias", "model_name", "model"]);
    each_deployment(&mut models, &mut litellm);
    match get_mut(root, "models") {
        Some(known) => merge(known, models, Names::Exact),
        None => insert(root, Entry { key: "models".to_owned(), at: entry.at, node: models }),
    }
}

/// Such a list may call the vendor `name`.
fn named_provider(mut item: Node) -> Node {
    if item.get("provider").is_none() {
        rename(&mut item, "name", "provider");
    }
    item
}

/// A list of deployments, each naming its model, as a map of model groups. Without a name it goes
/// to the group of the empty name, which the check refuses where it stands.
fn group(items: Vec<Node>, span: Span, names: &[&str]) -> Node {
    let mut groups: Vec<Entry> = Vec::new();
    for mut item in items {
        let name = names.iter().find(|name| text(&item, name).is_some());
        let key = name.and_then(|name| text(&item, name)).unwrap_or_default();
        if let Some(name) = name.filter(|name| only_alias(&item, name)) {
            remove(&mut item, name);
        }
        let at = item.span;
        match groups.iter_mut().find(|entry| entry.key == key) {
            Some(known) => push_deployment(&mut known.node, item),
            None => {
                let deployments = Node::list(vec![item], at);
                let group = Node::map(vec![Entry::new("deployments", deployments)], at);
                groups.push(Entry { key, at, node: group });
            }
        }
    }
    Node::map(groups, span)
}

/// Whether `name` says the alias alone, and not also the vendor's name of the model.
fn only_alias(item: &Node, name: &str) -> bool {
    match name {
        "alias" | "name" => true,
        "model_name" => item.get("litellm_params").is_some() || item.get("model").is_some(),
        _ => false,
    }
}

fn push_deployment(group: &mut Node, item: Node) {
    if let Some(Node { value: Value::List(items), .. }) = get_mut(group, "deployments") {
        items.push(item);
    }
}

fn each_deployment(models: &mut Node, change: &mut dyn FnMut(&mut Node)) {
    let Value::Map(models) = &mut models.value else { return };
    for model in models {
        change(&mut model.node);
        if let Some(Node { value: Value::List(items), .. }) =
            get_mut(&mut model.node, "deployments")
        {
            items.iter_mut().for_each(&mut *change);
        }
    }
}

/// `litellm_params: {model: "vendor/upstream", rpm, ...}` as `provider`, `model`, `limits`.
fn litellm(node: &mut Node) {
    let Some(params) = remove(node, "litellm_params") else { return };
    let mut params = params.node;
    if let Some(mut model) = remove(&mut params, "model") {
        let vendor = split_vendor(&mut model.node);
        insert(&mut params, model);
        if params.get("provider").is_none() {
            insert(&mut params, Entry::new("provider", vendor));
        }
    }
    let limits: Vec<Entry> =
        ["rpm", "tpm"].iter().filter_map(|name| remove(&mut params, name)).collect();
    if let Some(first) = limits.first() {
        let span = first.at;
        insert(&mut params, Entry::new("limits", Node::map(limits, span)));
    }
    merge(node, params, Names::Exact);
}

/// Takes `vendor/` from the front of a model's name; without one it is OpenAI's.
fn split_vendor(model: &mut Node) -> Node {
    let span = model.span;
    let Value::Text(text) = &mut model.value else { return Node::literal("openai", span) };
    let Some((vendor, upstream)) = text.text.split_once('/') else {
        return Node::literal("openai", span);
    };
    let vendor = Node::text(vendor, text.written, span);
    text.text = upstream.to_owned();
    vendor
}

fn get_mut<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    match &mut node.value {
        Value::Map(entries) => entries
            .iter_mut()
            .find(|entry| entry.key == key && !entry.node.is_null())
            .map(|entry| &mut entry.node),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Broken => None,
    }
}

fn text(node: &Node, key: &str) -> Option<String> {
    match &node.get(key)?.value {
        Value::Text(text) => Some(text.text.clone()),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Broken => None,
    }
}

fn take_list(node: &mut Node) -> Option<Vec<Node>> {
    match &mut node.value {
        Value::List(items) => Some(std::mem::take(items)),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Map(_)
        | Value::Broken => None,
    }
}

fn remove(node: &mut Node, key: &str) -> Option<Entry> {
    let Value::Map(entries) = &mut node.value else { return None };
    let at = entries.iter().position(|entry| entry.key == key)?;
    Some(entries.remove(at))
}

fn insert(node: &mut Node, entry: Entry) {
    if let Value::Map(entries) = &mut node.value {
        entries.push(entry);
    }
}

/// Renames a key, unless the new name is there already: then both stay, and are reported.
fn rename(node: &mut Node, from: &str, to: &str) {
    let Value::Map(entries) = &mut node.value else { return };
    if entries.iter().any(|entry| entry.key == to) {
        return;
    }
    if let Some(entry) = entries.iter_mut().find(|entry| entry.key == from) {
        to.clone_into(&mut entry.key);
    }
}
