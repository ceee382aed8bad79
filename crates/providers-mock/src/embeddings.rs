//! `POST /embeddings`: unit vectors that depend on the text alone, so that equal texts are equal and
//! texts that share words are near each other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::completions::texts;
use crate::tokens;
use crate::wire::{Answer, Context, Refusal, Spent, member, model};

/// Length of a vector where the request does not say.
const DIMENSIONS: u64 = 256;
/// Longest vector.
const MAX_DIMENSIONS: u64 = 4096;
/// Most inputs of one request, as at OpenAI.
const MAX_INPUTS: usize = 2048;

/// The answer to an embeddings request.
///
/// # Errors
/// When a field that the mock reads is missing or wrong.
pub(crate) fn answer(body: &Value, _: Context<'_>) -> Result<Answer, Refusal> {
    let model = model(body)?;
    let inputs = member(body, "input").and_then(texts).filter(|inputs| {
        (1..=MAX_INPUTS).contains(&inputs.len()) && inputs.iter().all(|text| !text.is_empty())
    });
    let inputs = inputs.ok_or_else(|| {
        Refusal::new("input", "Invalid 'input': expected up to 2048 texts or lists of token ids")
    })?;
    let dimensions = dimensions(body)?;
    let encode = encoding(body)?;
    let entry = |(index, text): (usize, &String)| {
        json!({
            "object": "embedding",
            "index": index,
            "embedding": encode(&vector(text, dimensions)),
        })
    };
    let data: Vec<Value> = inputs.iter().enumerate().map(entry).collect();
    let input: u64 = inputs.iter().map(|text| tokens::count(text)).sum();
    let usage = json!({"prompt_tokens": input, "total_tokens": input});
    let body = json!({"object": "list", "data": data, "model": model, "usage": usage});
    Ok(Answer::Whole { status: 200, body, spent: Spent { input, output: 0 } })
}

fn dimensions(body: &Value) -> Result<usize, Refusal> {
    let wanted = match member(body, "dimensions") {
        Some(value) => value.as_u64().filter(|n| (1..=MAX_DIMENSIONS).contains(n)),
        None => Some(DIMENSIONS),
    };
    wanted.and_then(|n| usize::try_from(n).ok()).ok_or_else(|| {
        Refusal::new("dimensions", "Invalid 'dimensions': expected an integer from 1 to 4096")
    })
}

fn encoding(body: &Value) -> Result<fn(&[f32]) -> Value, Refusal> {
    match member(body, "encoding_format").map(Value::as_str) {
        None | Some(Some("float")) => Ok(floats),
        Some(Some("base64")) => Ok(base64),
        Some(_) => Err(Refusal::new(
            "encoding_format",
            "Invalid 'encoding_format': expected float or base64",
        )),
    }
}

fn floats(vector: &[f32]) -> Value {
    Value::from(vector.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>())
}

fn base64(vector: &[f32]) -> Value {
    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
    Value::from(STANDARD.encode(bytes))
}

/// The unit vector of `text`: the sum of its words' vectors, made one long.
#[expect(
    clippy::cast_possible_truncation,
    reason = "an embedding's precision is f32 by its format"
)]
fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut sum = vec![0.0_f64; dimensions];
    for word in std::iter::once(text).chain(text.split_whitespace()) {
        let mut state = hash(&word.to_lowercase());
        for x in &mut sum {
            *x += signed_unit(&mut state);
        }
    }
    let norm = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
    // The sum of random numbers is never zero in practice; if it were, any unit vector would do.
    let scale = if norm > 0.0 { 1.0 / norm } else { 1.0 };
    sum.iter().map(|x| (x * scale) as f32).collect()
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The next number of a SplitMix64 sequence, from -1 to 1.
fn signed_unit(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let top = u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX);
    f64::from(top) / f64::from(u32::MAX) * 2.0 - 1.0
}

#[cfg(test)]
mod tests;
