//! What this vendor's failures mean beyond their dialect: the filter's, the management gateway's in
//! front of it, and those of a deployment that is not there or is of another kind.
//!
//! Total, as the inner codec is: a body that says nothing changes nothing.

use serde_json::Value;
use std::time::Duration;
use tollgate_core_types::{ErrorClass, UpstreamError};

/// Larger bodies are no error of this vendor.
const BODY_MAX: usize = 64 * 1024;

/// What the filter calls its refusals, wherever the code stands.
const FILTERED: [&str; 3] = ["responsibleaipolicyviolation", "content_filter", "contentfilter"];

/// Codes of a deployment that cannot do what was asked: another one may.
const NOT_HERE: [&str; 5] = [
    "deploymentnotfound",
    "deploymentnotready",
    "operationnotsupported",
    "unavailable_model",
    "unknown_model",
];

/// What is said of a version that the resource does not know.
const NO_VERSION: &str = "api version not supported";

/// Words before the number of seconds in which one may come back.
const PAUSES: [&str; 2] = ["retry after ", "try again in "];

/// The dialect's reading of an error answer with what this vendor means by it.
pub(crate) fn adjusted(error: UpstreamError, body: &[u8]) -> UpstreamError {
    let error = with_pause(error);
    match class(&error, body) {
        Some(class) => UpstreamError { class, ..error },
        None => error,
    }
}

fn class(error: &UpstreamError, body: &[u8]) -> Option<ErrorClass> {
    let value: Option<Value> =
        body.get(..BODY_MAX).unwrap_or(body).trim_ascii().first().and_then(|first| {
            matches!(first, b'{' | b'[').then(|| serde_json::from_slice(body).ok()).flatten()
        });
    let codes = value.as_ref().map(codes).unwrap_or_default();
    let says = |table: &[&str]| codes.iter().any(|code| table.contains(&code.as_str()));
    if error.status.is_some_and(|status| (400..500).contains(&status)) && says(&FILTERED) {
        return Some(ErrorClass::ContentPolicy);
    }
    // The path is made of the configuration alone: what is not found is a deployment, or a version.
    let missing = error.status == Some(404) && error.class == ErrorClass::Client;
    let unknown = error.status == Some(400) && error.message.to_lowercase().contains(NO_VERSION);
    let told = error.class == ErrorClass::Client && says(&NOT_HERE);
    (missing || unknown || told).then_some(ErrorClass::ModelMissing)
}

/// The codes of an error and of what it was caused by, in lower case.
fn codes(value: &Value) -> Vec<String> {
    let outer = value.get("error").filter(|error| error.is_object()).unwrap_or(value);
    let inner = ["innererror", "inner_error"];
    let causes =
        [outer, value].into_iter().flat_map(|of| inner.iter().filter_map(|key| of.get(key)));
    std::iter::once(outer)
        .chain(causes)
        .filter_map(|level| level.get("code").and_then(Value::as_str))
        .map(str::to_ascii_lowercase)
        .collect()
}

