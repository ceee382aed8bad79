//! The classification table: real error bodies of vendors and servers, and what they mean.

use super::*;
use ErrorClass as C;
use http::HeaderMap;

fn class(status: u16, body: &str) -> ErrorClass {
    decode_error(status, &HeaderMap::new(), body.as_bytes()).class
}

/// An OpenAI envelope.
fn openai(message: &str, kind: &str, code: &str) -> String {
    serde_json::json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
        .to_string()
}

#[test]
fn statuses_decide_where_nothing_else_is_said() {
    let table = [
        (301, C::Malformed),
        (304, C::Malformed),
        (101, C::Malformed),
        (400, C::Client),
        (401, C::Auth),
        (402, C::Billing),
        (403, C::Auth),
        (404, C::Client),
        (405, C::Client),
        (408, C::Server),
        (409, C::Overload),
        (413, C::Client),
        (415, C::Client),
        (422, C::Client),
        (424, C::Server),
        (429, C::Throttle),
        (498, C::Overload),
        (500, C::Server),
        (502, C::Server),
        (503, C::Overload),
        (504, C::Server),
        (520, C::Server),
        (524, C::Server),
        (529, C::Overload),
        (0, C::Malformed),
        (999, C::Malformed),
    ];
    for (status, expected) in table {
        assert_eq!(class(status, ""), expected, "{status}");
        assert_eq!(class(status, "<html><title>x</title></html>"), expected, "{status} html");
    }
    for status in 500..600 {
        assert!(matches!(class(status, "{}"), C::Server | C::Overload), "{status}");
    }
}

#[test]
fn codes_decide_before_the_status() {
    let table = [
        (
            429,
            "You exceeded your current quota",
            "insufficient_quota",
            "insufficient_quota",
            C::Billing,
        ),
        (429, "suspended", "exceeded_current_quota_error", "", C::Billing),
        (429, "Rate limit reached", "tokens", "rate_limit_exceeded", C::Throttle),
        (
            404,
            "The model `x` does not exist",
            "invalid_request_error",
            "model_not_found",
            C::ModelMissing,
        ),
        (
            403,
            "Project has no access to model",
            "invalid_request_error",
            "model_not_found",
            C::ModelMissing,
        ),
        (404, "gone", "", "DeploymentNotFound", C::ModelMissing),
        (400, "too long", "invalid_request_error", "context_length_exceeded", C::ContextWindow),
        (500, "too long", "exceed_context_size_error", "500", C::ContextWindow),
        (400, "filtered", "", "content_filter", C::ContentPolicy),
        (400, "flagged", "invalid_request_error", "content_policy_violation", C::ContentPolicy),
        (400, "bad key", "authentication_error", "invalid_api_key", C::Auth),
        (500, "bad key", "authentication_error", "", C::Server),
        (500, "busy", "overloaded_error", "", C::Overload),
        (500, "The engine is currently overloaded", "server_error", "", C::Overload),
    ];
    for (status, message, kind, code, expected) in table {
        assert_eq!(class(status, &openai(message, kind, code)), expected, "{status} {code} {kind}");
    }
}

#[test]
fn phrases_tell_context_and_content_from_other_wrong_requests() {
    let context = [
        "This model's maximum context length is 2048 tokens. However, you requested 3000 tokens",
        "Your input exceeds the context window of this model.",
        "the request exceeds the available context size, try increasing it",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "Input is too long for requested model.",
        "Range of input length should be [1, 30720]",
        "Current length is 9000 while limit is 8192",
        "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000",
        "input tokens exceed the configured limit of 272000 tokens",
        "The prompt has too many tokens",
        "Trying to keep the first 5000 tokens: number of tokens to keep from the initial prompt is greater",
        "The number of tokens exceeds the maximum number of tokens allowed",
    ];
    for message in context {
        for status in [400, 413, 422] {
            assert_eq!(class(status, &openai(message, "", "")), C::ContextWindow, "{message}");
        }
        assert_eq!(class(401, &openai(message, "", "")), C::Auth, "{message}");
        assert_eq!(class(429, &openai(message, "", "")), C::Throttle, "{message}");
    }
    let content = [
        "Your request was rejected as a result of our safety system.",
        "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
        "Content Exists Risk",
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy",
    ];
    for message in content {
        assert_eq!(class(400, &openai(message, "", "")), C::ContentPolicy, "{message}");
    }
    let client = [
        (
            "Invalid 'user': string too long. Expected a string with maximum length 64: too many tokens",
            "",
        ),
        ("maximum context length", "string_above_max_length"),
        ("Invalid value for 'temperature'", "invalid_value"),
        ("your api key and billing quota are fine, credits too", ""),
        ("unauthorized authentication api key", ""),
    ];
    for (message, code) in client {
        assert_eq!(class(400, &openai(message, "", code)), C::Client, "{message}");
    }
}

