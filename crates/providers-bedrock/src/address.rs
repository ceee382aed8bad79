//! A request around a body: where it goes, its headers, and a deployment's parameter rules. No
//! credentials; those sign what stands here.

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use tollgate_providers_common::{EncodeError, UpstreamTarget};

use crate::provider::Settings;
use crate::sigv4::encode_segment;

/// What is asked of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Converse,
    ConverseStream,
    Invoke,
    InvokeStream,
    CountTokens,
}

impl Operation {
    fn path(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::ConverseStream => "converse-stream",
            Self::Invoke => "invoke",
            Self::InvokeStream => "invoke-with-response-stream",
            Self::CountTokens => "count-tokens",
        }
    }

    fn accept(self) -> &'static str {
        match self {
            Self::ConverseStream => "application/vnd.amazon.eventstream",
            // Of invocations it is the type of the model's own answer, within the events as well.
            Self::Converse | Self::Invoke | Self::InvokeStream | Self::CountTokens => {
                "application/json"
            }
        }
    }

    /// Whether guardrails are asked for in headers; elsewhere the body has a place for them.
    fn guards_by_header(self) -> bool {
        match self {
            Self::Invoke | Self::InvokeStream => true,
            Self::Converse | Self::ConverseStream | Self::CountTokens => false,
        }
    }
}

const GUARDRAIL: HeaderName = HeaderName::from_static("x-amzn-bedrock-guardrailidentifier");
const GUARDRAIL_VERSION: HeaderName = HeaderName::from_static("x-amzn-bedrock-guardrailversion");
const GUARDRAIL_TRACE: HeaderName = HeaderName::from_static("x-amzn-bedrock-trace");

/// The request of `operation` to `model`.
pub(crate) fn request(
    operation: Operation,
    model: &str,
    target: &UpstreamTarget,
    settings: &Settings,
    body: Bytes,
) -> Result<http::Request<Bytes>, EncodeError> {
    let path = format!("/model/{}/{}", encode_segment(model), operation.path());
    let build = |error: http::Error| EncodeError::Build(error.to_string());
    let uri = target.uri(&path, None).map_err(build)?;
    let mut request = http::Request::new(body);
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static(operation.accept()));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if let Some(guardrail) = settings.guardrail.as_ref().filter(|_| operation.guards_by_header()) {
        let value = |text: &str| {
            HeaderValue::from_str(text)
                .map_err(|_| EncodeError::Build("the guardrail's id cannot be sent".to_owned()))
        };
        headers.insert(GUARDRAIL, value(&guardrail.id)?);
        headers.insert(GUARDRAIL_VERSION, value(&guardrail.version)?);
        if guardrail.trace {
            headers.insert(GUARDRAIL_TRACE, HeaderValue::from_static("ENABLED"));
        }
    }
    for (name, value) in &target.headers {
        headers.insert(name.clone(), value.clone());
    }
    Ok(request)
}
