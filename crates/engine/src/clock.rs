//! The engine's one look at the clock. Everything below takes `now` as an argument.

use std::time::Instant;

/// Monotonic now; follows tokio's paused clock in tests.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the engine is a shell; this is its clock module")]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Wall time, for records and ids alone, never for durations.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the engine is a shell; this is its clock module")]
pub(crate) fn wall() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

/// Seconds since 1970.
#[must_use]
pub(crate) fn unix_seconds(wall: std::time::SystemTime) -> u64 {
    wall.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
