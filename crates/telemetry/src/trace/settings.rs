//! Where spans go and how: options and OpenTelemetry's environment variables, resolved once.
//!
//! Options win over the environment. This half is pure: the environment is a function, so that tests
//! need not touch the process's own. It must never print a header's value: those are credentials.

mod endpoint;

use std::time::Duration;

use super::sampler::Sampler;
use crate::error::TelemetryError;
pub use endpoint::OtlpProtocol;
pub(super) use endpoint::{Endpoint, resolve};

/// Name of the service where neither options nor environment give one.
const SERVICE: &str = "tollgate";
/// How long a collector may take to accept a batch.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Settings of span export.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceOptions {
    /// Address of the OTLP collector; `None` leaves it to `OTEL_EXPORTER_OTLP_ENDPOINT`, and with
    /// neither, no spans are exported. An empty one exports none whatever the environment says.
    pub endpoint: Option<String>,
    /// How to speak to it; `None` leaves it to `OTEL_EXPORTER_OTLP_PROTOCOL`, then to the port.
    pub protocol: Option<OtlpProtocol>,
    /// `service.name`; `None` leaves it to `OTEL_SERVICE_NAME`, then `tollgate`.
    pub service_name: Option<String>,
    /// `service.version`.
    pub service_version: String,
    /// Which traces are kept; `None` leaves it to `OTEL_TRACES_SAMPLER`, then keeps what the client
    /// keeps and every trace that it did not decide.
    pub sampler: Option<Sampler>,
}

impl Default for TraceOptions {
    /// What the environment asks for.
    fn default() -> Self {
        Self {
            endpoint: None,
            protocol: None,
            service_name: None,
            service_version: env!("CARGO_PKG_VERSION").to_owned(),
            sampler: None,
        }
    }
}

/// How spans gather before they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Batching {
    /// The most that a span is late.
    pub(super) delay: Duration,
    /// Spans that may wait; further ones are dropped and counted.
    pub(super) queue: usize,
    /// Spans per message, and how many are sent without waiting for more.
    pub(super) batch: usize,
}

impl Default for Batching {
    /// The specification's, but for a longer queue: its 2048 are 50 ms of a busy gateway.
    fn default() -> Self {
        Self { delay: Duration::from_secs(5), queue: 8192, batch: 512 }
    }
}

/// Everything that the export needs to know.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) endpoint: Endpoint,
    /// Headers of every message; credentials.
    pub(super) headers: Vec<(String, String)>,
    pub(super) timeout: Duration,
    pub(super) sampler: Sampler,
    /// Attributes of the resource.
    pub(super) resource: Vec<(String, String)>,
    pub(super) batching: Batching,
    /// What of the environment could not be used.
    pub(super) warnings: Vec<String>,
}

