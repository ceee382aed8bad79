//! The one place of this crate that reads a clock: tokio's, so that tests can pause it.

use tokio::time::Instant;

/// Now.
#[expect(clippy::disallowed_methods, reason = "this module is the shell that reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
