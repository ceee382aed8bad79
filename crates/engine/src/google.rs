//! Tokens of Google Cloud: fetched over the control plane, kept, and fetched anew before they end.
//!
//! One fetch is under way at a time, and nothing is spawned for it: the request that finds a token
//! about to end fetches the next one, while the others go on with the old. A token is never printed.

mod token;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{HeaderValue, Request, header};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tollgate_config::GoogleAuth;
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::Authorizer;
use tollgate_transport::Control;

use crate::clock;
use token::Source;

/// How long before its end a token is fetched anew.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// Largest answer with a token, in bytes.
const MAX_ANSWER: usize = 256 * 1024;
/// How long one fetch may take.
const PATIENCE: Duration = Duration::from_secs(10);
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

/// Shows the vendor a token of Google Cloud.
pub(crate) struct GoogleAuthorizer {
    source: Source,
    control: Arc<Control>,
    token: ArcSwapOption<Token>,
    /// Held by whoever fetches.
    fetching: tokio::sync::Mutex<()>,
    failed: Mutex<Option<(Instant, UpstreamError)>>,
}

impl GoogleAuthorizer {
    /// An authorizer without a token yet.
    ///
    /// # Errors
    /// When the service account's key cannot be used.
    pub(crate) fn try_new(
        auth: &GoogleAuth,
        control: Arc<Control>,
    ) -> Result<Self, tollgate_transport::JwtError> {
        Ok(Self {
            source: Source::try_new(auth)?,
            control,
            token: ArcSwapOption::empty(),
            fetching: tokio::sync::Mutex::new(()),
            failed: Mutex::new(None),
        })
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
        let request = self.source.request(clock::unix_seconds(clock::wall()))?;
        let answer = self.control.exchange(request, MAX_ANSWER, PATIENCE).await;
        let answer = answer.map_err(|error| {
            let message = format!("no token could be had: {error}");
            UpstreamError::new(UpstreamError::from(error).class, message)
        })?;
        let (token, life) = token::read(answer.status().as_u16(), answer.body())?;
        let mut header = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| refused("the token is none that a header can carry"))?;
        header.set_sensitive(true);
        // A short-lived token is refreshed half way.
        let early = EARLY.min(life / 2);
        Ok(Token { header, refresh: now + life.saturating_sub(early), end: now + life })
    }
}

impl Authorizer for GoogleAuthorizer {
    fn authorize_now(&self, request: &mut Request<Bytes>) -> bool {
        let header = self.at_hand(|token| clock::now() < token.refresh);
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
            let header = self.get().await?;
            request.headers_mut().insert(header::AUTHORIZATION, header);
            Ok(())
        })
    }
}

fn refused(message: &str) -> UpstreamError {
    UpstreamError::new(ErrorClass::Auth, message)
}

#[cfg(test)]
mod tests;
