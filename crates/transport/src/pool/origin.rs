//! The connections to one origin, and the exchange of a request for the head of its answer.
//!
//! HTTP/1.1 connections are idle or somebody's; an HTTP/2 connection is everybody's. It must never
//! send again what was handed to a connection, unless hyper gives it back: then nothing of it was
//! written.

use http::header::{Entry, HOST};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http2};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{self, Notify};
use tokio::time::Instant;

use super::conn::{Conn, One};
use super::idle::Idle;
use super::open::Got;
use super::{Outgoing, Settings, tasks};
use crate::clock;
use crate::origin::Origin;
use crate::reason::Failure;

/// The connections to one origin.
pub(crate) struct OriginPool {
    settings: Arc<Settings>,
    shown: Arc<Origin>,
    tls: bool,
    authority: Authority,
    /// What a connection is made to.
    address: Uri,
    /// What HTTP/1.1 requests have as `host`.
    host: HeaderValue,
    state: Mutex<State>,
    /// One of those that wait for a connection can have one.
    freed: Notify,
    /// Whoever makes the HTTP/2 connection holds it.
    turn: sync::Mutex<()>,
}

struct State {
    idle: Idle<One>,
    shared: Option<Shared>,
    /// Whether the last connection spoke HTTP/2.
    h2: bool,
    /// How many requests wait for a connection.
    waiting: usize,
    /// Whether the sweeper runs.
    swept: bool,
}

/// The HTTP/2 connection for new requests.
struct Shared {
    sender: http2::SendRequest<Outgoing>,
    /// When it was last asked for.
    used: Instant,
}

impl OriginPool {
    /// No connections to `authority`; `None` where it cannot be said in a header.
    pub(super) fn new(
        settings: Arc<Settings>,
        scheme: &Scheme,
        authority: &Authority,
    ) -> Option<Self> {
        let tls = *scheme == Scheme::HTTPS;
        let address = Uri::builder()
            .scheme(scheme.clone())
            .authority(authority.clone())
            .path_and_query(PathAndQuery::from_static("/"))
            .build()
            .ok()?;
        let state = State {
            idle: Idle::new(settings.max_idle, settings.pool_idle),
            shared: None,
            h2: false,
            waiting: 0,
            swept: false,
        };
        Some(Self {
            shown: Arc::new(Origin::of(&address)),
            host: host(tls, authority)?,
            authority: authority.clone(),
            state: Mutex::new(state),
            freed: Notify::new(),
            turn: sync::Mutex::new(()),
            settings,
            tls,
            address,
        })
    }

    /// What of the address may be shown.
    pub(crate) fn shown(&self) -> &Arc<Origin> {
        &self.shown
    }

    /// Whether it is `https`, and its authority.
    pub(super) fn key(&self) -> (bool, &str) {
        (self.tls, self.authority.as_str())
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn address(&self) -> &Uri {
        &self.address
    }

    /// Whether no connection waits for a request.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.idle.is_empty() && state.shared.is_none()
    }

