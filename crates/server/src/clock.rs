//! The server's one look at the clock.

use std::time::Instant;

/// Monotonic now; follows tokio's paused clock in tests.
#[expect(clippy::disallowed_methods, reason = "the server is a shell; this is its clock module")]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Wall time, for timestamps shown to people.
#[expect(clippy::disallowed_methods, reason = "the server is a shell; this is its clock module")]
pub(crate) fn wall() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
