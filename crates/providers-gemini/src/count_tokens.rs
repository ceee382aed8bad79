//! Token counting: the contents, or a whole request, without generation.
//!
//! A deployment of the same dialect counts itself; for any other the gateway estimates from the
//! parsed request. It never streams.

use bytes::Bytes;
use http::HeaderMap;
use serde::de::{IgnoredAny, MapAccess};
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{ChatEvent, Dialect, Operation, UpstreamError, Usage};
use tollgate_providers_common::scan::{self, Fields, Layout};
use tollgate_providers_common::splice::{Edits, quote};
use tollgate_providers_common::{
    Account, BadRequest, ClientDialect, Codec, DecodeError, EncodeError, Encoded, ErrorReport,
    Facts, Frame, Inbound, RenderContext, StreamDecoder, StreamEncoder, UpstreamTarget,
};

use crate::generate::{GenerateClient, facts, parse};
use crate::request::{self, Method};
use crate::wire::answer::{self, Count, malformed};
use crate::{envelope, error};

/// A whole request within a count, in both spellings.
const WHOLE: [&str; 2] = ["generateContentRequest", "generate_content_request"];

/// Both halves of `gemini.count_tokens`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CountTokens;

impl Codec for CountTokens {
    fn dialect(&self) -> Dialect {
        Dialect::GEMINI_COUNT_TOKENS
    }

    fn operation(&self) -> Operation {
        Operation::CountTokens
    }

    /// Rules are for generation, which this is not: only the model is set, where the body names it.
    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let Inbound { body, facts, .. } = inbound;
        let model = quote(&request::resource_name(&target.model));
        let whole = WHOLE.into_iter().find_map(|key| Some((key, facts.layout.value(body, key)?)));
        let mut edits = Edits::new().remove("load_balance_strategy");
        if let Some((key, inner)) = whole {
            let inner = Bytes::copy_from_slice(inner.as_bytes());
            let inner = Edits::new().set("model", model).apply(&inner, &Layout::default());
            if let Ok(inner) = std::str::from_utf8(&inner) {
                edits = edits.set(key, inner.to_owned());
            }
        }
        let body = edits.apply(body, &facts.layout);
        let request = request::post(target, Method::CountTokens, body)?;
        Ok(Encoded { request, lost: Vec::new() })
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        let count: Count<'_> = answer::read(body, "a token count that cannot be read")?;
        let Count { total_tokens, cached_content_token_count, error } = count;
        if let Some(error) = error {
            return Err(DecodeError::Upstream(error::in_band(error)));
        }
        let input =
            total_tokens.ok_or_else(|| malformed("`totalTokens` is missing in a token count"))?;
        let usage = Usage {
            input_tokens: Some(input),
            cache_read_tokens: cached_content_token_count,
            ..Usage::default()
        };
        Ok(Account { model: None, usage, finish: None })
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        error::decode(status, headers, body)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(NoStream)
    }
}

impl ClientDialect for CountTokens {
    fn dialect(&self) -> Dialect {
        Dialect::GEMINI_COUNT_TOKENS
    }

    fn operation(&self) -> Operation {
        Operation::CountTokens
    }

    fn facts(&self, body: &[u8]) -> Result<Facts, BadRequest> {
        match whole(body)? {
            Some((inner, layout)) => {
                let within = facts::facts(inner).map_err(within)?;
                Ok(Facts { layout, strategy: None, ..within })
            }
            None => facts::facts(body),
        }
    }

    fn parse(&self, inbound: &Inbound) -> Result<ChatRequest, BadRequest> {
        match whole(&inbound.body)? {
            Some((inner, _)) => parse::parse(inner, false).map_err(within),
            None => parse::parse(&inbound.body, false),
        }
    }

    fn render(&self, reply: &ChatReply, _context: &RenderContext) -> Bytes {
        Bytes::from(format!("{{\"totalTokens\":{}}}", reply.usage.input_tokens.unwrap_or(0)))
    }

