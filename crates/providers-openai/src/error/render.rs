//! Our errors in OpenAI's envelope: as an answer's body and as the one terminal event of a stream.

use bytes::Bytes;
use serde::Serialize;
use tollgate_providers_common::ErrorReport;

#[derive(Serialize)]
struct Body<'a> {
    error: ErrorOut<'a>,
}

/// What is said of an error.
#[derive(Serialize)]
pub(crate) struct ErrorOut<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    param: Option<&'a str>,
    code: &'a str,
}

impl<'a> ErrorOut<'a> {
    pub(crate) fn of(report: &'a ErrorReport) -> Self {
        // The rest of a report goes into the answer's headers.
        let ErrorReport {
            status,
            code,
            param,
            message,
            retry_after: _,
            should_retry: _,
            request_id: _,
        } = report;
        Self { message, kind: kind_of(*status, code), param: param.as_deref(), code }
    }
}

/// The body of an error answer.
pub(crate) fn error_body(report: &ErrorReport) -> Bytes {
    Bytes::from(json(report))
}

/// The error event of a stream. SDKs raise on any event with an `error` key; no `[DONE]` follows.
pub(crate) fn stream_error(report: &ErrorReport) -> Bytes {
    let mut frame = b"data: ".to_vec();
    frame.extend_from_slice(&json(report));
    frame.extend_from_slice(b"\n\n");
    Bytes::from(frame)
}

fn json(report: &ErrorReport) -> Vec<u8> {
    // Strings and options always serialize.
    serde_json::to_vec(&Body { error: ErrorOut::of(report) }).unwrap_or_default()
}

/// OpenAI's `type` for a status.
fn kind_of(status: u16, code: &str) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "insufficient_quota",
        403 => "permission_error",
        404 => "not_found_error",
        408 | 504 => "timeout_error",
        429 if code == "insufficient_quota" => "insufficient_quota",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(status: u16, code: &str) -> ErrorReport {
        ErrorReport {
            status,
            code: code.to_owned(),
            param: (status == 400).then(|| "messages[0].role".to_owned()),
            message: "say \"hi\"\nthen go".to_owned(),
            retry_after: None,
            should_retry: Some(false),
            request_id: "req_1".to_owned(),
        }
    }

    #[test]
    fn the_envelope_has_all_four_fields() {
        let body = error_body(&report(400, "invalid_request"));
        assert_eq!(
            body,
            r#"{"error":{"message":"say \"hi\"\nthen go","type":"invalid_request_error","param":"messages[0].role","code":"invalid_request"}}"#
        );
        let frame = stream_error(&report(502, "upstream_error"));
        assert_eq!(
            frame,
            "data: {\"error\":{\"message\":\"say \\\"hi\\\"\\nthen go\",\"type\":\"server_error\",\"param\":null,\"code\":\"upstream_error\"}}\n\n"
        );
    }

    #[test]
    fn types_follow_the_status() {
        for (status, kind) in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (402, "insufficient_quota"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (408, "timeout_error"),
            (413, "invalid_request_error"),
            (429, "rate_limit_error"),
            (500, "server_error"),
            (502, "server_error"),
            (503, "server_error"),
            (504, "timeout_error"),
        ] {
            assert_eq!(kind_of(status, "x"), kind, "{status}");
        }
        assert_eq!(kind_of(429, "insufficient_quota"), "insufficient_quota");
    }
}
