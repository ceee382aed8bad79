//! Embeddings for clients and vendors of other dialects: texts and vectors in this one's words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method, header};
use serde::{Deserialize, Serialize};
use tollgate_core_types::{JsonText, Usage};
use tollgate_providers_common::{
    BadRequest, DecodeError, EmbedReply, EmbedRequest, EncodeError, Encoded, Inbound,
    UpstreamTarget,
};

use crate::account;
use crate::malformed::malformed;
use crate::reader;
use crate::wire;

/// Reads a client's request.
pub(super) fn parse(inbound: &Inbound) -> Result<EmbedRequest, BadRequest> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Input {
        One(String),
        Many(Vec<String>),
    }
    let mut fields = reader::body(&inbound.body)?;
    let path = &reader::Path::Body;
    let input = fields.need(path, "input")?;
    let texts = match serde_json::from_str(input.json().as_str()) {
        Ok(Input::One(text)) => vec![text],
        Ok(Input::Many(texts)) if !texts.is_empty() => texts,
        Ok(Input::Many(_)) => return Err(input.invalid("must hold at least one text")),
        Err(_) => return Err(input.invalid("must be text: tokens mean nothing to another model")),
    };
    let dimensions = fields.take(path, "dimensions").map(|place| place.count()).transpose()?;
    let user = fields.take(path, "user").map(|place| place.text()).transpose()?;
    // How the vectors are written is between the client and us.
    fields.forget(&["model", "encoding_format", "load_balance_strategy"]);
    Ok(EmbedRequest { texts, dimensions, user, extra: fields.rest(path) })
}

#[derive(Serialize)]
struct Answer<'a> {
    object: &'static str,
    data: Vec<Item<'a>>,
    model: &'a str,
    usage: Took,
}

#[derive(Serialize)]
struct Item<'a> {
    object: &'static str,
    index: usize,
    embedding: Vector<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Vector<'a> {
    Floats(&'a [f64]),
    Base64(String),
}

/// Both are required; the shape has no word for "unknown".
#[derive(Serialize)]
struct Took {
    prompt_tokens: u64,
    total_tokens: u64,
}

/// Writes an answer, in the encoding that the client asked for.
pub(super) fn render(reply: &EmbedReply, inbound: &Inbound, model: &str) -> Bytes {
    let EmbedReply { model: answered, vectors, usage } = reply;
    let encoding = inbound.facts.layout.value(&inbound.body, "encoding_format");
    let base64 = encoding == Some("\"base64\"");
    let encoded = |vector: &[f64]| {
        // What the vendor computes in is four bytes wide.
        let bytes: Vec<u8> = vector.iter().flat_map(|it| (*it as f32).to_le_bytes()).collect();
        STANDARD.encode(bytes)
    };
    let data = vectors.iter().enumerate().map(|(index, values)| Item {
        object: "embedding",
        index,
        embedding: if base64 { Vector::Base64(encoded(values)) } else { Vector::Floats(values) },
    });
    let tokens = usage.input_tokens.unwrap_or(0);
    let answer = Answer {
        object: "list",
        data: data.collect(),
        model: answered.as_deref().unwrap_or(model),
        usage: Took { prompt_tokens: tokens, total_tokens: tokens },
    };
    // Our own types always serialize.
    Bytes::from(serde_json::to_vec(&answer).unwrap_or_default())
}

#[derive(Serialize)]
struct Ask<'a> {
    model: &'a str,
    input: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    encoding_format: &'static str,
}

/// Makes a vendor's request.
pub(super) fn encode(
    asked: &EmbedRequest,
    target: &UpstreamTarget,
) -> Result<Encoded, EncodeError> {
    let EmbedRequest { texts, dimensions, user, extra } = asked;
    let ask = Ask {
        model: &target.model,
        input: texts,
        dimensions: *dimensions,
        user: user.as_deref(),
        encoding_format: "float",
    };
    let build = |error: String| EncodeError::Build(error);
    let json = serde_json::to_vec(&ask).map_err(|error| build(error.to_string()))?;
    let uri = target.uri("/embeddings", None).map_err(|error| build(error.to_string()))?;
    let mut request = http::Request::new(Bytes::from(json));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    for (name, value) in &target.headers {
        headers.insert(name.clone(), value.clone());
    }
    Ok(Encoded { request, lost: lost(extra) })
}

/// Every field that the domain has no word for.
fn lost(extra: &[(String, JsonText)]) -> Vec<tollgate_core_types::Lost> {
    extra.iter().map(|(field, _)| tollgate_core_types::Lost::dropped(field.clone())).collect()
}

/// Reads a vendor's answer.
pub(super) fn decode(body: &[u8]) -> Result<EmbedReply, DecodeError> {
    #[derive(Deserialize)]
    struct Vectors {
        data: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        index: Option<usize>,
        embedding: Values,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Values {
        Floats(Vec<f64>),
        Base64(String),
    }
    let account = account::embeddings(body)?;
    let Vectors { data } = wire::read(body)
        .map_err(|error| malformed(format!("an embeddings answer that cannot be read: {error}")))?;
    let mut vectors = Vec::with_capacity(data.len());
    for (at, One { index, embedding }) in data.into_iter().enumerate() {
        let values = match embedding {
            Values::Floats(values) => values,
            Values::Base64(text) => {
                let bytes = STANDARD.decode(text);
                let bytes = bytes.map_err(|_| malformed("a vector that is no base64"))?;
                let (floats, _) = bytes.as_chunks::<4>();
                floats.iter().map(|four| f64::from(f32::from_le_bytes(*four))).collect()
            }
        };
        vectors.push((index.unwrap_or(at), values));
    }
    vectors.sort_by_key(|(index, _)| *index);
    let vectors = vectors.into_iter().map(|(_, values)| values).collect();
    let usage: Usage = account.usage;
    Ok(EmbedReply { model: account.model, vectors, usage })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embeddings::EmbeddingsDialect;
    use tollgate_providers_common::ClientDialect;

    fn inbound(body: &str) -> Inbound {
        let dialect = EmbeddingsDialect;
        Inbound {
            dialect: dialect.dialect(),
            operation: dialect.operation(),
            facts: dialect.facts(body.as_bytes()).unwrap(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            headers: http::HeaderMap::new(),
            query: None,
        }
    }

    #[test]
    fn a_request_is_read_and_tokens_are_refused() {
        let asked =
            parse(&inbound(r#"{"input":"a","dimensions":8,"encoding_format":"base64","x":1}"#));
        let asked = asked.unwrap();
        assert_eq!(
            (asked.texts.as_slice(), asked.dimensions),
            (["a".to_owned()].as_slice(), Some(8))
        );
        assert_eq!(asked.extra.len(), 1);
        let bad = parse(&inbound(r#"{"input":[[1,2]]}"#)).unwrap_err();
        assert_eq!(bad.param.as_deref(), Some("input"));
        assert!(bad.message.contains("tokens"), "{bad}");
    }

    #[test]
    fn both_encodings_read_as_they_were_written() {
        let reply = EmbedReply {
            model: Some("m".to_owned()),
            vectors: vec![vec![0.25, -0.5], vec![1.0, 3.0]],
            usage: Usage { input_tokens: Some(7), ..Usage::default() },
        };
        for body in [r#"{"input":"a"}"#, r#"{"input":"a","encoding_format":"base64"}"#] {
            let written = render(&reply, &inbound(body), "asked");
            assert_eq!(decode(&written).unwrap(), reply, "{body}");
        }
        let Err(DecodeError::Malformed(_)) = decode(br#"{"data":[{"embedding":"!"}]}"#) else {
            panic!("no base64")
        };
    }
}