    /// A count is never streamed; the frames are those of an answer.
    fn stream_encoder(&self, context: RenderContext) -> Box<dyn StreamEncoder> {
        GenerateClient.stream_encoder(context)
    }

    fn render_error(&self, report: &ErrorReport) -> Bytes {
        envelope::render(report)
    }

    fn render_stream_error(&self, report: &ErrorReport) -> Bytes {
        envelope::render_event(report)
    }

    fn keep_alive(&self) -> Bytes {
        GenerateClient.keep_alive()
    }

    fn terminator(&self) -> Option<Bytes> {
        None
    }
}

/// The request within a count, and the layout of the count.
fn whole(body: &[u8]) -> Result<Option<(&[u8], Layout)>, BadRequest> {
    struct Skip;
    impl<'de> Fields<'de> for Skip {
        fn field<A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
            map.next_value::<IgnoredAny>().map(|_| ())
        }
    }
    let layout = scan::object(body, &mut Skip)?;
    let found = WHOLE.into_iter().find_map(|key| layout.value(body, key));
    Ok(found.filter(|inner| *inner != "null").map(|inner| (inner.as_bytes(), layout.clone())))
}

/// An error of the request within, under its whole path.
fn within(bad: BadRequest) -> BadRequest {
    BadRequest { param: bad.param.map(|param| format!("{}.{param}", WHOLE[0])), ..bad }
}

/// The decoder of an operation that has no streams: whatever comes is no answer.
pub(crate) struct NoStream;

impl StreamDecoder for NoStream {
    fn frame(&mut self, _: &Frame, _: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        Err(malformed("a stream where a whole answer was asked for"))
    }

    fn end(&mut self, _: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        Err(DecodeError::Truncated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{inbound, target};

    fn sent(body: &str) -> String {
        let target = target("gemini-3-flash");
        let encoded = CountTokens.splice(&inbound(&CountTokens, body), &target).unwrap();
        assert!(encoded.request.uri().path().ends_with("/models/gemini-3-flash:countTokens"));
        String::from_utf8(encoded.request.into_body().to_vec()).unwrap()
    }

    #[test]
    fn the_model_is_set_where_the_body_names_it() {
        let contents = r#"{ "contents": [{"parts":[{"text":"a"}]}] }"#;
        assert_eq!(sent(contents), contents);
        let whole =
            format!(r#"{{"generateContentRequest":{{"model":"models/alias",{}}}"#, &contents[1..]);
        let want = whole.replace("models/alias", "models/gemini-3-flash");
        assert_eq!(sent(&whole), want);
    }

    #[test]
    fn a_request_within_a_count_is_read() {
        let body = r#"{"generateContentRequest":{"model":"models/a","contents":[{"parts":[{"text":"hello"}]}]}}"#;
        let chat = CountTokens.parse(&inbound(&CountTokens, body)).unwrap();
        assert_eq!(chat.messages.len(), 1);
        let bad = CountTokens.facts(br#"{"generateContentRequest":{"contents":7}}"#).unwrap_err();
        assert_eq!(bad.param.as_deref(), Some("generateContentRequest.contents"));
    }

    #[test]
    fn counts_are_read_and_what_is_none_is_malformed() {
        let account = CountTokens.account(br#"{"totalTokens":31}"#).unwrap();
        assert_eq!(account.usage.input_tokens, Some(31));
        for body in ["", "{}", "[]", "<html>", "{\"totalTokens\":"] {
            let error = CountTokens.account(body.as_bytes()).unwrap_err();
            assert!(matches!(error, DecodeError::Malformed(_)), "{body}: {error}");
        }
        let error = CountTokens.account(br#"{"error":{"code":503,"message":"m"}}"#).unwrap_err();
        assert!(matches!(error, DecodeError::Upstream(_)), "{error}");
    }
}
