//! One batch to the collector: OTLP by HTTP and by gRPC, over one HTTP client.
//!
//! gRPC is a POST over HTTP/2 with five bytes before the message and its status behind the answer;
//! that needs no library of its own. It must never follow a redirect, use a proxy of the
//! environment, or show a header.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE};
use reqwest::{Client, Response, StatusCode, Url};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::{Builder, Runtime};

use super::settings::{OtlpProtocol, Settings};
use crate::error::TelemetryError;

/// The method that takes spans.
const METHOD: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/// Most bytes of an answer that are read.
const MAX_ANSWER: usize = 64 * 1024;
/// gRPC's statuses that a later try may not meet: cancelled, deadline, exhausted, aborted, out of
/// range, unavailable, data loss.
const PASSING: [&str; 7] = ["1", "4", "8", "10", "11", "14", "15"];

/// A batch that was not taken.
#[derive(Debug)]
pub(super) struct Failed {
    /// Why, in words, without a secret.
    pub(super) reason: String,
    /// Whether a later try may do better.
    pub(super) may_pass: bool,
}

/// A client for one collector.
pub(super) struct Sender {
    runtime: Runtime,
    client: Client,
    protocol: OtlpProtocol,
    url: Url,
    timeout: Duration,
}

impl Sender {
    /// A client that is not connected yet.
    ///
    /// # Errors
    ///
    /// Where the address or a header cannot be used.
    pub(super) fn new(settings: &Settings) -> Result<Self, TelemetryError> {
        let refused = |reason: String| TelemetryError::Otlp {
            endpoint: settings.endpoint.url.clone(),
            reason,
        };
        let protocol = settings.endpoint.protocol;
        let mut url =
            Url::parse(&settings.endpoint.url).map_err(|error| refused(error.to_string()))?;
        if protocol == OtlpProtocol::Grpc {
            url.set_path(METHOD);
        }
        let mut client = Client::builder()
            .tls_backend_preconfigured(tls(url.scheme() == "https", protocol).map_err(refused)?)
            .default_headers(headers(settings).map_err(refused)?)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(1)
            .user_agent(concat!("tollgate/", env!("CARGO_PKG_VERSION")));
        if protocol == OtlpProtocol::Grpc {
            client = client.http2_prior_knowledge();
        }
        let client = client.build().map_err(|error| refused(words(&error)))?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| refused(error.to_string()))?;
        Ok(Self { runtime, client, protocol, url, timeout: settings.timeout })
    }

    /// The collector, as the diagnostics show it.
    pub(super) fn shown(&self) -> &str {
        self.url.as_str()
    }

    /// Sends one message and waits for the collector's word.
    ///
    /// # Errors
    ///
    /// When it was not taken, or not in time.
    pub(super) fn send(&mut self, message: &[u8]) -> Result<(), Failed> {
        let body = match self.protocol {
            OtlpProtocol::HttpProtobuf => message.to_vec(),
            OtlpProtocol::Grpc => framed(message),
        };
        let (client, url, protocol) = (&self.client, self.url.clone(), self.protocol);
        let exchange = async {
            let sent = client.post(url).body(body).send().await;
            let answer = sent.map_err(|error| passing(words(&error.without_url())))?;
            match protocol {
                OtlpProtocol::HttpProtobuf => by_http(answer).await,
                OtlpProtocol::Grpc => by_grpc(answer).await,
            }
        };
        let within = self.timeout;
        self.runtime.block_on(async {
            let late = |_| Err(passing(format!("no answer within {within:?}")));
            tokio::time::timeout(within, exchange).await.unwrap_or_else(late)
        })
    }
}

/// Not compressed, and the length.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut body = Vec::with_capacity(message.len() + 5);
    body.push(0);
    body.extend_from_slice(&length.to_be_bytes());
    body.extend_from_slice(message);
    body
}

async fn by_http(answer: Response) -> Result<(), Failed> {
    let status = answer.status();
    // Read to its end, so that the connection can be used again.
    drain(answer).await;
    if status.is_success() {
        return Ok(());
    }
    let may_pass = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ]
    .contains(&status);
    Err(Failed { reason: format!("it answered {status}"), may_pass })
}

async fn by_grpc(answer: Response) -> Result<(), Failed> {
    let http = answer.status();
    // An error without a message has its status in the head.
    let early = answer.headers().get("grpc-status").cloned();
    let trailers = drain(answer).await;
    let late = trailers.as_ref().and_then(|trailers| trailers.get("grpc-status"));
    match early.as_ref().or(late).and_then(|status| status.to_str().ok()) {
        Some("0") => Ok(()),
        Some(code) => Err(Failed {
            reason: format!("it answered gRPC status {code}"),
            may_pass: PASSING.contains(&code),
        }),
        None if http.is_success() => Err(passing("it answered without a gRPC status".to_owned())),
        None => Err(Failed {
            reason: format!("it answered {http}; does it speak gRPC?"),
            may_pass: http.is_server_error(),
        }),
    }
}

/// Reads what is left of an answer; its trailers.
async fn drain(answer: Response) -> Option<HeaderMap> {
    let mut body = reqwest::Body::from(answer);
    let mut read = 0_usize;
    while let Some(Ok(frame)) = body.frame().await {
        match frame.into_trailers() {
            Ok(trailers) => return Some(trailers),
            Err(frame) => read += frame.data_ref().map_or(0, |data| data.len()),
        }
        if read > MAX_ANSWER {
            break;
        }
    }
    None
}

fn headers(settings: &Settings) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &settings.headers {
        let bad = || format!("header {name:?} cannot be sent");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    let kind = match settings.endpoint.protocol {
        OtlpProtocol::HttpProtobuf => "application/x-protobuf",
        OtlpProtocol::Grpc => "application/grpc",
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if settings.endpoint.protocol == OtlpProtocol::Grpc {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    Ok(headers)
}

/// The system's certificates, or the bundled ones where it has none. Our own settings, because
/// reqwest's would panic without an installed provider. Where nothing is encrypted none are read.
fn tls(encrypted: bool, protocol: OtlpProtocol) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if encrypted {
        let found: Vec<CertificateDer<'static>> = rustls_native_certs::load_native_certs().certs;
        roots.add_parsable_certificates(found);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    if protocol == OtlpProtocol::Grpc {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    Ok(config)
}

fn passing(reason: String) -> Failed {
    Failed { reason, may_pass: true }
}

/// An error with its causes.
fn words(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
