//! Decoders of whole answers, and the renderers that tell clients the same.

use std::sync::{Arc, LazyLock};
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{Operation, ProviderName};
use tollgate_providers_common::testkit::replies_alike;
use tollgate_providers_common::{ChatCodec, ClientDialect, Provider as _};
use tollgate_providers_openai::{Api, OpenAi};

use super::streams::{context, is_nameless, same};
use super::{kind, outline};
use crate::translation::vendors;

/// A client's dialect, and the codec that reads it.
type Spoken = (Arc<dyn ClientDialect>, Arc<dyn ChatCodec>);

/// A codec by the column of its vendor.
type Found = LazyLock<Option<Arc<dyn ChatCodec>>>;

static OPENAI: Found = LazyLock::new(|| codec("OpenAI GPT-4o"));
static RESPONSES: Found = LazyLock::new(responses);
static ANTHROPIC: Found = LazyLock::new(|| codec("Claude Opus 5.5"));
static GEMINI: Found = LazyLock::new(|| codec("Gemini 2.5"));
static CONVERSE: Found = LazyLock::new(|| codec("Bedrock Claude"));

/// The dialects that chat's clients speak, each with the codec that reads it.
static CLIENTS: LazyLock<Vec<Spoken>> = LazyLock::new(|| {
    let vendors = vendors::chat().unwrap_or_default();
    let codecs = vendors.iter().filter_map(|vendor| vendor.provider.chat());
    let codecs: Vec<_> = codecs.chain(responses()).collect();
    let chat = vendors::clients().into_iter().filter(|it| it.operation() == Operation::Chat);
    chat.filter_map(|client| {
        let codec = codecs.iter().find(|codec| codec.dialect() == client.dialect())?;
        Some((client, Arc::clone(codec)))
    })
    .collect()
});

fn codec(vendor: &str) -> Option<Arc<dyn ChatCodec>> {
    vendors::chat().ok()?.into_iter().find(|known| known.name == vendor)?.provider.chat()
}

/// OpenAI by Responses alone.
fn responses() -> Option<Arc<dyn ChatCodec>> {
    OpenAi::new(ProviderName::new("openai")).speaking(Api::Responses).chat()
}

/// OpenAI's answers.
pub(super) fn openai_chat(input: &[u8]) -> u64 {
    answered(&OPENAI, input)
}

/// OpenAI's answers of Responses.
pub(super) fn openai_responses(input: &[u8]) -> u64 {
    answered(&RESPONSES, input)
}

/// Anthropic's answers.
pub(super) fn anthropic(input: &[u8]) -> u64 {
    answered(&ANTHROPIC, input)
}

/// Gemini's answers.
pub(super) fn gemini(input: &[u8]) -> u64 {
    answered(&GEMINI, input)
}

/// Converse's answers.
pub(super) fn converse(input: &[u8]) -> u64 {
    answered(&CONVERSE, input)
}

fn answered(codec: &Found, input: &[u8]) -> u64 {
    assert!(codec.is_some(), "no codec");
    let Some(codec) = codec.as_ref() else { return 0 };
    let reply = match codec.decode(input) {
        Ok(reply) => reply,
        Err(error) => {
            let _ = codec.account(input);
            return kind(outline(&error.to_string()));
        }
    };
    replies_alike(input, &**codec);
    let told_anew = !reply.parts.iter().any(is_nameless);
    for (client, own) in CLIENTS.iter().filter(|_| told_anew) {
        told(&reply, &**client, &**own);
    }
    let parts: Vec<String> =
        reply.parts.iter().take(8).map(|part| word(&format!("{part:?}"))).collect();
    kind((
        parts,
        format!("{:?}", reply.finish.reason),
        reply.usage.is_empty(),
        reply.created.is_some(),
    ))
}

fn word(debug: &str) -> String {
    debug.chars().take_while(char::is_ascii_alphabetic).collect()
}

fn told(reply: &ChatReply, client: &dyn ClientDialect, own: &dyn ChatCodec) {
    let out = client.render(reply, &context());
    let again = own.decode(&out);
    let to = client.dialect();
    assert!(again.is_ok(), "told in {to} it cannot be read: {again:?} {}", out.escape_ascii());
    if let Ok(again) = again {
        same(to, &reply.parts, &again.parts);
    }
}

/// The first byte chooses the vendor.
pub(super) fn embeddings(input: &[u8]) -> u64 {
    let [which, body @ ..] = input else { return 0 };
    let vendors = vendors::embeddings().unwrap_or_default();
    let Some(vendor) = vendors.get(usize::from(*which) % vendors.len().max(1)) else { return 0 };
    let mut seen = Vec::new();
    if let Some(codec) = vendor.provider.embeddings() {
        let read = codec.decode_embed(body);
        let all_finite = |it: &Vec<f64>| it.iter().all(|number| number.is_finite());
        let finite = read.as_ref().map_or(true, |reply| reply.vectors.iter().all(all_finite));
        assert!(finite, "a number that JSON cannot hold");
        seen.push(
            read.map_or_else(
                |error| outline(&error.to_string()),
                |it| it.vectors.len().to_string(),
            ),
        );
    }
    for client in vendors::clients() {
        if let Some(codec) = vendor.provider.codec(client.dialect()) {
            let account = codec.account(body);
            seen.push(account.map_or_else(|error| outline(&error.to_string()), |_| String::new()));
        }
    }
    kind((vendor.name, seen))
}
