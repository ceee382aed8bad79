//! The OpenAI dialects (chat, completions, embeddings) as pure codecs: vendor face and client face.
//!
//! Most vendors and servers speak these dialects with small differences, so this crate reads
//! tolerantly what vendors send and writes strictly what OpenAI's own SDKs expect. Each dialect is
//! a folder with both halves; [`OpenAi`] bundles the vendor side, [`client_dialects`] the client
//! side, [`quirks_for`] knows OpenAI's own model families. It must never know another vendor's
//! dialect, do I/O, read a clock or draw a random number.
//!
//! In reading order: `wire` what vendors send, `chat` the main dialect (`encode`, `decode`,
//! `stream` towards vendors; `facts`, `parse`, `render`, `stream_encoder` towards clients),
//! `completions`, `embeddings`, `account` the verbatim path's reading of whole answers, `splice`
//! its editing of requests, `error` the classification of failures.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

mod account;
mod chat;
mod completions;
mod embeddings;
mod error;
mod family;
mod inputs;
mod malformed;
mod outgoing;
mod provider;
mod reader;
mod shape;
mod splice;
mod wire;

pub use family::quirks_for;
pub use provider::{Completions, OpenAi, client_dialects};

#[cfg(test)]
mod tests;
