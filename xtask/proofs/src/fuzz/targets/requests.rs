//! Readers of clients' requests, and the encoders that ask vendors the same.

use bytes::Bytes;
use http::HeaderMap;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::sync::{Arc, LazyLock};
use tollgate_core_types::{Dialect, Operation};
use tollgate_providers_common::{
    BadRequest, ChatCodec, ClientDialect, EncodeError, Encoded, Inbound, UpstreamTarget,
};

use super::{kind, outline};
use crate::translation::vendors::{self, Vendor};

/// Vendors that speak a dialect in words of their own.
const CUSTOMS: [&str; 2] = ["DeepSeek", "Qwen"];

/// Longest text that an error tells a client.
const MESSAGE_MAX: usize = 2048;

static CLIENTS: LazyLock<Vec<Arc<dyn ClientDialect>>> = LazyLock::new(vendors::clients);
static CHAT: LazyLock<Vec<Vendor>> = LazyLock::new(|| vendors::chat().unwrap_or_default());
static EMBEDDINGS: LazyLock<Vec<Vendor>> =
    LazyLock::new(|| vendors::embeddings().unwrap_or_default());

/// OpenAI's chat.
pub(super) fn openai_chat(input: &[u8]) -> u64 {
    asked(Dialect::OPENAI_CHAT, input)
}

/// OpenAI's Responses.
pub(super) fn openai_responses(input: &[u8]) -> u64 {
    asked(Dialect::OPENAI_RESPONSES, input)
}

/// OpenAI's text completions.
pub(super) fn openai_completions(input: &[u8]) -> u64 {
    asked(Dialect::OPENAI_COMPLETIONS, input)
}

/// OpenAI's embeddings.
pub(super) fn openai_embeddings(input: &[u8]) -> u64 {
    asked(Dialect::OPENAI_EMBEDDINGS, input)
}

/// Anthropic's messages, and the counting of their tokens.
pub(super) fn anthropic(input: &[u8]) -> u64 {
    asked(Dialect::ANTHROPIC_MESSAGES, input) ^ asked(Dialect::ANTHROPIC_COUNT_TOKENS, input)
}

/// Gemini's contents, and the counting of their tokens.
pub(super) fn gemini(input: &[u8]) -> u64 {
    asked(Dialect::GEMINI_GENERATE, input) ^ asked(Dialect::GEMINI_COUNT_TOKENS, input)
}

/// Gemini's embeddings, one and several.
pub(super) fn gemini_embed(input: &[u8]) -> u64 {
    asked(Dialect::GEMINI_EMBED, input) ^ asked(Dialect::GEMINI_BATCH_EMBED, input).rotate_left(1)
}

fn asked(dialect: Dialect, input: &[u8]) -> u64 {
    let Some(client) = CLIENTS.iter().find(|client| client.dialect() == dialect) else { return 0 };
    let facts = match client.facts(input) {
        Ok(facts) => facts,
        Err(bad) => return refused(&bad),
    };
    let value: Result<Value, _> = serde_json::from_slice(input);
    if let (Ok(value), Some(model)) = (&value, &facts.model) {
        assert_eq!(value.get("model").and_then(Value::as_str), Some(model.as_str()), "the model");
    }
    let inbound = Inbound {
        dialect,
        operation: client.operation(),
        facts,
        body: Bytes::copy_from_slice(input),
        headers: HeaderMap::new(),
        query: None,
    };
    let embeds = client.operation() == Operation::Embeddings;
    let vendors = if embeds { &*EMBEDDINGS } else { &*CHAT };
    let mut seen = Vec::new();
    for vendor in vendors {
        if let Some(codec) = vendor.provider.codec(dialect) {
            seen.push(checked(vendor, codec.splice(&inbound, &vendor.target)));
        }
    }
    seen.push(match (client.operation(), embeds) {
        (Operation::CountTokens, _) => 0,
        (_, true) => embedded(&**client, &inbound, vendors),
        (_, false) => translated(&**client, &inbound, vendors),
    });
    kind(seen)
}

