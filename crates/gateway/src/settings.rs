//! From the checked configuration to the options of the parts that this binary puts together.

use std::io::IsTerminal as _;
use tollgate_config::{Config, LogFormat, OtlpProtocol, Server};
use tollgate_server::{ListenOptions, ServerLimits};
use tollgate_telemetry::{
    DiagnosticsOptions, LogOptions, LogTarget, TelemetryOptions, TraceOptions,
};

/// Bounds on connections, of either listener.
pub(crate) fn listen(server: &Server) -> ListenOptions {
    ListenOptions {
        header_time: server.header_timeout,
        keep_alive: server.keep_alive,
        max_age: server.max_connection_age,
        max_connections: server.max_connections,
        drain: server.drain,
    }
}

/// Bounds on requests.
pub(crate) fn limits(server: &Server) -> ServerLimits {
    ServerLimits {
        body_bytes: server.body_limit_of(server.body_limits.chat),
        embeddings_bytes: Some(server.body_limit_of(server.body_limits.embeddings)),
        count_tokens_bytes: Some(server.body_limit_of(server.body_limits.count_tokens)),
        upload_bytes: server.body_limits.uploads.unwrap_or(Server::UPLOAD_LIMIT),
        upload_hold: server.upload_hold,
        body_time: server.body_timeout,
        body_memory: server.body_memory,
        max_requests: server.max_requests,
    }
}

/// Metrics, spans and request log. The log is opened even where requests are not logged now: a reload may
/// turn it on.
pub(crate) fn telemetry(config: &Config) -> TelemetryOptions {
    let format = match config.telemetry.log {
        LogFormat::Json => tollgate_telemetry::LogFormat::Json,
        LogFormat::Text => tollgate_telemetry::LogFormat::Pretty,
        LogFormat::Auto if std::io::stdout().is_terminal() => tollgate_telemetry::LogFormat::Pretty,
        LogFormat::Auto => tollgate_telemetry::LogFormat::Json,
    };
    TelemetryOptions {
        log: Some(LogOptions { format, ..LogOptions::json(LogTarget::Stdout) }),
        traces: Some(traces(config)),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..TelemetryOptions::default()
    }
}

/// What the process says of itself on standard error.
pub(crate) fn diagnostics(config: &Config) -> DiagnosticsOptions {
    DiagnosticsOptions { filter: config.telemetry.level.clone(), ..Default::default() }
}

/// Where spans go.
fn traces(config: &Config) -> TraceOptions {
    let otlp = config.telemetry.otlp.as_ref();
    TraceOptions {
        endpoint: otlp.map(|otlp| otlp.endpoint.to_string()),
        protocol: otlp.map(|otlp| match otlp.protocol {
            OtlpProtocol::Grpc => tollgate_telemetry::OtlpProtocol::Grpc,
            OtlpProtocol::Http => tollgate_telemetry::OtlpProtocol::HttpProtobuf,
        }),
        service_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..TraceOptions::default()
    }
}

/// The keys whose values differ although they hold from the start to the end of a process.
pub(crate) fn needs_restart(started: &Config, now: &Config) -> Vec<&'static str> {
    let (s, n) = (started, now);
    [
        ("server.listen", s.server.listen == n.server.listen),
        ("server.ops_listen", s.server.ops_listen == n.server.ops_listen),
        ("telemetry.log", s.telemetry.log == n.telemetry.log),
        ("telemetry.prometheus", s.telemetry.prometheus == n.telemetry.prometheus),
        ("telemetry.otlp", s.telemetry.otlp == n.telemetry.otlp),
    ]
    .into_iter()
    .filter_map(|(key, same)| (!same).then_some(key))
    .collect()
}

/// What the configuration says, as a number: equal for equal configurations, secrets aside.
pub(crate) fn digest(config: &Config) -> String {
    use std::fmt::Write as _;
    let mut hash = Fnv(0xCBF2_9CE4_8422_2325);
    let Config { server, defaults, models, telemetry, .. } = config;
    // Secrets print as nothing; a digest of them would be a way to try guesses.
    let _ = write!(hash, "{server:?}{defaults:?}{models:?}{telemetry:?}");
    format!("{:016x}", hash.0)
}

/// FNV-1a: the same on every machine and in every version of the standard library.
struct Fnv(u64);

impl std::fmt::Write for Fnv {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        tollgate_config::parse(text, &tollgate::vendors()).unwrap()
    }

    #[test]
    fn a_digest_tells_configurations_apart_but_not_their_secrets() {
        let text = "models: { m: { provider: openai, model: some, api_keys: [KEY] } }";
        let digest = |text: &str| digest(&config(text));
        assert_eq!(digest(text), digest(text));
        assert_eq!(digest(text), digest(&text.replace("KEY", "OTHER")));
        assert_ne!(digest(text), digest(&text.replace("some", "more")));
    }

    #[test]
    fn what_needs_a_restart_is_named() {
        let model = "models: { m: { provider: mock } }\n";
        let started = config(model);
        assert!(needs_restart(&started, &config(model)).is_empty());
        let changed = "server: { listen: \"127.0.0.1:1\", drain: 1s, ops_listen: off }\n\
                       telemetry: { log: json, level: debug, prometheus: false, \
                       otlp: { endpoint: \"http://localhost:4317\" } }\n";
        let keys = needs_restart(&started, &config(&format!("{changed}{model}")));
        let expected = ["listen", "ops_listen", "log", "prometheus", "otlp"];
        assert!(keys.iter().zip(expected).all(|(key, end)| key.ends_with(end)), "{keys:?}");
        assert_eq!(keys.len(), expected.len());
    }
}
