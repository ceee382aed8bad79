//! Every metric: name, help, unit and buckets in one table.
//!
//! The exporter appends no suffix of its own: the names here are what Prometheus shows. A name is
//! a promise to dashboards and alerts; it must never be renamed without a note in the changelog.

use metrics::Unit;

/// Requests by model group, operation, status and outcome.
pub const REQUESTS: &str = "tollgate_requests_total";
/// Duration of requests.
pub const REQUEST_DURATION: &str = "tollgate_request_duration_seconds";
/// Time to the first content of streams.
pub const TIME_TO_FIRST_TOKEN: &str = "tollgate_time_to_first_token_seconds";
/// Time per output token of streams, after the first.
pub const TIME_PER_OUTPUT_TOKEN: &str = "tollgate_time_per_output_token_seconds";
/// Requests that failed, by class.
pub const ERRORS: &str = "tollgate_errors_total";
/// The gateway's own share of a request's duration, by what it was spent on.
pub const OVERHEAD_PHASE: &str = "tollgate_overhead_phase_seconds";
/// The gateway's own share of a request's duration.
pub const OVERHEAD: &str = "tollgate_overhead_seconds";
/// Requests that are being served.
pub const REQUESTS_IN_FLIGHT: &str = "tollgate_requests_in_flight";
/// Tokens by model group and kind.
pub const TOKENS: &str = "tollgate_tokens_total";
/// Cost of requests by model group and operation.
pub const COST: &str = "tollgate_cost_picodollars_total";
/// Answered requests whose cost is not known.
pub const UNPRICED: &str = "tollgate_unpriced_requests_total";
/// Cost of attempts by deployment.
pub const DEPLOYMENT_COST: &str = "tollgate_deployment_cost_picodollars_total";
/// Fields of requests that a deployment could not express.
pub const PARAMS_DROPPED: &str = "tollgate_params_dropped_total";
/// Attempts by deployment and result.
pub const ATTEMPTS: &str = "tollgate_attempts_total";
/// Attempts beyond a request's first.
pub const RETRIES: &str = "tollgate_retries_total";
/// Breaker state by deployment.
pub const DEPLOYMENT_STATE: &str = "tollgate_deployment_state";
/// Attempts that are being made, by deployment.
pub const DEPLOYMENT_IN_FLIGHT: &str = "tollgate_deployment_in_flight";
/// Rest of the pause that a vendor asked for, by deployment.
pub const DEPLOYMENT_COOLDOWN: &str = "tollgate_deployment_cooldown_seconds";
/// Whether a request would be admitted now, by deployment.
pub const DEPLOYMENT_AVAILABLE: &str = "tollgate_deployment_available";
/// Configured limits, by deployment.
pub const DEPLOYMENT_LIMIT: &str = "tollgate_deployment_limit";
/// What is left of them, by deployment.
pub const DEPLOYMENT_LIMIT_REMAINING: &str = "tollgate_deployment_limit_remaining";
/// Stream frames that could not be read.
pub const STREAM_FRAMES_SKIPPED: &str = "tollgate_stream_frames_skipped_total";
/// Requests that the HTTP layer refused.
pub const HTTP_REJECTIONS: &str = "tollgate_http_rejections_total";
/// Request log lines that found no room.
pub const LOG_LINES_DROPPED: &str = "tollgate_log_lines_dropped_total";
/// Spans that were to be exported, by what became of them.
pub const TRACE_SPANS: &str = "tollgate_trace_spans_total";
/// Version of the gateway.
pub const BUILD_INFO: &str = "tollgate_build_info";
/// Model groups in the configuration.
pub const CONFIG_MODELS: &str = "tollgate_config_models";
/// Which configuration runs.
pub const CONFIG_GENERATION: &str = "tollgate_config_generation";
/// Whether the last configuration offered was taken.
pub const CONFIG_LAST_LOAD_SUCCESSFUL: &str = "tollgate_config_last_load_successful";
/// When the running configuration was taken.
pub const CONFIG_LAST_LOAD_TIME: &str = "tollgate_config_last_load_timestamp_seconds";
/// Memory that request bodies hold.
pub const BODY_MEMORY: &str = "tollgate_body_memory_bytes";
/// Open connections of clients.
pub const CONNECTIONS: &str = "tollgate_connections";
/// Configurations offered, by what became of them.
pub const CONFIG_LOADS: &str = "tollgate_config_loads_total";
/// Duration of upstream calls, by the GenAI convention.
pub const GEN_AI_DURATION: &str = "gen_ai_client_operation_duration_seconds";
/// Time to the first token of upstream streams, by the GenAI convention.
pub const GEN_AI_TTFT: &str = "gen_ai_server_time_to_first_token_seconds";
/// Time per output token of upstream streams, by the GenAI convention.
pub const GEN_AI_TPOT: &str = "gen_ai_server_time_per_output_token_seconds";
/// Tokens of upstream calls, by the GenAI convention.
pub const GEN_AI_TOKENS: &str = "gen_ai_client_token_usage";

/// The value of a label whose true value is not a configured name.
pub const OTHER: &str = "other";

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by buckets, which these are.
    Histogram(&'static [f64]),
}

/// One metric's entry.
pub(crate) struct Definition {
    /// Its name.
    pub(super) name: &'static str,
    /// Its help text.
    pub(super) help: &'static str,
    /// Its unit; none for counts of things that have no unit.
    pub(super) unit: Option<Unit>,
    /// What it is.
    pub(super) kind: Kind,
}

