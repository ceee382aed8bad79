//! Tokens that a service gives out: fetched over the control plane, kept, and fetched anew before
//! they end.
//!
//! One fetch is under way at a time for all deployments with the same identity, and nothing is
//! spawned for it: the request that finds a token about to end fetches the next one, while the others
//! go on with the old. A token is never printed.

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{HeaderValue, Method, Request, header};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tollgate_config::{Entra, GoogleAuth};
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::Authorizer;
use tollgate_transport::Control;

use crate::clock;

/// How long before its end a token is fetched anew.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// Largest answer with a token, in bytes.
const MAX_ANSWER: usize = 256 * 1024;
/// How long one fetch may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long a failed fetch speaks for those that waited for it, and holds off an early one.
const PAUSE: Duration = Duration::from_secs(2);

/// A token that is in use.
struct Token {
    header: HeaderValue,
    /// From then on the next one is fetched.
    refresh: Instant,
    /// From then on the vendor refuses it.
    end: Instant,
}

/// Where tokens come from: what is asked, and what the answer says.
pub(crate) trait Source: Send + Sync {
    /// The request for a token; `now` in seconds since 1970.
    ///
    /// # Errors
    /// When it cannot be put together.
    fn request(&self, now: u64) -> Result<Request<Bytes>, UpstreamError>;

    /// How long it may take to answer.
    fn patience(&self) -> Duration {
        PATIENCE
    }

    /// The token of an answer, and how long it lives.
    ///
    /// # Errors
    /// Whose fault it is that there is none: the credential's, or nobody's.
    fn read(&self, status: u16, body: &[u8], now: u64)
    -> Result<(String, Duration), UpstreamError>;
}

/// Whose tokens they are: equal ones are the same tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Google Cloud's.
    Google(GoogleAuth),
    /// Entra ID's.
    Entra(Entra),
}

/// The tokens that are in use, so that deployments share them and a reload keeps them.
#[derive(Default)]
pub(crate) struct TokenKeyring(Mutex<Vec<(Identity, Weak<Tokens>)>>);

impl TokenKeyring {
    /// The tokens of `identity`, from a source that is made where there are none yet.
    ///
    /// # Errors
    /// When the source cannot be made.
    pub(crate) fn tokens<E>(
        &self,
        identity: Identity,
        control: &Arc<Control>,
        source: impl FnOnce() -> Result<Box<dyn Source>, E>,
    ) -> Result<Arc<Tokens>, E> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(_, tokens)| tokens.strong_count() > 0);
        let found = known.iter().find(|(whose, _)| *whose == identity);
        if let Some(tokens) = found.and_then(|(_, tokens)| tokens.upgrade()) {
            return Ok(tokens);
        }
        let tokens = Arc::new(Tokens::new(source()?, Arc::clone(control)));
        known.push((identity, Arc::downgrade(&tokens)));
        Ok(tokens)
    }
}

/// The tokens of one identity, one after the other.
pub(crate) struct Tokens {
    source: Box<dyn Source>,
    control: Arc<Control>,
    token: ArcSwapOption<Token>,
    /// Held by whoever fetches.
    fetching: tokio::sync::Mutex<()>,
    failed: Mutex<Option<(Instant, UpstreamError)>>,
}

impl Tokens {
    fn new(source: Box<dyn Source>, control: Arc<Control>) -> Self {
        Self {
            source,
            control,
            token: ArcSwapOption::empty(),
            fetching: tokio::sync::Mutex::new(()),
            failed: Mutex::new(None),
        }
    }

    /// The token, if `good` at this moment.
    fn at_hand(&self, good: impl Fn(&Token) -> bool) -> Option<HeaderValue> {
        let token = self.token.load();
        token.as_ref().filter(|token| good(token)).map(|token| token.header.clone())
    }

