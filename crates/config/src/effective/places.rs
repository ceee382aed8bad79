//! One deployment with everything that its provider and its model say about it.

use std::fmt::Write as _;
use tollgate_core_types::{ErrorClass, JsonText};

use super::origin::{Origins, Ways, is_from_outside};
use super::sections::{number, texts, timeouts};
use super::{Item, MASK, Shown};
use crate::duration::say_duration;
use crate::report::DeploymentSaid;
use crate::tree::{Node, Value};
use crate::types::{
    Api, Auth, Aws, AwsGuardrail, Azure, Completions, Credential, Deployment, Entra, EntraSource,
    Header, Limits, MockOptions, Model, Params, QuirkOverrides,
};

/// The nodes that speak of a deployment, the nearest first.
pub(super) struct Nodes<'a> {
    said: DeploymentSaid,
    /// Its entry in the list, where the model has one.
    entry: Option<&'a Node>,
    /// Entry or model, then model, then provider.
    all: [Option<&'a Node>; 3],
}

impl<'a> Nodes<'a> {
    pub(super) fn new(
        deployment: &Deployment,
        said: DeploymentSaid,
        model: Option<&'a Node>,
        origins: &Origins<'a>,
    ) -> Self {
        let list = model.and_then(|model| model.get("deployments"));
        let entry = said.entry.and_then(|at| match &list?.value {
            Value::List(items) => items.get(at),
            // A single map counts as a list of one in no other place; nothing is found then.
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Map(_)
            | Value::Broken => None,
        });
        let provider = origins.node(&[&["providers", &deployment.provider.name]]);
        Self { said, entry, all: [entry.or(model), model, provider] }
    }

    /// Where a setting is said, by deployment, model or provider.
    pub(super) fn find(&self, ways: Ways<'_>, origins: &Origins<'a>) -> Option<&'a Node> {
        origins.nearest(&self.all, ways)
    }

    /// Where a setting is said that a model has for itself: not there.
    fn find_own(&self, ways: Ways<'_>, origins: &Origins<'a>) -> Option<&'a Node> {
        let own = if self.said.entry.is_some() { self.entry } else { self.all[1] };
        origins.nearest(&[own, self.all[2]], ways)
    }
}

pub(super) fn place(
    deployment: &Deployment,
    model: &Model,
    nodes: &Nodes<'_>,
    origins: &Origins<'_>,
) -> Vec<Item> {
    let Deployment {
        id,
        provider,
        upstream_model,
        base,
        credential,
        auth,
        weight,
        priority,
        limits: bounds,
        timeouts: deadlines,
        params: rules,
        headers,
        max_output_tokens,
        stream_usage,
        completions,
        api,
        quirks: traits,
        chat_path,
        error_codes,
        supports_tools,
        operations,
        fetch_media,
        trace_context,
        base_model,
        catalogue,
        mock: mocked,
        aws: amazon,
        azure: microsoft,
    } = deployment;
    let own = |ways: Ways<'_>| nodes.find_own(ways, origins);
    let say = |ways: Ways<'_>| origins.say(nodes.find(ways, origins));
    let mut items = vec![
        Item::text("id", legal_id(id), or(own(&[&["id"]]), "by position", origins)),
        Item::text("provider", &provider.name, origins.say(own(&[&["provider"]]))),
    ];
    let upstream = own(&[&["model"], &["model_name"], &["upstream_model"]]);
    items.push(Item::text("model", upstream_model, or(upstream, "the model's name", origins)));
    if let Some(base_model) = base_model {
        items.push(Item::text("base_model", base_model, origins.say(own(&[&["base_model"]]))));
    }
    // An address that waits for its region is the vendor's own, and cannot be written.
    if let Some(base) = base.as_ref().filter(|base| !base.as_str().contains("{region}")) {
        let said = own(&[&["api_base"], &["base_url"], &["api_url"]]);
        let origin = match (nodes.said.base, said) {
            (Some(span), _) => origins.say_span(span),
            (None, said) => or(said, "the vendor's", origins),
        };
        items.push(Item::text("api_base", base.as_str(), origin));
    }
    items.extend(credential.as_ref().map(|credential| key(credential, nodes, origins)));
    match auth {
        // Said at the provider, whose own it is.
        Auth::Dialect | Auth::Google(_) | Auth::Entra(_) => {}
        Auth::Bearer => items.push(Item::text("auth", "bearer", say(&[&["auth"]]))),
        Auth::Header(name) => items.push(Item::text("auth", name, say(&[&["auth"]]))),
    }
    // Of a model that is its own only deployment, the weight is the group's.
    let said = nodes.entry.and_then(|entry| origins.within(entry, &[&["weight"]]));
    if said.is_some() || weight.to_bits() != 1.0_f64.to_bits() {
        let origin = or(said, "the key's", origins);
        items.push(Item::plain("weight", number(*weight), origin));
    }
    let said = own(&[&["priority"]]);
    if said.is_some() {
        items.push(Item::plain("priority", priority, origins.say(said)));
    }
    items.extend(limits(bounds, nodes, origins));
    let all = [nodes.entry, nodes.all[1], nodes.all[2], origins.node(&[&["defaults"]])];
    items.extend(timeouts(deadlines, Some(&model.timeouts), &all, origins));
    let asked = (max_output_tokens, stream_usage, completions, supports_tools);
    items.extend(params(rules, nodes, origins));
    items.extend(header_names(headers, nodes, origins));
    items.extend(customs(asked, nodes, origins));
    if let Some(spoken) = operations {
        let names = spoken.iter().map(|operation| operation.as_str().to_owned()).collect();
        let (key, origin) = ("operations".to_owned(), say(&[&["operations"]]));
        items.push(Item { key, value: Shown::Texts(names), origin });
    }
    if let Some(fetch) = fetch_media {
        items.push(Item::plain("fetch_media", fetch, say(&[&["fetch_media"]])));
    }
    if let Some(api) = api {
        let name = match api {
            Api::Chat => "chat",
            Api::Responses => "responses",
            Api::Auto => "auto",
        };
        items.push(Item::text("api", name, say(&[&["api"]])));
    }
    if let Some(told) = trace_context {
        items.push(Item::plain("trace_context", told, say(&[&["trace_context"]])));
    }
    items.extend(quirks(traits, nodes, origins));
    if let Some(path) = chat_path {
        items.push(Item::text("chat_path", path, say(&[&["chat_path"]])));
    }
    items.extend(codes(error_codes, nodes, origins));
    items.extend(super::catalogue::said(catalogue, nodes, origins));
    items.extend(amazon.as_ref().and_then(|aws| bedrock(aws, nodes, origins)));
    items.extend(microsoft.as_ref().and_then(|it| azure(it, auth, nodes, origins)));
    items.extend(mocked.as_ref().and_then(|options| mock(options, nodes, origins)));
    items
}

