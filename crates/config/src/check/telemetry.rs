//! `telemetry`: logs, metrics, traces.

use super::{base, missing, section};
use crate::read::{At, Section};
use crate::report::Report;
use crate::types::{LogFormat, Otlp, OtlpProtocol, Server, Telemetry};

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Reads the section, with a default for everything that it does not say.
pub(super) fn read(root: &mut Section<'_>, server: &Server, report: &mut Report) -> Telemetry {
    let mut telemetry = Telemetry::default();
    let Some(mut given) = section(root, &["telemetry"], report) else { return telemetry };
    let formats = [("auto", LogFormat::Auto), ("text", LogFormat::Text), ("json", LogFormat::Json)];
    let log = given.take(&["log"], report);
    if let Some(format) = log.and_then(|at| at.one_of("log format", &formats, report)) {
        telemetry.log = format;
    }
    let level = given.take(&["level"], report);
    if let Some(level) = level.and_then(|at| level_filter(&at, report)) {
        telemetry.level = level;
    }
    let prometheus = given.take(&["prometheus"], report);
    if let Some((at, on)) = prometheus.and_then(|at| at.boolean(report).map(|on| (at, on))) {
        telemetry.prometheus = on;
        if on && server.ops_listen.is_none() {
            let message = "metrics have nowhere to answer: `server.ops_listen` is off";
            report.warn(at.span(), &at.path, message, "give it an address, or say `false` here");
        }
    }
    telemetry.otlp =
        section(&mut given, &["otlp"], report).and_then(|otlp| collector(otlp, report));
    given.finish(report);
    telemetry
}

/// A level, or `target=level` pairs with at most one bare level among them.
fn level_filter(at: &At<'_>, report: &mut Report) -> Option<String> {
    let text = at.text(report)?;
    let target = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-');
    let legal = |part: &str| match part.split_once('=') {
        Some((name, level)) => {
            !name.is_empty() && name.chars().all(target) && LEVELS.contains(&level)
        }
        None => LEVELS.contains(&part),
    };
    if text.split(',').map(str::trim).all(legal) {
        return Some(text.to_owned());
    }
    let hint = format!("one of {}, or a list such as info,tollgate=debug", LEVELS.join(", "));
    at.problem_hint(report, "is not a log level", hint);
    None
}

fn collector(mut given: Section<'_>, report: &mut Report) -> Option<Otlp> {
    let endpoint = given.take(&["endpoint"], report);
    if endpoint.is_none() {
        missing(&given, "endpoint", "for example http://localhost:4317", report);
    }
    let endpoint = endpoint.and_then(|at| base::read(&at, report));
    let protocols = [
        ("grpc", OtlpProtocol::Grpc),
        ("http", OtlpProtocol::Http),
        ("http/protobuf", OtlpProtocol::Http),
    ];
    let protocol = given.take(&["protocol"], report);
    let protocol = protocol.and_then(|at| at.one_of("protocol", &protocols, report));
    given.finish(report);
    let endpoint = endpoint?;
    // The ports of the specification: whoever names one means its protocol.
    let guess = if endpoint.as_str().ends_with(":4318") || endpoint.as_str().ends_with("/v1/traces")
    {
        OtlpProtocol::Http
    } else {
        OtlpProtocol::Grpc
    };
    Some(Otlp { endpoint, protocol: protocol.unwrap_or(guess) })
}
