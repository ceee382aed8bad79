//! What we write shares: ids, usage, arguments, and JSON in a stream's buffer.

use bytes::{BufMut, BytesMut};
use serde::Serialize;
use tollgate_core_types::Usage;
use tollgate_providers_common::RenderContext;

/// Usage as OpenAI writes it; the three totals are required there.
#[derive(Debug, Serialize)]
pub(crate) struct UsageOut {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<PromptOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<CompletionOut>,
}

#[derive(Debug, Serialize)]
struct PromptOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
}

#[derive(Debug, Serialize)]
struct CompletionOut {
    reasoning_tokens: u64,
}

impl UsageOut {
    /// Usage for a client; `None` where the vendor reported neither input nor output.
    pub(crate) fn of(usage: &Usage) -> Option<Self> {
        let Usage {
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            reasoning_tokens,
            detail: _,
        } = *usage;
        if input_tokens.is_none() && output_tokens.is_none() {
            return None;
        }
        // The shape has no word for "unknown"; the side that was reported stays right.
        let (input, output) = (input_tokens.unwrap_or(0), output_tokens.unwrap_or(0));
        let cached = cache_read_tokens.is_some() || cache_write_tokens.is_some();
        Some(Self {
            prompt_tokens: input,
            completion_tokens: output,
            total_tokens: input.saturating_add(output),
            prompt_tokens_details: cached
                .then_some(PromptOut { cached_tokens: cache_read_tokens, cache_write_tokens }),
            completion_tokens_details: reasoning_tokens
                .map(|reasoning_tokens| CompletionOut { reasoning_tokens }),
        })
    }
}

/// The id of an answer: the vendor's, or our request's, with the prefix that clients know.
pub(crate) fn answer_id(prefix: &str, given: &str, context: &RenderContext) -> String {
    let id = if given.is_empty() { &context.request_id } else { given };
    if id.starts_with(prefix) { id.to_owned() } else { format!("{prefix}{id}") }
}

/// The model to name: the one that answered, or the one that was asked for.
pub(crate) fn answer_model<'a>(given: &'a str, context: &'a RenderContext) -> &'a str {
    if given.is_empty() { &context.model } else { given }
}

/// Arguments of a call; none at all are an empty object, since everyone parses them as JSON.
pub(crate) fn arguments_or_empty(arguments: &str) -> &str {
    if arguments.trim().is_empty() { "{}" } else { arguments }
}

/// Appends `value` as JSON. Our own types always serialize: no maps with odd keys, no fallible
/// writer.
pub(crate) fn put_json<T: Serialize + ?Sized>(out: &mut BytesMut, value: &T) {
    let written = serde_json::to_writer(out.writer(), value);
    debug_assert!(written.is_ok(), "{written:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> RenderContext {
        RenderContext {
            request_id: "req_1".to_owned(),
            model: "asked".to_owned(),
            created: 1,
            include_usage: false,
        }
    }

    #[test]
    fn usage_has_the_required_totals_and_only_known_details() {
        let usage = Usage { input_tokens: Some(7), output_tokens: Some(3), ..Usage::default() };
        assert_eq!(
            serde_json::to_string(&UsageOut::of(&usage)).unwrap(),
            r#"{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}"#
        );
        let full = Usage {
            cache_read_tokens: Some(5),
            cache_write_tokens: Some(0),
            reasoning_tokens: Some(2),
            ..usage
        };
        assert_eq!(
            serde_json::to_string(&UsageOut::of(&full)).unwrap(),
            r#"{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10,"prompt_tokens_details":{"cached_tokens":5,"cache_write_tokens":0},"completion_tokens_details":{"reasoning_tokens":2}}"#
        );
        assert!(UsageOut::of(&Usage::default()).is_none());
    }

    #[test]
    fn ids_and_models_fall_back_to_the_request() {
        assert_eq!(answer_id("chatcmpl-", "msg_1", &context()), "chatcmpl-msg_1");
        assert_eq!(answer_id("chatcmpl-", "chatcmpl-9", &context()), "chatcmpl-9");
        assert_eq!(answer_id("chatcmpl-", "", &context()), "chatcmpl-req_1");
        assert_eq!(answer_model("", &context()), "asked");
        assert_eq!(answer_model("answered", &context()), "answered");
    }
}
