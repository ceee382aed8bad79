//! From status, code and text to a class: the table of this dialect.
//!
//! Codes decide first, then the status, and text only between the classes of a wrong request. The
//! phrases are those that servers write about a prompt's length or content; they are looked for in
//! the message alone, never in a whole body, which may quote the prompt.

use tollgate_core_types::ErrorClass;

use super::envelope::Envelope;

/// Codes and types that mean a spent account.
const BILLING: &[&str] = &[
    "insufficient_quota",
    "insufficient_balance",
    "insufficient_credits",
    "insufficient_funds",
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    "exceeded_current_quota_error",
    "quota_exceeded_billing",
    "payment_required",
    "arrearage",
];

/// Codes and types that mean a refused credential.
const AUTH: &[&str] = &[
    "invalid_api_key",
    "incorrect_api_key",
    "api_key_invalid",
    "authentication_error",
    "invalid_authentication_error",
    "account_deactivated",
    "unauthorized",
    "invalidapikey",
];

/// Codes and types that mean a prompt beyond the context window.
const CONTEXT: &[&str] = &[
    "context_length_exceeded",
    "context_window_exceeded",
    "exceed_context_size_error",
    "model_max_prompt_tokens_exceeded",
    "max_context_length_exceeded",
];

/// Codes and types that mean filtered content.
const CONTENT: &[&str] = &[
    "content_policy_violation",
    "content_filter",
    "content_filter_error",
    "responsibleaipolicyviolation",
    "data_inspection_failed",
    "datainspectionfailed",
    "moderation_blocked",
    "image_content_policy_violation",
    "misalignment_policy_violation",
    "bio_policy",
    "cyber_policy",
];

/// Codes and types that mean a model that is not there.
const MODEL: &[&str] = &[
    "model_not_found",
    "modelnotfound",
    "model_not_exist",
    "model_not_available",
    "model.notexist",
    "deploymentnotfound",
    "unknown_model",
];

/// What servers write about a prompt that is too long, in lower case.
const CONTEXT_TEXT: &[&str] = &[
    "maximum context length",
    "context_length_exceeded",
    "context window",
    "prompt is too long",
    "input is too long",
    "too many tokens",
    "too many input tokens",
    "exceed context",
    "exceeds context",
    "exceed the context",
    "exceeds the context",
    "exceed maximum number of tokens",
    "exceeds maximum number of tokens",
    "exceed the maximum number of tokens",
    "exceeds the maximum number of tokens",
    "exceeds the available context size",
    "exceed the configured limit",
    "range of input length should be",
    "longer than the model's context length",
    "max_new_tokens` must be",
    "max_new_tokens must be",
    "number of tokens to keep from the initial prompt",
    "input length and `max_tokens` exceed",
    "input length and max_tokens exceed",
];

/// A parameter's own length, which is no prompt's.
const NOT_CONTEXT_TEXT: &[&str] = &["string_above_max_length", "invalid 'user'"];

/// What servers write about filtered content, in lower case.
const CONTENT_TEXT: &[&str] = &[
    "rejected as a result of our safety system",
    "rejected as a result of the safety system",
    "content exists risk",
    "content management policy",
];

/// What servers write with a 403 about a spent account, in lower case.
const BALANCE_TEXT: &[&str] =
    &["balance is insufficient", "insufficient balance", "balance not enough"];

/// The class of an error with an HTTP status.
pub(super) fn by_status(status: u16, envelope: &Envelope) -> ErrorClass {
    if let Some(class) = by_code(status, envelope) {
        return class;
    }
    match status {
        // The words decide only which fault of the credential it is.
        403 if mentions(envelope, BALANCE_TEXT) => ErrorClass::Billing,
        401 | 403 => ErrorClass::Auth,
        402 => ErrorClass::Billing,
        404 if names_a_model(envelope) => ErrorClass::ModelMissing,
        // The vendor did not read us in time; a proxy would not let us through; the vendor's own
        // back end failed; it would not risk a replay; its client (a proxy between) went away.
        407 | 408 | 424 | 425 | 499 => ErrorClass::Server,
        // A lock on the same resource at OpenAI, which its SDKs retry; "capacity exceeded" at Groq.
        409 | 498 => ErrorClass::Overload,
        429 => ErrorClass::Throttle,
        400..=499 => by_text(envelope).unwrap_or(ErrorClass::Client),
        503 | 529 => ErrorClass::Overload,
        500..=599 if mentions(envelope, &["overloaded"]) => ErrorClass::Overload,
        500..=599 => ErrorClass::Server,
        // A redirect or an informational answer where an answer should be, or no HTTP status.
        _ => ErrorClass::Malformed,
    }
}

/// The class of an error that names no status in any way.
pub(super) fn without_status(envelope: &Envelope) -> ErrorClass {
    by_code(500, envelope).or_else(|| by_text(envelope)).unwrap_or_else(|| by_status(500, envelope))
}

