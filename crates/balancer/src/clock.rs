//! The one place of this crate that reads a clock or waits.
//!
//! Everything else takes `now` as an argument. It reads tokio's clock, so a test that pauses time
//! governs the whole crate. It must never be called by a state machine.

use std::time::Instant;

/// The present, as the runtime sees it.
#[expect(
    clippy::disallowed_methods,
    reason = "the attempt loop and its guards are the shell of this crate; the rest takes `now`"
)]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Waits until `at`; at most a timer tick (1 ms) longer.
pub(crate) async fn wait_until(at: Instant) {
    tokio::time::sleep_until(at.into()).await;
}

/// What `future` gives, unless `at` comes first.
///
/// # Cancel safety
/// As `future`.
pub(crate) async fn until<F: Future + Unpin>(at: Instant, future: F) -> Option<F::Output> {
    tokio::time::timeout_at(at.into(), future).await.ok()
}
