//! A form with files on its way from a client to a vendor: read as fast as the vendor takes it, and
//! held only as far as that helps.
//!
//! What a request is routed by stands in the form, so it is read up to there and held. What is held
//! can be sent again elsewhere; once more came than may be held, nothing is held any more and what
//! was sent is sent once. It must never read ahead of the vendor, and never end a form that its
//! client broke off.

mod fault;
mod sending;
mod source;

use futures_core::Stream;
use http::HeaderValue;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use tollgate_providers_common::multipart::{self, Edit};
use tollgate_providers_common::{StreamBroken, Upload};

use crate::clock;
use crate::memory::Memory;
pub use fault::FormFault;
pub(crate) use sending::Turn;
use source::Source;

/// The bytes of a form as they come from its client.
pub type FormBody = Pin<Box<dyn Stream<Item = Result<bytes::Bytes, StreamBroken>> + Send>>;

/// Held at least, whatever is configured: room for the small fields before a file.
const WINDOW: usize = 64 << 10;

/// How long what is still sent of a refused form is read.
const DISCARD: Duration = Duration::from_secs(3);

/// Bounds on one form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormLimits {
    /// Largest form, in bytes.
    pub bytes: u64,
    /// Most that is held of it, in bytes.
    pub hold: usize,
    /// Longest wait for its client's next bytes.
    pub idle: Duration,
}

/// What a form says of its request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormHead {
    /// The model that the client names.
    pub model: Option<String>,
    /// Whether the client wants a stream, as far as was read.
    pub stream: bool,
    /// The client's id of its end user, as far as was read.
    pub user: Option<String>,
}

/// A form on its way. Clones are the same form.
#[derive(Clone)]
pub struct Form(Arc<Shared>);

struct Shared {
    content_type: HeaderValue,
    source: Mutex<Source>,
}

impl Form {
    /// A form of this content type that comes as `body`; `length` is what its client announced. What
    /// is wrong with either is told by [`Form::head`].
    #[must_use]
    pub fn new(
        body: FormBody,
        (content_type, length): (HeaderValue, Option<u64>),
        limits: FormLimits,
        memory: &Memory,
    ) -> Self {
        let boundary = multipart::boundary(content_type.to_str().unwrap_or_default());
        let limits = FormLimits { hold: limits.hold.max(WINDOW), ..limits };
        let source = Source::new((body, length), boundary, limits, memory);
        Self(Arc::new(Shared { content_type, source: Mutex::new(source) }))
    }

    /// Reads up to where the request's way is known: to the model and a file's beginning, or to the
    /// end.
    ///
    /// # Errors
    /// When that does not come within what may be held, or the form is none.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn head(&self) -> Result<FormHead, FormFault> {
        poll_fn(|cx| {
            let mut source = self.source();
            while !source.is_routable() {
                match source.poll_more(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Err(fault))) => return Poll::Ready(Err(fault)),
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(None) => break,
                }
            }
            Poll::Ready(Ok(source.head()))
        })
        .await
    }

    /// Reads what its client still sends and throws it away, for a short while: else a client that is
    /// still sending would see a reset connection instead of the answer.
    ///
    /// # Cancel safety
    /// May be dropped at any time.
    pub async fn discard(&self) {
        self.source().revoke();
        let rest = poll_fn(|cx| self.source().poll_rest(cx));
        let _ = tokio::time::timeout_at((clock::now() + DISCARD).into(), rest).await;
    }

    /// What went wrong with it on its client's side.
    pub(crate) fn fault(&self) -> Option<FormFault> {
        self.source().fault()
    }

    /// Whether it can be sent: nothing of it is gone.
    pub(crate) fn is_whole(&self) -> bool {
        self.source().is_whole()
    }

    /// Since when it is the vendor that is waited for; `None` while it is the client.
    pub(crate) fn vendor_since(&self) -> Option<Instant> {
        self.source().vendor_since()
    }

    /// It need not be sent again.
    pub(crate) fn release(&self) {
        self.source().release();
    }

    /// Its content type, with the boundary.
    pub(crate) fn content_type(&self) -> &HeaderValue {
        &self.0.content_type
    }

    /// Begins to send it with this model in place of the client's; `None` where part of it is gone.
    /// What was begun before can be read no more.
    pub(crate) fn send(&self, model: &str) -> Option<(Upload, Turn)> {
        let mut source = self.source();
        let edit = source.edit(model);
        let (turn, held) = source.begin()?;
        let length = source.length();
        drop(source);
        let length =
            length.map(|length| edit.as_ref().map_or(length, |edit| Edit::length(edit, length)));
        let (body, turn) = sending::start(&self.0, turn, held, edit);
        Some((Upload { body, length }, turn))
    }

    fn source(&self) -> MutexGuard<'_, Source> {
        self.0.source()
    }
}

impl Shared {
    fn source(&self) -> MutexGuard<'_, Source> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