/// The convention's buckets for client durations, with three more: generations outlast 82 s.
const DURATION: &[f64] = &[
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84,
    327.68, 655.36,
];
/// The convention's buckets for token counts.
const TOKEN_COUNT: &[f64] = &[
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];
/// The convention's buckets for a server's time to the first token, with three more for models
/// that think first.
const FIRST_TOKEN: &[f64] = &[
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    20.0, 40.0, 80.0,
];
/// The convention's buckets for a server's time per output token, with two more below: fast servers
/// make a token in less than 10 ms.
const PER_TOKEN: &[f64] =
    &[0.002_5, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];
/// From a memory copy to a stall of the whole process.
const OVERHEAD_TIME: &[f64] = &[
    0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1,
    0.25, 1.0,
];

/// Every metric of the gateway.
pub(crate) const ALL: [Definition; 37] = [
    counter(REQUESTS, "Requests by model group, operation, HTTP status and outcome."),
    seconds(REQUEST_DURATION, "Time from a request's arrival to its end.", DURATION),
    seconds(
        TIME_TO_FIRST_TOKEN,
        "Time from a streamed request's arrival to its first content.",
        DURATION,
    ),
    seconds(
        TIME_PER_OUTPUT_TOKEN,
        "Time per output token of a streamed request, after the first token.",
        PER_TOKEN,
    ),
    counter(ERRORS, "Requests without a complete answer, by model group, operation and class."),
    seconds(
        OVERHEAD_PHASE,
        "Part of a request's duration that the gateway itself took, by phase: receive (body), route \
         (choice, encoding), respond (decoding).",
        OVERHEAD_TIME,
    ),
    seconds(OVERHEAD, "Part of a request's duration that the gateway itself took.", OVERHEAD_TIME),
    gauge(REQUESTS_IN_FLIGHT, "Requests that are being served."),
    counter(
        TOKENS,
        "Tokens as vendors count them. Kind input includes cache_read and cache_write, kind output \
         includes reasoning.",
    ),
    counter(COST, "Cost of requests in pico-dollars; divide by 1e12 for US dollars."),
    counter(
        UNPRICED,
        "Answered requests without a cost, because there is no price or no token count.",
    ),
    counter(DEPLOYMENT_COST, "Cost of attempts at a deployment in pico-dollars."),
    counter(PARAMS_DROPPED, "Request fields that the chosen deployment could not express."),
    counter(ATTEMPTS, "Attempts at deployments by outcome and error class."),
    counter(RETRIES, "Attempts beyond a request's first, by kind."),
    gauge(DEPLOYMENT_STATE, "Breaker of a deployment: 0 closed, 1 half-open, 2 open."),
    gauge(
        DEPLOYMENT_COOLDOWN,
        "Rest of the pause that a deployment's vendor asked for; 0 where there is none.",
    ),
    gauge(DEPLOYMENT_AVAILABLE, "Whether a deployment would admit a request now: 1 yes, 0 no."),
    gauge(DEPLOYMENT_LIMIT, "Configured limit of a deployment, by kind."),
    gauge(DEPLOYMENT_LIMIT_REMAINING, "What is left of a deployment's limit now, by kind."),
    gauge(DEPLOYMENT_IN_FLIGHT, "Attempts that are being made at a deployment."),
    counter(STREAM_FRAMES_SKIPPED, "Stream frames of vendors that could not be read."),
    counter(HTTP_REJECTIONS, "Requests that were refused before routing, by reason."),
    counter(LOG_LINES_DROPPED, "Request log lines dropped because their target is too slow."),
    counter(
        TRACE_SPANS,
        "Spans by outcome: exported, failed (the collector did not take them), dropped (no room).",
    ),
    gauge(BUILD_INFO, "Always 1; the version is a label."),
    gauge(CONFIG_MODELS, "Model groups in the running configuration."),
    gauge(CONFIG_GENERATION, "Number of the running configuration, counted from the start."),
    gauge(
        CONFIG_LAST_LOAD_SUCCESSFUL,
        "Whether the last configuration offered was taken: 1 yes, 0 no, the one before runs on.",
    ),
    Definition {
        name: CONFIG_LAST_LOAD_TIME,
        help: "When the running configuration was taken, in seconds since 1970.",
        unit: Some(Unit::Seconds),
        kind: Kind::Gauge,
    },
    Definition {
        name: BODY_MEMORY,
        help: "Memory reserved for request bodies that are being read or served.",
        unit: Some(Unit::Bytes),
        kind: Kind::Gauge,
    },
    gauge(CONNECTIONS, "Open connections of clients."),
    counter(CONFIG_LOADS, "Configurations offered since the start, by outcome."),
    seconds(GEN_AI_DURATION, "Duration of GenAI operations, one per upstream attempt.", DURATION),
    seconds(
        GEN_AI_TTFT,
        "Time to the first token of a streamed answer, one per upstream attempt.",
        FIRST_TOKEN,
    ),
    seconds(
        GEN_AI_TPOT,
        "Time per output token of a streamed answer after the first, one per upstream attempt.",
        PER_TOKEN,
    ),
    Definition {
        name: GEN_AI_TOKENS,
        help: "Tokens used per GenAI operation, by token type.",
        unit: None,
        kind: Kind::Histogram(TOKEN_COUNT),
    },
];

const fn counter(name: &'static str, help: &'static str) -> Definition {
    Definition { name, help, unit: Some(Unit::Count), kind: Kind::Counter }
}

const fn gauge(name: &'static str, help: &'static str) -> Definition {
    Definition { name, help, unit: None, kind: Kind::Gauge }
}

const fn seconds(name: &'static str, help: &'static str, buckets: &'static [f64]) -> Definition {
    Definition { name, help, unit: Some(Unit::Seconds), kind: Kind::Histogram(buckets) }
}
