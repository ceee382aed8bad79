//! The Gemini dialect as a pure codec: what its clients ask, what its vendor answers.
//!
//! Both halves of `gemini.generate_content` live here, with token counting and embeddings, for AI
//! Studio and for Vertex AI, which differ in addresses alone. Everything is synchronous and without
//! I/O, clock or chance. It must never know a credential, another vendor, a transport or the
//! balancer.
//!
//! In reading order: [`provider`] is the vendor, `generate` the chat dialect with a file per
//! direction, `count_tokens` and `embeddings` the two small ones, `wire` what JSON they are made
//! of, `claude` the other vendor's models at Vertex AI, `finish` and `usage` the mappings that every direction shares, `error` what the vendor's
//! failures mean, `envelope` how ours are written, `request` addresses and the verbatim path,
//! [`models`] what differs by model.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

mod claude;
mod count_tokens;
mod embeddings;
mod envelope;
mod error;
mod finish;
mod generate;
pub mod models;
pub mod provider;
mod request;
mod signature;
#[cfg(test)]
mod testing;
mod usage;
mod wire;

pub use claude::ClaudeOnVertex;
pub use models::quirks_for;
pub use provider::{Gemini, PRESET, client_dialects};
