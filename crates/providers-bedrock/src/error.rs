//! What the vendor's failures mean: any status and any bytes become one class.
//!
//! The type of a failure stands in a header, in the body, or, within a stream, in the message's own
//! headers; it decides before the status, for a throttled request and a warming model share one. A
//! message alone decides only between kinds of a wrong request.

use http::HeaderMap;
use serde_json::Value;
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::{Frame, retry_after};

/// Larger bodies are no error of any API; only their start is looked at.
const BODY_MAX: usize = 256 << 10;
/// Longest plain text taken as a message, in bytes; it is cut further when the error is made.
const TEXT_MAX: usize = 2048;

/// A prompt that does not fit, in the words of the vendor and of its models; lower case.
const CONTEXT_WINDOW: [&str; 10] = [
    "input is too long",
    "prompt is too long",
    "too many tokens",
    "too many input tokens",
    "too many total text bytes",
    "expected maxlength:",
    "maximum context length",
    "exceeds the maximum number of tokens",
    "exceed context limit",
    "maximum number of input tokens",
];

/// A model that is not there, or not in this way.
const NO_MODEL: [&str; 5] = [
    "model identifier is invalid",
    "on-demand throughput",
    "inference profile",
    "model is not supported in this region",
    "end of its life",
];

/// Classifies an error answer.
pub(crate) fn decode(status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
    let mut said = Said::read(body);
    let header = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    said.kind = header.map(type_name).filter(|kind| !kind.is_empty()).or(said.kind);
    error(status, &said).with_retry_after(retry_after::from_headers(headers))
}

/// Classifies a failure inside a stream, whose status was sent as 200.
pub(crate) fn in_stream(frame: &Frame) -> UpstreamError {
    let said = Said::read(frame.data.as_deref().unwrap_or_default());
    let kind = Some(type_name(&String::from_utf8_lossy(&frame.event)));
    let said = Said { kind: kind.filter(|kind| !kind.is_empty()).or(said.kind), ..said };
    error(status_of(said.kind.as_deref()), &said)
}

/// Classifies an error object that came with a success status; `None` where it is none.
pub(crate) fn in_band(body: &[u8]) -> Option<UpstreamError> {
    let said = Said::read(body);
    said.kind.as_deref()?;
    Some(error(status_of(said.kind.as_deref()), &said))
}

fn error(status: u16, said: &Said) -> UpstreamError {
    let said_why = said.message.clone().filter(|message| !message.trim().is_empty());
    let message = said_why.unwrap_or_else(|| format!("HTTP {status} without a reason"));
    UpstreamError::new(class(status, said), message)
        .with_status(status)
        .with_code(said.kind.as_deref())
}

/// The status that a failure inside a stream would have had.
fn status_of(kind: Option<&str>) -> u16 {
    match kind.map(str::to_ascii_lowercase).as_deref() {
        Some("validationexception" | "servicequotaexceededexception") => 400,
        Some("accessdeniedexception" | "expiredtokenexception") => 403,
        Some("resourcenotfoundexception") => 404,
        Some("modeltimeoutexception") => 408,
        Some("modelerrorexception" | "modelstreamerrorexception") => 424,
        Some("throttlingexception" | "modelnotreadyexception") => 429,
        Some("serviceunavailableexception") => 503,
        Some(_) | None => 500,
    }
}