    /// How many HTTP/1.1 connections wait for a request.
    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.state().idle.len()
    }

    /// Sends `request`, whose address is of this origin, and gives the head of its answer.
    ///
    /// `connect` is how long a new connection may take.
    ///
    /// # Errors
    /// When no head came.
    ///
    /// # Cancel safety
    /// Dropping the future closes the HTTP/1.1 connection or resets the HTTP/2 stream.
    pub(crate) async fn exchange(
        self: &Arc<Self>,
        mut request: Request<Outgoing>,
        connect: Duration,
        now: Instant,
    ) -> Result<Response<Incoming>, Failure> {
        let mut pooled = self.take(now);
        loop {
            let (conn, fresh) = match pooled {
                Some(conn) => (conn, false),
                None => {
                    // Rare and large: it must not be part of every request's state.
                    let connecting = Box::pin(self.connection(connect));
                    let Got { conn, fresh } = connecting.await.map_err(Failure::Unsent)?;
                    (conn, fresh)
                }
            };
            let failed = match conn {
                Conn::One(mut one) => {
                    self.make_origin_form(&mut request);
                    match one.sender.try_send_request(request).await {
                        Ok(response) => {
                            self.release(one);
                            return Ok(response);
                        }
                        Err(failed) => failed,
                    }
                }
                Conn::Many(mut sender) => match sender.try_send_request(request).await {
                    Ok(response) => return Ok(response),
                    Err(failed) => failed,
                },
            };
            request = self.given_back(failed, fresh)?;
            pooled = self.take(clock::now());
        }
    }

    /// The request, if nothing of it was written because its connection had been closed before.
    #[cold]
    fn given_back(
        &self,
        mut failed: TrySendError<Request<Outgoing>>,
        fresh: bool,
    ) -> Result<Request<Outgoing>, Failure> {
        match failed.take_message() {
            None => Err(Failure::Broken(failed.into_error())),
            // A vendor that closes new connections at once would do so for ever.
            Some(_) if fresh => Err(Failure::Unsent(failed.into_error().into())),
            Some(mut request) => {
                self.make_absolute(&mut request);
                Ok(request)
            }
        }
    }

    /// The request as HTTP/1.1 says it: a path, and the origin in `host`.
    fn make_origin_form(&self, request: &mut Request<Outgoing>) {
        let address = std::mem::take(request.uri_mut()).into_parts();
        *request.uri_mut() = address.path_and_query.map_or_else(Uri::default, Uri::from);
        if let Entry::Vacant(host) = request.headers_mut().entry(HOST) {
            host.insert(self.host.clone());
        }
    }

    /// The request as HTTP/2 needs it, which may be what carries it next.
    fn make_absolute(&self, request: &mut Request<Outgoing>) {
        let mut address = self.address.clone().into_parts();
        address.path_and_query = std::mem::take(request.uri_mut()).into_parts().path_and_query;
        *request.uri_mut() = Uri::from_parts(address).unwrap_or_else(|_| self.address.clone());
        if request.headers().get(HOST) == Some(&self.host) {
            request.headers_mut().remove(HOST);
        }
    }

    /// A connection that is there.
    pub(super) fn take(&self, now: Instant) -> Option<Conn> {
        let mut state = self.state();
        if state.shared.is_some()
            && let Some(sender) = state.share(now, self.settings.pool_idle)
        {
            return Some(Conn::Many(sender));
        }
        state.idle.take(now, One::is_ready).map(Conn::One)
    }

    /// The HTTP/2 connection that is there.
    pub(super) fn shared(&self, now: Instant) -> Option<http2::SendRequest<Outgoing>> {
        self.state().share(now, self.settings.pool_idle)
    }

    /// Keeps `one` for another request once its answer has come to its end.
    pub(super) fn release(self: &Arc<Self>, one: One) {
        if let Some(free) = one.free() {
            self.put(free);
        }
    }

    /// Keeps `one`, which is free.
    pub(super) fn put(self: &Arc<Self>, one: One) {
        let mut state = self.state();
        state.h2 = false;
        state.idle.put(one, clock::now());
        if state.waiting > 0 {
            self.freed.notify_one();
        }
        self.see_to_sweeping(state);
    }

    /// Lets everybody send by `sender`.
    pub(super) fn publish(self: &Arc<Self>, sender: &http2::SendRequest<Outgoing>, now: Instant) {
        let mut state = self.state();
        state.h2 = true;
        state.shared = Some(Shared { sender: sender.clone(), used: now });
        self.freed.notify_waiters();
        self.see_to_sweeping(state);
    }

    /// Drops the connections that were closed while they were idle.
    pub(super) fn forget_closed(&self) {
        self.state().idle.retain(|one| !one.is_closed());
    }

    /// Whether new connections are expected to speak HTTP/2.
    pub(super) fn speaks_h2(&self) -> bool {
        self.state().h2
    }

    /// Waits for one's turn to make an HTTP/2 connection.
    pub(super) async fn turn(&self) -> sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Says that a request waits, until the guard is dropped.
    pub(super) fn wait(&self) -> Waits<'_> {
        self.state().waiting += 1;
        Waits(self)
    }

    /// Waits until a connection may have become free.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the sweeper if none runs.
    fn see_to_sweeping(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if !std::mem::replace(&mut state.swept, true) {
            drop(state);
            tasks::start(sweep(Sweeper(Some(Arc::downgrade(self)))));
        }
    }

    /// Drops what was idle for too long and gives when to look again; `None` ends the sweeper.
    fn expire(&self, now: Instant) -> Option<Instant> {
        let age = self.settings.pool_idle;
        let mut state = self.state();
        state.shared = state.shared.take().filter(|shared| shared.is_usable(now, age));
        let shared = state.shared.as_ref().and_then(|shared| shared.used.checked_add(age));
        let next = state.idle.expire(now).into_iter().chain(shared).min();
        state.swept = next.is_some();
        // Connections that expire soon after each other go together.
        next.map(|next| now.checked_add(age / 8).map_or(next, |soon| next.max(soon)))
    }
}

impl State {
    /// The HTTP/2 connection, if there is one to be used.
    fn share(&mut self, now: Instant, age: Duration) -> Option<http2::SendRequest<Outgoing>> {
        let shared = self.shared.as_mut().filter(|shared| shared.is_usable(now, age));
        if let Some(shared) = shared {
            shared.used = now;
            return Some(shared.sender.clone());
        }
        self.shared = None;
        None
    }
}

impl Shared {
    fn is_usable(&self, now: Instant, age: Duration) -> bool {
        self.sender.is_ready() && now.saturating_duration_since(self.used) < age
    }
}

/// A request that waits for a connection.
pub(super) struct Waits<'a>(&'a OriginPool);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.waiting = state.waiting.saturating_sub(1);
    }
}

/// The right to sweep an origin; `None` when it was given up in order.
struct Sweeper(Option<Weak<OriginPool>>);

impl Drop for Sweeper {
    /// A runtime that shuts down drops its tasks; the next one needs a sweeper of its own.
    fn drop(&mut self) {
        if let Some(origin) = self.0.take().and_then(|origin| origin.upgrade()) {
            origin.state().swept = false;
        }
    }
}

/// Closes idle connections in time, for as long as there are any.
async fn sweep(mut sweeper: Sweeper) {
    loop {
        let origin = sweeper.0.as_ref().and_then(Weak::upgrade);
        let Some(next) = origin.and_then(|origin| origin.expire(clock::now())) else {
            sweeper.0 = None;
            return;
        };
        tokio::time::sleep_until(next).await;
    }
}

fn host(tls: bool, authority: &Authority) -> Option<HeaderValue> {
    let default = if tls { 443 } else { 80 };
    let name = authority.host();
    match authority.port_u16() {
        Some(port) if port != default => HeaderValue::from_str(&format!("{name}:{port}")).ok(),
        Some(_) | None => HeaderValue::from_str(name).ok(),
    }
}

#[cfg(test)]
mod tests;
