//! Errors as clients of the dialect read them: one envelope, and as the last event of a stream.

use bytes::Bytes;
use serde::Serialize;
use tollgate_providers_common::ErrorReport;

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Inner<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Inner<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
}

/// The body of an error answer.
pub(crate) fn render(report: &ErrorReport) -> Bytes {
    Bytes::from(json(report))
}

/// The one terminal event of a stream that failed.
pub(crate) fn render_event(report: &ErrorReport) -> Bytes {
    Bytes::from(format!("event: error\ndata: {}\n\n", json(report)))
}

/// A keep-alive: clients of this dialect skip pings.
pub(crate) const PING: &str = "event: ping\ndata: {\"type\": \"ping\"}\n\n";

fn json(report: &ErrorReport) -> String {
    let ErrorReport {
        status,
        code: _,
        param: _,
        message,
        retry_after: _,
        should_retry: _,
        request_id,
    } = report;
    let error = Inner { kind: kind(*status), message };
    // Plain text fields always serialize; the fallback is the same envelope without them.
    serde_json::to_string(&Envelope { kind: "error", error, request_id }).unwrap_or_else(|_| {
        r#"{"type":"error","error":{"type":"api_error","message":"internal error"}}"#.to_owned()
    })
}

/// The error type of a status. Every other 4xx is a wrong request, everything else a failure.
fn kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 | 504 => "timeout_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(status: u16, message: &str) -> ErrorReport {
        ErrorReport {
            status,
            code: "some_code".to_owned(),
            param: None,
            message: message.to_owned(),
            retry_after: None,
            should_retry: Some(false),
            request_id: "req_1".to_owned(),
        }
    }

    #[test]
    fn every_status_has_the_type_that_clients_map_to_an_exception() {
        for (status, name) in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (402, "billing_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (405, "invalid_request_error"),
            (408, "timeout_error"),
            (409, "conflict_error"),
            (413, "request_too_large"),
            (422, "invalid_request_error"),
            (429, "rate_limit_error"),
            (500, "api_error"),
            (502, "api_error"),
            (503, "api_error"),
            (504, "timeout_error"),
            (529, "overloaded_error"),
        ] {
            assert_eq!(kind(status), name, "{status}");
        }
    }

    #[test]
    fn the_envelope_is_the_vendors() {
        let body = render(&report(404, "no \"such\"\nmodel"));
        assert_eq!(
            body,
            r#"{"type":"error","error":{"type":"not_found_error","message":"no \"such\"\nmodel"},"request_id":"req_1"}"#
        );
    }

    #[test]
    fn the_event_is_one_frame_whatever_the_message() {
        let event = render_event(&report(529, "a\n\nb\r\ndata: x"));
        let text = std::str::from_utf8(&event).unwrap();
        assert!(text.starts_with("event: error\ndata: {\"type\":\"error\""));
        assert_eq!(text.matches('\n').count(), 3);
        assert!(text.ends_with("\"request_id\":\"req_1\"}\n\n"));
    }
}