impl Settings {
    /// Resolves `options` and the environment; `None` where nothing is to be exported.
    ///
    /// # Errors
    ///
    /// Where the address, the protocol or the headers cannot be used.
    pub(super) fn resolve(
        options: &TraceOptions,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, TelemetryError> {
        let env = |name: &str| env(name).filter(|value| !value.trim().is_empty());
        let Some(endpoint) = resolve(options.endpoint.as_deref(), options.protocol, env)? else {
            return Ok(None);
        };
        let mut warnings = Vec::new();
        let sampler = options.sampler.unwrap_or_else(|| sampler(env, &mut warnings));
        let signal = |name: &str| {
            env(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"))
                .or_else(|| env(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        let timeout = millis("the OTLP timeout", signal("TIMEOUT"), &mut warnings);
        let headers = signal("HEADERS").map_or(Ok(Vec::new()), |text| {
            pairs(&text).map_err(|reason| TelemetryError::Otlp {
                endpoint: endpoint.url.clone(),
                reason: format!("the OTLP headers of the environment: {reason}"),
            })
        })?;
        let resource = resource(options, env, &mut warnings);
        let batching = batching(env, &mut warnings);
        let timeout = timeout.unwrap_or(TIMEOUT);
        Ok(Some(Self { endpoint, headers, timeout, sampler, resource, batching, warnings }))
    }
}

fn sampler(env: impl Fn(&str) -> Option<String>, warnings: &mut Vec<String>) -> Sampler {
    let argument = env("OTEL_TRACES_SAMPLER_ARG");
    let parsed = env("OTEL_TRACES_SAMPLER")
        .map(|name| Sampler::parse(name.trim(), argument.as_deref()))
        .transpose();
    match parsed {
        Ok(sampler) => sampler.unwrap_or_default(),
        Err(problem) => {
            warnings.push(format!("{problem}; every trace is kept"));
            Sampler::default()
        }
    }
}

fn resource(
    options: &TraceOptions,
    env: impl Fn(&str) -> Option<String>,
    warnings: &mut Vec<String>,
) -> Vec<(String, String)> {
    let given = env("OTEL_RESOURCE_ATTRIBUTES").map_or(Ok(Vec::new()), |text| pairs(&text));
    let mut all = given.unwrap_or_else(|problem| {
        warnings.push(format!("OTEL_RESOURCE_ATTRIBUTES is not used: {problem}"));
        Vec::new()
    });
    let mut set = |name: &str, value: String| {
        all.retain(|(known, _)| known != name);
        all.push((name.to_owned(), value));
    };
    set("service.version", options.service_version.clone());
    set("telemetry.sdk.name", SERVICE.to_owned());
    set("telemetry.sdk.language", "rust".to_owned());
    set("telemetry.sdk.version", env!("CARGO_PKG_VERSION").to_owned());
    if let Some(name) = options.service_name.clone().or_else(|| env("OTEL_SERVICE_NAME")) {
        set("service.name", name);
    } else if !all.iter().any(|(name, _)| name == "service.name") {
        all.push(("service.name".to_owned(), SERVICE.to_owned()));
    }
    all
}

fn batching(env: impl Fn(&str) -> Option<String>, warnings: &mut Vec<String>) -> Batching {
    let default = Batching::default();
    let mut count = |name: &str, default: usize| match env(name).map(|text| text.trim().parse()) {
        None => default,
        Some(Ok(count)) if (1..=1_000_000).contains(&count) => count,
        Some(_) => {
            warnings.push(format!("{name} is not a number from 1 to 1000000; it is {default}"));
            default
        }
    };
    let queue = count("OTEL_BSP_MAX_QUEUE_SIZE", default.queue);
    let batch = count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", default.batch).min(queue);
    let name = "OTEL_BSP_SCHEDULE_DELAY";
    let delay = millis(name, env(name), warnings).unwrap_or(default.delay);
    Batching { delay, queue, batch }
}

/// A time in milliseconds, of at most a day; `None` where nothing usable is said.
fn millis(name: &str, text: Option<String>, warnings: &mut Vec<String>) -> Option<Duration> {
    let parsed = text?.trim().parse::<u64>();
    match parsed {
        Ok(millis) if (1..=86_400_000).contains(&millis) => Some(Duration::from_millis(millis)),
        Ok(_) | Err(_) => {
            warnings.push(format!("{name} is not a number of milliseconds and is not used"));
            None
        }
    }
}

/// `name=value,name=value`, values percent-encoded.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let pair = |(at, entry): (usize, &str)| {
        let (name, value) = entry.split_once('=').unwrap_or_default();
        match decode(value.trim()).filter(|_| !name.trim().is_empty()) {
            Some(value) => Ok((name.trim().to_owned(), value)),
            None => Err(format!("entry {} is not name=value", at + 1)),
        }
    };
    text.split(',').enumerate().filter(|(_, entry)| !entry.trim().is_empty()).map(pair).collect()
}

/// Percent-decoded text; `None` where it is no text.
fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests;
