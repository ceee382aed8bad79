//! Tollgate as a library: many LLM vendors, keys and deployments behind one call.
//!
//! A request comes in as an [`tollgate_providers_common::Inbound`], in whichever dialect its client
//! speaks; [`Tollgate::call`] chooses a deployment, translates where it must, retries, fails over
//! and gives back bytes in the client's dialect. It knows no HTTP server: `tollgate-server` puts
//! this behind axum, any other program may call it directly.
//!
//! In reading order: [`Tollgate`] is the value, `call` one request, `attempt` one try at one
//! deployment, `stream` an answer after its commit point, `record` what is told of both, `build`
//! how configuration becomes a generation.

mod answer;
mod attempt;
mod authorize;
mod build;
mod call;
mod clock;
mod cutoff;
mod deployment;
mod dialects;
mod error;
mod estimate;
mod generation;
mod google;
mod memory;
mod near;
mod record;
mod redact;
mod status;
mod stream;
mod tend;
mod tollgate;
mod vendors;

pub use answer::{Answer, AnswerHead, CallContext, Denied};
pub use build::BuildError;
pub use dialects::{SIMPLE_CHAT, SIMPLE_STREAM};
pub use generation::ModelInfo;
pub use memory::{Memory, NoRoom, Room};
pub use status::{DeploymentStatus, ModelStatus};
pub use stream::AnswerStream;
pub use tollgate::Tollgate;
pub use vendors::vendors;
