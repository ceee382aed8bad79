//! One place that can serve a model, with everything that its provider and model say about it.

use std::fmt;
use std::time::Duration;
use tollgate_catalogue::Override;
use tollgate_core_types::{Dialect, ErrorClass, JsonText, Operation, VendorPreset};

use super::{Aws, Azure, Entra, GoogleAuth, QuirkOverrides, Timeouts};
use crate::secret::Secret;

/// One deployment: exactly one address and at most one credential.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Deployment {
    /// Unique over the configuration and stable while the configuration's order is: given, or
    /// `<alias>/<provider>/<n>` with `/k<m>` behind it where there are several keys.
    pub id: String,
    /// The vendor.
    pub provider: Provider,
    /// The model's name at the vendor.
    pub upstream_model: String,
    /// The address as configured or the vendor's own, with or without `/v1`; `None` for the mock.
    pub base: Option<BaseUrl>,
    /// The credential; `None` where the server asks for none.
    pub credential: Option<Credential>,
    /// How the credential is shown to the vendor.
    pub auth: Auth,
    /// Share of its group's requests: the deployment's weight times the key's; over 0.
    pub weight: f64,
    /// Lower is tried first; equal ones share the load.
    pub priority: u32,
    /// What it bears; each key has its own.
    pub limits: Limits,
    /// The four deadlines of its attempts.
    pub timeouts: Timeouts,
    /// Parameters to add, rename and remove: provider's, then model's, then its own.
    pub params: Params,
    /// Headers to add to every request.
    pub headers: Vec<Header>,
    /// Bound of generated tokens where the dialect requires one and the client gave none.
    pub max_output_tokens: Option<u64>,
    /// Whether to ask for usage in streams; `None` is the vendor's custom.
    pub stream_usage: Option<bool>,
    /// How text completions are served; `None` is the vendor's custom.
    pub completions: Option<Completions>,
    /// Which of OpenAI's dialects of conversation it speaks; `None` is the vendor's custom.
    pub api: Option<Api>,
    /// Traits of the server that differ from what its vendor and model suggest.
    pub quirks: QuirkOverrides,
    /// Where its chat stands below the base, where that is not the dialect's place.
    pub chat_path: Option<String>,
    /// What its own error codes mean.
    pub error_codes: Vec<(String, ErrorClass)>,
    /// Whether requests with tools may go here; `None` is yes, unless the vendor says no.
    pub supports_tools: Option<bool>,
    /// What it speaks of [`Operation::MEDIA`]; `None` is what its vendor speaks.
    pub operations: Option<Vec<Operation>>,
    /// Whether pictures and documents that requests point to are fetched for it, where it fetches none
    /// itself; `None` is as `defaults` say.
    pub fetch_media: Option<bool>,
    /// Whether the W3C headers `traceparent` and `tracestate` are sent to it; `None` is no: they
    /// tell a vendor which requests belong together.
    pub trace_context: Option<bool>,
    /// The model behind a name that does not say it: decides what is known of it.
    pub base_model: Option<String>,
    /// What it takes and costs, over what is known: provider's, then model's, then its own.
    pub catalogue: Override,
    /// How Amazon Bedrock is reached; `Some` for it alone.
    pub aws: Option<Aws>,
    /// How Azure is reached; `Some` for it alone.
    pub azure: Option<Azure>,
    /// How the mock provider behaves; `Some` for it alone.
    pub mock: Option<MockOptions>,
}

/// A vendor as a deployment names it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provider {
    /// The name in configuration.
    pub name: String,
    /// What is known of it.
    pub kind: ProviderKind,
}

/// What is known of a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderKind {
    /// A vendor of the presets.
    Vendor(VendorPreset),
    /// The user's own, by the dialect of its chat endpoint.
    Own(Dialect),
    /// The scripted vendor inside the gateway.
    Mock,
}

impl Provider {
    /// OpenTelemetry's `gen_ai.provider.name`.
    #[must_use]
    pub fn otel_name(&self) -> &str {
        match &self.kind {
            ProviderKind::Vendor(preset) => preset.otel_name,
            ProviderKind::Own(_) if self.name == "vertex" => "gcp.vertex_ai",
            ProviderKind::Own(_) | ProviderKind::Mock => &self.name,
        }
    }
}

/// An absolute `http` or `https` address without credentials, query, fragment or trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(pub(crate) String);

impl BaseUrl {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A vendor's secret and the name by which people speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credential {
    /// Given or `<provider>-<n>` in the order of the configuration; never made from the secret.
    /// Equal ids mean the same secret, also across models.
    pub id: String,
    /// The key.
    pub secret: Secret,
}

/// How a credential is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// As the vendor's dialect has it.
    Dialect,
    /// `authorization: Bearer <key>`.
    Bearer,
    /// The bare key in this header.
    Header(String),
    /// Tokens of Google Cloud, in place of a credential.
    Google(GoogleAuth),
    /// Tokens of Entra ID, in place of a credential.
    Entra(Entra),
}

/// A header whose value is shown to nobody but the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The name, in lower case.
    pub name: String,
    /// The value; a legal header value.
    pub value: Secret,
}

/// What a deployment bears; `None` is no bound. None is zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Requests per minute.
    pub rpm: Option<u64>,
    /// Tokens per minute.
    pub tpm: Option<u64>,
    /// Requests per second; may be a fraction.
    pub qps: Option<f64>,
    /// Requests at once.
    pub concurrency: Option<u32>,
    /// Whether the bound of requests at once finds itself, below `concurrency` where that is set.
    pub adaptive_concurrency: bool,
}

/// Parameters that configuration adds, renames and removes at the body's top level.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Params {
    /// Added where the client gave none; the request's own value wins.
    pub defaults: Vec<(String, JsonText)>,
    /// Sent under another name: (from, to).
    pub rename: Vec<(String, String)>,
    /// Left out.
    pub remove: Vec<String>,
    /// Always sent, whatever the client gave.
    pub set: Vec<(String, JsonText)>,
}

/// How text completions are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completions {
    /// By the server's own `/completions`.
    Native,
    /// Through its chat endpoint.
    Chat,
}

/// Which of OpenAI's dialects of conversation a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Chat Completions alone.
    Chat,
    /// Responses alone.
    Responses,
    /// Both; what a model takes at Responses alone goes there.
    Auto,
}

/// How the mock provider behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MockOptions {
    /// Time before the first byte.
    pub latency: Duration,
    /// Time between two pieces of a streamed answer.
    pub token_delay: Duration,
    /// Every how many requests one fails; `None` never.
    pub fail_every: Option<u32>,
    /// Status of a failure, 400 to 599.
    pub fail_status: u16,
}

impl Default for MockOptions {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            token_delay: Duration::ZERO,
            fail_every: None,
            fail_status: 500,
        }
    }
}