#[test]
fn a_missing_model_is_told_from_a_missing_path() {
    for body in [
        r#"{"error":"model 'llama9' not found, try pulling it first"}"#,
        r#"{"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","code":404}"#,
        r#"{"error":{"message":"gone","param":"model"}}"#,
    ] {
        assert_eq!(class(404, body), C::ModelMissing, "{body}");
    }
    for body in [r#"{"detail":"Not Found"}"#, "404 page not found", "<html></html>", ""] {
        assert_eq!(class(404, body), C::Client, "{body}");
    }
}

#[test]
fn other_envelopes_are_read() {
    let error = decode_error(
        400,
        &HeaderMap::new(),
        br#"{"code":20012,"message":"Model does not exist","data":null}"#,
    );
    assert_eq!(error.code.as_deref(), Some("20012"));
    assert_eq!(error.message, "Model does not exist");
    let error = decode_error(401, &HeaderMap::new(), br#""Invalid token""#);
    assert_eq!((error.class, error.message.as_str()), (C::Auth, "Invalid token"));
    let error = decode_error(
        422,
        &HeaderMap::new(),
        br#"{"detail":[{"loc":["body","messages",0,"role"],"msg":"bad role","type":"enum"}]}"#,
    );
    assert_eq!(error.param.as_deref(), Some("messages[0].role"));
    let error = decode_error(500, &HeaderMap::new(), b"plain words");
    assert_eq!(error.message, "plain words");
}

#[test]
fn pages_are_never_repeated_and_long_texts_are_cut() {
    let page = decode_error(502, &HeaderMap::new(), b"<html><script>alert(1)</script></html>");
    assert_eq!(page.message, "HTTP 502 with an HTML page");
    let long = decode_error(500, &HeaderMap::new(), "x".repeat(1 << 20).as_bytes());
    assert!(long.message.len() <= UpstreamError::MESSAGE_MAX);
    let empty = decode_error(500, &HeaderMap::new(), b"  ");
    assert_eq!(empty.message, "HTTP 500 without a body");
}

#[test]
fn a_pause_is_read_where_a_pause_helps() {
    let headers: HeaderMap =
        [(http::header::RETRY_AFTER, http::HeaderValue::from_static("7"))].into_iter().collect();
    let wait = |status, body: &str| decode_error(status, &headers, body.as_bytes()).retry_after;
    let seven = Some(std::time::Duration::from_secs(7));
    assert_eq!(wait(429, ""), seven);
    assert_eq!(wait(503, ""), seven);
    assert_eq!(wait(500, ""), seven);
    assert_eq!(wait(429, &openai("m", "insufficient_quota", "")), seven);
    assert_eq!(wait(400, ""), None);
    assert_eq!(wait(401, ""), None);
}

#[test]
fn errors_inside_a_200_name_their_own_status() {
    let table = [
        (openai("m", "", "rate_limit_exceeded"), Some(429), C::Throttle),
        (openai("m", "invalid_request_error", ""), Some(400), C::Client),
        (openai("m", "insufficient_quota", "insufficient_quota"), Some(429), C::Billing),
        (openai("m", "overloaded_error", ""), Some(529), C::Overload),
        (openai("m", "authentication_error", ""), Some(401), C::Auth),
        (r#"{"error":{"code":502,"message":"m"}}"#.to_owned(), Some(502), C::Server),
        (r#"{"error":{"code":"429","message":"m"}}"#.to_owned(), Some(429), C::Throttle),
        (r#"{"error":"it broke"}"#.to_owned(), None, C::Server),
        (r#"{"error":"prompt is too long"}"#.to_owned(), None, C::ContextWindow),
        (r#"{"error":{"code":1302,"message":"slow down"}}"#.to_owned(), None, C::Server),
    ];
    for (body, status, class) in table {
        let error = in_band(body.as_bytes()).unwrap();
        assert_eq!((error.status, error.class), (status, class), "{body}");
    }
    assert_eq!(in_band(br#"{"choices":[{"message":{"content":"error"}}]}"#), None);
    assert_eq!(in_band_or_unknown(b"not json").class, C::Server);
}
