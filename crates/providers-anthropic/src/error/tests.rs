//! Error answers of the vendor and of everything that may stand before it.

use super::*;
use crate::count_tokens::CountTokens;
use crate::messages::Messages;
use http::HeaderValue;
use tollgate_providers_common::testkit;

fn read(status: u16, body: &str) -> UpstreamError {
    decode(status, &HeaderMap::new(), body.as_bytes())
}

fn envelope(kind: &str, message: &str) -> String {
    format!(
        r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}},"request_id":"req_1"}}"#
    )
}

#[test]
fn any_status_with_any_bytes_is_a_sane_error() {
    testkit::error_matrix(&Messages);
    testkit::error_matrix(&CountTokens);
}

#[test]
fn the_vendors_envelope_classifies() {
    use ErrorClass as C;
    for (status, kind, message, class) in [
        (400, "invalid_request_error", "max_tokens: Field required", C::Client),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 212345 tokens > 200000 maximum",
            C::ContextWindow,
        ),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 1 + 2 > 3",
            C::ContextWindow,
        ),
        (
            400,
            "invalid_request_error",
            "Output blocked by content filtering policy",
            C::ContentPolicy,
        ),
        (400, "invalid_request_error", "You have reached your spend limit", C::Billing),
        (
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API.",
            C::Billing,
        ),
        (
            400,
            "invalid_request_error",
            "messages.0.content: You have reached your spend limit",
            C::Client,
        ),
        (400, "billing_error", "You have reached your spend limit", C::Billing),
        (401, "authentication_error", "invalid x-api-key", C::Auth),
        (402, "billing_error", "payment required", C::Billing),
        (403, "permission_error", "not allowed", C::Auth),
        (404, "not_found_error", "model: claude-nope", C::ModelMissing),
        (404, "not_found_error", "file: file_1", C::Client),
        (409, "conflict_error", "busy", C::Client),
        (413, "request_too_large", "Request exceeds the maximum size", C::Client),
        (429, "rate_limit_error", "slow down", C::Throttle),
        (500, "api_error", "Internal server error", C::Server),
        (500, "api_error", "Overloaded", C::Overload),
        (500, "overloaded_error", "busy", C::Overload),
        (503, "api_error", "down", C::Overload),
        (504, "timeout_error", "too slow", C::Server),
        (529, "overloaded_error", "Overloaded", C::Overload),
        (520, "", "", C::Server),
        (408, "", "", C::Server),
        (418, "", "", C::Client),
        (302, "", "", C::Malformed),
    ] {
        let error = read(status, &envelope(kind, message));
        assert_eq!(error.class, class, "{status} {kind}: {message}");
        assert_eq!(error.status, Some(status));
    }
}

#[test]
fn a_spent_limit_is_no_rate_limit() {
    let error = read(
        429,
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"limit","details":{"error_code":"enforced_spend_limit_reached"}}}"#,
    );
    assert_eq!(error.class, ErrorClass::Billing);
    assert_eq!(error.code.as_deref(), Some("enforced_spend_limit_reached"));
    assert_eq!(error.retry_after, None);
}

#[test]
fn code_parameter_and_pause_are_kept() {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", HeaderValue::from_static("12"));
    let body = envelope("invalid_request_error", "messages.0.content: Field required");
    let error = decode(400, &headers, body.as_bytes());
    assert_eq!(error.code.as_deref(), Some("invalid_request_error"));
    assert_eq!(error.param.as_deref(), Some("messages.0.content"));
    assert_eq!(error.message, "messages.0.content: Field required");
    assert_eq!(error.retry_after, Some(std::time::Duration::from_secs(12)));
    assert_eq!(read(400, &envelope("invalid_request_error", "No: path here")).param, None);
}

#[test]
fn other_shapes_are_understood() {
    use ErrorClass as C;
    for (status, body, class, message) in [
        (
            404,
            r#"{"error":{"message":"no model","type":"invalid_request_error","code":"model_not_found","param":"model"}}"#,
            C::ModelMissing,
            "no model",
        ),
        (429, r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#, C::Billing, "pay"),
        (
            400,
            r#"{"error":{"message":"no","code":"context_length_exceeded"}}"#,
            C::ContextWindow,
            "no",
        ),
        (500, r#"{"error":"boom"}"#, C::Server, "boom"),
        (500, r#"{"message":"flat boom"}"#, C::Server, "flat boom"),
        (422, r#"{"detail":[{"loc":["body"]}]}"#, C::Client, r#"[{"loc":["body"]}]"#),
        (400, r#"[{"error":{"code":400,"message":"listed"}}]"#, C::Client, "listed"),
        (502, "bad gateway", C::Server, "bad gateway"),
        (500, r#""just text""#, C::Server, "just text"),
        (
            502,
            "<html><head><TITLE> 502 Bad Gateway </TITLE></head><script>x</script></html>",
            C::Server,
            "an HTML page instead of JSON: 502 Bad Gateway",
        ),
        (503, "", C::Overload, "HTTP 503 without a reason"),
        (500, "{}", C::Server, "HTTP 500 without a reason"),
    ] {
        let error = read(status, body);
        assert_eq!((error.class, error.message.as_str()), (class, message), "{body}");
    }
}

#[test]
fn an_error_inside_an_answer_has_the_status_of_its_type() {
    for (kind, status, class) in [
        ("overloaded_error", 529, ErrorClass::Overload),
        ("api_error", 500, ErrorClass::Server),
        ("rate_limit_error", 429, ErrorClass::Throttle),
        ("timeout_error", 504, ErrorClass::Server),
        ("invalid_request_error", 400, ErrorClass::Client),
        ("authentication_error", 401, ErrorClass::Auth),
        ("permission_error", 403, ErrorClass::Auth),
        ("not_found_error", 404, ErrorClass::Client),
        ("conflict_error", 409, ErrorClass::Client),
        ("request_too_large", 413, ErrorClass::Client),
        ("billing_error", 402, ErrorClass::Billing),
        ("brand_new_error", 500, ErrorClass::Server),
    ] {
        let body = format!(r#"{{"type":"{kind}","message":"m"}}"#);
        let raw = RawValue::from_string(body).unwrap();
        let error = in_band(&raw);
        assert_eq!((error.status, error.class), (Some(status), class), "{kind}");
        assert_eq!(error.code.as_deref(), Some(kind));
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_classify(status in 0_u16..1000, body: Vec<u8>) {
        let error = decode(status, &HeaderMap::new(), &body);
        proptest::prop_assert!(error.message.len() <= UpstreamError::MESSAGE_MAX);
    }

    #[test]
    fn any_json_classifies(status in 400_u16..600, body in crate::testing::json_value()) {
        let error = decode(status, &HeaderMap::new(), body.to_string().as_bytes());
        proptest::prop_assert_eq!(error.status, Some(status));
    }
}
