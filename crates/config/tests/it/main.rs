//! The public face of the crate, from sources to configuration or problems.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod bad;
mod catalogue;
mod demo;
mod env;
mod examples;
mod fallbacks;
mod files;
mod foreign;
mod good;
mod hostile;
mod secrets;
mod support;
mod warnings;