    async fn get(&self) -> Result<HeaderValue, UpstreamError> {
        let usable = || self.at_hand(|token| clock::now() < token.end);
        let _turn = match (self.fetching.try_lock(), usable()) {
            (Ok(turn), _) => turn,
            // Somebody fetches the next one already.
            (Err(_), Some(header)) => return Ok(header),
            (Err(_), None) => self.fetching.lock().await,
        };
        if let Some(header) = self.at_hand(|token| clock::now() < token.refresh) {
            return Ok(header);
        }
        if let Some(error) = self.lately() {
            return usable().ok_or(error);
        }
        match self.fetch().await {
            Ok(token) => {
                let header = token.header.clone();
                self.token.store(Some(Arc::new(token)));
                Ok(header)
            }
            Err(error) => {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((clock::now(), error.clone()));
                usable().ok_or(error)
            }
        }
    }

    /// The failure of a fetch a moment ago.
    fn lately(&self) -> Option<UpstreamError> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, error) = failed.as_ref()?;
        (clock::now().saturating_duration_since(*at) < PAUSE).then(|| error.clone())
    }

    async fn fetch(&self) -> Result<Token, UpstreamError> {
        let now = clock::now();
        let unix = clock::unix_seconds(clock::wall());
        let request = self.source.request(unix)?;
        let answer = self.control.exchange(request, MAX_ANSWER, self.source.patience()).await;
        let answer = answer.map_err(|error| {
            let message = format!("no token could be had: {error}");
            UpstreamError::new(UpstreamError::from(error).class, message)
        })?;
        let (token, life) = self.source.read(answer.status().as_u16(), answer.body(), unix)?;
        let mut header = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| refused("the token is none that a header can carry"))?;
        header.set_sensitive(true);
        // A short-lived token is refreshed half way.
        let early = EARLY.min(life / 2);
        Ok(Token { header, refresh: now + life.saturating_sub(early), end: now + life })
    }
}

/// Shows the vendor a token.
pub(crate) struct BearerAuthorizer(pub(crate) Arc<Tokens>);

impl Authorizer for BearerAuthorizer {
    fn authorize_now(&self, request: &mut Request<Bytes>) -> bool {
        let header = self.0.at_hand(|token| clock::now() < token.refresh);
        let found = header.is_some();
        if let Some(header) = header {
            request.headers_mut().insert(header::AUTHORIZATION, header);
        }
        found
    }

    fn authorize<'a>(
        &'a self,
        request: &'a mut Request<Bytes>,
    ) -> BoxFuture<'a, Result<(), UpstreamError>> {
        Box::pin(async move {
            let header = self.0.get().await?;
            request.headers_mut().insert(header::AUTHORIZATION, header);
            Ok(())
        })
    }
}

pub(crate) fn refused(message: &str) -> UpstreamError {
    UpstreamError::new(ErrorClass::Auth, message)
}

/// A form as the body of a POST request to `uri`.
///
/// # Errors
/// When `uri` is no address.
pub(crate) fn form(uri: &str, fields: &[(&str, &str)]) -> Result<Request<Bytes>, UpstreamError> {
    let pairs: Vec<String> =
        fields.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect();
    let mut request = Request::new(Bytes::from(pairs.join("&")));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = address(uri)?;
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(request)
}

/// An address that tokens are asked of.
///
/// # Errors
/// When it is none.
pub(crate) fn address(uri: &str) -> Result<http::Uri, UpstreamError> {
    uri.parse().map_err(|_| refused("the address for tokens is none"))
}

/// A value of a form or query.
pub(crate) fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The failure of an answer without a token, in the words of OAuth's errors.
pub(crate) fn failure(status: u16, answer: &Value) -> UpstreamError {
    let text = |key: &str| answer.get(key).and_then(Value::as_str);
    let class =
        if status == 429 || status >= 500 { ErrorClass::Overload } else { ErrorClass::Auth };
    let word = text("error").unwrap_or("no reason");
    let why = text("error_description").unwrap_or_default();
    let message = format!("no token was given out (HTTP {status}): {word} {why}");
    UpstreamError::new(class, message.trim_end())
}

#[cfg(test)]
mod tests;
