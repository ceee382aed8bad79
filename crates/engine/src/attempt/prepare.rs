//! From a client's request to a vendor's: splice where the dialects match, translate where not.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::{ErrorClass, Lost, UpstreamError};
use tollgate_providers_common::inline::{MediaMap, MediaPlace};
use tollgate_providers_common::{
    ClientDialect, EmbedCodec, EmbedRequest, EncodeError, Encoded, Facts, Inbound, ParamRules,
};
use tollgate_providers_common::{scan, splice};

use tollgate_telemetry::Span;

use crate::deployment::{Deployment, Way};
use crate::media;

/// Keys that mean the same: a default is not added where the client used the other word.
const SYNONYMS: &[&[&str]] = &[&["max_tokens", "max_completion_tokens", "max_output_tokens"]];

/// A field of ours in clients' bodies; vendors never see it, so nothing is lost with it.
const STRATEGY_FIELD: &str = "load_balance_strategy";

/// A vendor's request, and the way that it goes where that is another than the given one, because the
/// vendor takes what it asks in another of its dialects alone.
pub(crate) type Made = (Encoded, Option<Way>);

/// A vendor's request; or, where the vendor takes no addresses, those of the client's request:
/// [`with_media`] goes on.
pub(crate) type Prepared = Result<Made, Vec<MediaPlace>>;

/// Makes the vendor's request.
///
/// # Errors
/// As an attempt's failure: the client's fault, or something that this deployment cannot express.
pub(crate) fn prepare(
    inbound: &Inbound,
    client: &dyn ClientDialect,
    deployment: &Deployment,
    way: &Way,
) -> Result<Prepared, UpstreamError> {
    let target = deployment.target();
    let mut other = None;
    let encoded = match way {
        Way::Verbatim(codec) => {
            if !codec.takes_urls(&target) {
                let places = client.media_places(&inbound.body);
                if !places.is_empty() {
                    return Ok(Err(places));
                }
            }
            codec.splice(inbound, &target).map_err(encode_error)?
        }
        Way::Translated(codec) => {
            let chat = read(inbound, client, deployment)?;
            other = codec.other_for(&chat, &target);
            let codec = other.as_ref().unwrap_or(codec);
            if !codec.takes_urls(&target) {
                let places = media::places(&chat);
                if !places.is_empty() {
                    // The client's own dialect knows better where they stand.
                    let exact = client.media_places(&inbound.body);
                    let same = exact.len() == places.len();
                    return Ok(Err(if same { exact } else { places }));
                }
            }
            codec.encode(&chat, &target).map_err(encode_error)?
        }
        Way::Embedded(codec) => {
            let asked = client.parse_embed(inbound).map_err(|bad| encode_error(bad.into()))?;
            codec.encode_embed(&asked, &target).map_err(encode_error)?
        }
    };
    Ok(Ok((kept(encoded, deployment)?, other.map(Way::Translated))))
}

/// The same for a request that points to nothing.
pub(crate) fn plain(
    inbound: &Inbound,
    client: &dyn ClientDialect,
    deployment: &Deployment,
    way: &Way,
) -> Result<Made, UpstreamError> {
    match prepare(inbound, client, deployment, way)? {
        Ok(made) => Ok(made),
        Err(places) => Err(media::forbidden(&places)),
    }
}

/// The same with what was fetched in the place of its addresses.
pub(crate) fn with_media(
    inbound: &Inbound,
    client: &dyn ClientDialect,
    (deployment, way): (&Deployment, &Way),
    fetched: &MediaMap,
) -> Result<Made, UpstreamError> {
    let target = deployment.target();
    match way {
        Way::Verbatim(codec) => {
            let body = client.with_media(&inbound.body, fetched);
            // Its keys stand elsewhere now.
            let layout = scan::layout(&body).map_err(|bad| encode_error(bad.into()))?;
            let facts = Facts { layout, ..inbound.facts.clone() };
            let inbound = Inbound { body, facts, ..inbound.clone() };
            let encoded = codec.splice(&inbound, &target).map_err(encode_error)?;
            Ok((kept(encoded, deployment)?, None))
        }
        Way::Translated(codec) => {
            let mut chat = read(inbound, client, deployment)?;
            media::put(&mut chat, fetched);
            let other = codec.other_for(&chat, &target);
            let codec = other.as_ref().unwrap_or(codec);
            let encoded = codec.encode(&chat, &target).map_err(encode_error)?;
            Ok((kept(encoded, deployment)?, other.map(Way::Translated)))
        }
        Way::Embedded(_) => plain(inbound, client, deployment, way),
    }
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
    kept(encoded, deployment)
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

/// The client's request in the domain's words, with the configured defaults.
fn read(
    inbound: &Inbound,
    client: &dyn ClientDialect,
    deployment: &Deployment,
) -> Result<ChatRequest, UpstreamError> {
    let defaulted = with_defaults(inbound, &deployment.target.params);
    client.parse(defaulted.as_ref().unwrap_or(inbound)).map_err(|bad| encode_error(bad.into()))
}

/// The request, unless it lost what it must not lose.
fn kept(mut encoded: Encoded, deployment: &Deployment) -> Result<Encoded, UpstreamError> {
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