/// The pause that stands in the message alone, where no header says one.
fn with_pause(error: UpstreamError) -> UpstreamError {
    if error.class != ErrorClass::Throttle || error.retry_after.is_some() {
        return error;
    }
    let text = error.message.to_lowercase();
    let pause = PAUSES.iter().find_map(|words| {
        let (_, rest) = text.split_once(words)?;
        let (number, rest) = rest.split_once(' ')?;
        let seconds = number.parse::<u64>().ok().filter(|_| rest.starts_with("second"))?;
        Some(Duration::from_secs(seconds))
    });
    error.with_retry_after(pause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Azure, Settings};
    use http::{HeaderMap, HeaderValue};
    use tollgate_core_types::{Dialect, ProviderName};
    use tollgate_providers_common::testkit::error_matrix;
    use tollgate_providers_common::{Codec, Provider};

    fn codec(model: &str, dialect: Dialect) -> std::sync::Arc<dyn Codec> {
        let given = "https://r.openai.azure.com".parse().unwrap();
        let name = ProviderName::new("azure");
        let azure = Azure::try_new(name, model, &given, &Settings::default()).unwrap();
        azure.codec(dialect).unwrap()
    }

    #[test]
    fn any_answer_makes_a_sane_error() {
        error_matrix(codec("gpt-4o", Dialect::OPENAI_CHAT).as_ref());
        error_matrix(codec("gpt-4o", Dialect::OPENAI_EMBEDDINGS).as_ref());
        error_matrix(codec("claude-opus-4-6", Dialect::ANTHROPIC_MESSAGES).as_ref());
    }

    #[test]
    fn the_vendors_failures_have_their_classes() {
        use ErrorClass as C;
        let filtered = r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}}"#;
        let inner_only = r#"{"error":{"message":"m","code":"BadRequest","inner_error":{"code":"ResponsibleAIPolicyViolation"}}}"#;
        for (status, body, class, code) in [
            (400, filtered, C::ContentPolicy, Some("content_filter")),
            (400, inner_only, C::ContentPolicy, Some("BadRequest")),
            (
                400,
                r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}}"#,
                C::ContextWindow,
                Some("context_length_exceeded"),
            ),
            (
                400,
                r#"{"error":{"message":"Unrecognized request argument","type":"invalid_request_error","param":null,"code":null}}"#,
                C::Client,
                Some("invalid_request_error"),
            ),
            (
                400,
                r#"{"error":{"code":"OperationNotSupported","message":"The chatCompletion operation does not work with the specified model."}}"#,
                C::ModelMissing,
                Some("OperationNotSupported"),
            ),
            (
                400,
                r#"{"error":{"code":"BadRequest","message":"API version not supported"}}"#,
                C::ModelMissing,
                Some("BadRequest"),
            ),
            (
                404,
                r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#,
                C::ModelMissing,
                Some("DeploymentNotFound"),
            ),
            (
                404,
                r#"{"error":{"code":"404","message":"Resource not found"}}"#,
                C::ModelMissing,
                Some("404"),
            ),
            (404, "", C::ModelMissing, None),
            (
                401,
                r#"{"error":{"code":"PermissionDenied","message":"The principal lacks the required data action."}}"#,
                C::Auth,
                Some("PermissionDenied"),
            ),
            (
                401,
                r#"{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint."}}"#,
                C::Auth,
                Some("401"),
            ),
            (
                401,
                r#"{"statusCode":401,"message":"Unauthorized. Access token is missing."}"#,
                C::Auth,
                None,
            ),
            (
                403,
                r#"{"error":{"code":"403","message":"Access denied due to Virtual Network/Firewall rules."}}"#,
                C::Auth,
                Some("403"),
            ),
            (
                408,
                r#"{"error":{"code":"Timeout","message":"The operation was timeout."}}"#,
                C::Server,
                Some("Timeout"),
            ),
            (
                429,
                r#"{"error":{"code":"429","message":"Requests have exceeded call rate limit."}}"#,
                C::Throttle,
                Some("429"),
            ),
            (
                429,
                r#"{"statusCode":429,"message":"Rate limit is exceeded. Try again in 12 seconds."}"#,
                C::Throttle,
                None,
            ),
            (
                429,
                r#"{"error":{"code":"insufficient_quota","message":"m"}}"#,
                C::Billing,
                Some("insufficient_quota"),
            ),
            (
                500,
                r#"{"error":{"code":"InternalServerError","message":"m"}}"#,
                C::Server,
                Some("InternalServerError"),
            ),
            (
                503,
                r#"{"error":{"code":"ServiceUnavailable","message":"m"}}"#,
                C::Overload,
                Some("ServiceUnavailable"),
            ),
        ] {
            let error = codec("d", Dialect::OPENAI_CHAT).decode_error(
                status,
                &HeaderMap::new(),
                body.as_bytes(),
            );
            assert_eq!(error.class, class, "{status} {body}");
            assert_eq!(error.code.as_deref(), code, "{body}");
            assert_eq!(error.status, Some(status));
        }
    }

    #[test]
    fn claude_on_foundry_fails_in_either_envelope() {
        use ErrorClass as C;
        let codec = codec("claude-opus-4-6", Dialect::ANTHROPIC_MESSAGES);
        for (status, body, class) in [
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 2 tokens > 1 maximum"}}"#,
                C::ContextWindow,
            ),
            (404, r#"{"error":{"code":"DeploymentNotFound","message":"m"}}"#, C::ModelMissing),
            (
                404,
                r#"{"type":"error","error":{"type":"not_found_error","message":"m"}}"#,
                C::ModelMissing,
            ),
            (401, r#"{"error":{"code":"401","message":"m"}}"#, C::Auth),
            (
                529,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#,
                C::Overload,
            ),
        ] {
            let error = codec.decode_error(status, &HeaderMap::new(), body.as_bytes());
            assert_eq!(error.class, class, "{body}");
        }
    }

    #[test]
    fn a_pause_is_read_from_headers_and_else_from_the_words() {
        let words = r#"{"error":{"code":"429","message":"Please retry after 26 seconds."}}"#;
        let gateway =
            r#"{"statusCode":429,"message":"Rate limit is exceeded. Try again in 12 seconds."}"#;
        let pause = |headers: &HeaderMap, body: &str| {
            codec("d", Dialect::OPENAI_CHAT).decode_error(429, headers, body.as_bytes()).retry_after
        };
        let none = HeaderMap::new();
        assert_eq!(pause(&none, words), Some(Duration::from_secs(26)));
        assert_eq!(pause(&none, gateway), Some(Duration::from_secs(12)));
        assert_eq!(pause(&none, r#"{"error":{"message":"retry after a while"}}"#), None);
        let mut headers = HeaderMap::new();
        headers.insert("retry-after-ms", HeaderValue::from_static("1500"));
        headers.insert("retry-after", HeaderValue::from_static("2"));
        assert_eq!(pause(&headers, words), Some(Duration::from_millis(1500)));
    }
}