type Customs<'a> = (&'a Option<u64>, &'a Option<bool>, &'a Option<Completions>, &'a Option<bool>);

/// What configuration says of a server's customs: the bound of tokens, usage in streams, text
/// completions, tools.
fn customs(customs: Customs<'_>, nodes: &Nodes<'_>, origins: &Origins<'_>) -> Vec<Item> {
    let (max_output_tokens, stream_usage, completions, supports_tools) = customs;
    let say = |ways: Ways<'_>| origins.say(nodes.find(ways, origins));
    let mut items = Vec::new();
    if let Some(tokens) = max_output_tokens {
        let origin = say(&[&["max_output_tokens"]]);
        items.push(Item::plain("max_output_tokens", tokens, origin));
    }
    if let Some(usage) = stream_usage {
        items.push(Item::plain("stream_usage", usage, say(&[&["stream_usage"]])));
    }
    if let Some(kind) = completions {
        let name = match kind {
            Completions::Native => "native",
            Completions::Chat => "chat",
        };
        items.push(Item::text("completions", name, say(&[&["completions"]])));
    }
    if let Some(tools) = supports_tools {
        items.push(Item::plain("supports_tools", tools, say(&[&["supports_tools"]])));
    }
    items
}

fn or(node: Option<&Node>, otherwise: &str, origins: &Origins<'_>) -> String {
    node.map_or_else(|| otherwise.to_owned(), |node| origins.say(Some(node)))
}

/// An id that may be given: one that was made from a model's name may hold anything.
pub(super) fn legal_id(id: &str) -> String {
    let mut legal = String::with_capacity(id.len());
    for c in id.chars() {
        if c.is_ascii_alphanumeric() || "-_./:@+".contains(c) {
            legal.push(c);
        } else {
            let _ = write!(legal, "+{:x}", u32::from(c));
        }
    }
    legal
}

fn key(credential: &Credential, nodes: &Nodes<'_>, origins: &Origins<'_>) -> Item {
    let Credential { id, secret: _ } = credential;
    let said = nodes.said.key.map_or_else(String::new, |span| origins.say_span(span));
    let map =
        vec![Item::text("key", format!("{MASK}{id}"), said), Item::text("id", id, String::new())];
    let value = Shown::List(vec![map]);
    Item { key: "api_keys".to_owned(), value, origin: String::new() }
}

