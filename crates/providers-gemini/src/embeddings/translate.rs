//! Embeddings for clients and vendors of other dialects: texts and vectors in this one's words.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tollgate_core_types::{JsonText, Lost};
use tollgate_providers_common::{
    BadRequest, DecodeError, EmbedReply, EmbedRequest, EncodeError, Encoded, Inbound,
    UpstreamTarget,
};

use crate::request::{self, Method};
use crate::wire::answer::{self, Counts};
use crate::wire::ask::{Content, Entries, Part};
use crate::{error, usage};

#[derive(Serialize)]
struct Batch<'a> {
    requests: Vec<One<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct One<'a> {
    model: &'a str,
    content: Parts<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<u64>,
}

#[derive(Serialize)]
struct Parts<'a> {
    parts: [Text<'a>; 1],
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

/// Makes a vendor's request: all texts in one.
pub(super) fn encode(
    asked: &EmbedRequest,
    target: &UpstreamTarget,
) -> Result<Encoded, EncodeError> {
    let EmbedRequest { texts, dimensions, user, extra } = asked;
    let model = request::resource_name(&target.model);
    let list = texts.iter().map(|text| One {
        model: &model,
        content: Parts { parts: [Text { text }] },
        output_dimensionality: *dimensions,
    });
    let list = list.collect();
    let json = serde_json::to_vec(&Batch { requests: list });
    let json = json.map_err(|error| EncodeError::Build(error.to_string()))?;
    let request = request::post(target, Method::BatchEmbed, Bytes::from(json))?;
    let mut lost: Vec<Lost> = extra.iter().map(|(field, _)| Lost::dropped(field.clone())).collect();
    lost.extend(user.as_ref().map(|_| Lost::dropped("user")));
    Ok(Encoded { request, lost })
}

/// Reads a vendor's answer.
pub(super) fn decode(body: &[u8]) -> Result<EmbedReply, DecodeError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer<'a> {
        embeddings: Option<Vec<Vector>>,
        usage_metadata: Option<Counts>,
        #[serde(borrow)]
        error: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Vector {
        values: Vec<f64>,
    }
    let Answer { embeddings, usage_metadata, error } =
        answer::read(body, "embeddings that cannot be read")?;
    if let Some(error) = error {
        return Err(DecodeError::Upstream(error::in_band(error)));
    }
    let embeddings = embeddings.ok_or_else(|| answer::malformed("an answer without embeddings"))?;
    Ok(EmbedReply {
        model: None,
        vectors: embeddings.into_iter().map(|vector| vector.values).collect(),
        usage: usage_metadata.map(|counts| usage::read(&counts)).unwrap_or_default(),
    })
}

/// Reads a client's request for one vector, or for several.
pub(super) fn parse(inbound: &Inbound, several: bool) -> Result<EmbedRequest, BadRequest> {
    let Inbound { body, facts, .. } = inbound;
    let mut asked = EmbedRequest::default();
    if several {
        let list = facts.layout.value(body, "requests").unwrap_or("[]");
        let list: Vec<&RawValue> = typed("requests", list)?;
        for (i, raw) in list.iter().enumerate() {
            one(&format!("requests[{i}]."), raw.get(), &mut asked)?;
        }
        others(body, &mut asked)?;
    } else {
        let text = std::str::from_utf8(body).unwrap_or("{}");
        one("", text, &mut asked)?;
    }
    Ok(asked)
}

/// Names what stands beside the requests.
fn others(body: &[u8], asked: &mut EmbedRequest) -> Result<(), BadRequest> {
    let Entries(fields) = typed("", std::str::from_utf8(body).unwrap_or("{}"))?;
    for (key, value) in fields {
        let read = matches!(key.as_str(), "requests" | "model" | "load_balance_strategy");
        if !read && value.get() != "null" {
            asked.extra.push((key, JsonText::from_valid(value.get())));
        }
    }
    Ok(())
}

fn one(path: &str, json: &str, asked: &mut EmbedRequest) -> Result<(), BadRequest> {
    let Entries(fields) = typed(path, json)?;
    let mut text = None;
    for (key, value) in fields {
        let path = format!("{path}{key}");
        match key.as_str() {
            "model" | "load_balance_strategy" => {}
            "content" => text = Some(content(&path, value.get())?),
            "outputDimensionality" | "output_dimensionality" => {
                asked.dimensions = typed(&path, value.get())?;
            }
            _ if value.get() == "null" => {}
            _ => asked.extra.push((path, JsonText::from_valid(value.get()))),
        }
    }
    asked.texts.push(text.ok_or_else(|| wrong(&format!("{path}content"), "is required"))?);
    Ok(())
}

