//! A scripted vendor inside the process: it speaks the OpenAI dialect without a network, for demos,
//! staging and tests.
//!
//! The vendor half is [`provider`], the OpenAI codec under another name; the other half is
//! [`MockTransport`], which answers requests itself as its [`MockScript`] says: promptly, slowly, or
//! with the faults that real vendors have. Answers are deterministic: the same script and the same
//! requests give the same bytes. It must never open a socket, and never be mistaken for a model: its
//! answers say that they are the mock's.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

mod answer;
mod chat;
mod completions;
mod embeddings;
mod limits;
mod models;
mod prompt;
mod schema;
mod script;
mod tokens;
mod transport;
mod wire;

use std::sync::Arc;
use tollgate_core_types::ProviderName;
use tollgate_providers_common::Provider;
use tollgate_providers_openai::OpenAi;

pub use script::{Fault, Flaky, MockScript, ScriptError};
pub use transport::{Bill, MockTransport};

/// The vendor's name in configuration.
pub const NAME: &str = "mock";

/// The vendor `mock`: OpenAI's dialects.
#[must_use]
pub fn provider() -> Arc<dyn Provider> {
    Arc::new(OpenAi::new(ProviderName::new(NAME)))
}
