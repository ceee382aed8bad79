//! Token counting: the messages dialect without generation.
//!
//! A deployment of the same dialect counts itself; for any other the gateway estimates from the
//! parsed request and answers with [`render_count`]. It never streams.

use bytes::Bytes;
use http::HeaderMap;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{ChatEvent, Dialect, Operation, UpstreamError, Usage};
use tollgate_providers_common::{
    Account, BadRequest, ClientDialect, Codec, DecodeError, EncodeError, Encoded, ErrorReport,
    Facts, Frame, Inbound, ParamRules, RenderContext, StreamDecoder, StreamEncoder, UpstreamTarget,
};

use crate::messages::{Messages, facts, parse};
use crate::wire::answer::{self, Count};
use crate::{envelope, error, request};

/// The body of a token count: `{"input_tokens":n}`.
#[must_use]
pub fn render_count(tokens: u64) -> Bytes {
    Bytes::from(format!("{{\"input_tokens\":{tokens}}}"))
}

/// What a count takes of a messages body; it refuses other parameters.
const TAKES: [&str; 9] = [
    "cache_control",
    "context_management",
    "output_config",
    "messages",
    "speed",
    "system",
    "thinking",
    "tool_choice",
    "tools",
];

/// Both halves of `anthropic.count_tokens`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CountTokens;

/// The deployment's rules without parameters that are for generation alone.
fn counting(rules: &ParamRules) -> ParamRules {
    let mut rules = rules.clone();
    rules.defaults.retain(|(key, _)| TAKES.contains(&key.as_str()));
    rules.set.retain(|(key, _)| TAKES.contains(&key.as_str()));
    rules
}

impl Codec for CountTokens {
    fn dialect(&self) -> Dialect {
        Dialect::ANTHROPIC_COUNT_TOKENS
    }

    fn operation(&self) -> Operation {
        Operation::CountTokens
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        request::splice(inbound, target, request::COUNT_TOKENS_PATH, &counting(&target.params))
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        let count: Count<'_> = answer::whole(body)?;
        let input_tokens = count.input_tokens.ok_or_else(|| {
            DecodeError::Malformed("`input_tokens` is missing in a token count".to_owned())
        })?;
        let usage = Usage { input_tokens: Some(input_tokens), ..Usage::default() };
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
        Dialect::ANTHROPIC_COUNT_TOKENS
    }

    fn operation(&self) -> Operation {
        Operation::CountTokens
    }

    fn facts(&self, body: &[u8]) -> Result<Facts, BadRequest> {
        facts::facts(body, facts::Of::CountTokens)
    }

    fn parse(&self, inbound: &Inbound) -> Result<ChatRequest, BadRequest> {
        parse::parse(&inbound.body, facts::Of::CountTokens)
    }

    fn render(&self, reply: &ChatReply, _context: &RenderContext) -> Bytes {
        render_count(reply.usage.input_tokens.unwrap_or(0))
    }

    /// A count is never streamed; the frames are those of a message.
    fn stream_encoder(&self, context: RenderContext) -> Box<dyn StreamEncoder> {
        Messages.stream_encoder(context)
    }

    fn render_error(&self, report: &ErrorReport) -> Bytes {
        envelope::render(report)
    }

    fn render_stream_error(&self, report: &ErrorReport) -> Bytes {
        envelope::render_event(report)
    }

    fn keep_alive(&self) -> Bytes {
        Messages.keep_alive()
    }

    fn terminator(&self) -> Option<Bytes> {
        None
    }
}

/// The decoder of an operation that has no streams: whatever comes is no answer.
struct NoStream;

impl StreamDecoder for NoStream {
    fn frame(&mut self, _: &Frame, _: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        Err(DecodeError::Malformed("a stream where a token count was asked for".to_owned()))
    }

    fn end(&mut self, _: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        Err(DecodeError::Truncated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_read_and_written() {
        let account = CountTokens.account(&render_count(2095)).unwrap();
        assert_eq!(account.usage.input_tokens, Some(2095));
        assert_eq!(account.finish, None);
    }

    #[test]
    fn what_is_no_count_is_malformed() {
        for body in ["", "{}", "[]", "<html>", "{\"input_tokens\":", "{\"input_tokens\":\"7\"}"] {
            let error = CountTokens.account(body.as_bytes()).unwrap_err();
            assert!(matches!(error, DecodeError::Malformed(_)), "{body}: {error}");
        }
        let error = CountTokens
            .account(br#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#)
            .unwrap_err();
        assert!(matches!(error, DecodeError::Upstream(_)), "{error}");
    }

    #[test]
    fn rules_for_generation_stay_away_from_a_count() {
        let json = |text: &str| tollgate_core_types::JsonText::from_valid(text);
        let rules = ParamRules {
            defaults: vec![
                ("max_tokens".to_owned(), json("5")),
                ("system".to_owned(), json("\"s\"")),
            ],
            remove: vec!["x".to_owned()],
            rename: vec![],
            set: vec![("temperature".to_owned(), json("0"))],
        };
        let counting = counting(&rules);
        assert_eq!(counting.defaults, vec![("system".to_owned(), json("\"s\""))]);
        assert_eq!(counting.remove, rules.remove);
        assert!(counting.set.is_empty());
    }
}
