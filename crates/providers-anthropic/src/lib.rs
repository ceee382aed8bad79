//! The Anthropic Messages dialect as a pure codec: what its clients ask, what its vendor answers.
//!
//! Both halves of `anthropic.messages` and `anthropic.count_tokens` live here, because they share
//! one wire format and one reading of it. Everything is synchronous and without I/O, clock or
//! chance. It must never know a credential, another vendor, a transport or the balancer.
//!
//! In reading order: [`provider`] is the vendor, `messages` and `count_tokens` the two dialects with
//! a file per direction, `wire` what JSON they are made of, `stop` and `usage` the two small
//! mappings that every direction shares, `error` what vendors' failures mean, `envelope` how ours
//! are written, `request` addresses and headers, [`models`] what differs by model.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

mod count_tokens;
pub mod effort;
mod envelope;
mod error;
mod foreign;
mod messages;
pub mod models;
pub mod provider;
mod request;
mod stop;
#[cfg(test)]
mod testing;
mod usage;
mod wire;

pub use count_tokens::render_count;
/// JSON Schemas as this vendor's models take them, for other ways to the same models.
pub mod schema {
    pub use crate::messages::encode::schema::{closed, of_arguments};
}

pub use models::{default_max_output, quirks_for};
pub use provider::{Anthropic, client_dialects};
