//! Embeddings of one content and of several, both halves. Relayed, the model is set where the body
//! names it and everything else stays; for other dialects see `translate`.

mod client;
mod translate;

use bytes::Bytes;
use http::HeaderMap;
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess};
use serde_json::value::RawValue;
use tollgate_core_types::{Dialect, Operation, UpstreamError};
use tollgate_providers_common::scan::{self, Fields, Layout};
use tollgate_providers_common::splice::{Edits, quote};
use tollgate_providers_common::{
    Account, BadRequest, Codec, DecodeError, EmbedCodec, EmbedReply, EmbedRequest, EncodeError,
    Encoded, Facts, Inbound, StreamDecoder, UpstreamTarget,
};

use crate::count_tokens::NoStream;
use crate::request::{self, Method};
use crate::wire::answer::{self, Counts, malformed};
use crate::{error, usage};

const STRATEGY: &str = "load_balance_strategy";

/// A vendor of `gemini.embed_content`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Embed;

/// A vendor of `gemini.batch_embed_contents`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchEmbed;

pub(crate) use client::EmbedClient;

/// An answer of either.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer<'a> {
    embedding: Option<IgnoredAny>,
    embeddings: Option<Vec<IgnoredAny>>,
    usage_metadata: Option<Counts>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

fn account(body: &[u8], several: bool) -> Result<Account, DecodeError> {
    let Answer { embedding, embeddings, usage_metadata, error } =
        answer::read(body, "embeddings that cannot be read")?;
    if let Some(error) = error {
        return Err(DecodeError::Upstream(error::in_band(error)));
    }
    let there = if several { embeddings.is_some() } else { embedding.is_some() };
    if !there {
        return Err(malformed("an answer without embeddings"));
    }
    let usage = usage_metadata.map(|counts| usage::read(&counts)).unwrap_or_default();
    Ok(Account { model: None, usage, finish: None })
}

/// One request for an embedding, for the target's model.
fn for_model(body: &Bytes, layout: &Layout, model: &str) -> Bytes {
    Edits::new().set("model", quote(model)).remove(STRATEGY).apply(body, layout)
}

impl Codec for Embed {
    fn dialect(&self) -> Dialect {
        Dialect::GEMINI_EMBED
    }

    fn operation(&self) -> Operation {
        Operation::Embeddings
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let model = request::resource_name(&target.model);
        let body = for_model(&inbound.body, &inbound.facts.layout, &model);
        let request = request::post(target, Method::Embed, body)?;
        Ok(Encoded { request, lost: Vec::new() })
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        account(body, false)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        error::decode(status, headers, body)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(NoStream)
    }
}

impl Codec for BatchEmbed {
    fn dialect(&self) -> Dialect {
        Dialect::GEMINI_BATCH_EMBED
    }

    fn operation(&self) -> Operation {
        Operation::Embeddings
    }

    fn splice(&self, inbound: &Inbound, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        let Inbound { body, facts, .. } = inbound;
        let model = request::resource_name(&target.model);
        let requests = facts.layout.value(body, "requests").unwrap_or("[]");
        let requests: Vec<&RawValue> = serde_json::from_str(requests)
            .map_err(|error| EncodeError::Build(error.to_string()))?;
        let mut list = Vec::with_capacity(body.len());
        for (i, one) in requests.iter().enumerate() {
            list.push(if i == 0 { b'[' } else { b',' });
            let one = Bytes::copy_from_slice(one.get().as_bytes());
            list.extend_from_slice(&for_model(&one, &Layout::default(), &model));
        }
        list.push(b']');
        let list =
            String::from_utf8(list).map_err(|error| EncodeError::Build(error.to_string()))?;
        let body = Edits::new().set("requests", list).remove(STRATEGY).apply(body, &facts.layout);
        let request = request::post(target, Method::BatchEmbed, body)?;
        Ok(Encoded { request, lost: Vec::new() })
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        account(body, true)
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        error::decode(status, headers, body)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(NoStream)
    }
}

fn no_conversation() -> BadRequest {
    BadRequest::field("model", "embeddings are no conversation")
}

/// Most texts of one batch.
const TEXTS: usize = 100;

impl EmbedCodec for BatchEmbed {
    fn most_texts(&self) -> Option<usize> {
        Some(TEXTS)
    }

