//! Recorded failures and their classes.

use super::*;
use http::HeaderValue;
use http::header::DATE;

fn google(code: u16, status: &str, message: &str, details: &str) -> String {
    format!(
        r#"{{"error":{{"code":{code},"message":"{message}","status":"{status}","details":[{details}]}}}}"#
    )
}

const RETRY: &str = r#"{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}"#;
const MINUTE: &str = r#"{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel"}]}"#;
const PER_DAY: &str = r#"{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"m"},{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}"#;
const BAD_KEY: &str =
    r#"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}"#;

#[test]
fn failures_have_their_class() {
    use ErrorClass as C;
    let table = [
        (
            400,
            google(400, "INVALID_ARGUMENT", "Request contains an invalid argument.", ""),
            C::Client,
        ),
        (400, google(400, "INVALID_ARGUMENT", "API key not valid.", BAD_KEY), C::Auth),
        // A client's own words never blame a credential.
        (400, google(400, "INVALID_ARGUMENT", "API key not valid; billing", ""), C::Client),
        (
            400,
            google(
                400,
                "INVALID_ARGUMENT",
                "The input token count (9000) exceeds the maximum number of tokens allowed (8192).",
                "",
            ),
            C::ContextWindow,
        ),
        (
            500,
            google(500, "INTERNAL", "Your input context is too long. Please reduce it.", ""),
            C::ContextWindow,
        ),
        (
            400,
            google(400, "FAILED_PRECONDITION", "Please enable billing on your project.", ""),
            C::Billing,
        ),
        (402, google(402, "FAILED_PRECONDITION", "no credits", ""), C::Billing),
        (403, google(403, "PERMISSION_DENIED", "denied", ""), C::Auth),
        (
            404,
            google(404, "NOT_FOUND", "models/x is not found for API version v1", ""),
            C::ModelMissing,
        ),
        (404, "<html>404</html>".to_owned(), C::Client),
        (429, google(429, "RESOURCE_EXHAUSTED", "quota", RETRY), C::Throttle),
        (499, google(499, "CANCELLED", "cancelled", ""), C::Server),
        (500, google(500, "INTERNAL", "internal", ""), C::Server),
        (503, google(503, "UNAVAILABLE", "The model is overloaded.", ""), C::Overload),
        (504, google(504, "DEADLINE_EXCEEDED", "deadline", ""), C::Server),
    ];
    for (status, body, class) in table {
        let error = decode(status, &HeaderMap::new(), body.as_bytes());
        assert_eq!(error.class, class, "{status} {body}");
        assert_eq!(error.status, Some(status));
        let listed = decode(status, &HeaderMap::new(), format!("[{body}]").as_bytes());
        if !body.starts_with('<') {
            assert_eq!(listed, error, "in a list: {body}");
        }
    }
}

#[test]
fn a_quota_of_the_minute_comes_back_soon_and_one_of_the_day_tomorrow() {
    let wait = |details: &str, date: Option<&'static str>| {
        let mut headers = HeaderMap::new();
        headers.extend(date.map(|date| (DATE, HeaderValue::from_static(date))));
        let body = google(429, "RESOURCE_EXHAUSTED", "quota", details);
        decode(429, &headers, body.as_bytes()).retry_after.map(|wait| wait.as_secs_f64())
    };
    let evening = Some("Fri, 20 Nov 2026 19:30:10 GMT");
    let night = Some("Sat, 21 Nov 2026 07:59:00 GMT");
    let both = format!("{PER_DAY},{RETRY}");
    assert_eq!(wait("", evening), None);
    assert_eq!(wait(RETRY, evening), Some(34.5));
    assert_eq!(wait(&format!("{MINUTE},{RETRY}"), evening), Some(34.5));
    assert_eq!(wait(&both, evening), Some(12.0 * 3600.0 + 29.0 * 60.0 + 50.0));
    assert_eq!(wait(&both, night), Some(60.0));
    assert_eq!(wait(&both, None), Some(3600.0));
    assert_eq!(wait(&both, Some("tomorrow 99:99:99")), Some(3600.0));
    for odd in ["-1s", "NaNs", "infs", "34", "s", "1e99s"] {
        let retry = RETRY.replace("34.5s", odd);
        let wait = wait(&retry, evening);
        assert!(wait.is_none_or(|wait| (0.0..=86_400.0).contains(&wait)), "{odd}: {wait:?}");
    }
}

#[test]
fn the_finer_word_and_the_field_are_kept() {
    let details = format!(
        "{BAD_KEY},{}",
        r#"{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"contents[0].parts"}]}"#
    );
    let body = google(400, "INVALID_ARGUMENT", "m", &details);
    let error = decode(400, &HeaderMap::new(), body.as_bytes());
    assert_eq!(error.code.as_deref(), Some("API_KEY_INVALID"));
    assert_eq!(error.param.as_deref(), Some("contents[0].parts"));
    assert_eq!(error.message, "m");
}

#[test]
fn a_failure_inside_a_200_has_the_status_of_its_code() {
    for (json, status, class) in [
        (r#"{"code":503,"message":"busy","status":"UNAVAILABLE"}"#, 503, ErrorClass::Overload),
        (r#"{"message":"odd"}"#, 500, ErrorClass::Server),
        (r#"{"code":200}"#, 500, ErrorClass::Server),
        (r#""text""#, 500, ErrorClass::Server),
    ] {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        let error = in_band(raw);
        assert_eq!((error.status, error.class), (Some(status), class), "{json}");
    }
}
