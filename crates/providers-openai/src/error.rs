//! Failures in both directions: what a vendor's error means, and how ours look to a client.
//!
//! Reading is total: any status and any bytes make an error of some class. Authentication and
//! billing follow from a status or a code, never from free text, since text may quote the prompt.

mod classify;
mod envelope;
mod render;

use http::HeaderMap;
use serde_json::Value;
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::retry_after;

use crate::malformed::{excerpt, looks_like_html};
use envelope::Envelope;

pub(crate) use render::{ErrorOut, error_body, stream_error};

/// Classifies an error answer.
pub(crate) fn decode_error(status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
    let envelope = read_body(status, body);
    let class = classify::by_status(status, &envelope);
    let pauses = matches!(
        class,
        ErrorClass::Throttle | ErrorClass::Overload | ErrorClass::Server | ErrorClass::Billing
    );
    let retry_after = if pauses { retry_after::from_headers(headers) } else { None };
    build(class, &envelope).with_status(status).with_retry_after(retry_after)
}

/// Classifies an error inside a 200: in a whole answer or in a frame of a stream. `None` where the
/// JSON reports no error.
///
/// The status is the one that the error names itself, as a number or by its kind.
pub(crate) fn in_band(json: &[u8]) -> Option<UpstreamError> {
    let value: Value = serde_json::from_slice(json).ok()?;
    let envelope = envelope::read(&value)?;
    let status = classify::status_of(&envelope);
    Some(match status {
        Some(status) => {
            build(classify::by_status(status, &envelope), &envelope).with_status(status)
        }
        None => build(classify::without_status(&envelope), &envelope),
    })
}

/// As [`in_band`], for bytes that are known to report an error: those that no envelope fits make an
/// error as well.
pub(crate) fn in_band_or_unknown(json: &[u8]) -> UpstreamError {
    in_band(json).unwrap_or_else(|| {
        let text = format!("the vendor reports an error: {}", excerpt(json));
        UpstreamError::new(ErrorClass::Server, text)
    })
}

fn build(class: ErrorClass, envelope: &Envelope) -> UpstreamError {
    UpstreamError::new(class, &envelope.message)
        .with_code(envelope.code.as_deref().or(envelope.kind.as_deref()))
        .with_param(envelope.param.as_deref())
}

fn read_body(status: u16, body: &[u8]) -> Envelope {
    let trimmed = body.trim_ascii();
    let parsed = serde_json::from_slice(trimmed).ok();
    if let Some(envelope) = parsed.as_ref().and_then(envelope::read) {
        return envelope;
    }
    let message = if trimmed.is_empty() {
        format!("HTTP {status} without a body")
    } else if looks_like_html(trimmed) {
        format!("HTTP {status} with an HTML page")
    } else if parsed.is_some() {
        format!("HTTP {status}: {}", excerpt(trimmed))
    } else {
        String::from_utf8_lossy(trimmed.get(..512).unwrap_or(trimmed)).into_owned()
    };
    Envelope { message, ..Envelope::default() }
}

#[cfg(test)]
mod tests;
