//! `server`, `telemetry`, `defaults` and `providers`, every field of them.

use tollgate_core_types::Dialect;

use super::balance;
use super::origin::{Origins, Ways};
use super::{Item, MASK, Shown};
use crate::check::azure;
use crate::duration::{say_duration, say_size};
use crate::tree::Node;
use crate::types::{
    Auth, BaseUrl, BodyLimits, Defaults, GoogleAuth, LogFormat, Media, Model, Network, Otlp,
    OtlpProtocol, ProviderKind, Retries, Server, Telemetry, Timeouts,
};

pub(super) fn server(server: &Server, origins: &Origins<'_>) -> Item {
    let Server {
        listen,
        ops_listen,
        body_limit,
        body_limits,
        body_memory,
        upload_hold,
        header_timeout,
        body_timeout,
        keep_alive,
        max_connection_age,
        max_connections,
        max_requests,
        pre_stop,
        drain,
    } = server;
    let of = |key: &str| origins.of(&[&["server", key]]);
    let parts: Ways<'_> = &[&["server", "listen"], &["server", "host"], &["server", "port"]];
    let ops = ops_listen.map_or_else(|| "off".to_owned(), |address| address.to_string());
    let age = say_duration(*max_connection_age);
    let mut items = Vec::from([
        Item::text("listen", listen.to_string(), origins.of(parts)),
        Item::text("ops_listen", ops, of("ops_listen")),
        Item::text("body_limit", say_size(*body_limit as u64), of("body_limit")),
        Item::text("body_memory", say_size(*body_memory as u64), of("body_memory")),
        Item::text("upload_hold", say_size(*upload_hold as u64), of("upload_hold")),
        Item::text("header_timeout", say_duration(*header_timeout), of("header_timeout")),
        Item::text("body_timeout", say_duration(*body_timeout), of("body_timeout")),
        Item::text("keep_alive", say_duration(*keep_alive), of("keep_alive")),
        Item::text("max_connection_age", age, of("max_connection_age")),
        Item::plain("max_connections", max_connections, of("max_connections")),
        Item::plain("max_requests", max_requests, of("max_requests")),
        Item::text("pre_stop", say_duration(*pre_stop), of("pre_stop")),
        Item::text("drain", say_duration(*drain), of("drain")),
    ]);
    items.extend(route_limits(body_limits, origins));
    Item::map("server", items)
}

/// The bounds of single routes, where there are any.
fn route_limits(limits: &BodyLimits, origins: &Origins<'_>) -> Option<Item> {
    let BodyLimits { chat, embeddings, count_tokens, uploads } = limits;
    let of = |key: &str| origins.of(&[&["server", "body_limits", key]]);
    let items: Vec<Item> = [
        ("chat", chat),
        ("embeddings", embeddings),
        ("count_tokens", count_tokens),
        ("uploads", uploads),
    ]
    .into_iter()
    .filter_map(|(key, limit)| {
        Some(Item::text(key, say_size(limit.as_ref().copied()? as u64), of(key)))
    })
    .collect();
    (!items.is_empty()).then(|| Item::map("body_limits", items))
}

pub(super) fn telemetry(telemetry: &Telemetry, origins: &Origins<'_>) -> Item {
    let Telemetry { log, level, prometheus, otlp } = telemetry;
    let of = |key: &str| origins.of(&[&["telemetry", key]]);
    let form = match log {
        LogFormat::Auto => "auto",
        LogFormat::Text => "text",
        LogFormat::Json => "json",
    };
    let mut items = vec![
        Item::text("log", form, of("log")),
        Item::text("level", level, of("level")),
        Item::plain("prometheus", prometheus, of("prometheus")),
    ];
    if let Some(Otlp { endpoint, protocol }) = otlp {
        let of = |key: &str| origins.of(&[&["telemetry", "otlp", key]]);
        let name = match protocol {
            OtlpProtocol::Grpc => "grpc",
            OtlpProtocol::Http => "http",
        };
        items.push(Item::map(
            "otlp",
            vec![
                Item::text("endpoint", endpoint.as_str(), of("endpoint")),
                Item::text("protocol", name, of("protocol")),
            ],
        ));
    }
    Item::map("telemetry", items)
}

