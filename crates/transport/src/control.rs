//! The control plane's client: small questions to vendors beside the traffic, on reqwest.
//!
//! It is kept off the data path (reqwest costs a third more per request there) and is built when it
//! is first used, with our own TLS settings, because reqwest's own would panic without an installed
//! provider and fail without a system store. It must never follow a redirect and never use a proxy
//! from the environment.

use bytes::{Bytes, BytesMut};
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

/// A client for credentials: fetching them, and probing whether a vendor accepts them. Cheap until
/// first used.
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

    /// Sends a request and gives the whole answer, whatever its status.
    ///
    /// `timeout` bounds the whole exchange, connection included.
    ///
    /// # Errors
    /// When no whole answer of at most `max` bytes came. Texts hold the origin only.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    pub async fn exchange(
        &self,
        request: http::Request<Bytes>,
        max: usize,
        timeout: Duration,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let origin = Origin::of(request.uri());
        match tokio::time::timeout(timeout, self.whole(request, max, &origin)).await {
            Ok(answer) => answer,
            Err(_) => Err(TransportError::Timeout { origin: origin.to_string() }),
        }
    }

    async fn whole(
        &self,
        request: http::Request<Bytes>,
        max: usize,
        origin: &Origin,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let client = self.client(origin).await?;
        let (head, body) = request.into_parts();
        let mut response = client
            .request(head.method, head.uri.to_string())
            .headers(head.headers)
            .body(body)
            .send()
            .await
            .map_err(|error| failed(error, origin))?;
        let mut read = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(error, origin))? {
            if read.len().saturating_add(chunk.len()) > max {
                let reason = format!("the answer is larger than {max} bytes");
                return Err(TransportError::Unusable { origin: origin.to_string(), reason });
            }
            read.extend_from_slice(&chunk);
        }
        let mut answer = http::Response::new(read.freeze());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        Ok(answer)
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
