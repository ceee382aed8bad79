//! What the vendor's failures mean: any status and any bytes become one class.
//!
//! Every answer classifies: the vendor's own envelope, other vendors' shapes that proxies in
//! between write, plain text, HTML, nothing. A client's text can reach a vendor's message, so a
//! message alone decides only between kinds of a wrong request, never on credentials or retries.

mod said;

use http::HeaderMap;
use serde_json::Value;
use serde_json::value::RawValue;
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::retry_after;

use said::Said;

/// Classifies an error answer.
pub(crate) fn decode(status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
    let said = Said::read(body);
    error(status, &said).with_retry_after(retry_after::from_headers(headers))
}

/// Classifies an error object that came inside a 200: its type gives the status that it would have
/// had.
pub(crate) fn in_band(error_object: &RawValue) -> UpstreamError {
    let value = serde_json::from_str(error_object.get()).unwrap_or(Value::Null);
    in_band_said(&Said::of_error(&value))
}

/// Classifies the data of an `error` event whose shape is not the vendor's.
pub(crate) fn in_band_bytes(data: &[u8]) -> UpstreamError {
    in_band_said(&Said::read(data))
}

fn in_band_said(said: &Said) -> UpstreamError {
    error(status_of(said.kind.as_deref()), said)
}

fn error(status: u16, said: &Said) -> UpstreamError {
    let said_why = said.message.clone().filter(|message| !message.trim().is_empty());
    let message = said_why.unwrap_or_else(|| format!("HTTP {status} without a reason"));
    UpstreamError::new(class(status, said), message)
        .with_status(status)
        .with_code(said.code.as_deref().or(said.kind.as_deref()))
        .with_param(said.param.as_deref())
}

fn status_of(kind: Option<&str>) -> u16 {
    match kind {
        Some("invalid_request_error") => 400,
        Some("authentication_error") => 401,
        Some("billing_error") => 402,
        Some("permission_error") => 403,
        Some("not_found_error") => 404,
        Some("conflict_error") => 409,
        Some("request_too_large") => 413,
        Some("rate_limit_error") => 429,
        Some("timeout_error") => 504,
        Some("overloaded_error") => 529,
        Some(_) | None => 500,
    }
}

fn class(status: u16, said: &Said) -> ErrorClass {
    if said.is_billing() {
        return ErrorClass::Billing;
    }
    match status {
        400 | 413 | 422 if said.is_context_window() => ErrorClass::ContextWindow,
        400 | 413 | 422 if said.is_content_policy() => ErrorClass::ContentPolicy,
        401 | 403 => ErrorClass::Auth,
        402 => ErrorClass::Billing,
        404 if said.is_missing_model() => ErrorClass::ModelMissing,
        408 => ErrorClass::Server,
        429 => ErrorClass::Throttle,
        400..=499 => ErrorClass::Client,
        503 | 529 => ErrorClass::Overload,
        500..=599 if said.is_overload() => ErrorClass::Overload,
        500..=599 => ErrorClass::Server,
        // No error status at all: not an answer of this dialect.
        _ => ErrorClass::Malformed,
    }
}

#[cfg(test)]
mod tests;
