//! Azure as pure codecs: OpenAI's models under deployments' names, and Claude on Foundry.
//!
//! The dialects are those of their own crates; this one knows what Azure changes about them: where a
//! request goes, that a deployment's name stands for its model, and what the vendor's failures mean.
//! Everything is synchronous and without I/O, clock or chance. It must never know a credential, a
//! transport or the balancer.
//!
//! In reading order: [`provider`] is the vendor for one deployment, `address` where its requests go,
//! `placed` a codec of another crate put there, `error` what the vendor's failures mean.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

mod address;
mod error;
mod placed;
pub mod provider;

pub use provider::{Azure, PRESET, Settings, completes_text};
