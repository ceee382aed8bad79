//! `server`: the listeners and what they bear.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::section;
use crate::read::{At, Holds, Section, decide, shown};
use crate::report::Report;
use crate::tree::{Text, Value};
use crate::types::{BodyLimits, Server};

/// Reads the section, with a default for everything that it does not say.
pub(super) fn read(root: &mut Section<'_>, report: &mut Report) -> Server {
    let mut server = Server::default();
    let Some(mut given) = section(root, &["server"], report) else { return server };
    listen(&mut given, &mut server, report);
    ops_listen(&mut given, &mut server, report);
    if let Some(limit) = given.take(&["body_limit"], report).and_then(|at| at.size(report)) {
        server.body_limit = limit;
    }
    body_limits(&mut given, &mut server, report);
    body_memory(&mut given, &mut server, report);
    if let Some(at) = given.take(&["upload_hold"], report)
        && let Some(hold) = at.size(report)
    {
        server.upload_hold = hold;
        if hold > server.body_memory {
            let message = format!("{hold} bytes are more than `body_memory` has");
            at.problem_hint(report, message, "lower it, or raise `body_memory`");
        }
    }
    for (name, field) in [
        ("max_connections", &mut server.max_connections),
        ("max_requests", &mut server.max_requests),
    ] {
        let at = given.take(&[name], report);
        if let Some(most) = at.and_then(|at| at.whole(1..=u64::from(u32::MAX), report)) {
            *field = usize::try_from(most).unwrap_or(usize::MAX);
        }
    }
    for (name, field) in [
        ("header_timeout", &mut server.header_timeout),
        ("body_timeout", &mut server.body_timeout),
        ("keep_alive", &mut server.keep_alive),
        ("max_connection_age", &mut server.max_connection_age),
    ] {
        let at = given.take(&[name], report);
        if let Some(duration) = at.and_then(|at| at.some_duration(report)) {
            *field = duration;
        }
    }
    for (name, field) in [("pre_stop", &mut server.pre_stop), ("drain", &mut server.drain)] {
        if let Some(duration) = given.take(&[name], report).and_then(|at| at.duration(report)) {
            *field = duration;
        }
    }
    given.finish(report);
    server
}

fn body_limits(given: &mut Section<'_>, server: &mut Server, report: &mut Report) {
    let Some(mut given) = section(given, &["body_limits"], report) else { return };
    for (name, field) in [
        ("chat", &mut server.body_limits.chat),
        ("embeddings", &mut server.body_limits.embeddings),
        ("count_tokens", &mut server.body_limits.count_tokens),
        ("uploads", &mut server.body_limits.uploads),
    ] {
        if let Some(limit) = given.take(&[name], report).and_then(|at| at.size(report)) {
            *field = Some(limit);
        }
    }
    given.finish(report);
}

/// Room for one body of every size that is allowed, at least.
fn body_memory(given: &mut Section<'_>, server: &mut Server, report: &mut Report) {
    // Of a form no more than `upload_hold` is held.
    let BodyLimits { chat, embeddings, count_tokens, uploads: _ } = server.body_limits;
    let single = [chat, embeddings, count_tokens].into_iter().flatten();
    let largest = single.fold(server.body_limit, usize::max);
    let Some(at) = given.take(&["body_memory"], report) else {
        server.body_memory = server.body_memory.max(largest);
        return;
    };
    let Some(memory) = at.size(report) else { return };
    server.body_memory = memory;
    if memory < largest {
        let message = format!("{memory} bytes have no room for a body of {largest} bytes");
        at.problem_hint(report, message, "raise it, or lower `body_limit` or `body_limits`");
    }
}

fn listen(given: &mut Section<'_>, server: &mut Server, report: &mut Report) {
    let whole = given.take(&["listen"], report);
    let host = part(given, "host", whole.as_ref(), report);
    let port = part(given, "port", whole.as_ref(), report);
    if let Some(address) = whole.as_ref().and_then(|at| address(at, report)) {
        server.listen = address;
    }
    if let Some(ip) = host.as_ref().and_then(|at| ip(at, report)) {
        server.listen.set_ip(ip);
    }
    if let Some(port) = port.as_ref().and_then(|at| at.whole(0..=65_535, report)) {
        server.listen.set_port(u16::try_from(port).unwrap_or_default());
    }
    if let Some(said) = host.or(whole).filter(|_| !server.listen.ip().is_loopback()) {
        let message = format!("{} can be reached from other machines", server.listen);
        let hint = "whoever reaches it spends your keys: keep it behind a firewall or proxy";
        report.warn(said.span(), &said.path, message, hint);
    }
}

/// A part of the address under a name of its own, unless a higher layer gives the whole.
fn part<'a>(
    given: &mut Section<'a>,
    name: &'static str,
    whole: Option<&At<'_>>,
    report: &mut Report,
) -> Option<At<'a>> {
    let part = given.take(&[name], report)?;
    match whole.map(|whole| decide(whole, &part, report)) {
        Some(Holds::First) => None,
        Some(Holds::Twice) => {
            part.problem_hint(report, "`listen` says the same", "keep `listen` alone");
            Some(part)
        }
        Some(Holds::Second) | None => Some(part),
    }
}

fn ops_listen(given: &mut Section<'_>, server: &mut Server, report: &mut Report) {
    let off = given.is_null("ops_listen");
    let Some(at) = given.take(&["ops_listen"], report) else {
        // `null` is a way to say off here, unlike everywhere else.
        if off {
            server.ops_listen = None;
        }
        return;
    };
    if is_off(&at) {
        server.ops_listen = None;
        return;
    }
    let Some(address) = address(&at, report) else { return };
    server.ops_listen = Some(address);
    if address == server.listen && address.port() != 0 {
        at.problem_hint(report, "is the same as `listen`", "give it a port of its own, or `off`");
    }
    if !address.ip().is_loopback() {
        let message = format!("{address} can be reached from other machines");
        let hint = "it shows metrics and answers admin requests";
        report.warn(at.span(), &at.path, message, hint);
    }
}

fn is_off(at: &At<'_>) -> bool {
    match &at.node.value {
        Value::Bool(on) => !on,
        Value::Text(text) => matches!(text.text.trim(), "off" | "none" | "false"),
        Value::Null | Value::Number(_) | Value::List(_) | Value::Map(_) | Value::Broken => false,
    }
}

fn address(at: &At<'_>, report: &mut Report) -> Option<SocketAddr> {
    let text = written(at);
    let text = text.map_or("", |text| text.text.trim());
    let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let parsed = match local {
        Some(port) => Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)),
        None => text.parse().ok(),
    };
    if parsed.is_none() {
        let hint = "write it like 127.0.0.1:8000, or 0.0.0.0:8000 for every network";
        refuse(at, hint, report);
    }
    parsed
}

fn ip(at: &At<'_>, report: &mut Report) -> Option<IpAddr> {
    let parsed = match written(at).map_or("", |text| text.text.trim()) {
        "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        text => text.parse().ok(),
    };
    if parsed.is_none() {
        refuse(at, "write an IP address such as 127.0.0.1 or 0.0.0.0", report);
    }
    parsed
}

fn refuse(at: &At<'_>, hint: &str, report: &mut Report) {
    let what = match &at.node.value {
        Value::Broken => return,
        Value::Text(text) => shown(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Map(_) => {
            at.node.kind().to_owned()
        }
    };
    at.problem_hint(report, format!("{what} is not an address to listen on"), hint);
}

fn written<'a>(at: &At<'a>) -> Option<&'a Text> {
    match &at.node.value {
        Value::Text(text) => Some(text),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Broken => None,
    }
}
