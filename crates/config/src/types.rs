//! The checked configuration: what the rest of the gateway reads, and nothing that it must check.
//!
//! Values of these types come out of [`crate::load`] alone (they are non-exhaustive), so every
//! reference between them holds and every number is in its range. Layers are already merged: a
//! deployment carries what its provider and its model say about it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use tollgate_catalogue::Catalogue;

use crate::problem::Warning;

pub(crate) mod aws;
mod azure;
mod balance;
pub(crate) mod deployment;
mod google;
mod media;
mod quirks;

pub use aws::{Aws, AwsContainer, AwsGuardrail, AwsKeys, AwsProfile, AwsSources, AwsWebIdentity};
pub use azure::{Azure, Entra, EntraApp, EntraSource};
pub use balance::{Breaker, Panic, Queue};
pub use deployment::{
    Api, Auth, BaseUrl, Completions, Credential, Deployment, Header, Limits, MockOptions, Params,
    Provider, ProviderKind,
};
pub use google::GoogleAuth;
pub use media::{Media, Network};
pub use quirks::QuirkOverrides;

/// A whole configuration, checked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The listeners.
    pub server: Server,
    /// What holds for every request.
    pub defaults: Defaults,
    /// The model groups, in the order of the configuration; at least one.
    pub models: Vec<Model>,
    /// Logs, metrics, traces.
    pub telemetry: Telemetry,
    /// How pictures and documents are fetched.
    pub media: Media,
    /// What models take and cost: what is known, and the configuration's own file over it.
    pub catalogue: Catalogue,
    /// That file.
    pub catalogue_file: Option<PathBuf>,
    /// Where the models came from.
    pub origin: Origin,
    /// The files that `file:` references read, each once, for whoever watches for changes.
    pub referenced: Vec<PathBuf>,
    /// What works but is probably not meant.
    pub warnings: Vec<Warning>,
}

impl Config {
    /// The model group that a client means by `name`: its alias or one of its further names.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| {
            model.alias == name || model.aliases.iter().any(|alias| alias.as_str() == name)
        })
    }

    /// Every name that clients may send, aliases first within each group.
    pub fn model_names(&self) -> impl Iterator<Item = &str> {
        self.models.iter().flat_map(|model| {
            std::iter::once(model.alias.as_str()).chain(model.aliases.iter().map(String::as_str))
        })
    }
}

/// Where the models of a configuration came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nothing was configured: the demo on the mock provider.
    Demo,
    /// Vendors' variables in the environment.
    Environment,
    /// These files, in the order in which they were merged.
    Files(Vec<PathBuf>),
    /// A text given by the program that embeds the gateway.
    Text,
}

/// The listeners and what they bear.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Where metrics, health and admin answer; `None` turns it off.
    pub ops_listen: Option<SocketAddr>,
    /// Largest request body, in bytes.
    pub body_limit: usize,
    /// The same for single routes; see [`Server::body_limit_of`].
    pub body_limits: BodyLimits,
    /// Most memory that the bodies of all requests may hold together, in bytes; a request that
    /// finds no room is answered with 503.
    pub body_memory: usize,
    /// Most that is held of a form with files, in bytes.
    pub upload_hold: usize,
    /// How long a client may take to send a request's head.
    pub header_timeout: Duration,
    /// How long a client may take to send a request's body.
    pub body_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// How old a connection gets before the answer to its next request closes it, so that clients
    /// spread over instances anew.
    pub max_connection_age: Duration,
    /// Most connections at once.
    pub max_connections: usize,
    /// Most requests at once; further ones are answered with 503.
    pub max_requests: usize,
    /// How long requests are still taken, while probes say "not ready", after SIGTERM.
    pub pre_stop: Duration,
    /// How long running requests may go on once no new ones are taken.
    pub drain: Duration,
}

/// Largest request bodies of single routes, in bytes; `None` is [`Server::body_limit`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyLimits {
    /// Chat, messages, text completions and the simple faces.
    pub chat: Option<usize>,
    /// Embeddings.
    pub embeddings: Option<usize>,
    /// Counting of tokens.
    pub count_tokens: Option<usize>,
    /// Forms with files; `None` is [`Server::UPLOAD_LIMIT`].
    pub uploads: Option<usize>,
}

impl Server {
    /// Largest form with files where nothing is said, in bytes.
    pub const UPLOAD_LIMIT: usize = 512 << 20;

    /// The bound that holds where a route may have one of its own.
    #[must_use]
    pub fn body_limit_of(&self, route: Option<usize>) -> usize {
        route.unwrap_or(self.body_limit)
    }
}

impl Default for Server {
    fn default() -> Self {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            listen: SocketAddr::new(loopback, 8000),
            ops_listen: Some(SocketAddr::new(loopback, 9090)),
            body_limit: 32 << 20,
            body_limits: BodyLimits::default(),
            body_memory: 512 << 20,
            upload_hold: 32 << 20,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(60),
            keep_alive: Duration::from_secs(75),
            max_connection_age: Duration::from_secs(3600),
            max_connections: 10_000,
            max_requests: 10_000,
            pre_stop: Duration::ZERO,
            drain: Duration::from_secs(30),
        }
    }
}

