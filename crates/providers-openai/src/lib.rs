//! The OpenAI dialects (chat, Responses, completions, embeddings) as pure codecs: vendor face and client face.
//!
//! Most vendors and servers speak these dialects with small differences, so this crate reads
//! tolerantly what vendors send and writes strictly what OpenAI's own SDKs expect. Each dialect is
//! a folder with both halves; [`OpenAi`] bundles the vendor side, [`client_dialects`] the client
//! side, [`quirks_for`] knows OpenAI's own model families. It must never know another vendor's
//! dialect, do I/O, read a clock or draw a random number.
//!
//! In reading order: `wire` what vendors send, `chat` the main dialect (`encode`, `decode`,
//! `stream` towards vendors; `facts`, `parse`, `render`, `stream_encoder` towards clients),
//! `responses` the newer one in the same parts, `completions`, `embeddings`, `media` what is relayed
//! alone, `account` the verbatim path's reading of whole answers, `splice` its editing of requests,
//! `error` the classification of failures, `server` how one server differs, `respell` a client's own
//! body in a server's words (with `control` and `schema`), `tags` reasoning inside text.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

mod account;
mod chat;
mod completions;
mod control;
mod embeddings;
mod error;
mod family;
mod inputs;
mod malformed;
mod media;
mod outgoing;
mod provider;
mod reader;
mod respell;
mod responses;
mod schema;
mod server;
mod shape;
mod splice;
mod tags;
mod wire;

pub use family::{is_openais, quirks_for};
pub use media::media_codec;
pub use provider::{Api, Completions, OpenAi, client_dialects};
pub use server::{Codes, Server};

#[cfg(test)]
mod tests;
