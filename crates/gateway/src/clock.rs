//! The binary's one look at the clock.

use std::time::Instant;

/// Monotonic now.
#[expect(clippy::disallowed_methods, reason = "the binary is a shell; this is its clock module")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
