//! Amazon Bedrock as pure codecs: what its models are asked, what they answer, how requests sign.
//!
//! Any chat client is translated to Converse; clients of Anthropic's dialect are relayed to Claude
//! through InvokeModel, clients of OpenAI's embeddings to Titan and Cohere. Everything is synchronous
//! and without I/O, clock or chance: where keys come from, and what time it is, is the engine's to
//! know. It must never know a transport, a file or the balancer.
//!
//! In reading order: [`provider`] is the vendor for one model, [`models`] what differs by model,
//! `converse` the common way with a file per direction, `invoke` and `count_tokens` the ways of
//! Claude, `embeddings` that of vectors, `wire` what JSON they are made of, `stop` and `error` the
//! small mappings that every direction shares, `address` a request around a body, [`sigv4`] its
//! signature.

mod address;
mod converse;
mod count_tokens;
mod embeddings;
mod error;
mod invoke;
pub mod models;
pub mod provider;
pub mod sigv4;
mod stop;
#[cfg(test)]
mod testing;
mod wire;

pub use models::{quirks_for, region_of};
pub use provider::{Bedrock, Guardrail, PRESET, Settings};
