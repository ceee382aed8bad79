//! Names to addresses by the system's resolver, with a memory for when it fails.
//!
//! Every new connection asks anew, so a vendor that moves is followed at once. When the resolver
//! fails or is slow, the addresses that it gave last are used for up to five minutes: a resolver's
//! outage must not look like an outage of every vendor. Without such addresses the caller waits for
//! the resolver until its own connect deadline.

use futures_core::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;
use tower_service::Service;

use crate::clock;

/// A resolver that takes longer is taken for broken where older addresses are known.
const SLOW: Duration = Duration::from_secs(1);
/// How old addresses may be to be used when the resolver fails.
const STALE: Duration = Duration::from_secs(5 * 60);
/// Names remembered; a gateway talks to a handful.
const MAX_NAMES: usize = 256;

/// What each name gave last, and when.
type Known = HashMap<Box<str>, (Vec<SocketAddr>, Instant)>;

/// Asks one name. `Send` and cheap to clone; the seam for tests.
pub(crate) trait Lookup: Clone + Send + Sync + 'static {
    /// The addresses of `name`.
    fn lookup(&self, name: Name) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// The system's resolver, `getaddrinfo` on tokio's blocking threads.
#[derive(Clone)]
pub(crate) struct System(GaiResolver);

impl Lookup for System {
    fn lookup(&self, name: Name) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let asked = self.0.clone().call(name);
        Box::pin(async move { asked.await.map(Iterator::collect) })
    }
}

/// A resolver with a memory. Clones share it.
#[derive(Clone)]
pub(crate) struct Resolver<L = System> {
    lookup: L,
    known: Arc<Mutex<Known>>,
}

impl Resolver {
    /// The system's resolver with an empty memory.
    pub(crate) fn system() -> Self {
        Self::over(System(GaiResolver::new()))
    }
}

impl<L: Lookup> Resolver<L> {
    /// A resolver with an empty memory that asks `lookup`.
    pub(crate) fn over(lookup: L) -> Self {
        Self { lookup, known: Arc::default() }
    }

    async fn resolve(self, name: Name) -> io::Result<Vec<SocketAddr>> {
        let key: Box<str> = name.as_str().into();
        let asked = self.lookup.lookup(name);
        let Some(older) = self.recall(&key) else {
            return asked.await.map(|found| self.remember(key, found));
        };
        match tokio::time::timeout(SLOW, asked).await {
            Ok(Ok(found)) => Ok(self.remember(key, found)),
            Ok(Err(_)) | Err(_) => Ok(older),
        }
    }

    /// What is known of `key` and not too old.
    fn recall(&self, key: &str) -> Option<Vec<SocketAddr>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (addresses, at) = known.get(key)?;
        (clock::now().saturating_duration_since(*at) <= STALE).then(|| addresses.clone())
    }

    fn remember(&self, key: Box<str>, found: Vec<SocketAddr>) -> Vec<SocketAddr> {
        let now = clock::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_NAMES && !known.contains_key(&key) {
            known.retain(|_, (_, at)| now.saturating_duration_since(*at) <= STALE);
        }
        if !found.is_empty() && (known.len() < MAX_NAMES || known.contains_key(&key)) {
            known.insert(key, (found.clone(), now));
        }
        found
    }
}

impl<L: Lookup> Service<Name> for Resolver<L> {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolved = self.clone().resolve(name);
        Box::pin(async move { resolved.await.map(Vec::into_iter) })
    }
}

#[cfg(test)]
mod tests;
