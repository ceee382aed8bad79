//! The control plane's client: small questions to vendors beside the traffic, on reqwest.
//!
//! It is kept off the data path (reqwest costs a third more per request there) and is built when it
//! is first used, with our own TLS settings, because reqwest's own would panic without an installed
//! provider and fail without a system store. It must never follow a redirect and never use a proxy
//! from the environment.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tollgate_providers_common::TransportError;

use crate::origin::Origin;
use crate::reason::reason;
use crate::tls::Tls;

/// Most bytes of a probe's answer that are read so that its connection can be used again.
const MAX_DISCARD: usize = 64 * 1024;

/// Largest answer that is kept, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// What came back for a small request. Its body may hold a token and is never printed.
pub struct ControlAnswer {
    /// The status.
    pub status: u16,
    /// All of the body.
    pub body: Bytes,
}

/// A client for credential and health probes. Cheap until first used.
pub struct Control {
    tls: Arc<Tls>,
    client: OnceCell<reqwest::Client>,
}

impl Control {
    /// A client that trusts what `tls` trusts.
    pub(crate) fn new(tls: Arc<Tls>) -> Self {
        Self { tls, client: OnceCell::new() }
    }

    /// Sends `GET url` with `headers` and gives the answer's status; the body is thrown away.
    ///
    /// `timeout` bounds the whole exchange, connection included.
    ///
    /// # Errors
    /// When no status came. Texts hold the origin only.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    pub async fn probe(
        &self,
        url: Uri,
        headers: &HeaderMap,
        timeout: Duration,
    ) -> Result<u16, TransportError> {
        let origin = Origin::of(&url);
        match tokio::time::timeout(timeout, self.ask(url, headers, &origin)).await {
            Ok(status) => status,
            Err(_) => Err(TransportError::Timeout { origin: origin.to_string() }),
        }
    }

    /// Sends one small request and gives status and body of its answer, of which at most 256 KiB
    /// are read. For tokens; never for traffic.
    ///
    /// # Errors
    /// When no whole answer came, or it is larger. Texts hold the origin only.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    pub async fn exchange(
        &self,
        request: http::Request<Bytes>,
        timeout: Duration,
    ) -> Result<ControlAnswer, TransportError> {
        let origin = Origin::of(request.uri());
        match tokio::time::timeout(timeout, self.send(request, &origin)).await {
            Ok(answer) => answer,
            Err(_) => Err(TransportError::Timeout { origin: origin.to_string() }),
        }
    }

    async fn send(
        &self,
        request: http::Request<Bytes>,
        origin: &Origin,
    ) -> Result<ControlAnswer, TransportError> {
        let (head, body) = request.into_parts();
        let client = self.client(origin).await?;
        let mut response = client
            .request(head.method, head.uri.to_string())
            .headers(head.headers)
            .body(body)
            .send()
            .await
            .map_err(|error| failed(error, origin))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(error, origin))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                let reason = "the answer is too large".to_owned();
                return Err(TransportError::Unusable { origin: origin.to_string(), reason });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(ControlAnswer { status, body: body.into() })
    }

    async fn ask(
        &self,
        url: Uri,
        headers: &HeaderMap,
        origin: &Origin,
    ) -> Result<u16, TransportError> {
        let client = self.client(origin).await?;
        let mut response = client
            .get(url.to_string())
            .headers(headers.clone())
            .send()
            .await
            .map_err(|error| failed(error, origin))?;
        let status = response.status().as_u16();
        let mut left = MAX_DISCARD;
        // The status is the answer; how the body ends does not change it.
        while let Ok(Some(chunk)) = response.chunk().await {
            match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => break,
            }
        }
        Ok(status)
    }

    async fn client(&self, origin: &Origin) -> Result<&reqwest::Client, TransportError> {
        let refused =
            |reason: String| TransportError::Connect { origin: origin.to_string(), reason };
        let build = || async {
            let config = self.tls.config().await.map_err(|error| refused(reason(&error)))?;
            reqwest::Client::builder()
                .tls_backend_preconfigured(rustls::ClientConfig::clone(&config))
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .user_agent(HeaderValue::from_static(concat!(
                    "tollgate/",
                    env!("CARGO_PKG_VERSION")
                )))
                .pool_idle_timeout(Duration::from_secs(30))
                .pool_max_idle_per_host(1)
                .build()
                .map_err(|error| refused(reason(&error)))
        };
        self.client.get_or_try_init(build).await
    }
}

fn failed(error: reqwest::Error, origin: &Origin) -> TransportError {
    let connecting = error.is_connect() || error.is_builder();
    // reqwest's own text repeats the address, with its query.
    let error = error.without_url();
    let origin = origin.to_string();
    let reason = reason(&error);
    if connecting {
        TransportError::Connect { origin, reason }
    } else {
        TransportError::Broken { origin, reason }
    }
}