fn refused(bad: &BadRequest) -> u64 {
    assert!(!bad.message.is_empty() && bad.message.len() <= MESSAGE_MAX, "{}", bad.message.len());
    assert!(!bad.message.contains(|c: char| c.is_control() && c != '\n'), "{:?}", bad.message);
    kind((bad.code, outline(&bad.message)))
}

fn embedded(client: &dyn ClientDialect, inbound: &Inbound, vendors: &[Vendor]) -> u64 {
    let asked = match client.parse_embed(inbound) {
        Ok(asked) => asked,
        Err(bad) => return refused(&bad),
    };
    let codecs = vendors.iter().filter_map(|it| it.provider.embeddings().map(|codec| (it, codec)));
    let each =
        codecs.map(|(vendor, codec)| checked(vendor, codec.encode_embed(&asked, &vendor.target)));
    kind(each.collect::<Vec<u64>>())
}

fn translated(client: &dyn ClientDialect, inbound: &Inbound, vendors: &[Vendor]) -> u64 {
    let chat = match client.parse(inbound) {
        Ok(chat) => chat,
        Err(bad) => return refused(&bad),
    };
    let mut seen = Vec::new();
    for vendor in vendors {
        let Some(codec) = vendor.provider.chat() else { continue };
        let encoded = codec.encode(&chat, &vendor.target);
        // Servers with customs are written to in words that no client of the dialect uses.
        let own = !CUSTOMS.contains(&vendor.name) && codec.dialect() == client.dialect();
        if let (Ok(encoded), true) = (&encoded, own) {
            again(client, &*codec, inbound, encoded, &vendor.target);
        }
        seen.push(checked(vendor, encoded));
    }
    kind(seen)
}

/// What we write in a dialect, read by that dialect's own reader and written again, is the same.
fn again(
    client: &dyn ClientDialect,
    codec: &dyn ChatCodec,
    inbound: &Inbound,
    encoded: &Encoded,
    target: &UpstreamTarget,
) {
    let body = encoded.request.body().clone();
    let facts = client.facts(&body);
    assert!(facts.is_ok(), "we would refuse what we write: {facts:?} {}", body.escape_ascii());
    let Ok(facts) = facts else { return };
    let inbound = Inbound { facts, body: body.clone(), ..inbound.clone() };
    let chat = client.parse(&inbound);
    assert!(chat.is_ok(), "we cannot read what we write: {chat:?} {}", body.escape_ascii());
    let Ok(chat) = chat else { return };
    let Ok(second) = codec.encode(&chat, target) else { return };
    let (first, second) = (is_json(&body), is_json(second.request.body()));
    // There, instructions that stood apart are one when they are read.
    if client.dialect() != Dialect::OPENAI_RESPONSES {
        assert_eq!(second, first, "written again it is another request");
    }
}

/// The body as a value, where a parser of values takes it; JSON it must be for any.
fn is_json(body: &[u8]) -> Option<Value> {
    let skipped = serde_json::from_slice::<IgnoredAny>(body);
    assert!(skipped.is_ok(), "a vendor is sent no JSON: {skipped:?} {}", body.escape_ascii());
    // Half a surrogate pair is JSON by its grammar, and relayed where a client wrote it.
    serde_json::from_slice(body).ok()
}

/// A request for a vendor is JSON, whatever came in.
fn checked(vendor: &Vendor, encoded: Result<Encoded, EncodeError>) -> u64 {
    let encoded = match encoded {
        Ok(encoded) => encoded,
        Err(error) => {
            let text = error.to_string();
            assert!(text.len() <= MESSAGE_MAX, "{}: a long message of {}", vendor.name, text.len());
            return kind(outline(&text));
        }
    };
    is_json(encoded.request.body());
    assert!(encoded.request.headers().contains_key("content-type"), "no content type");
    let mut lost: Vec<String> = Vec::new();
    for loss in &encoded.lost {
        lost.push(outline(&loss.field));
    }
    lost.sort_unstable();
    lost.dedup();
    lost.truncate(6);
    kind(lost)
}
