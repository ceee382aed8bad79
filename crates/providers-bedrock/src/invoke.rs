//! Claude for clients of Anthropic's dialect, by InvokeModel: the client's body with what travels in
//! headers elsewhere written into it, and the model and the stream left to the address.
//!
//! What the body says is the business of the dialect's own crate; this file only moves things.

mod betas;
mod stream;

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use std::borrow::Cow;
use std::sync::Arc;
use tollgate_core_types::{Dialect, Lost, Operation as Asks, ProviderName, UpstreamError};
use tollgate_providers_anthropic::Anthropic;
use tollgate_providers_common::scan::Layout;
use tollgate_providers_common::splice::{Edits, quote};
use tollgate_providers_common::{
    Account, Codec, DecodeError, EncodeError, Encoded, Inbound, Provider, StreamDecoder,
    UpstreamTarget,
};

use crate::address::{self, Operation};
use crate::error;
use crate::provider::Settings;

/// The version that every Claude of this vendor takes.
const VERSION: &str = "bedrock-2023-05-31";
/// Anthropic's own newer version, which those models take that refuse sampling parameters anyway.
const NEWER: &str = "2026-10-21";

const VERSION_HEADER: HeaderName = HeaderName::from_static("anthropic-version");
const BETA_HEADER: HeaderName = HeaderName::from_static("anthropic-beta");

/// The codec of `anthropic.messages` for Claude at this vendor.
#[derive(Clone)]
pub(crate) struct Invoke {
    inner: Arc<dyn Codec>,
    settings: Arc<Settings>,
}

impl Invoke {
    /// `None` only if the dialect's own crate did not speak it.
    pub(crate) fn new(settings: Arc<Settings>) -> Option<Self> {
        Some(Self { inner: own_codec(Dialect::ANTHROPIC_MESSAGES)?, settings })
    }
}

/// The codec of Anthropic itself.
pub(crate) fn own_codec(dialect: Dialect) -> Option<Arc<dyn Codec>> {
    Anthropic::new(ProviderName::new("bedrock")).codec(dialect)
}

/// The body for an invocation, made of what Anthropic itself would be sent.
pub(crate) fn body(
    inner: &dyn Codec,
    inbound: &Inbound,
    target: &UpstreamTarget,
    settings: &Settings,
) -> Result<(Bytes, Vec<Lost>), EncodeError> {
    let named = named(target, settings);
    let Encoded { request, mut lost } = inner.splice(inbound, &named)?;
    let (head, body) = request.into_parts();
    let mut edits = Edits::new()
        .remove("model")
        .remove("stream")
        .remove("service_tier")
        .set("anthropic_version", quote(version(&head.headers, target)));
    if let Some(betas) = betas::list(&head.headers, target, &mut lost) {
        edits = edits.set("anthropic_beta", betas);
    }
    let tier = inbound.facts.layout.value(&inbound.body, "service_tier");
    if tier.is_some_and(|tier| !matches!(tier, "\"auto\"" | "\"standard_only\"" | "null")) {
        lost.push(Lost::dropped("service_tier"));
    }
    // An empty layout does not fit the body, so that `apply` reads the body's own.
    Ok((edits.apply(&body, &Layout::default()), lost))
}

/// The target with the model's name in the place of an id that does not say it.
fn named<'t>(target: &'t UpstreamTarget, settings: &Settings) -> Cow<'t, UpstreamTarget> {
    match &settings.base_model {
        Some(model) => Cow::Owned(UpstreamTarget { model: model.clone(), ..target.clone() }),
        None => Cow::Borrowed(target),
    }
}

fn version(headers: &HeaderMap, target: &UpstreamTarget) -> &'static str {
    let asked = headers.get(VERSION_HEADER).and_then(|value| value.to_str().ok());
    if asked.is_some_and(|asked| asked.trim() == NEWER) && target.quirks.no_sampling {
        NEWER
    } else {
        VERSION
    }
}

/// A request without the headers that the body says now.
pub(crate) fn without_own_headers(mut request: http::Request<Bytes>) -> http::Request<Bytes> {
    request.headers_mut().remove(VERSION_HEADER);
    request.headers_mut().remove(BETA_HEADER);
    request
}

impl Codec for Invoke {
    fn dialect(&self) -> Dialect {
        Dialect::ANTHROPIC_MESSAGES
    }

    fn operation(&self) -> Asks {
        Asks::Chat
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let (body, lost) = body(self.inner.as_ref(), inbound, target, &self.settings)?;
        let streams = inbound.facts.stream;
        let operation = if streams { Operation::InvokeStream } else { Operation::Invoke };
        let request = address::request(operation, &target.model, target, &self.settings, body)?;
        Ok(Encoded { request: without_own_headers(request), lost })
    }

    /// Bedrock fetches nothing, whatever the model.
    fn takes_urls(&self, _: &UpstreamTarget) -> bool {
        false
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        self.inner.account(body)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        error::decode(status, headers, body)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new(self.inner.stream()))
    }
}

#[cfg(test)]
mod tests;
