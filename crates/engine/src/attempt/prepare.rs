//! From a client's request to a vendor's: splice where the dialects match, translate where not.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use tollgate_core_types::{ErrorClass, Lost, UpstreamError};
use tollgate_providers_common::splice;
use tollgate_providers_common::{
    ClientDialect, EmbedCodec, EmbedRequest, EncodeError, Encoded, Inbound, ParamRules,
};

use tollgate_telemetry::Span;

use crate::deployment::{Deployment, Way};

/// Keys that mean the same: a default is not added where the client used the other word.
const SYNONYMS: &[&[&str]] = &[&["max_tokens", "max_completion_tokens", "max_output_tokens"]];

/// A field of ours in clients' bodies; vendors never see it, so nothing is lost with it.
const STRATEGY_FIELD: &str = "load_balance_strategy";

/// Makes the vendor's request. It goes another way than the given one where the vendor takes what it
/// asks in another of its dialects alone.
///
/// # Errors
/// As an attempt's failure: the client's fault, or something that this deployment cannot express.
pub(crate) fn prepare(
    inbound: &Inbound,
    client: &dyn ClientDialect,
    deployment: &Deployment,
    way: &Way,
) -> Result<(Encoded, Option<Way>), UpstreamError> {
    let target = deployment.target();
    let mut other = None;
    let encoded = match way {
        Way::Verbatim(codec) => codec.splice(inbound, &target).map_err(encode_error)?,
        Way::Translated(codec) => {
            let defaulted = with_defaults(inbound, &deployment.target.params);
            let chat = client
                .parse(defaulted.as_ref().unwrap_or(inbound))
                .map_err(|bad| encode_error(bad.into()))?;
            other = codec.other_for(&chat, &target);
            let codec = other.as_ref().unwrap_or(codec);
            codec.encode(&chat, &target).map_err(encode_error)?
        }
        Way::Embedded(codec) => {
            let asked = client.parse_embed(inbound).map_err(|bad| encode_error(bad.into()))?;
            codec.encode_embed(&asked, &target).map_err(encode_error)?
        }
    };
    Ok((checked(encoded, deployment)?, other.map(Way::Translated)))
}

/// Makes the vendor's request for some of a client's texts.
///
/// # Errors
/// As [`prepare`].
pub(crate) fn prepare_texts(
    asked: &EmbedRequest,
    codec: &dyn EmbedCodec,
    deployment: &Deployment,
) -> Result<Encoded, UpstreamError> {
    let encoded = codec.encode_embed(asked, &deployment.target).map_err(encode_error)?;
    checked(encoded, deployment)
}

/// What a client asks for in texts.
///
/// # Errors
/// As [`prepare`].
pub(crate) fn texts(
    inbound: &Inbound,
    client: &dyn ClientDialect,
) -> Result<EmbedRequest, UpstreamError> {
    client.parse_embed(inbound).map_err(|bad| encode_error(bad.into()))
}

/// The request, unless it lost something that must not be lost.
fn checked(mut encoded: Encoded, deployment: &Deployment) -> Result<Encoded, UpstreamError> {
    encoded.lost.retain(|lost| lost.field != STRATEGY_FIELD);
    if deployment.strict && !encoded.lost.is_empty() {
        return Err(strict_error(&encoded.lost, &deployment.id));
    }
    Ok(encoded)
}

/// The same request with the configured defaults in the client's own words.
fn with_defaults(inbound: &Inbound, rules: &ParamRules) -> Option<Inbound> {
    if rules.defaults.is_empty() {
        return None;
    }
    let layout = &inbound.facts.layout;
    let body = splice::with_defaults(&inbound.body, layout, &rules.defaults, SYNONYMS);
    Some(Inbound { body, ..inbound.clone() })
}

/// Lets the vendor continue the trace. Only where configuration trusts it with trace ids.
pub(crate) fn continue_trace(request: &mut http::Request<Bytes>, span: &Span) {
    let Some(headers) = span.headers() else { return };
    let state = headers.tracestate.as_deref();
    let all = [("traceparent", Some(&*headers.traceparent)), ("tracestate", state)];
    for (name, value) in all {
        // Both are hexadecimal digits or were checked when they came in.
        if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}

fn encode_error(error: EncodeError) -> UpstreamError {
    match error {
        EncodeError::Unsupported { field, reason } => {
            let message = format!("`{field}`: {reason}");
            UpstreamError::new(ErrorClass::Unsupported, message).with_param(Some(&field))
        }
        EncodeError::Invalid { field, reason } => {
            let field = Some(field).filter(|field| !field.is_empty());
            UpstreamError::new(ErrorClass::Client, reason).with_param(field.as_deref())
        }
        EncodeError::Build(reason) => internal(&reason),
    }
}

fn strict_error(lost: &[Lost], deployment: &str) -> UpstreamError {
    let fields: Vec<String> = lost.iter().map(|lost| format!("`{}`", lost.field)).collect();
    let message = format!(
        "{} cannot be expressed at deployment {deployment}, and strict_params is on",
        fields.join(", ")
    );
    let first = lost.first().map(|lost| lost.field.as_ref());
    UpstreamError::new(ErrorClass::Unsupported, message).with_param(first)
}

fn internal(reason: &str) -> UpstreamError {
    UpstreamError::new(ErrorClass::Internal, reason)
}
