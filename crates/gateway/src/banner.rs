//! What a person sees when the gateway has started: where it is and what to try.

use std::fmt::Write as _;
use std::net::SocketAddr;
use tollgate_config::{Config, Origin};

/// Most models named.
const SHOWN: usize = 12;

/// The text, for standard error.
pub(crate) fn text(config: &Config, clients: SocketAddr, ops: Option<SocketAddr>) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "Tollgate {} listens on http://{clients}", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(text, "  source   {}", source(&config.origin));
    let _ = writeln!(text, "  models   {}", models(config));
    let _ = writeln!(text, "  docs     http://{clients}/docs");
    match ops {
        Some(ops) if config.telemetry.prometheus => {
            let _ = writeln!(text, "  metrics  http://{ops}/metrics");
        }
        Some(ops) => {
            let off = "off (telemetry.prometheus); probes on";
            let _ = writeln!(text, "  metrics  {off} http://{ops}");
        }
        None => text.push_str("  metrics  off (server.ops_listen)\n"),
    }
    for warning in &config.warnings {
        let _ = writeln!(text, "  warning  {warning}");
    }
    if let Some(model) = config.defaults.model.as_ref() {
        let _ = write!(
            text,
            "Try it:\n  curl http://{clients}/v1/chat/completions -H 'content-type: \
             application/json' \\\n    -d '{{\"model\": \"{model}\", \"messages\": [{{\"role\": \
             \"user\", \"content\": \"hello\"}}]}}'\n"
        );
    }
    text
}

fn source(origin: &Origin) -> String {
    match origin {
        Origin::Demo => "demo (no configuration and no vendor keys found)".to_owned(),
        Origin::Environment => "environment".to_owned(),
        Origin::Files(files) => {
            files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
        }
        Origin::Text => "text".to_owned(),
    }
}

fn models(config: &Config) -> String {
    let shown: Vec<String> = config
        .models
        .iter()
        .take(SHOWN)
        .map(|model| match model.deployments.len() {
            1 => model.alias.clone(),
            many => format!("{} ({many} deployments)", model.alias),
        })
        .collect();
    let more = config.models.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
    shown.join(", ") + &rest
}
