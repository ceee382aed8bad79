//! Tollgate as a library: many LLM vendors, keys and deployments behind one call.
//!
//! [`Tollgate`] is the gateway without HTTP: it chooses a deployment, translates where it must,
//! retries, fails over and falls back. Programs ask it with [`Chat`] and get a [`Reply`] or a
//! [`ChatStream`]; [`blocking`] is the same without async. It knows no HTTP server:
//! `tollgate-server` puts it behind axum.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tollgate::{Chat, Tollgate};
//!
//! // Or `from_env()`, `from_config("tollgate.yaml")`, `builder()`.
//! let tollgate = Tollgate::from_text("models: { fast: { provider: mock } }")?;
//! println!("{}", tollgate.chat("hello").await?);
//!
//! let chat = Chat::new().system("Be brief.").user("hello").model("fast").max_tokens(100);
//! match tollgate.chat(chat).await {
//!     Ok(reply) => println!("{}: {reply}", reply.head.deployment),
//!     Err(error) if error.is_retryable() => println!("later: {error}"),
//!     Err(error) => println!("{:?} is at fault: {error}", error.fault()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! In reading order: [`Tollgate`] is the value, `face` what programs in Rust see of it, `call` one
//! request, `attempt` one try at one deployment, `stream` an answer after its commit point, `record`
//! what is told of both, `build` how configuration becomes a generation.

mod answer;
mod attempt;
mod authorize;
mod aws;
mod bearer;
mod build;
mod call;
mod clock;
mod cutoff;
mod deployment;
mod dialects;
mod entra;
mod error;
mod estimate;
mod face;
mod generation;
mod google;
mod media;
mod memory;
mod near;
mod needs;
mod operations;
mod record;
mod redact;
mod status;
mod stream;
mod tend;
mod tollgate;
mod upload;
mod vendors;

pub use answer::{Answer, AnswerHead, CallContext, Denied};
pub use build::BuildError;
pub use dialects::{SIMPLE_CHAT, SIMPLE_STREAM};
pub use face::ask::Chat;
pub use face::blocking;
pub use face::builder::{Builder, DeploymentSpec, ModelSpec, VendorSpec};
pub use face::embed::{Embed, Embeddings};
pub use face::error::CallError;
pub use face::reply::Reply;
pub use face::start::StartError;
pub use face::stream::ChatStream;
pub use generation::ModelInfo;
pub use memory::{Memory, NoRoom, Room};
pub use status::{DeploymentStatus, ModelStatus};
pub use stream::AnswerStream;
pub use tollgate::Tollgate;
pub use upload::{Form, FormBody, FormFault, FormHead, FormLimits};
pub use vendors::vendors;

pub use tollgate_balancer::Strategy;
pub use tollgate_config::{ConfigErrors, LoadOptions};
pub use tollgate_core_types::error::Blame;
pub use tollgate_core_types::{ChatEvent, Dialect, ErrorClass, Usage, chat, reply};
pub use tollgate_telemetry::{Telemetry, TelemetryOptions};

/// The README's examples, compiled and run with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
