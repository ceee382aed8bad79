//! The connections to all vendors, by origin.
//!
//! hyper-util's client costs a request more than hyper itself does: it hashes scheme and authority
//! twice, writes `host` anew and boxes a future for each of its layers. Here an origin is looked up
//! once and everything that follows from it is made once. Addresses come from the configuration
//! and never from clients, so their number is small and nobody chooses them to collide.
//!
//! It must never send a request of which a byte may have been written, and never hold a lock while
//! it waits.

mod conn;
mod idle;
mod open;
mod origin;
mod tasks;

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::cmp::Ordering;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::config::TransportConfig;
use crate::connect::Connector;
use crate::outgoing::Outgoing;
pub(crate) use origin::OriginPool;

/// Most bytes of one HTTP/1.1 answer that wait in memory for a slow reader.
const H1_BUFFER: usize = 64 * 1024;
/// Most bytes of one HTTP/2 answer that wait in memory for a slow reader.
const H2_STREAM_WINDOW: u32 = 256 * 1024;
/// The same for a whole HTTP/2 connection: 64 stuck readers do not stop the others.
const H2_CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

/// What all origins share.
pub(crate) struct Settings {
    connector: Connector,
    h1: http1::Builder,
    h2: http2::Builder<TokioExecutor>,
    pool_idle: Duration,
    max_idle: usize,
}

/// The connections of one transport.
pub(crate) struct Pool {
    settings: Arc<Settings>,
    /// In the order of [`ordered`].
    origins: RwLock<Vec<Arc<OriginPool>>>,
}

impl Pool {
    /// A pool without connections that makes them by `connector`.
    pub(crate) fn new(config: &TransportConfig, connector: Connector) -> Self {
        let mut h1 = http1::Builder::new();
        h1.max_buf_size(H1_BUFFER);
        let mut h2 = http2::Builder::new(TokioExecutor::new());
        h2.timer(TokioTimer::new())
            .initial_stream_window_size(H2_STREAM_WINDOW)
            .initial_connection_window_size(H2_CONNECTION_WINDOW)
            .keep_alive_interval(config.tcp_keepalive);
        let (pool_idle, max_idle) = (config.pool_idle, config.max_idle_per_host);
        let settings = Arc::new(Settings { connector, h1, h2, pool_idle, max_idle });
        Self { settings, origins: RwLock::default() }
    }

    /// The connections to the origin of `to`; `None` where that is no `http(s)` address.
    pub(crate) fn origin(&self, to: &Uri) -> Option<Arc<OriginPool>> {
        let (scheme, authority) = (to.scheme()?, to.authority()?);
        let tls = *scheme == Scheme::HTTPS;
        if !tls && *scheme != Scheme::HTTP {
            return None;
        }
        let origins = self.origins.read().unwrap_or_else(PoisonError::into_inner);
        match search(&origins, tls, authority) {
            Ok(found) => origins.get(found).cloned(),
            Err(_) => {
                drop(origins);
                self.insert(tls, scheme, authority)
            }
        }
    }

    #[cold]
    fn insert(&self, tls: bool, scheme: &Scheme, authority: &Authority) -> Option<Arc<OriginPool>> {
        let new = OriginPool::new(Arc::clone(&self.settings), scheme, authority)?;
        let mut origins = self.origins.write().unwrap_or_else(PoisonError::into_inner);
        // Addresses that a reload took away are forgotten here, where there is time for it.
        origins.retain(|known| Arc::strong_count(known) > 1 || !known.is_empty());
        match search(&origins, tls, authority) {
            Ok(found) => origins.get(found).cloned(),
            Err(place) => {
                let new = Arc::new(new);
                origins.insert(place, Arc::clone(&new));
                Some(new)
            }
        }
    }
}

fn search(origins: &[Arc<OriginPool>], tls: bool, authority: &Authority) -> Result<usize, usize> {
    let wanted = (tls, authority.as_str());
    origins.binary_search_by(|known| ordered(known.key(), wanted))
}

/// An order that is cheap to tell: most names differ in length.
fn ordered(a: (bool, &str), b: (bool, &str)) -> Ordering {
    (a.0, a.1.len()).cmp(&(b.0, b.1.len())).then_with(|| a.1.as_bytes().cmp(b.1.as_bytes()))
}

#[cfg(test)]
mod tests;
