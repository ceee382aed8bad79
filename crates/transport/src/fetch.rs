//! Fetching what a client's request points to: the one place where somebody outside names an address.
//!
//! Who may choose where the gateway connects to could have it speak to the inside of its network. So
//! a name is resolved once, every address of it is looked at, the connection is made to one of those
//! and to nothing else, and each redirect is looked at anew. It must never send a credential or a
//! cookie, never read a proxy from the environment, never resolve a name a second time, and never
//! hold more than it may.

mod address;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header};
use reqwest::{Response, Url};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use address::is_public;
pub use address::{BadNetwork, Network};

use crate::reason::reason;
use crate::tls::Tls;

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 3;
/// Longest address.
const MAX_URL: usize = 8 << 10;
/// For DNS, TCP and TLS of one hop.
const CONNECT: Duration = Duration::from_secs(5);
/// What is asked for. Nothing in it says who asks on whose behalf.
const ACCEPT: HeaderValue =
    HeaderValue::from_static("image/*, application/pdf, text/*;q=0.8, */*;q=0.1");

/// Where may be fetched from, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchRules {
    /// All of one fetch, redirects included.
    pub timeout: Duration,
    /// Largest body, in bytes.
    pub max: usize,
    /// Ports beside 80 and 443.
    pub ports: Vec<u16>,
    /// Networks that may be fetched from although they are not public.
    pub networks: Vec<Network>,
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// What its server says that it is.
    pub content_type: Option<String>,
    /// All of it.
    pub body: Bytes,
}

/// Why nothing was fetched. Texts hold no address beyond what the client sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address may not be fetched, whatever is there.
    #[error("the address {0}")]
    Refused(&'static str),
    /// A redirect leads to where may not be fetched.
    #[error("it redirects, and the new address {0}")]
    Redirected(&'static str),
    /// It redirects again and again.
    #[error("it redirects more than {MAX_REDIRECTS} times")]
    Redirects,
    /// No answer.
    #[error("{0}")]
    Unreachable(String),
    /// Not in time.
    #[error("it did not come within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// An answer that is none.
    #[error("the server answered {0}")]
    Status(u16),
    /// Too much.
    #[error("it is larger than {max} bytes")]
    TooLarge {
        /// The bound.
        max: usize,
    },
    /// Compressed, though nobody asked for it.
    #[error("it is encoded, which was not asked for")]
    Encoded,
}

/// Fetches what clients point to. Cheap; every hop makes a connection of its own.
#[derive(Clone)]
pub struct Fetcher {
    tls: Arc<Tls>,
}

/// A hop that may be made: the address, and where exactly to connect.
#[derive(Debug)]
struct Hop {
    url: Url,
    /// The name, and every address of it; none where the address says it.
    resolved: Option<(String, Vec<SocketAddr>)>,
}

impl Fetcher {
    /// A fetcher that trusts what `tls` trusts.
    pub(crate) fn new(tls: Arc<Tls>) -> Self {
        Self { tls }
    }

    /// Fetches `address` as the rules allow.
    ///
    /// # Errors
    /// See [`FetchError`]; where it is [`FetchError::Refused`], nothing was connected to.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the fetch.
    pub async fn fetch(&self, address: &str, rules: &FetchRules) -> Result<Fetched, FetchError> {
        let fetched = tokio::time::timeout(rules.timeout, self.follow(address, rules)).await;
        fetched.unwrap_or(Err(FetchError::Timeout(rules.timeout)))
    }

    async fn follow(&self, address: &str, rules: &FetchRules) -> Result<Fetched, FetchError> {
        let mut url = parse(address).map_err(FetchError::Refused)?;
        for redirects in 0..=MAX_REDIRECTS {
            let refused = if redirects == 0 { FetchError::Refused } else { FetchError::Redirected };
            check(&url, rules).map_err(refused)?;
            let hop = resolve(url.clone(), rules).await.map_err(|unfit| match unfit {
                Unfit::Refused(why) => refused(why),
                Unfit::Unknown(text) => FetchError::Unreachable(text),
            })?;
            let response = self.ask(&hop, rules).await?;
            let Some(next) = redirect(&response) else { return take(response, rules.max).await };
            let next = next.to_str().map_err(|_| FetchError::Redirected("cannot be read"))?;
            url = url.join(next).map_err(|_| FetchError::Redirected("cannot be read"))?;
        }
        Err(FetchError::Redirects)
    }

    async fn ask(&self, hop: &Hop, rules: &FetchRules) -> Result<Response, FetchError> {
        let unreachable =
            |error: &(dyn std::error::Error + 'static)| FetchError::Unreachable(reason(error));
        let tls = self.tls.config().await.map_err(|error| unreachable(&error))?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(rustls::ClientConfig::clone(&tls))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(0)
            .dns_resolver(Nobody)
            .user_agent(HeaderValue::from_static(concat!("tollgate/", env!("CARGO_PKG_VERSION"))));
        if let Some((name, addresses)) = &hop.resolved {
            builder = builder.resolve_to_addrs(name, addresses);
        }
        let client = builder.build().map_err(|error| unreachable(&error.without_url()))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, ACCEPT);
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let sent = client.get(hop.url.clone()).headers(headers).send().await;
        let response = sent.map_err(|error| unreachable(&error.without_url()))?;
        // What was connected to is what was looked at.
        match response.remote_addr() {
            Some(at) if allowed(at.ip(), rules) => Ok(response),
            Some(_) | None => Err(FetchError::Refused("led to where may not be fetched from")),
        }
    }
}

/// Knows no name: those that may be connected to were resolved before.
struct Nobody;

impl reqwest::dns::Resolve for Nobody {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async { Err("names are resolved once".into()) })
    }
}

