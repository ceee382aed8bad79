//! The collector's address and protocol, from options and environment.

use crate::error::TelemetryError;

/// How spans travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtlpProtocol {
    /// gRPC, by custom on port 4317.
    Grpc,
    /// Protobuf over HTTP, by custom on port 4318.
    HttpProtobuf,
}

impl OtlpProtocol {
    /// Reads OpenTelemetry's names `grpc` and `http/protobuf`.
    ///
    /// # Errors
    ///
    /// [`TelemetryError::Protocol`] for any other name.
    pub fn parse(name: &str) -> Result<Self, TelemetryError> {
        match name {
            "grpc" => Ok(Self::Grpc),
            "http/protobuf" => Ok(Self::HttpProtobuf),
            other => Err(TelemetryError::Protocol(other.to_owned())),
        }
    }
}

/// A collector's address, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// The address, with the path where HTTP needs one.
    pub(crate) url: String,
    /// How to speak to it.
    pub(crate) protocol: OtlpProtocol,
}

/// Finds the collector; `None` where neither settings nor environment name one, and where the
/// settings name an empty one.
///
/// The signal's own variables come before the general ones, and a signal's own address is taken as
/// it is, while `/v1/traces` is appended to a general one that goes by HTTP.
pub(crate) fn resolve(
    configured: Option<&str>,
    protocol: Option<OtlpProtocol>,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Option<Endpoint>, TelemetryError> {
    let env = |name: &str| env(name).filter(|value| !value.trim().is_empty());
    let disabled = env("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let none = env("OTEL_TRACES_EXPORTER").is_some_and(|value| value.trim() == "none");
    if disabled || configured == Some("") || (none && configured.is_none()) {
        return Ok(None);
    }
    let signal = env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    let general = env("OTEL_EXPORTER_OTLP_ENDPOINT");
    let (url, complete) = match (configured, signal, general) {
        (Some(url), ..) => (url.to_owned(), false),
        (None, Some(url), _) => (url, true),
        (None, None, Some(url)) => (url, false),
        (None, None, None) => return Ok(None),
    };
    let named = env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
        .or_else(|| env("OTEL_EXPORTER_OTLP_PROTOCOL"))
        .map(|name| OtlpProtocol::parse(name.trim()))
        .transpose();
    let protocol = match protocol {
        Some(protocol) => protocol,
        None => named?.unwrap_or_else(|| by_port(&url)),
    };
    let url = match protocol {
        OtlpProtocol::HttpProtobuf if !complete => with_path(&url),
        OtlpProtocol::HttpProtobuf | OtlpProtocol::Grpc => url,
    };
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        let reason = "the address must begin with http:// or https://".to_owned();
        return Err(TelemetryError::Otlp { endpoint: url, reason });
    }
    Ok(Some(Endpoint { url, protocol }))
}

/// What an address without a protocol most likely means: 4318 and paths are HTTP's.
fn by_port(url: &str) -> OtlpProtocol {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.ends_with(":4318") || !path.is_empty() {
        OtlpProtocol::HttpProtobuf
    } else {
        OtlpProtocol::Grpc
    }
}

/// The address with `/v1/traces`, unless it is there already.
fn with_path(url: &str) -> String {
    let url = url.trim_end_matches('/');
    if url.ends_with("/v1/traces") { url.to_owned() } else { format!("{url}/v1/traces") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(
        configured: Option<&str>,
        protocol: Option<OtlpProtocol>,
        env: &[(&str, &str)],
    ) -> Option<(String, OtlpProtocol)> {
        let env = |name: &str| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        resolve(configured, protocol, env).unwrap().map(|found| (found.url, found.protocol))
    }

    const GENERAL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const SIGNAL: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

    #[test]
    fn settings_come_before_environment_and_the_signal_before_the_general() {
        use OtlpProtocol::{Grpc, HttpProtobuf};
        for (configured, protocol, env, expected) in [
            (None, None, &[][..], None),
            (Some(""), None, &[(GENERAL, "http://e:1")], None),
            (None, None, &[(GENERAL, " ")], None),
            (None, None, &[(GENERAL, "http://e:1"), ("OTEL_TRACES_EXPORTER", "none")], None),
            (Some("http://c:4317"), None, &[("OTEL_SDK_DISABLED", "TRUE")], None),
            (
                Some("http://c:4317"),
                None,
                &[(GENERAL, "http://e:1")],
                Some(("http://c:4317", Grpc)),
            ),
            (Some("http://c:4318"), None, &[], Some(("http://c:4318/v1/traces", HttpProtobuf))),
            (
                Some("http://c:9/v1/traces/"),
                None,
                &[],
                Some(("http://c:9/v1/traces", HttpProtobuf)),
            ),
            (
                Some("http://c:9"),
                Some(HttpProtobuf),
                &[(PROTOCOL, "grpc")],
                Some(("http://c:9/v1/traces", HttpProtobuf)),
            ),
            (
                None,
                None,
                &[(GENERAL, "http://e:1/otel"), (PROTOCOL, "http/protobuf")],
                Some(("http://e:1/otel/v1/traces", HttpProtobuf)),
            ),
            (
                None,
                None,
                &[(GENERAL, "http://e:1"), (SIGNAL, "http://s:2/x"), (PROTOCOL, "http/protobuf")],
                Some(("http://s:2/x", HttpProtobuf)),
            ),
            (
                None,
                None,
                &[
                    (GENERAL, "http://e:1"),
                    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
                    (PROTOCOL, "http/protobuf"),
                ],
                Some(("http://e:1", Grpc)),
            ),
        ] {
            let expected = expected.map(|(url, protocol)| (url.to_owned(), protocol));
            assert_eq!(found(configured, protocol, env), expected, "{configured:?} {env:?}");
        }
    }

    #[test]
    fn an_unknown_protocol_is_an_error() {
        let env = |name: &str| (name == PROTOCOL).then(|| "http/json".to_owned());
        let error = resolve(Some("http://c:1"), None, env).unwrap_err();
        assert!(matches!(error, TelemetryError::Protocol(name) if name == "http/json"));
    }

    #[test]
    fn an_address_without_a_scheme_is_an_error() {
        let error = resolve(Some("localhost:4317"), None, |_| None).unwrap_err();
        assert!(error.to_string().contains("must begin with http://"), "{error}");
    }
}
