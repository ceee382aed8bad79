//! Prometheus metrics: what is counted ([`names`]) and the handles that count it.
//!
//! The recorder is held privately, never installed globally, so that several gateways can live in
//! one process. Handles are made once per model and deployment; the hot path only adds to atomics
//! and pushes to buckets. No label value may come from a client or vendor: it is a configured name
//! or an enum's, and the number of configured names is capped.

mod handles;
mod living;
pub mod names;
mod registry;
mod table;

pub(crate) use handles::GatewayMetrics;
pub use handles::{DeploymentMetrics, InFlight, ModelMetrics};
pub(crate) use registry::Registry;