fn class(status: u16, said: &Said) -> ErrorClass {
    let kind = said.kind.as_deref().unwrap_or_default().to_ascii_lowercase();
    match kind.as_str() {
        "throttlingexception"
        | "throttling"
        | "toomanyrequestsexception"
        | "servicequotaexceededexception"
        | "requestlimitexceeded" => ErrorClass::Throttle,
        "modelnotreadyexception"
        | "serviceunavailableexception"
        | "serviceunavailable"
        | "overloaded_error" => ErrorClass::Overload,
        "modeltimeoutexception" => ErrorClass::FirstTokenTimeout,
        "modelerrorexception"
        | "modelstreamerrorexception"
        | "internalserverexception"
        | "internalfailure" => ErrorClass::Server,
        "resourcenotfoundexception" => ErrorClass::ModelMissing,
        // Access to a model is granted model by model; the keys are well.
        "accessdeniedexception" if said.has(&["access to the model"]) => ErrorClass::ModelMissing,
        "accessdeniedexception"
        | "expiredtokenexception"
        | "expiredtoken"
        | "unrecognizedclientexception"
        | "invalidsignatureexception"
        | "incompletesignature"
        | "incompletesignatureexception"
        | "signaturedoesnotmatch"
        | "missingauthenticationtokenexception"
        | "missingauthenticationtoken"
        | "invalidclienttokenid"
        | "notauthorized"
        | "optinrequired" => ErrorClass::Auth,
        "validationexception" => wrong_request(said),
        _ => by_status(status, said),
    }
}

fn by_status(status: u16, said: &Said) -> ErrorClass {
    match status {
        400 | 413 | 422 => wrong_request(said),
        401 | 403 => ErrorClass::Auth,
        402 => ErrorClass::Billing,
        408 => ErrorClass::FirstTokenTimeout,
        404 if said.has(&["model"]) => ErrorClass::ModelMissing,
        424 => ErrorClass::Server,
        429 => ErrorClass::Throttle,
        400..=499 => ErrorClass::Client,
        503 | 529 => ErrorClass::Overload,
        500..=599 => ErrorClass::Server,
        // No error status at all: not an answer of this vendor.
        _ => ErrorClass::Malformed,
    }
}

fn wrong_request(said: &Said) -> ErrorClass {
    if said.has(&CONTEXT_WINDOW) {
        ErrorClass::ContextWindow
    } else if said.has(&NO_MODEL) {
        ErrorClass::ModelMissing
    } else if said.has(&["blocked by content filtering policy"]) {
        ErrorClass::ContentPolicy
    } else {
        ErrorClass::Client
    }
}

/// `ValidationException` of `com.amazon.coral.validate#ValidationException:http://…`.
fn type_name(text: &str) -> String {
    let name = text.split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default().trim().to_owned()
}

/// An error in words; every part may be missing.
#[derive(Debug, Default)]
struct Said {
    kind: Option<String>,
    message: Option<String>,
}

impl Said {
    fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body.get(..BODY_MAX).unwrap_or(body));
        let text = text.trim();
        if text.starts_with('<') {
            let message = Some("an HTML or XML page instead of JSON".to_owned());
            return Self { message, ..Self::default() };
        }
        match serde_json::from_str(text) {
            Ok(value) => Self::of(&value),
            Err(_) if text.is_empty() => Self::default(),
            Err(_) => Self { message: Some(head(text)), ..Self::default() },
        }
    }

    /// The vendor's own shape, flat, or that of a proxy or of Anthropic, an `error` object.
    fn of(value: &Value) -> Self {
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        let inner = value.get("error").filter(|error| error.is_object()).unwrap_or(value);
        let text = |names: &[&str]| {
            let texts = names.iter().filter_map(|name| inner.get(name)?.as_str());
            texts.map(head).find(|text| !text.is_empty())
        };
        let kind = text(&["__type", "type", "code"]).map(|kind| type_name(&kind));
        let message = text(&["originalMessage", "message", "Message", "detail"])
            .or_else(|| value.get("error")?.as_str().map(head))
            .or_else(|| value.as_str().map(head));
        Self { kind: kind.filter(|kind| !kind.is_empty() && kind != "error"), message }
    }

    fn has(&self, words: &[&str]) -> bool {
        let message = self.message.as_deref().unwrap_or_default().to_lowercase();
        words.iter().any(|word| message.contains(word))
    }
}