fn parse(address: &str) -> Result<Url, &'static str> {
    if address.len() > MAX_URL {
        return Err("is too long");
    }
    Url::parse(address).map_err(|_| "cannot be read")
}

/// What an address alone says.
fn check(url: &Url, rules: &FetchRules) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is neither http nor https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password");
    }
    let port = url.port_or_known_default().unwrap_or_default();
    if !matches!(port, 80 | 443) && !rules.ports.contains(&port) {
        return Err("has a port that may not be fetched from");
    }
    Ok(())
}

/// Why a hop cannot be made.
enum Unfit {
    Refused(&'static str),
    Unknown(String),
}

const INSIDE: Unfit = Unfit::Refused("leads to a network that may not be fetched from");

/// Looks at every address that `url` leads to.
async fn resolve(url: Url, rules: &FetchRules) -> Result<Hop, Unfit> {
    let port = url.port_or_known_default().unwrap_or_default();
    let host = url.host_str().unwrap_or_default().to_owned();
    // An IPv6 address stands in brackets; numbers of IPv4 in any spelling were made one by the parser.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return if allowed(ip, rules) { Ok(Hop { url, resolved: None }) } else { Err(INSIDE) };
    }
    if host.is_empty() {
        return Err(Unfit::Refused("has no host"));
    }
    let found: Vec<SocketAddr> = match tokio::net::lookup_host((host.as_str(), port)).await {
        Ok(found) => found.collect(),
        Err(error) => {
            return Err(Unfit::Unknown(format!("its name is not known: {}", reason(&error))));
        }
    };
    if found.is_empty() {
        return Err(Unfit::Unknown("its name has no address".to_owned()));
    }
    // One bad address among good ones is how a name is made to lead inside.
    if !found.iter().all(|at| allowed(at.ip(), rules)) {
        return Err(INSIDE);
    }
    Ok(Hop { url, resolved: Some((host, found)) })
}

fn allowed(ip: IpAddr, rules: &FetchRules) -> bool {
    is_public(ip) || rules.networks.iter().any(|network| network.contains(ip))
}

fn redirect(response: &Response) -> Option<HeaderValue> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    response.headers().get(header::LOCATION).filter(|_| redirects).cloned()
}

async fn take(mut response: Response, max: usize) -> Result<Fetched, FetchError> {
    let status = response.status().as_u16();
    if status != 200 {
        return Err(FetchError::Status(status));
    }
    let encoding = response.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(FetchError::Encoded);
    }
    if response.content_length().is_some_and(|length| length > max as u64) {
        return Err(FetchError::TooLarge { max });
    }
    let content_type = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let mut body = BytesMut::new();
    loop {
        let chunk = response.chunk().await;
        match chunk.map_err(|error| FetchError::Unreachable(reason(&error.without_url())))? {
            None => return Ok(Fetched { content_type, body: body.freeze() }),
            Some(chunk) if body.len().saturating_add(chunk.len()) > max => {
                return Err(FetchError::TooLarge { max });
            }
            Some(chunk) => body.extend_from_slice(&chunk),
        }
    }
}

#[cfg(test)]
mod tests;