pub(super) fn media(media: &Media, origins: &Origins<'_>) -> Item {
    let Media { timeout, limit, count, ports, networks } = media;
    let of = |key: &str| origins.of(&[&["media", key]]);
    let mut items = Vec::from([
        Item::text("timeout", say_duration(*timeout), of("timeout")),
        Item::text("limit", say_size(*limit as u64), of("limit")),
        Item::plain("count", count, of("count")),
    ]);
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    items.extend(texts("ports", &ports, of("ports")));
    let networks: Vec<String> = networks.iter().map(Network::to_string).collect();
    items.extend(texts("networks", &networks, of("networks")));
    Item::map("media", items)
}

pub(super) fn defaults(defaults: &Defaults, origins: &Origins<'_>) -> Item {
    let Defaults {
        model,
        strategy,
        timeouts: deadlines,
        retries: tries,
        breaker,
        queue,
        inject_params,
        log_requests,
        strict_params,
        fetch_media,
    } = defaults;
    let of = |key: &str| origins.of(&[&["defaults", key]]);
    let strategies: Ways<'_> = &[&["defaults", "strategy"], &["defaults", "load_balance_strategy"]];
    let mut items = vec![match model {
        Some(model) => Item::text("model", model, of("model")),
        None => Item::plain("model", false, of("model")),
    }];
    items.push(Item::text("strategy", strategy.as_str(), origins.of(strategies)));
    let nodes = [origins.node(&[&["defaults"]])];
    items.extend(timeouts(deadlines, None, &nodes, origins));
    items.extend(retries(tries, None, nodes[0], origins));
    items.extend(balance::breaker(breaker, None, nodes[0], origins));
    items.extend(balance::queue(queue, None, nodes[0], origins));
    for (key, value) in [
        ("inject_params", inject_params),
        ("log_requests", log_requests),
        ("strict_params", strict_params),
        ("fetch_media", fetch_media),
    ] {
        items.push(Item::plain(key, value, of(key)));
    }
    Item::map("defaults", items)
}

/// Deadlines; where `below` is given, those alone that differ from it or that the first of `nodes`
/// says itself.
pub(super) fn timeouts(
    timeouts: &Timeouts,
    below: Option<&Timeouts>,
    nodes: &[Option<&Node>],
    origins: &Origins<'_>,
) -> Option<Item> {
    let Timeouts { connect, first_token, whole, idle, total } = *timeouts;
    let own = nodes.first().copied().flatten();
    let mut items = Vec::new();
    let mut first_token_is_said = false;
    for (key, value, lower) in [
        ("connect", connect, below.map(|below| below.connect)),
        ("first_token", first_token, below.map(|below| below.first_token)),
        ("whole", whole, below.map(|below| below.whole)),
        ("idle", idle, below.map(|below| below.idle)),
        ("total", total, below.map(|below| below.total)),
    ] {
        let both: [&[&str]; 3] = [&["timeouts", key], &["timeout"], &["timeouts", "first_token"]];
        let ways = match key {
            "total" => &both[..2],
            _ => &both[..1],
        };
        let said = own.is_some_and(|own| origins.within(own, ways).is_some());
        // A first token that is said holds for whole answers too, unless they have their own.
        let follows = key == "whole" && first_token_is_said;
        if lower.is_some_and(|lower| lower == value) && !said && !follows {
            continue;
        }
        first_token_is_said |= key == "first_token";
        let mut found = origins.nearest(nodes, ways);
        if key == "whole" && found.is_none() {
            found = origins.nearest(nodes, &both[2..]);
        }
        let capped = found.is_none() && key != "total" && value == total;
        let origin = if capped { "the total".to_owned() } else { origins.say(found) };
        items.push(Item::text(key, say_duration(value), origin));
    }
    (!items.is_empty()).then(|| Item::map("timeouts", items))
}

