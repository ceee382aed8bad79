//! The conformance kit that every codec's tests run. For tests only.
//!
//! A vendor crate records streams and bodies; the kit holds the rules that no dialect may break:
//! cuts change nothing, a truncated answer never ends well, any bytes make a bounded error, and
//! both body paths account alike. It panics with what was broken and where; it knows no vendor.

mod errors;
mod streams;

pub use errors::error_matrix;
pub use streams::{
    Read, account_of, accounts_alike, events_of, every_cut, read, replies_alike, truncations,
};

#[cfg(test)]
mod tests;
