//! The binary's one look at the clock.

/// Wall time, for what is told to people and metrics.
#[expect(clippy::disallowed_methods, reason = "the binary is a shell; this is its clock module")]
pub(crate) fn wall() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

/// Monotonic now, for how long something took.
#[expect(clippy::disallowed_methods, reason = "the binary is a shell; this is its clock module")]
pub(crate) fn now() -> std::time::Instant {
    std::time::Instant::now()
}
