//! Our errors in Google's envelope, whole and as the last chunk of a stream.

use bytes::Bytes;
use serde::Serialize;
use tollgate_providers_common::ErrorReport;

#[derive(Serialize)]
struct Envelope<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: u16,
    message: &'a str,
    status: &'static str,
    details: Vec<Detail<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "@type")]
enum Detail<'a> {
    #[serde(rename = "type.googleapis.com/google.rpc.ErrorInfo")]
    ErrorInfo { reason: &'a str, domain: &'static str },
    #[serde(rename = "type.googleapis.com/google.rpc.RequestInfo", rename_all = "camelCase")]
    RequestInfo { request_id: &'a str },
    #[serde(rename = "type.googleapis.com/google.rpc.BadRequest", rename_all = "camelCase")]
    BadRequest { field_violations: [Violation<'a>; 1] },
    #[serde(rename = "type.googleapis.com/google.rpc.RetryInfo", rename_all = "camelCase")]
    RetryInfo { retry_delay: String },
}

#[derive(Serialize)]
struct Violation<'a> {
    field: &'a str,
    description: &'a str,
}

/// The body of an error answer.
pub(crate) fn render(report: &ErrorReport) -> Bytes {
    Bytes::from(json(report))
}

/// The one terminal event of a stream whose status was already sent.
pub(crate) fn render_event(report: &ErrorReport) -> Bytes {
    let mut event = b"data: ".to_vec();
    event.extend(json(report));
    event.extend_from_slice(b"\n\n");
    Bytes::from(event)
}

fn json(report: &ErrorReport) -> Vec<u8> {
    let ErrorReport { status, code, param, message, retry_after, should_retry: _, request_id } =
        report;
    let mut details = vec![
        Detail::ErrorInfo { reason: code, domain: "tollgate" },
        Detail::RequestInfo { request_id },
    ];
    details.extend(param.as_deref().map(|field| Detail::BadRequest {
        field_violations: [Violation { field, description: message }],
    }));
    details.extend(
        retry_after
            .map(|wait| Detail::RetryInfo { retry_delay: format!("{}s", wait.as_secs_f64()) }),
    );
    let error = Error { code: *status, message, status: word(*status), details };
    // Only texts and numbers: writing them cannot fail.
    serde_json::to_vec(&Envelope { error }).unwrap_or_default()
}

/// The canonical word of a status.
fn word(status: u16) -> &'static str {
    match status {
        408 | 504 => "DEADLINE_EXCEEDED",
        401 => "UNAUTHENTICATED",
        402 => "FAILED_PRECONDITION",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        400..=498 => "INVALID_ARGUMENT",
        501 => "UNIMPLEMENTED",
        503 | 529 => "UNAVAILABLE",
        500..=599 => "INTERNAL",
        _ => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn report(status: u16, message: &str) -> ErrorReport {
        ErrorReport {
            status,
            code: "model_not_found".to_owned(),
            param: None,
            message: message.to_owned(),
            retry_after: None,
            should_retry: None,
            request_id: "req_1".to_owned(),
        }
    }

    #[test]
    fn the_envelope_is_googles() {
        let body = render(&report(404, "no \"such\"\nmodel"));
        assert_eq!(
            body,
            r#"{"error":{"code":404,"message":"no \"such\"\nmodel","status":"NOT_FOUND","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"model_not_found","domain":"tollgate"},{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"req_1"}]}}"#
        );
    }

    #[test]
    fn field_and_pause_are_told() {
        let report = ErrorReport {
            param: Some("contents".to_owned()),
            retry_after: Some(Duration::from_millis(1500)),
            ..report(429, "m")
        };
        let body = String::from_utf8(render(&report).to_vec()).unwrap();
        assert!(body.contains(r#""retryDelay":"1.5s""#), "{body}");
        assert!(body.contains(r#""fieldViolations":[{"field":"contents","description":"m"}]"#));
        assert!(body.contains(r#""status":"RESOURCE_EXHAUSTED""#));
    }

    #[test]
    fn the_event_is_one_frame_whatever_the_message() {
        let event = render_event(&report(503, "a\n\nb\r\ndata: x"));
        let text = std::str::from_utf8(&event).unwrap();
        assert!(text.starts_with("data: {\"error\":{\"code\":503"));
        assert_eq!(text.matches('\n').count(), 2);
        assert!(text.ends_with("}\n\n"));
    }
}