/// Retries; where `below` is given, what differs from it or is said at `own`.
pub(super) fn retries(
    retries: &Retries,
    below: Option<&Retries>,
    own: Option<&Node>,
    origins: &Origins<'_>,
) -> Option<Item> {
    let Retries { max_attempts, base, cap, budget } = *retries;
    let find = |ways: Ways<'_>| own.and_then(|own| origins.within(own, ways));
    let short: [&[&str]; 2] = [&["retries"], &["max_retries"]];
    let is_short = |node: &&Node| node.kind() != "a map";
    let attempts = find(&[&["retries", "max_attempts"], &["max_retries", "max_attempts"]])
        .or(find(&short).filter(is_short));
    let pause = |names: [&'static str; 2]| {
        find(&[
            &["retries", names[0]],
            &["retries", names[1]],
            &["max_retries", names[0]],
            &["max_retries", names[1]],
        ])
    };
    let (first, longest) = (pause(["base", "base_delay"]), pause(["cap", "max_delay"]));
    let share = find(&[&["retries", "budget"], &["max_retries", "budget"]]);
    let mut items = Vec::new();
    let differs = |same: fn(&Retries, &Retries) -> bool| below.is_none_or(|it| !same(it, retries));
    if attempts.is_some() || differs(|a, b| a.max_attempts == b.max_attempts) {
        items.push(Item::plain("max_attempts", max_attempts, origins.say(attempts)));
    }
    if first.is_some() || differs(|a, b| a.base == b.base) {
        items.push(Item::text("base", say_duration(base), origins.say(first)));
    }
    if longest.is_some() || differs(|a, b| a.cap == b.cap) {
        items.push(Item::text("cap", say_duration(cap), origins.say(longest)));
    }
    if share.is_some() || differs(|a, b| a.budget.to_bits() == b.budget.to_bits()) {
        items.push(Item::plain("budget", number(budget), origins.say(share)));
    }
    (!items.is_empty()).then(|| Item::map("retries", items))
}

/// The user's own vendors that a deployment uses. Everything that they say is in the deployments.
pub(super) fn providers(models: &[Model], origins: &Origins<'_>) -> Option<Item> {
    let mut items: Vec<Item> = Vec::new();
    for deployment in models.iter().flat_map(|model| &model.deployments) {
        let provider = &deployment.provider;
        let own = match &provider.kind {
            ProviderKind::Own(dialect) => Some(*dialect),
            // Another resource of a vendor that is known.
            ProviderKind::Vendor(preset) if preset.name != provider.name => None,
            ProviderKind::Vendor(_) | ProviderKind::Mock => continue,
        };
        if items.iter().any(|item| item.key == provider.name) {
            continue;
        }
        let name = match own {
            None => azure::NAME,
            Some(Dialect::ANTHROPIC_MESSAGES) => "anthropic",
            Some(Dialect::GEMINI_GENERATE) => "gemini",
            Some(Dialect::BEDROCK_CONVERSE) => "bedrock",
            Some(_) => "openai",
        };
        let origin = origins.of(&[&["providers", &provider.name, "dialect"]]);
        let mut said = vec![Item::text("dialect", name, origin)];
        if let Auth::Google(auth) = &deployment.auth {
            let base = deployment.base.as_ref().map_or("", BaseUrl::as_str);
            let origin = || origins.of(&[&["providers", &provider.name, "google"]]);
            let place = ["project", "location"].into_iter().filter_map(|key| {
                let (_, rest) = base.split_once(&format!("/{key}s/"))?;
                Some(Item::text(key, rest.split('/').next()?, origin()))
            });
            let mut google: Vec<Item> = place.collect();
            google.push(match auth {
                GoogleAuth::Metadata { host } => Item::text("metadata_host", host, origin()),
                GoogleAuth::ServiceAccount { .. } | GoogleAuth::AuthorizedUser { .. } => {
                    Item::text("credentials", MASK, origin())
                }
            });
            said.push(Item::map("google", google));
        }
        items.push(Item::map(&provider.name, said));
    }
    (!items.is_empty()).then(|| Item::map("providers", items))
}

/// A number as people write it.
pub(super) fn number(value: f64) -> String {
    // Debug and not Display: very large and very small ones get an exponent.
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Texts with one origin.
pub(super) fn texts(key: &str, texts: &[String], origin: String) -> Option<Item> {
    let value = Shown::Texts(texts.to_vec());
    (!texts.is_empty()).then(|| Item { key: key.to_owned(), value, origin })
}
