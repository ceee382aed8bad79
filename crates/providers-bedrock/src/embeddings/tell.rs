//! The model's vectors as OpenAI tells them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_core_types::Usage;
use tollgate_providers_common::{Account, DecodeError, Inbound, Piece};

use crate::error;
use crate::wire::answer::{malformed, read};

/// An answer of either family.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Titan's.
    embedding: Option<Vec<f64>>,
    input_text_token_count: Option<u64>,
    /// Cohere's.
    embeddings: Option<Vectors>,
}

/// Cohere's vectors: a plain list, or one for each type asked for.
#[derive(Deserialize)]
#[serde(untagged)]
enum Vectors {
    Plain(Vec<Vec<f64>>),
    Typed { float: Vec<Vec<f64>> },
}

struct Told {
    vectors: Vec<Vec<f64>>,
    tokens: Option<u64>,
}

fn told(body: &[u8]) -> Result<Told, DecodeError> {
    let answer: Answer = read(body, "an answer with vectors")?;
    let vectors = match (answer.embedding, answer.embeddings) {
        (Some(vector), _) => vec![vector],
        (None, Some(Vectors::Plain(vectors) | Vectors::Typed { float: vectors })) => vectors,
        (None, None) => {
            return Err(error::in_band(body)
                .map_or_else(|| malformed("the answer has no vectors"), DecodeError::Upstream));
        }
    };
    Ok(Told { vectors, tokens: answer.input_text_token_count })
}

/// Reads what accounting needs.
pub(super) fn account(body: &[u8]) -> Result<Account, DecodeError> {
    let usage = Usage { input_tokens: told(body)?.tokens, ..Usage::default() };
    Ok(Account { model: None, usage, finish: None })
}

/// The answer in OpenAI's words, as numbers or, where the client asks for it, as base64 of their
/// bytes. Its usage cannot be left out; what the model does not count is told as 0 there alone.
pub(super) fn relayed(body: &[u8], inbound: &Inbound, model: &str) -> Result<Bytes, DecodeError> {
    let Told { vectors, tokens } = told(body)?;
    let format = inbound.facts.layout.value(&inbound.body, "encoding_format");
    let packed = format == Some("\"base64\"");
    let vector = |(index, vector): (usize, &Vec<f64>)| {
        let embedding = if packed { Value::from(pack(vector)) } else { json!(vector) };
        json!({ "object": "embedding", "index": index, "embedding": embedding })
    };
    let data: Vec<Value> = vectors.iter().enumerate().map(vector).collect();
    let tokens = tokens.unwrap_or(0);
    let usage = json!({ "prompt_tokens": tokens, "total_tokens": tokens });
    let told = json!({ "object": "list", "data": data, "model": model, "usage": usage });
    Ok(Bytes::from(told.to_string()))
}

/// One answer of several: vectors in their order, tokens in sum.
pub(super) fn joined(pieces: &[Piece], answers: &[Bytes]) -> Result<Bytes, DecodeError> {
    let mut whole = Value::Null;
    let (mut data, mut tokens) = (Vec::new(), 0_u64);
    for answer in answers {
        let mut told: Value = read(answer, "an answer of several")?;
        tokens = tokens.saturating_add(told["usage"]["prompt_tokens"].as_u64().unwrap_or(0));
        let items = told["data"].as_array_mut().map(std::mem::take).unwrap_or_default();
        if items.len() != 1 {
            return Err(malformed(&format!("{} vectors for one text", items.len())));
        }
        for mut item in items {
            item["index"] = json!(data.len());
            data.push(item);
        }
        whole = told;
    }
    if data.len() != pieces.len() {
        return Err(malformed(&format!("{} vectors for {} texts", data.len(), pieces.len())));
    }
    whole["data"] = Value::Array(data);
    whole["usage"] = json!({ "prompt_tokens": tokens, "total_tokens": tokens });
    Ok(Bytes::from(whole.to_string()))
}

/// Single precision is what the format holds, and what models make.
fn pack(vector: &[f64]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|number| (*number as f32).to_le_bytes()).collect();
    STANDARD.encode(bytes)
}