fn limits(limits: &Limits, nodes: &Nodes<'_>, origins: &Origins<'_>) -> Option<Item> {
    let Limits { rpm, tpm, qps, concurrency, adaptive_concurrency } = limits;
    let say = |ways: Ways<'_>| origins.say(nodes.find_own(ways, origins));
    let mut items = Vec::new();
    if let Some(rpm) = rpm {
        items.push(Item::plain("rpm", rpm, say(&[&["limits", "rpm"]])));
    }
    if let Some(tpm) = tpm {
        items.push(Item::plain("tpm", tpm, say(&[&["limits", "tpm"]])));
    }
    if let Some(qps) = qps {
        let ways: Ways<'_> = &[&["limits", "qps"], &["limits", "max_qps"], &["max_qps"]];
        items.push(Item::plain("qps", number(*qps), say(ways)));
    }
    if let Some(concurrency) = concurrency {
        let ways: Ways<'_> =
            &[&["limits", "concurrency"], &["limits", "max_concurrency"], &["max_concurrency"]];
        items.push(Item::plain("concurrency", concurrency, say(ways)));
    }
    if *adaptive_concurrency {
        let ways: Ways<'_> = &[&["limits", "adaptive_concurrency"]];
        items.push(Item::plain("adaptive_concurrency", true, say(ways)));
    }
    (!items.is_empty()).then(|| Item::map("limits", items))
}

fn params(params: &Params, nodes: &Nodes<'_>, origins: &Origins<'_>) -> Vec<Item> {
    let Params { defaults, rename, remove, set } = params;
    let value = |ways: Ways<'_>, all: Ways<'_>, (name, json): &(String, JsonText)| {
        // `null` is a value here, and nothing elsewhere.
        let said = nodes.find(ways, origins).or_else(|| nodes.find(all, origins));
        let origin = origins.say(said);
        if said.is_some_and(is_from_outside) {
            return Item::text(name, MASK, origin);
        }
        Item { key: name.clone(), value: Shown::Json(json.clone()), origin }
    };
    let mut items = Vec::new();
    if !defaults.is_empty() {
        let all = defaults.iter().map(|given| {
            let name = given.0.as_str();
            value(&[&["default_params", name], &[name]], &[&["default_params"]], given)
        });
        items.push(Item::map("default_params", all.collect()));
    }
    let mut rules = Vec::new();
    if !rename.is_empty() {
        let all = rename.iter().map(|(from, to)| {
            let said = nodes.find(&[&["params", "rename", from]], origins);
            Item::text(from, to, origins.say(said))
        });
        rules.push(Item::map("rename", all.collect()));
    }
    let said = origins.say(nodes.find(&[&["params", "remove"]], origins));
    rules.extend(texts("remove", remove, said));
    if !set.is_empty() {
        let all = set.iter().map(|given| {
            let name = given.0.as_str();
            let all: Ways<'_> = &[&["params", "set"], &["params", "extra"]];
            value(&[&["params", "set", name], &["params", "extra", name]], all, given)
        });
        rules.push(Item::map("set", all.collect()));
    }
    if !rules.is_empty() {
        items.push(Item::map("params", rules));
    }
    items
}

/// A header's value may be a credential, whatever its name.
fn header_names(headers: &[Header], nodes: &Nodes<'_>, origins: &Origins<'_>) -> Option<Item> {
    let all = headers.iter().map(|header| {
        let named = |node: &&Node| {
            matches!(&node.value, Value::Map(entries)
            if entries.iter().any(|entry| entry.key.eq_ignore_ascii_case(&header.name)))
        };
        let ways: Ways<'_> = &[&["headers"]];
        let maps = nodes.all.iter().flatten().filter_map(|node| origins.within(node, ways));
        let said = maps.filter(named).find_map(|map| match &map.value {
            Value::Map(entries) => entries
                .iter()
                .find(|entry| entry.key.eq_ignore_ascii_case(&header.name))
                .map(|entry| &entry.node),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Broken => None,
        });
        Item::text(&header.name, MASK, origins.say(said))
    });
    let items: Vec<Item> = all.collect();
    (!items.is_empty()).then(|| Item::map("headers", items))
}

fn quirks(quirks: &QuirkOverrides, nodes: &Nodes<'_>, origins: &Origins<'_>) -> Option<Item> {
    let said = quirks.said();
    let items: Vec<Item> = said
        .into_iter()
        .map(|(key, value)| {
            let said = nodes.find(&[&["quirks", key]], origins);
            Item::plain(key, value, origins.say(said))
        })
        .collect();
    (!items.is_empty()).then(|| Item::map("quirks", items))
}

fn codes(codes: &[(String, ErrorClass)], nodes: &Nodes<'_>, origins: &Origins<'_>) -> Option<Item> {
    let items: Vec<Item> = codes
        .iter()
        .map(|(code, class)| {
            let said = nodes.find(&[&["error_codes", code]], origins);
            Item::text(code, class.as_str(), origins.say(said))
        })
        .collect();
    (!items.is_empty()).then(|| Item::map("error_codes", items))
}

