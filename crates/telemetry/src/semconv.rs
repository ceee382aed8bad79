//! Every span attribute name, in one place: OpenTelemetry's conventions and our own.
//!
//! The GenAI names are those of semantic-conventions v1.41.0, the last release that carries them
//! and what dashboards know; their new home renames some before any release. Alerts should rest on
//! our own `tollgate.*` names and metrics, which no convention can rename.

/// Target of the `tracing` spans of requests and attempts.
pub const SPAN_TARGET: &str = "tollgate::span";
/// What tracing-opentelemetry takes as a span's name.
pub const OTEL_NAME: &str = "otel.name";
/// What it takes as a span's kind: `server`, `internal`, `client`.
pub const OTEL_KIND: &str = "otel.kind";
/// What it takes as a span's status.
pub const OTEL_STATUS_CODE: &str = "otel.status_code";
/// What it takes as the description of an error status.
pub const OTEL_STATUS_DESCRIPTION: &str = "otel.status_description";

/// Operation: `chat`, `text_completion`, `embeddings`.
pub const GEN_AI_OPERATION_NAME: &str = "gen_ai.operation.name";
/// Provider, for example `openai`.
pub const GEN_AI_PROVIDER_NAME: &str = "gen_ai.provider.name";
/// The model asked of the provider.
pub const GEN_AI_REQUEST_MODEL: &str = "gen_ai.request.model";
/// Whether the provider was asked for a stream.
pub const GEN_AI_REQUEST_STREAM: &str = "gen_ai.request.stream";
/// The model that the provider says answered.
pub const GEN_AI_RESPONSE_MODEL: &str = "gen_ai.response.model";
/// The provider's id of the answer.
pub const GEN_AI_RESPONSE_ID: &str = "gen_ai.response.id";
/// Why the answer ended; an array with one entry per choice.
pub const GEN_AI_RESPONSE_FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
/// Seconds to the first content of a stream.
pub const GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
/// Input tokens, cached ones included.
pub const GEN_AI_USAGE_INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
/// Output tokens, reasoning included.
pub const GEN_AI_USAGE_OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
/// Input tokens read from the provider's cache.
pub const GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
/// Input tokens written to the provider's cache.
pub const GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS: &str =
    "gen_ai.usage.cache_creation.input_tokens";
/// Output tokens spent on reasoning.
pub const GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
/// Error class; absent on success.
pub const ERROR_TYPE: &str = "error.type";
/// The provider's host.
pub const SERVER_ADDRESS: &str = "server.address";
/// The provider's port.
pub const SERVER_PORT: &str = "server.port";
/// HTTP method of the client's request.
pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
/// Route template of the client's request.
pub const HTTP_ROUTE: &str = "http.route";
/// HTTP status: to the client on request spans, from the provider on attempt spans.
pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";

/// Our id of the request.
pub const TOLLGATE_REQUEST_ID: &str = "tollgate.request.id";
/// The client's dialect.
pub const TOLLGATE_DIALECT: &str = "tollgate.dialect";
/// Alias of the model group.
pub const TOLLGATE_MODEL: &str = "tollgate.model";
/// Id of the deployment.
pub const TOLLGATE_DEPLOYMENT: &str = "tollgate.deployment";
/// Attempts that the request took.
pub const TOLLGATE_ATTEMPTS: &str = "tollgate.attempts";
/// Which attempt this is, from 1.
pub const TOLLGATE_ATTEMPT_NUMBER: &str = "tollgate.attempt.number";
/// Why the attempt was made: `first`, `retry`, `failover`, `fallback`.
pub const TOLLGATE_ATTEMPT_KIND: &str = "tollgate.attempt.kind";
/// How it ended: `ok`, `error`, `cancelled`, `truncated`.
pub const TOLLGATE_OUTCOME: &str = "tollgate.outcome";
/// Fields that the target could not express, separated by commas.
pub const TOLLGATE_LOST: &str = "tollgate.lost";
/// What it cost in pico-dollars (10⁻¹² US dollars); absent where that is not known.
pub const TOLLGATE_COST: &str = "tollgate.cost.picodollars";
/// Seconds of the request that were the gateway's own.
pub const TOLLGATE_OVERHEAD: &str = "tollgate.overhead";
