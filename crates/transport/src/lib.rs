//! The HTTP clients of Tollgate. The data path is hyper with a pool of our own behind the
//! [`Transport`](tollgate_providers_common::Transport) seam ([`HyperTransport`]); the control plane
//! (credential and health probes) is a small reqwest client ([`Control`]).
//!
//! It exists so that pools, TLS, DNS and deadlines are decided in one place. This is the only crate
//! that uses reqwest, rustls and hyper's client. It must never follow a redirect
//! (but for what clients point to, by rules of its own: [`Fetcher`]), never retry what
//! may have reached a vendor, never downgrade TLS, never speak HTTP/2 in the clear, never read proxy
//! variables from the environment, and never put a path, a query or a credential in an error's text.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

mod body;
mod client;
mod clock;
mod config;
mod connect;
mod control;
mod dns;
mod fetch;
mod jwt;
mod origin;
mod outgoing;
mod pool;
mod reason;
mod tls;

pub use client::HyperTransport;
pub use config::{TransportConfig, TransportInitError};
pub use control::Control;
pub use fetch::{BadNetwork, FetchError, FetchRules, Fetched, Fetcher, Network};
pub use jwt::{JwtError, JwtKey};
