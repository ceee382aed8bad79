//! Bounds that the HTTP surface keeps by itself, and the places of requests under way.
//!
//! They may change while requests run: whoever needs a bound reads it when it is needed.

use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tollgate::{FormLimits, Memory};
use tollgate_core_types::Dialect;

use crate::body::BodyLimits;

/// Bounds that the HTTP surface keeps by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// The same for embeddings, where it is another one.
    pub embeddings_bytes: Option<usize>,
    /// The same for counting tokens, where it is another one.
    pub count_tokens_bytes: Option<usize>,
    /// Largest form with files, in bytes; it is passed on as it comes.
    pub upload_bytes: usize,
    /// Most that is held of such a form, in bytes.
    pub upload_hold: usize,
    /// A body must have come whole within this time; of a form, its next bytes.
    pub body_time: Duration,
    /// What the bodies of all requests may hold together, in bytes.
    pub body_memory: usize,
    /// Most requests for models at once; further ones are answered with 503.
    pub max_requests: usize,
}

/// Dialects of requests for vectors.
const EMBEDDINGS: [Dialect; 3] =
    [Dialect::OPENAI_EMBEDDINGS, Dialect::GEMINI_EMBED, Dialect::GEMINI_BATCH_EMBED];
/// Dialects of questions for the size of a request.
const COUNTS: [Dialect; 2] = [Dialect::ANTHROPIC_COUNT_TOKENS, Dialect::GEMINI_COUNT_TOKENS];

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            body_bytes: 32 << 20,
            embeddings_bytes: None,
            count_tokens_bytes: None,
            upload_bytes: 512 << 20,
            upload_hold: 32 << 20,
            body_time: Duration::from_secs(60),
            body_memory: Memory::DEFAULT,
            max_requests: 10_000,
        }
    }
}

impl ServerLimits {
    /// The bounds on a body of this dialect.
    pub(crate) fn body(&self, dialect: Dialect) -> BodyLimits {
        let own = if EMBEDDINGS.contains(&dialect) {
            self.embeddings_bytes
        } else if COUNTS.contains(&dialect) {
            self.count_tokens_bytes
        } else {
            None
        };
        BodyLimits { bytes: own.unwrap_or(self.body_bytes), time: self.body_time }
    }

    /// The bounds on a form with files.
    pub(crate) fn form(&self) -> FormLimits {
        let (bytes, hold) = (self.upload_bytes as u64, self.upload_hold);
        FormLimits { bytes, hold, idle: self.body_time }
    }

    /// The bounds on a body of any route: of a form with files, or of any other.
    pub(crate) fn largest(&self, form: bool) -> usize {
        if form {
            return self.upload_bytes;
        }
        let single = [self.embeddings_bytes, self.count_tokens_bytes].into_iter().flatten();
        single.fold(self.body_bytes, usize::max)
    }
}

/// The bounds of now, and how many requests are under way.
#[derive(Debug)]
pub(crate) struct Limits {
    now: ArcSwap<ServerLimits>,
    under_way: Arc<AtomicUsize>,
}

impl Limits {
    /// These bounds, and nothing under way.
    pub(crate) fn new(limits: ServerLimits) -> Self {
        Self { now: ArcSwap::from_pointee(limits), under_way: Arc::default() }
    }

    /// The bounds of now.
    pub(crate) fn now(&self) -> ServerLimits {
        **self.now.load()
    }

    /// Other bounds from now on.
    pub(crate) fn set(&self, limits: ServerLimits) {
        self.now.store(Arc::new(limits));
    }

    /// A place for one more request; `None` where `most` are under way.
    pub(crate) fn place(&self, most: usize) -> Option<Place> {
        if self.under_way.fetch_add(1, Ordering::Relaxed) < most {
            return Some(Place(Arc::clone(&self.under_way)));
        }
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

/// The place of one request among those under way; dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_come_back() {
        let limits = Limits::new(ServerLimits::default());
        let (first, second) = (limits.place(2), limits.place(2));
        assert!(first.is_some() && second.is_some());
        assert!(limits.place(2).is_none() && limits.place(2).is_none());
        drop(first);
        assert!(limits.place(2).is_some());
        assert!(limits.place(1).is_none(), "a lower bound holds at once");
        drop(second);
        assert!(limits.place(1).is_some());
    }

    #[test]
    fn routes_have_bounds_of_their_own() {
        let limits = ServerLimits {
            body_bytes: 9,
            embeddings_bytes: Some(3),
            count_tokens_bytes: Some(12),
            upload_bytes: 40,
            ..ServerLimits::default()
        };
        let table = [
            (Dialect::OPENAI_CHAT, 9),
            (Dialect::ANTHROPIC_MESSAGES, 9),
            (Dialect::OPENAI_EMBEDDINGS, 3),
            (Dialect::ANTHROPIC_COUNT_TOKENS, 12),
        ];
        for (dialect, bytes) in table {
            assert_eq!(limits.body(dialect).bytes, bytes, "{dialect}");
        }
        assert_eq!((limits.largest(false), limits.largest(true)), (12, 40));
        assert_eq!(limits.form().bytes, 40);
    }
}