/// The class that a code or type alone decides, whatever the status.
fn by_code(status: u16, envelope: &Envelope) -> Option<ErrorClass> {
    let is = |table: &[&str]| {
        [&envelope.code, &envelope.kind]
            .into_iter()
            .flatten()
            .any(|word| table.contains(&word.to_ascii_lowercase().as_str()))
    };
    if is(BILLING) {
        return Some(ErrorClass::Billing);
    }
    if is(CONTEXT) {
        return Some(ErrorClass::ContextWindow);
    }
    if is(CONTENT) {
        return Some(ErrorClass::ContentPolicy);
    }
    if is(MODEL) {
        return Some(ErrorClass::ModelMissing);
    }
    if (400..429).contains(&status) && is(AUTH) {
        return Some(ErrorClass::Auth);
    }
    None
}

/// The class of a wrong request by what its message says.
fn by_text(envelope: &Envelope) -> Option<ErrorClass> {
    let text = envelope.message.to_ascii_lowercase();
    let code = envelope.code.as_deref().unwrap_or_default();
    let excluded = NOT_CONTEXT_TEXT.iter().any(|not| text.contains(not) || code == *not);
    if !excluded && (any(&text, CONTEXT_TEXT) || counts_tokens(&text)) {
        return Some(ErrorClass::ContextWindow);
    }
    let usage_policy = text.contains("invalid prompt") && text.contains("usage policy");
    (usage_policy || any(&text, CONTENT_TEXT)).then_some(ErrorClass::ContentPolicy)
}

/// Phrases with numbers in them: Cerebras, TGI.
fn counts_tokens(text: &str) -> bool {
    let cerebras = text.contains("current length is") && text.contains("while limit is");
    let tgi = text.contains("tokens + `max_new_tokens` must be");
    cerebras || tgi
}

fn any(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| text.contains(phrase))
}

fn mentions(envelope: &Envelope, words: &[&str]) -> bool {
    let message = envelope.message.to_ascii_lowercase();
    let kind = envelope.kind.as_deref().unwrap_or_default().to_ascii_lowercase();
    words.iter().any(|word| message.contains(word) || kind.contains(word))
}

/// Whether a 404 is about the model and not about the path.
fn names_a_model(envelope: &Envelope) -> bool {
    let text = envelope.message.to_ascii_lowercase();
    let model = text.contains("model") || text.contains("deployment");
    let absent = ["not found", "not exist", "no such", "try pulling", "not available", "unknown"];
    envelope.param.as_deref() == Some("model") || (model && any(&text, &absent))
}

/// The HTTP status that an error inside a 200 stands for: its own number, or what its code or type
/// is at OpenAI and Anthropic. `None` where it names neither.
pub(super) fn status_of(envelope: &Envelope) -> Option<u16> {
    let words = || [&envelope.code, &envelope.kind].into_iter().flatten();
    let number = words()
        .find_map(|word| word.parse::<u16>().ok().filter(|status| (400..600).contains(status)));
    number.or_else(|| words().find_map(|word| status_by_word(&word.to_ascii_lowercase())))
}

fn status_by_word(word: &str) -> Option<u16> {
    Some(match word {
        "invalid_request_error"
        | "badrequesterror"
        | "invalid_argument"
        | "invalid_prompt"
        | "invalid_image"
        | "invalid_image_format"
        | "invalid_base64_image"
        | "invalid_image_url"
        | "invalid_image_mode"
        | "image_too_large"
        | "image_too_small"
        | "image_parse_error"
        | "image_file_too_large"
        | "image_file_not_found"
        | "unsupported_image_media_type"
        | "empty_image_file"
        | "failed_to_download_image"
        | "invalid_encrypted_content"
        | "context_length_exceeded"
        | "content_filter"
        | "content_policy_violation" => 400,
        "authentication_error" | "invalid_api_key" | "unauthenticated" => 401,
        "billing_error" | "payment_required" => 402,
        "permission_error" | "permission_denied" => 403,
        "not_found_error" | "model_not_found" | "notfounderror" | "not_found" => 404,
        "request_too_large" => 413,
        "rate_limit_error"
        | "rate_limit_exceeded"
        | "too_many_requests"
        | "requests"
        | "tokens"
        | "insufficient_quota"
        | "resource_exhausted" => 429,
        "server_error"
        | "internal_error"
        | "internal_server_error"
        | "api_error"
        | "internalservererror"
        | "internal" => 500,
        "service_unavailable" | "unavailable" | "engine_overloaded" | "network_error" => 503,
        "timeout" | "timeout_error" | "deadline_exceeded" => 504,
        "overloaded_error" | "overloaded" | "engine_overloaded_error" => 529,
        _ => return None,
    })
}
