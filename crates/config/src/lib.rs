//! Configuration of Tollgate: files, environment and flags, parsed once into checked types.
//!
//! It exists so that nobody else reads an environment variable or asks whether a number is sane:
//! a [`Config`] is right as a whole or is not made, and then every problem is told at once, with
//! file, line and key path. It must never know a running service, a vendor crate or a socket.
//!
//! In reading order: [`options`] what is read, [`load`](load()) the order of layers, `tree` values
//! with their places (YAML, TOML, overlay of variables), `env_start` models from vendors' variables,
//! `expand` references in values, `shapes` what other systems write, `read` and `check` from tree
//! to [`types`], [`problem`] what is told, [`near`] what was probably meant, [`secret`] what is
//! never shown, [`document`] every key as data for reference and editors.
//!
//! Invariants: a problem's text holds no value from the environment and none of a credential's
//! field; a checked configuration refers to nothing that is not in it; order is kept.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

mod check;
mod checked;
pub mod document;
mod duration;
mod effective;
mod env_start;
mod expand;
mod load;
pub mod near;
pub mod options;
pub mod problem;
mod read;
mod report;
pub mod secret;
mod shapes;
mod tree;
pub mod types;

pub use checked::Checked;
pub use document::Unfit;
pub use effective::Effective;
pub use load::{explain, load, parse, parse_with};
pub use near::near_matches;
pub use options::{Flags, LoadOptions};
pub use problem::{ConfigErrors, Place, Problem, Warning};
pub use secret::Secret;
pub use types::{
    Api, Auth, Aws, AwsContainer, AwsGuardrail, AwsKeys, AwsProfile, AwsSources, AwsWebIdentity,
    Azure, BaseUrl, BodyLimits, Breaker, Completions, Config, Credential, Defaults, Deployment,
    Entra, EntraApp, EntraSource, Fallbacks, GoogleAuth, Header, Limits, LogFormat, Media,
    MockOptions, Model, Network, Origin, Otlp, OtlpProtocol, Panic, Params, Provider, ProviderKind,
    Queue, QuirkOverrides, Retries, Server, Strategy, Telemetry, Timeouts,
};
