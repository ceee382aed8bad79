//! The vocabulary of Tollgate: what every crate means by a request, an event, an error.
//!
//! It exists so that vendors, balancer, telemetry and server can speak of the same things without
//! knowing one another. It must never know HTTP, JSON libraries, a runtime or a vendor.
//!
//! In reading order: [`dialect`] names wire formats and operations, [`chat`] is what a client asks,
//! [`reply`] what a model answers, [`event`] the same answer as a stream, [`usage`] its size,
//! [`error`] everything that can go wrong with whose fault it is, [`loss`] what a translation could
//! not carry, [`custom`] kinds of servers' customs, [`chance`] randomness as an argument.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

pub mod chance;
pub mod chat;
pub mod custom;
pub mod dialect;
pub mod error;
pub mod event;
pub mod json;
pub mod loss;
pub mod reply;
pub mod usage;
pub mod vendor;

pub use chance::Chance;
pub use dialect::{Dialect, Operation, ProviderName};
pub use error::{ErrorClass, UpstreamError};
pub use event::ChatEvent;
pub use json::JsonText;
pub use loss::Lost;
pub use usage::Usage;
pub use vendor::VendorPreset;