fn head(text: &str) -> String {
    text.get(..text.floor_char_boundary(TEXT_MAX)).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use tollgate_providers_common::FrameKind;

    fn typed(status: u16, kind: &str, message: &str) -> UpstreamError {
        let mut headers = HeaderMap::new();
        let kind = format!("{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/");
        headers.insert("x-amzn-errortype", kind.parse().unwrap());
        decode(status, &headers, format!("{{\"message\":\"{message}\"}}").as_bytes())
    }

    #[test]
    fn types_decide_before_the_status() {
        use ErrorClass as C;
        for (status, kind, message, class) in [
            (429, "ThrottlingException", "Too many tokens, please wait", C::Throttle),
            (429, "ModelNotReadyException", "Model is not ready", C::Overload),
            (400, "ServiceQuotaExceededException", "quota", C::Throttle),
            (
                400,
                "ValidationException",
                "Input is too long for requested model.",
                C::ContextWindow,
            ),
            (400, "ValidationException", "prompt is too long: 9 tokens > 8", C::ContextWindow),
            (
                400,
                "ValidationException",
                "The provided model identifier is invalid.",
                C::ModelMissing,
            ),
            (
                400,
                "ValidationException",
                "Invocation of model ID x with on-demand throughput isn't supported. Retry with an inference profile",
                C::ModelMissing,
            ),
            (
                400,
                "ValidationException",
                "Output blocked by content filtering policy",
                C::ContentPolicy,
            ),
            (400, "ValidationException", "messages: roles must alternate", C::Client),
            (403, "AccessDeniedException", "You don't have access to the model", C::ModelMissing),
            (403, "AccessDeniedException", "User is not authorized to perform", C::Auth),
            (403, "ExpiredTokenException", "The security token is expired", C::Auth),
            (403, "UnrecognizedClientException", "The security token is invalid", C::Auth),
            (403, "InvalidSignatureException", "Signature expired", C::Auth),
            (404, "ResourceNotFoundException", "Could not resolve", C::ModelMissing),
            (408, "ModelTimeoutException", "timed out", C::FirstTokenTimeout),
            (424, "ModelErrorException", "The model failed", C::Server),
            (424, "ModelStreamErrorException", "The model failed", C::Server),
            (500, "InternalServerException", "oops", C::Server),
            (503, "ServiceUnavailableException", "busy", C::Overload),
            (418, "BrandNewException", "?", C::Client),
        ] {
            let error = typed(status, kind, message);
            assert_eq!(error.class, class, "{kind}: {message}");
            assert_eq!(error.code.as_deref(), Some(kind));
            assert_eq!((error.status, &*error.message), (Some(status), message));
        }
    }

    #[test]
    fn the_type_may_stand_in_the_body() {
        let body = br#"{"__type":"com.amazon.coral.service#ThrottlingException","Message":"slow"}"#;
        let error = decode(400, &HeaderMap::new(), body);
        assert_eq!((error.class, &*error.message), (ErrorClass::Throttle, "slow"));
    }

    #[test]
    fn failures_inside_a_stream_have_the_status_that_they_would_have_had() {
        for (kind, status, class) in [
            ("throttlingException", 429, ErrorClass::Throttle),
            ("modelStreamErrorException", 424, ErrorClass::Server),
            ("internalServerException", 500, ErrorClass::Server),
            ("serviceUnavailableException", 503, ErrorClass::Overload),
            ("modelTimeoutException", 408, ErrorClass::FirstTokenTimeout),
            ("validationException", 400, ErrorClass::Client),
            ("somethingElse", 500, ErrorClass::Server),
            ("", 500, ErrorClass::Server),
        ] {
            let frame = Frame {
                raw: Bytes::new(),
                kind: FrameKind::Exception,
                event: Bytes::from_static(kind.as_bytes()),
                data: Some(Bytes::from_static(b"{\"message\":\"m\",\"originalStatusCode\":500}")),
            };
            let error = in_stream(&frame);
            assert_eq!((error.status, error.class), (Some(status), class), "{kind}");
            assert_eq!(error.message, "m");
        }
    }
}