    fn encode_embed(
        &self,
        asked: &EmbedRequest,
        target: &UpstreamTarget,
    ) -> Result<Encoded, EncodeError> {
        translate::encode(asked, target)
    }

    fn decode_embed(&self, body: &[u8]) -> Result<EmbedReply, DecodeError> {
        translate::decode(body)
    }
}

#[derive(Default)]
struct Found<'a> {
    needed: &'a str,
    items: usize,
    strategy: Option<String>,
}

impl<'de> Fields<'de> for Found<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "content" if key == self.needed => {
                let content = map.next_value::<&RawValue>()?;
                self.items = usize::from(content.get().starts_with('{'));
            }
            "requests" if key == self.needed => {
                let requests = map.next_value::<Option<Vec<&RawValue>>>()?.unwrap_or_default();
                let objects = requests.iter().all(|one| one.get().starts_with('{'));
                self.items = if objects { requests.len() } else { 0 };
            }
            STRATEGY => self.strategy = map.next_value()?,
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

fn facts(body: &[u8], needed: &str) -> Result<Facts, BadRequest> {
    let mut found = Found { needed, ..Found::default() };
    let layout = scan::object(body, &mut found)?;
    if found.items == 0 {
        let kind = if needed == "content" { "an object" } else { "a list of objects, not empty" };
        return Err(BadRequest::field(needed, format!("`{needed}` must be {kind}")));
    }
    Ok(Facts { items: found.items, strategy: found.strategy, layout, ..Facts::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{inbound, target};
    use tollgate_providers_common::ClientDialect;

    fn sent(codec: &dyn Codec, client: &dyn ClientDialect, body: &str) -> (String, String) {
        let encoded =
            codec.splice(&inbound(client, body), &target("gemini-embedding-001")).unwrap();
        let path = encoded.request.uri().path().to_owned();
        (path, String::from_utf8(encoded.request.into_body().to_vec()).unwrap())
    }

    #[test]
    fn the_model_is_set_in_every_request_and_nothing_else_changes() {
        let (path, body) = sent(
            &Embed,
            &EmbedClient::ONE,
            r#"{"content":{"parts":[{"text":"a"}]}, "taskType": "X"}"#,
        );
        assert_eq!(path, "/v1/models/gemini-embedding-001:embedContent");
        assert_eq!(
            body,
            r#"{"content":{"parts":[{"text":"a"}]}, "taskType": "X","model":"models/gemini-embedding-001"}"#
        );
        let (path, body) = sent(
            &BatchEmbed,
            &EmbedClient::SEVERAL,
            r#"{"requests":[{"model":"models/alias","content":{}}, {"content":{ }}]}"#,
        );
        assert_eq!(path, "/v1/models/gemini-embedding-001:batchEmbedContents");
        assert_eq!(
            body,
            r#"{"requests":[{"model":"models/gemini-embedding-001","content":{}},{"content":{ },"model":"models/gemini-embedding-001"}]}"#
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        for (dialect, body, field) in [
            (&EmbedClient::ONE, "{}", "content"),
            (&EmbedClient::ONE, r#"{"content":"a"}"#, "content"),
            (&EmbedClient::SEVERAL, r#"{"requests":[]}"#, "requests"),
            (&EmbedClient::SEVERAL, r#"{"requests":["a"]}"#, "requests"),
        ] {
            let bad = dialect.facts(body.as_bytes()).unwrap_err();
            assert_eq!(bad.param.as_deref(), Some(field), "{body}");
        }
    }

    #[test]
    fn answers_are_accounted() {
        let account = BatchEmbed
            .account(br#"{"embeddings":[{"values":[1]}],"usageMetadata":{"promptTokenCount":3}}"#)
            .unwrap();
        assert_eq!(account.usage.input_tokens, Some(3));
        assert!(Embed.account(br#"{"embedding":{"values":[1]}}"#).is_ok());
        for body in ["{}", "<html>", "", "[]"] {
            assert!(matches!(BatchEmbed.account(body.as_bytes()), Err(DecodeError::Malformed(_))));
        }
        let failed = Embed.account(br#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#);
        assert!(matches!(failed, Err(DecodeError::Upstream(_))));
    }
}
