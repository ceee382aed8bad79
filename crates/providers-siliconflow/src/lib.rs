//! SiliconFlow: OpenAI's dialect with customs of its own, and errors in envelopes of its own.
//!
//! Everything here is data: the codec is that of `tollgate-providers-openai`, told how this vendor
//! differs. It must never do I/O or know another vendor.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

use tollgate_core_types::custom::ThinkingSwitch;
use tollgate_core_types::{Dialect, ErrorClass, ProviderName, VendorPreset};
use tollgate_providers_common::target::Quirks;
use tollgate_providers_openai::{Codes, OpenAi, Server};

/// The vendor in China; outside, the address ends in `.com`.
pub const PRESET: VendorPreset = VendorPreset {
    name: "siliconflow",
    otel_name: "siliconflow",
    env: &["SILICONFLOW"],
    base: "https://api.siliconflow.cn/v1",
    chat: Dialect::OPENAI_CHAT,
    models: &["deepseek-ai/DeepSeek-V3"],
    embedding_models: &[],
    needs_key: true,
};

/// The same vendor by its endpoint in Anthropic's dialect, which takes bearer keys.
pub const ANTHROPIC: VendorPreset = VendorPreset {
    name: "siliconflow-anthropic",
    env: &["SILICONFLOW_ANTHROPIC"],
    base: "https://api.siliconflow.cn",
    chat: Dialect::ANTHROPIC_MESSAGES,
    ..PRESET
};

/// Largest budget of thinking.
const BUDGET: u32 = 32_768;

/// What its codes mean.
pub const CODES: &[(&str, ErrorClass)] = &[
    ("20012", ErrorClass::ModelMissing),
    ("20015", ErrorClass::Client),
    // The balance is spent.
    ("30001", ErrorClass::Billing),
    ("50505", ErrorClass::Overload),
];

/// How its models differ from OpenAI's. Which of them can think is not to be told by their names;
/// one that cannot says so.
#[must_use]
pub fn quirks_for(_model: &str) -> Quirks {
    Quirks {
        no_developer_role: true,
        no_max_completion_tokens: true,
        thinking_switch: ThinkingSwitch::Enable,
        thinking_budget: BUDGET,
        ..Quirks::default()
    }
}

/// The vendor, for a server of these traits.
#[must_use]
pub fn provider(name: ProviderName, server: Server) -> OpenAi {
    let codes = Codes { known: CODES, ..server.codes };
    OpenAi::at(name, Server { codes, ..server })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;
    use serde_json::{Value, json};
    use std::sync::Arc;
    use tollgate_core_types::chat::{ChatRequest, Message, Part, Reasoning, ReasoningMode, Role};
    use tollgate_providers_common::testkit;
    use tollgate_providers_common::{ChatCodec, Provider, UpstreamTarget};

    fn codec() -> Arc<dyn ChatCodec> {
        let server = Server { quirks: quirks_for("any"), ..Server::default() };
        provider(ProviderName::new("siliconflow"), server).chat().unwrap()
    }

    #[test]
    fn its_envelopes_are_read() {
        for (status, body, class, message) in [
            (
                400,
                r#"{"code":20012,"message":"Model does not exist. Please check it carefully.","data":null}"#,
                ErrorClass::ModelMissing,
                "Model does not exist. Please check it carefully.",
            ),
            (401, r#""Invalid token""#, ErrorClass::Auth, "Invalid token"),
            (401, "Invalid token", ErrorClass::Auth, "Invalid token"),
            (
                403,
                r#"{"code":30001,"message":"Sorry, your account balance is insufficient","data":null}"#,
                ErrorClass::Billing,
                "Sorry, your account balance is insufficient",
            ),
            (
                403,
                r#"{"message":"Sorry, your account balance is insufficient"}"#,
                ErrorClass::Billing,
                "Sorry, your account balance is insufficient",
            ),
            (
                429,
                r#"{"message":"Request was rejected due to rate limiting. Details: TPM limit reached.","data":null}"#,
                ErrorClass::Throttle,
                "Request was rejected due to rate limiting. Details: TPM limit reached.",
            ),
            (
                503,
                r#"{"code":50505,"message":"Model service overloaded. Please try again later.","data":null}"#,
                ErrorClass::Overload,
                "Model service overloaded. Please try again later.",
            ),
            (504, "", ErrorClass::Server, "HTTP 504 without a body"),
        ] {
            let error = codec().decode_error(status, &HeaderMap::new(), body.as_bytes());
            assert_eq!((error.class, error.message.as_str()), (class, message), "{status} {body}");
        }
        testkit::error_matrix(codec().as_ref());
    }

    #[test]
    fn its_answers_are_read() {
        let answer = r#"{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":"yes","reasoning_content":"hm"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"completion_tokens_details":{"reasoning_tokens":2},"prompt_tokens_details":{"cached_tokens":3},"prompt_cache_hit_tokens":3,"prompt_cache_miss_tokens":6}}"#;
        let reply = codec().decode(answer.as_bytes()).unwrap();
        assert_eq!(reply.parts.len(), 2);
        assert_eq!((reply.usage.cache_read_tokens, reply.usage.output_tokens), (Some(3), Some(4)));
    }

    #[test]
    fn thinking_is_bounded_by_what_it_takes() {
        let part = Part::Text { text: "q".to_owned(), cache: None };
        let reasoning =
            Reasoning { mode: Some(ReasoningMode::Budget(60_000)), ..Reasoning::default() };
        let chat = ChatRequest {
            messages: vec![Message { role: Role::Developer, parts: vec![part], name: None }],
            reasoning: Some(reasoning),
            max_output_tokens: Some(5),
            ..ChatRequest::default()
        };
        let base = http::Uri::from_static("https://api.siliconflow.cn/v1");
        let target = UpstreamTarget { quirks: quirks_for("m"), ..UpstreamTarget::new(base, "m") };
        let encoded = codec().encode(&chat, &target).unwrap();
        let body: Value = serde_json::from_slice(&Bytes::clone(encoded.request.body())).unwrap();
        let expected = json!({
            "model": "m",
            "messages": [{"role": "system", "content": "q"}],
            "max_tokens": 5,
            "enable_thinking": true,
            "thinking_budget": 32_768,
        });
        assert_eq!(body, expected);
        let lost: Vec<String> = encoded.lost.iter().map(|lost| lost.field.to_string()).collect();
        assert_eq!(lost, ["thinking.budget_tokens"]);
    }
}