/// The text of a content, which may hold nothing else.
fn content(path: &str, json: &str) -> Result<String, BadRequest> {
    let Content { role: _, parts } = typed(path, json)?;
    let mut texts = Vec::new();
    for (j, raw) in parts.unwrap_or_default().iter().enumerate() {
        let path = format!("{path}.parts[{j}]");
        let Part { text, .. } = typed(&path, raw.get())?;
        texts.push(
            text.ok_or_else(|| wrong(&path, "holds no text, and this model takes nothing else"))?,
        );
    }
    Ok(texts.join("\n"))
}

fn typed<'de, T: Deserialize<'de>>(path: &str, json: &'de str) -> Result<T, BadRequest> {
    serde_json::from_str(json).map_err(|error| {
        let error = tollgate_core_types::error::clean(&error.to_string(), 128);
        wrong(path.trim_end_matches('.'), &format!("cannot be read: {error}"))
    })
}

fn wrong(path: &str, what: &str) -> BadRequest {
    let path = tollgate_core_types::error::clean(path, 256);
    let message = format!("`{path}` {what}");
    BadRequest::field(path, message)
}

#[derive(Serialize)]
struct Values<'a> {
    values: &'a [f64],
}

/// Writes an answer of one vector, or of several.
pub(super) fn render(reply: &EmbedReply, several: bool) -> Bytes {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        embedding: Option<Values<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        embeddings: Option<Vec<Values<'a>>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        usage_metadata: Option<usage::Written>,
    }
    let mut vectors = reply.vectors.iter().map(|values| Values { values });
    let usage_metadata = usage::Written::of(&reply.usage);
    let answer = if several {
        Answer { embedding: None, embeddings: Some(vectors.collect()), usage_metadata }
    } else {
        Answer { embedding: vectors.next(), embeddings: None, usage_metadata }
    };
    // Only numbers: writing them cannot fail.
    serde_json::to_vec(&answer).map(Bytes::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embeddings::EmbedClient;
    use crate::testing::{inbound, lost, target};

    #[test]
    fn texts_go_out_in_one_request() {
        let asked = EmbedRequest {
            texts: vec!["a".to_owned(), "b".to_owned()],
            dimensions: Some(8),
            user: Some("u".to_owned()),
            extra: vec![],
        };
        let encoded = encode(&asked, &target("gemini-embedding-001")).unwrap();
        assert!(encoded.request.uri().path().ends_with(":batchEmbedContents"));
        assert_eq!(
            encoded.request.body(),
            r#"{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]},"outputDimensionality":8},{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b"}]},"outputDimensionality":8}]}"#
        );
        assert_eq!(lost(&encoded.lost), ["-user"]);
    }

    #[test]
    fn requests_of_both_kinds_are_read() {
        let one = r#"{"content":{"parts":[{"text":"a"},{"text":"b"}]},"taskType":"X"}"#;
        let asked = parse(&inbound(&EmbedClient::ONE, one), false).unwrap();
        assert_eq!(asked.texts, ["a\nb"]);
        assert_eq!(asked.extra.len(), 1);
        let several = format!(
            r#"{{"requests":[{one},{{"content":{{"parts":[{{"text":"c"}}]}},"outputDimensionality":3}}]}}"#
        );
        let asked = parse(&inbound(&EmbedClient::SEVERAL, &several), true).unwrap();
        assert_eq!((asked.texts.len(), asked.dimensions), (2, Some(3)));
        let bad = r#"{"requests":[{"content":{"parts":[{"inlineData":{}}]}}]}"#;
        let bad = parse(&inbound(&EmbedClient::SEVERAL, bad), true).unwrap_err();
        assert_eq!(bad.param.as_deref(), Some("requests[0].content.parts[0]"));
    }

    #[test]
    fn what_is_written_reads_as_it_was() {
        let reply =
            EmbedReply { vectors: vec![vec![0.25], vec![-1.5e-7]], ..EmbedReply::default() };
        assert_eq!(decode(&render(&reply, true)).unwrap(), reply);
        assert_eq!(render(&reply, false), r#"{"embedding":{"values":[0.25]}}"#);
    }
}
