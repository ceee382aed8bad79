//! The vendor's request around a body: address, headers, and a deployment's parameter rules put
//! where this dialect has its parameters. No credentials.
//!
//! Model and method stand in the path. The client's query goes nowhere: it may hold a key.

mod mend;
mod rules;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use std::fmt::Write as _;
use tollgate_core_types::{JsonText, Lost};
use tollgate_providers_common::scan::Layout;
use tollgate_providers_common::splice::Edits;
use tollgate_providers_common::{EncodeError, Encoded, Inbound, UpstreamTarget};

use crate::models;

pub(crate) use rules::is_field;

/// What is asked of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Generate,
    Stream,
    CountTokens,
    Embed,
    BatchEmbed,
}

impl Method {
    /// Generation, streamed or not.
    pub(crate) fn generate(stream: bool) -> Self {
        if stream { Self::Stream } else { Self::Generate }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Generate => "generateContent",
            Self::Stream => "streamGenerateContent",
            Self::CountTokens => "countTokens",
            Self::Embed => "embedContent",
            Self::BatchEmbed => "batchEmbedContents",
        }
    }

    /// Without it a stream would come as one list.
    fn query(self) -> Option<&'static str> {
        (self == Self::Stream).then_some("alt=sse")
    }
}

/// The client's request of this dialect, edited for the vendor: every byte that no rule names stays,
/// except where the conversation was held with other vendors.
pub(crate) fn splice(inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
    let Inbound { body, facts, .. } = inbound;
    let signs = models::signs_calls(&target.model);
    let mut lost = Vec::new();
    let mut mended = None;
    if mend::may_be_needed(body, signs)
        && let Some(contents) = facts.layout.value(body, "contents")
        && let Some((contents, withheld)) = mend::mended(contents, signs)
    {
        lost = withheld;
        mended = Some(Edits::new().set("contents", contents).apply(body, &facts.layout));
    }
    let no_sampling = target.quirks.no_sampling;
    let body = match &mended {
        // Another body than the one that the layout is of: its own is read.
        Some(mended) => rules::apply(mended, &Layout::default(), &target.params, no_sampling),
        None => rules::apply(body, &facts.layout, &target.params, no_sampling),
    };
    let request = post(target, Method::generate(facts.stream), body)?;
    Ok(Encoded { request, lost })
}

/// What of a client's request decides on the vendor's beside the body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) stream: bool,
    /// The fields that the client's dialect could not read. The defaults were put into the client's
    /// request, so that only those among them are still to be said, in the vendor's words.
    pub(crate) unread: &'a [(String, JsonText)],
}

/// A request with a body of our own making.
pub(crate) fn translated(
    target: &UpstreamTarget,
    body: Bytes,
    said: Said<'_>,
    lost: Vec<Lost>,
) -> Result<Encoded, EncodeError> {
    let Said { stream, unread } = said;
    let mut params = target.params.clone();
    params.defaults.retain(|default| unread.contains(default) && is_field(&default.0));
    let body = if params.is_empty() {
        body
    } else {
        // An empty layout does not fit the body, so that its own is read.
        rules::apply(&body, &Layout::default(), &params, target.quirks.no_sampling)
    };
    let request = post(target, Method::generate(stream), body)?;
    Ok(Encoded { request, lost })
}

/// A request for `method` of the target's model.
pub(crate) fn post(
    target: &UpstreamTarget,
    method: Method,
    body: Bytes,
) -> Result<http::Request<Bytes>, EncodeError> {
    let path = format!("{}:{}", resource(&target.model), method.name());
    let uri =
        target.uri(&path, method.query()).map_err(|error| EncodeError::Build(error.to_string()))?;
    let mut request = http::Request::new(body);
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers(target);
    Ok(request)
}

fn headers(target: &UpstreamTarget) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(6 + target.headers.len());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    for (name, value) in &target.headers {
        headers.insert(name.clone(), value.clone());
    }
    headers
}

/// The model's path below the base. Names that bring their collection keep it.
fn resource(model: &str) -> String {
    let named = ["models/", "tunedModels/"].iter().any(|prefix| model.starts_with(prefix));
    let mut path = if named { "/".to_owned() } else { "/models/".to_owned() };
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@:".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

/// The model as bodies name it.
pub(crate) fn resource_name(model: &str) -> String {
    let named = ["models/", "tunedModels/"].iter().any(|prefix| model.starts_with(prefix));
    if named { model.to_owned() } else { format!("models/{model}") }
}

#[cfg(test)]
mod tests;
