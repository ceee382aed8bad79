//! Token counting for clients of Anthropic's dialect, by the vendor's CountTokens.
//!
//! It takes base models and no inference profiles, and not every model. Where it cannot count, its
//! failure says that this deployment has no such model, and the gateway estimates.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tollgate_core_types::{
    ChatEvent, Dialect, ErrorClass, Operation as Asks, UpstreamError, Usage,
};
use tollgate_providers_anthropic::render_count;
use tollgate_providers_common::scan::Layout;
use tollgate_providers_common::splice::Edits;
use tollgate_providers_common::{
    Account, Codec, DecodeError, EncodeError, Encoded, Frame, Inbound, StreamDecoder,
    UpstreamTarget,
};

use crate::address::{self, Operation};
use crate::error;
use crate::invoke::{self, own_codec};
use crate::provider::Settings;
use crate::wire::answer::{malformed, read};

/// The codec of `anthropic.count_tokens` for Claude at this vendor.
#[derive(Clone)]
pub(crate) struct CountTokens {
    inner: Arc<dyn Codec>,
    /// The base model's id.
    model: Arc<str>,
    settings: Arc<Settings>,
}

impl CountTokens {
    /// Counts as `model`, a base model's id.
    pub(crate) fn new(model: Arc<str>, settings: Arc<Settings>) -> Option<Self> {
        Some(Self { inner: own_codec(Dialect::ANTHROPIC_COUNT_TOKENS)?, model, settings })
    }
}

#[derive(Deserialize)]
struct Thinking {
    budget_tokens: Option<u64>,
}

/// The bound that a request must have although nothing is generated: above the thinking budget, if
/// there is one.
fn bound(inbound: &Inbound, target: &UpstreamTarget) -> u64 {
    let thinking = inbound.facts.layout.value(&inbound.body, "thinking");
    let thinking: Option<Thinking> = thinking.and_then(|json| serde_json::from_str(json).ok());
    let budget = thinking.and_then(|thinking| thinking.budget_tokens).unwrap_or(0);
    target.max_output_tokens.max(budget.saturating_add(1))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    input_tokens: Option<u64>,
}

fn count(body: &[u8]) -> Result<u64, DecodeError> {
    let count: Count = read(body, "a token count")?;
    match count.input_tokens {
        Some(tokens) => Ok(tokens),
        None => Err(error::in_band(body).map_or_else(
            || malformed("`inputTokens` is missing in a token count"),
            DecodeError::Upstream,
        )),
    }
}

impl Codec for CountTokens {
    fn dialect(&self) -> Dialect {
        Dialect::ANTHROPIC_COUNT_TOKENS
    }

    fn operation(&self) -> Asks {
        Asks::CountTokens
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let (body, lost) = invoke::body(self.inner.as_ref(), inbound, target, &self.settings)?;
        let bound = bound(inbound, target).to_string();
        let body = Edits::new().set("max_tokens", bound).apply(&body, &Layout::default());
        let ask = json!({ "input": { "invokeModel": { "body": STANDARD.encode(&body) } } });
        let ask = Bytes::from(ask.to_string());
        let operation = Operation::CountTokens;
        let request = address::request(operation, &self.model, target, &self.settings, ask)?;
        Ok(Encoded { request: invoke::without_own_headers(request), lost })
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        let usage = Usage { input_tokens: Some(count(body)?), ..Usage::default() };
        Ok(Account { model: None, usage, finish: None })
    }

    /// Neither a model that is not counted nor keys that may not count are worse than others: both
    /// are told as a missing model, which the gateway knows how to help.
    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        let error = error::decode(status, headers, body);
        let message = error.message.to_lowercase();
        let uncounted = message.contains("count") && message.contains("support");
        let refused = error.code.as_deref() == Some("AccessDeniedException");
        if uncounted || refused {
            UpstreamError { class: ErrorClass::ModelMissing, ..error }
        } else {
            error
        }
    }

    fn relayed(&self, body: Bytes, _: &Inbound) -> Result<Bytes, DecodeError> {
        count(&body).map(render_count)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(NoStream("a token count"))
    }
}

/// The decoder of an operation that has no streams: whatever comes is no answer.
pub(crate) struct NoStream(pub(crate) &'static str);

impl StreamDecoder for NoStream {
    fn frame(&mut self, _: &Frame, _: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        Err(malformed(&format!("a stream where {} was asked for", self.0)))
    }

    fn end(&mut self, _: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        Err(DecodeError::Truncated)
    }
}

#[cfg(test)]
mod tests;