/// What holds where a model says nothing else.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Defaults {
    /// Alias of the model that serves requests without one: the configured one, else the first.
    /// `None` where configuration says `model: false`: then every request must name a model.
    pub model: Option<String>,
    /// How a deployment is chosen.
    pub strategy: Strategy,
    /// The four deadlines.
    pub timeouts: Timeouts,
    /// Attempts after the first.
    pub retries: Retries,
    /// When deployments are taken out.
    pub breaker: Breaker,
    /// How requests wait for one that is full.
    pub queue: Queue,
    /// Whether parameters of the configuration are added to requests. Applied already: where it
    /// is off, [`Params::defaults`] and [`Params::set`] are empty.
    pub inject_params: bool,
    /// Whether every request leaves a log line.
    pub log_requests: bool,
    /// Whether a field that the target cannot express rejects the request instead of being
    /// dropped with a notice.
    pub strict_params: bool,
    /// Whether pictures and documents are fetched for vendors that fetch none themselves.
    pub fetch_media: bool,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            model: None,
            strategy: Strategy::RoundRobin,
            timeouts: Timeouts::default(),
            retries: Retries::default(),
            breaker: Breaker::default(),
            queue: Queue::default(),
            inject_params: true,
            log_requests: true,
            strict_params: false,
            fetch_media: false,
        }
    }
}

/// How a deployment of a group is chosen within its priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// Each in turn, by weight.
    RoundRobin,
    /// By chance, by weight.
    Random,
    /// The first that can serve, in the order of the configuration.
    FirstAvailable,
    /// The one with the fewest requests under way for its weight.
    LeastBusy,
    /// As `LeastBusy`, and the slower of late the less.
    Adaptive,
    /// The one with the smallest share of its own limits in use, by weight.
    Usage,
    /// The quickest to its first token of late.
    Latency,
    /// The cheapest; the least busy of equals, and where no price is known.
    Cost,
}

impl Strategy {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::RoundRobin,
        Self::Random,
        Self::FirstAvailable,
        Self::LeastBusy,
        Self::Adaptive,
        Self::Usage,
        Self::Latency,
        Self::Cost,
    ];

    /// The name in configuration and in a request's `load_balance_strategy`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::Random => "random",
            Self::FirstAvailable => "first_available",
            Self::LeastBusy => "least_busy",
            Self::Adaptive => "adaptive",
            Self::Usage => "usage",
            Self::Latency => "latency",
            Self::Cost => "cost",
        }
    }

    /// The strategy of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.as_str() == name)
    }
}

/// The four deadlines, the first content's in two forms. None is zero, none is longer than `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// DNS, TCP and TLS together, per attempt.
    pub connect: Duration,
    /// From sending an attempt to its first content, where the answer is streamed.
    pub first_token: Duration,
    /// From sending an attempt to its whole answer, where the answer is not streamed: such an
    /// answer's first content is all of it. A `first_token` that is configured holds here as well.
    pub whole: Duration,
    /// Between two pieces of a streamed answer.
    pub idle: Duration,
    /// The whole request, all attempts together.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            first_token: Duration::from_secs(60),
            whole: Duration::from_secs(600),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(600),
        }
    }
}

/// How often and how soon a request is tried again.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Retries {
    /// Attempts of one request in total, over retries, failover and fallbacks; 1 to 10.
    pub max_attempts: u32,
    /// First pause of the full-jitter backoff.
    pub base: Duration,
    /// Longest pause of the backoff.
    pub cap: Duration,
    /// Retries allowed per request on average, 0 to 1; the rest is refused.
    pub budget: f64,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_millis(100),
            cap: Duration::from_secs(8),
            budget: 0.2,
        }
    }
}

/// A model group: deployments that are interchangeable for callers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Model {
    /// The name that clients send.
    pub alias: String,
    /// Further names for the same group.
    pub aliases: Vec<String>,
    /// How a deployment is chosen.
    pub strategy: Strategy,
    /// Share of the group where requests choose among all models; over 0.
    pub weight: f64,
    /// The deployments, one per key, in the order of the configuration; at least one.
    pub deployments: Vec<Deployment>,
    /// Where requests go that this group cannot serve.
    pub fallbacks: Fallbacks,
    /// The four deadlines of the group's requests; each deployment has its own beside.
    pub timeouts: Timeouts,
    /// Attempts after the first.
    pub retries: Retries,
    /// When deployments are taken out.
    pub breaker: Breaker,
    /// How requests wait for one that is full.
    pub queue: Queue,
    /// See [`Defaults::inject_params`].
    pub inject_params: bool,
    /// See [`Defaults::strict_params`].
    pub strict_params: bool,
}

/// Aliases of other groups, in the order in which they are tried. No group reaches itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fallbacks {
    /// When the group cannot serve for any other reason.
    pub any: Vec<String>,
    /// When the request is too large for the group's context window.
    pub context_window: Vec<String>,
    /// When the vendor's content policy refuses the request.
    pub content_policy: Vec<String>,
}

/// Logs, metrics, traces.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Telemetry {
    /// The form of log lines.
    pub log: LogFormat,
    /// What is logged: a level, or a comma-separated list of `target=level`.
    pub level: String,
    /// Whether `/metrics` answers on the ops listener.
    pub prometheus: bool,
    /// Where spans are sent; `None` sends none.
    pub otlp: Option<Otlp>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { log: LogFormat::Auto, level: "info".to_owned(), prometheus: true, otlp: None }
    }
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// An OpenTelemetry collector.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Otlp {
    /// Its address, for example `http://localhost:4317`.
    pub endpoint: BaseUrl,
    /// How it is spoken to.
    pub protocol: OtlpProtocol,
}

/// How a collector is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtlpProtocol {
    /// gRPC, usually port 4317.
    Grpc,
    /// Protocol buffers over HTTP, usually port 4318.
    Http,
}
