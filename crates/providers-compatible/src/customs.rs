//! How each vendor of the table differs from OpenAI, and what its own error codes mean. Each trait
//! is what the vendor's documentation or its clients' code says; configuration overrides it.

use tollgate_core_types::ErrorClass;
use tollgate_core_types::custom::{
    Prefill, ReasoningEcho, ReasoningField, StreamOnly, ThinkingSwitch,
};
use tollgate_providers_common::target::Quirks;

/// What nearly all of them have in common: `developer` is a role of OpenAI's newer models.
const USUAL: Quirks = Quirks { no_developer_role: true, ..NONE };

/// A server that differs in nothing.
const NONE: Quirks = Quirks {
    max_completion_tokens: false,
    developer_role: false,
    no_developer_role: false,
    no_sampling: false,
    adaptive_thinking: false,
    no_forced_tools: false,
    no_native_schema: false,
    no_max_completion_tokens: false,
    plain_content: false,
    any_for_required: false,
    plain_schemas: false,
    short_call_ids: false,
    alternate_turns: false,
    no_tools: false,
    no_stream_options: false,
    reasoning_beside_output: false,
    inline_thinking: false,
    float_vectors: false,
    embed_batch: 0,
    thinking_switch: ThinkingSwitch::None,
    thinking_budget: 0,
    reasoning_echo: ReasoningEcho::AsGiven,
    reasoning_field: ReasoningField::Content,
    stream_only: StreamOnly::Never,
    prefill: Prefill::None,
    lacks: &[],
    renames: &[],
    adds: &[],
};

/// A server that knows `max_tokens` alone.
const OLDER: Quirks = Quirks { no_max_completion_tokens: true, ..USUAL };

/// The traits of a vendor of the table.
pub(crate) fn of(vendor: &str) -> Quirks {
    match vendor {
        "cerebras" => Quirks { max_completion_tokens: true, ..USUAL },
        // Some of their models leave `logprobs` and `n` unanswered with a 400 as well; those are
        // never sent when a request is translated.
        "groq" => Quirks { lacks: &["logit_bias"], ..USUAL },
        "mistral" => MISTRAL,
        // Reasoning is not in `completion_tokens`.
        "xai" | "deepinfra" => Quirks { reasoning_beside_output: true, ..USUAL },
        "openrouter" => {
            Quirks { adaptive_thinking: true, reasoning_field: ReasoningField::Reasoning, ..USUAL }
        }
        "sambanova" => Quirks { plain_content: true, ..OLDER },
        "perplexity" => Quirks { no_tools: true, alternate_turns: true, ..USUAL },
        // Refuses `tool_choice: required`, `$schema`, and calls without their reasoning.
        "moonshot" => Quirks {
            no_forced_tools: true,
            plain_schemas: true,
            reasoning_echo: ReasoningEcho::ToolCalls,
            ..USUAL
        },
        "zhipu" | "zai" | "volcengine" | "byteplus" => {
            Quirks { thinking_switch: ThinkingSwitch::Type, ..USUAL }
        }
        // Without the word, reasoning stands in the text.
        "minimax" => {
            Quirks { adds: &[("reasoning_split", "true")], inline_thinking: true, ..USUAL }
        }
        "modelscope" => Quirks {
            thinking_switch: ThinkingSwitch::Enable,
            stream_only: StreamOnly::Thinking,
            ..USUAL
        },
        "chutes" | "venice" | "poe" | "nanogpt" | "aihubmix" | "parasail" | "mimo" => OLDER,
        "vllm" | "sglang" => {
            Quirks { thinking_switch: ThinkingSwitch::Template, inline_thinking: true, ..USUAL }
        }
        "ollama" | "ollama-cloud" => {
            Quirks { reasoning_field: ReasoningField::Reasoning, inline_thinking: true, ..USUAL }
        }
        "llamacpp" | "lmstudio" | "tgi" => Quirks { inline_thinking: true, ..USUAL },
        _ => USUAL,
    }
}

/// Takes no field that it does not know, and nothing in a schema beside the schema.
const MISTRAL: Quirks = Quirks {
    any_for_required: true,
    plain_schemas: true,
    short_call_ids: true,
    prefill: Prefill::Prefix,
    renames: &[("seed", "random_seed")],
    lacks: &["messages.name", "user", "logit_bias", "service_tier", "store", "verbosity"],
    ..OLDER
};

/// A server that nobody has described: it may leave reasoning in the text.
pub(crate) const UNKNOWN: Quirks = Quirks { inline_thinking: true, ..NONE };

/// What a vendor's own codes mean; they may come with a 200.
pub(crate) fn codes(vendor: &str) -> &'static [(&'static str, ErrorClass)] {
    match vendor {
        "zhipu" | "zai" => ZHIPU,
        "minimax" => MINIMAX,
        _ => &[],
    }
}

const ZHIPU: &[(&str, ErrorClass)] = &[
    ("1000", ErrorClass::Auth),
    ("1001", ErrorClass::Auth),
    ("1002", ErrorClass::Auth),
    ("1003", ErrorClass::Auth),
    ("1004", ErrorClass::Auth),
    ("1110", ErrorClass::Auth),
    ("1112", ErrorClass::Auth),
    ("1113", ErrorClass::Billing),
    ("1210", ErrorClass::Client),
    ("1211", ErrorClass::ModelMissing),
    ("1213", ErrorClass::Client),
    ("1214", ErrorClass::Client),
    ("1220", ErrorClass::Auth),
    ("1234", ErrorClass::Server),
    ("1261", ErrorClass::ContextWindow),
    ("1301", ErrorClass::ContentPolicy),
    ("1302", ErrorClass::Throttle),
    ("1303", ErrorClass::Throttle),
    ("1304", ErrorClass::Billing),
    ("1305", ErrorClass::Throttle),
];

const MINIMAX: &[(&str, ErrorClass)] = &[
    ("1000", ErrorClass::Server),
    ("1001", ErrorClass::Server),
    ("1002", ErrorClass::Throttle),
    ("1004", ErrorClass::Auth),
    ("1008", ErrorClass::Billing),
    ("1013", ErrorClass::Server),
    ("1026", ErrorClass::ContentPolicy),
    ("1027", ErrorClass::ContentPolicy),
    ("1039", ErrorClass::Throttle),
    ("2013", ErrorClass::Client),
    ("2049", ErrorClass::Auth),
];
