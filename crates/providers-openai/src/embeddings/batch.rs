//! Answers to the pieces of a request for more vectors than a server makes at once, joined into the
//! one that was asked for. A vector never stands at another text's number.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_providers_common::scan;
use tollgate_providers_common::splice::Edits;
use tollgate_providers_common::{DecodeError, Piece};

use crate::account;
use crate::malformed::malformed;
use crate::reader::Fields;
use crate::schema::object;
use crate::wire;

/// One answer of several: vectors in their order, each with its number; tokens in sum.
pub(super) fn joined(pieces: &[Piece], answers: &[Bytes]) -> Result<Bytes, DecodeError> {
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
    }
    let mut data: Vec<String> = Vec::new();
    let mut tokens = 0_u64;
    if answers.len() != pieces.len() {
        return Err(malformed(format!("{} answers to {} pieces", answers.len(), pieces.len())));
    }
    for (piece, answer) in pieces.iter().zip(answers) {
        let taken = account::embeddings(answer)?.usage;
        tokens = tokens.saturating_add(taken.input_tokens.unwrap_or(0));
        let Data { data: vectors } = wire::read(answer).map_err(|_| unreadable())?;
        if vectors.len() != piece.texts() {
            let told = format!("{} vectors for {} texts", vectors.len(), piece.texts());
            return Err(malformed(told));
        }
        let offset = data.len();
        let mut numbered = Vec::with_capacity(vectors.len());
        for (position, vector) in vectors.into_iter().enumerate() {
            numbered.push(renumbered(vector, position, offset)?);
        }
        numbered.sort_by_key(|(index, _)| *index);
        if numbered.iter().zip(offset..).any(|((index, _), want)| *index != want) {
            return Err(malformed("vectors whose numbers are not those of the texts"));
        }
        data.extend(numbered.into_iter().map(|(_, vector)| vector));
    }
    let last = answers.last().ok_or_else(|| malformed("no answer to a request in pieces"))?;
    let layout = scan::layout(last).map_err(|_| unreadable())?;
    let usage = format!(r#"{{"prompt_tokens":{tokens},"total_tokens":{tokens}}}"#);
    let edits = Edits::new().set("data", format!("[{}]", data.join(","))).set("usage", usage);
    Ok(edits.apply(last, &layout))
}

fn unreadable() -> DecodeError {
    malformed("an embeddings answer that cannot be read")
}

/// A vector with its number among all of them.
fn renumbered(
    vector: &RawValue,
    position: usize,
    offset: usize,
) -> Result<(usize, String), DecodeError> {
    let fields: Fields<'_> = serde_json::from_str(vector.get()).map_err(|_| unreadable())?;
    let mut fields: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        fields.entries().map(|(key, raw)| (key, Cow::Borrowed(raw.get()))).collect();
    let told = fields.iter().find(|(key, _)| key == "index");
    let told = told.and_then(|(_, json)| json.parse::<usize>().ok()).unwrap_or(position);
    let index = offset.saturating_add(told);
    fields.retain(|(key, _)| key != "index");
    fields.push((Cow::Borrowed("index"), Cow::Owned(index.to_string())));
    Ok((index, object(&fields)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::inbound;
    use tollgate_core_types::Dialect;

    fn pieces(texts: usize, each: usize) -> Vec<Piece> {
        let body = format!(r#"{{"input":[{}]}}"#, vec![r#""a""#; texts].join(","));
        Piece::cut(&inbound(Dialect::OPENAI_EMBEDDINGS, body.as_bytes()), each, texts)
    }

    #[test]
    fn answers_are_joined_in_order_with_their_tokens_in_sum() {
        let first = br#"{"object":"list","data":[{"object":"embedding","index":1,"embedding":[0.50]},{"object":"embedding","index":0,"embedding":[1e0]}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}"#;
        let second = br#"{"object":"list","data":[{"object":"embedding","embedding":[2]}],"model":"m","usage":{"prompt_tokens":4,"total_tokens":4},"id":"z"}"#;
        let answers = [Bytes::from_static(first), Bytes::from_static(second)];
        let whole = joined(&pieces(3, 2), &answers).unwrap();
        assert_eq!(
            std::str::from_utf8(&whole).unwrap(),
            r#"{"object":"list","data":[{"object":"embedding","embedding":[1e0],"index":0},{"object":"embedding","embedding":[0.50],"index":1},{"object":"embedding","embedding":[2],"index":2}],"model":"m","usage":{"prompt_tokens":7,"total_tokens":7},"id":"z"}"#
        );
        assert!(joined(&pieces(3, 2), &answers[..1]).is_err());
        assert!(joined(&[], &[]).is_err());
    }

    #[test]
    fn a_vector_too_few_too_many_or_of_another_text_is_malformed() {
        let answer = |numbers: &[usize]| {
            let one = |number: &usize| format!(r#"{{"index":{number},"embedding":[1]}}"#);
            let data: Vec<String> = numbers.iter().map(one).collect();
            let usage = r#"{"prompt_tokens":1,"total_tokens":1}"#;
            let data = data.join(",");
            Bytes::from(format!(r#"{{"data":[{data}],"model":"m","usage":{usage}}}"#))
        };
        let join = |first: &[usize], second: &[usize]| {
            joined(&pieces(4, 2), &[answer(first), answer(second)])
        };
        assert!(join(&[0, 1], &[1, 0]).is_ok());
        // The sum is right where one lacks what the other has too much.
        for wrong in [&[0][..], &[0, 1, 2], &[0, 0], &[1, 2], &[0, usize::MAX], &[]] {
            for answers in [join(wrong, &[0, 1]), join(&[0, 1], wrong), join(wrong, &[0, 1, 2])] {
                assert!(matches!(answers, Err(DecodeError::Malformed(_))), "{wrong:?}");
            }
        }
    }
}
