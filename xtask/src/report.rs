//! What the chores say to the person or log that runs them.
//!
//! The only writer of standard output and error; a closed pipe is no reason to fail a check.

use std::io::Write as _;

/// Says one line.
pub(crate) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever closed the pipe does not want to know.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Says that something is wrong.
pub(crate) fn problem(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "error: {text}");
}

/// Begins a step.
pub(crate) fn step(text: &str) {
    line(&format!("\n── {text}"));
}