fn mock(options: &MockOptions, nodes: &Nodes<'_>, origins: &Origins<'_>) -> Option<Item> {
    let MockOptions { latency, token_delay, fail_every, fail_status } = options;
    let say = |key: &str| origins.say(nodes.find_own(&[&["mock", key]], origins));
    let mut items = vec![
        Item::text("latency", say_duration(*latency), say("latency")),
        Item::text("token_delay", say_duration(*token_delay), say("token_delay")),
    ];
    if let Some(every) = fail_every {
        items.push(Item::plain("fail_every", every, say("fail_every")));
    }
    items.push(Item::plain("fail_status", fail_status, say("fail_status")));
    Some(Item::map("mock", items))
}

/// What configuration itself says of Azure; what the environment says is not repeated.
fn azure(azure: &Azure, auth: &Auth, nodes: &Nodes<'_>, origins: &Origins<'_>) -> Option<Item> {
    let Azure { api_version, base_model } = azure;
    let find = |key: &str| nodes.find_own(&[&["azure", key]], origins);
    let version = find("api_version").or_else(|| nodes.find_own(&[&["api_version"]], origins));
    let mut items = Vec::new();
    let mut text = |key: &str, said: Option<&Node>, value: Option<&str>| {
        let value = value.filter(|_| said.is_some());
        items.extend(value.map(|value| Item::text(key, value, origins.say(said))));
    };
    text("api_version", version, api_version.as_deref());
    text("base_model", find("base_model"), base_model.as_deref());
    if let Auth::Entra(Entra { scope, source }) = auth {
        text("scope", find("scope"), Some(scope));
        let (app, client_id, host) = match source {
            EntraSource::Secret { app, .. } | EntraSource::Workload { app, .. } => {
                (Some(app), Some(app.client_id.as_str()), None)
            }
            EntraSource::Service { client_id, .. } => (None, client_id.as_deref(), None),
            EntraSource::Machine { host, client_id } => (None, client_id.as_deref(), Some(host)),
        };
        text("tenant_id", find("tenant_id"), app.map(|app| app.tenant.as_str()));
        text("authority", find("authority"), app.map(|app| app.authority.as_str()));
        text("client_id", find("client_id"), client_id);
        text("metadata_host", find("metadata_host"), host.map(String::as_str));
        let file = match source {
            EntraSource::Workload { token_file, .. } => Some(token_file.display().to_string()),
            EntraSource::Secret { .. }
            | EntraSource::Service { .. }
            | EntraSource::Machine { .. } => None,
        };
        text("token_file", find("token_file"), file.as_deref());
        text("client_secret", find("client_secret"), Some(MASK));
    }
    (!items.is_empty()).then(|| Item::map("azure", items))
}

/// What configuration itself says of Amazon Bedrock; what the environment says is not repeated.
fn bedrock(aws: &Aws, nodes: &Nodes<'_>, origins: &Origins<'_>) -> Option<Item> {
    let Aws { region, default_region: _, base_model, guardrail, sources } = aws;
    let find = |key: &str| nodes.find_own(&[&["aws", key]], origins);
    let mut items = Vec::new();
    for (key, value) in [("region", region), ("base_model", base_model)] {
        items.extend(value.as_ref().map(|text| Item::text(key, text, origins.say(find(key)))));
    }
    if let Some(AwsGuardrail { id, version, trace }) = guardrail {
        let map = vec![
            Item::text("id", id, String::new()),
            Item::text("version", version, String::new()),
            Item::plain("trace", trace, String::new()),
        ];
        items.push(Item::map("guardrail", map));
    }
    let mut text = |key: &str, value: Option<String>| {
        let said = find(key);
        let value = value.filter(|_| said.is_some());
        items.extend(value.map(|value| Item::text(key, value, origins.say(said))));
    };
    let masked = |there: bool, key: &str| there.then(|| format!("{MASK}{key}"));
    let keys = sources.keys.as_ref();
    let role = sources.web_identity.as_ref();
    let token = keys.is_some_and(|keys| keys.session_token.is_some());
    text("profile", sources.profile.as_ref().map(|profile| profile.name.clone()));
    text("access_key_id", keys.map(|keys| keys.access_key_id.clone()));
    text("secret_access_key", masked(keys.is_some(), "secret_access_key"));
    text("session_token", masked(token, "session_token"));
    text("role_arn", role.map(|role| role.role_arn.clone()));
    let file = role.map(|role| role.token_file.display().to_string());
    text("web_identity_token_file", file);
    text("role_session_name", role.map(|role| role.session_name.clone()));
    (!items.is_empty()).then(|| Item::map("aws", items))
}
