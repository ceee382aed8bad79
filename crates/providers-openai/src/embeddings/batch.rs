//! Requests for more vectors than a server makes at once: cut into several, and their answers joined
//! into the one that was asked for.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_providers_common::scan;
use tollgate_providers_common::splice::Edits;
use tollgate_providers_common::{DecodeError, Facts, Inbound};

use crate::account;
use crate::malformed::malformed;
use crate::reader::Fields;
use crate::schema::object;
use crate::wire;

/// The requests that one is cut into; none where it holds no more than `most` inputs.
pub(super) fn pieces(inbound: &Inbound, most: usize) -> Vec<Inbound> {
    let input = inbound.facts.layout.value(&inbound.body, "input").unwrap_or_default();
    let Ok(all) = serde_json::from_str::<Vec<&RawValue>>(input) else { return Vec::new() };
    // A list of numbers is one text, cut into tokens.
    let several = all.iter().all(|each| each.get().starts_with(['"', '[']));
    if most == 0 || all.len() <= most || !several {
        return Vec::new();
    }
    let piece = |inputs: &[&RawValue]| {
        let list: Vec<&str> = inputs.iter().map(|each| each.get()).collect();
        let edits = Edits::new().set("input", format!("[{}]", list.join(",")));
        let body = edits.apply(&inbound.body, &inbound.facts.layout);
        let layout = scan::layout(&body).unwrap_or_default();
        let facts = Facts { layout, items: inputs.len(), ..inbound.facts.clone() };
        Inbound { body, facts, ..inbound.clone() }
    };
    all.chunks(most).map(piece).collect()
}

/// One answer of several: vectors in their order, each with its number; tokens in sum.
pub(super) fn joined(answers: &[Bytes]) -> Result<Bytes, DecodeError> {
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
    }
    let mut data: Vec<String> = Vec::new();
    let mut tokens = 0_u64;
    for answer in answers {
        let taken = account::embeddings(answer)?.usage;
        tokens = tokens.saturating_add(taken.input_tokens.unwrap_or(0));
        let Data { data: vectors } = wire::read(answer).map_err(|_| unreadable())?;
        let offset = data.len();
        let mut numbered = Vec::with_capacity(vectors.len());
        for (position, vector) in vectors.into_iter().enumerate() {
            numbered.push(renumbered(vector, position, offset)?);
        }
        numbered.sort_by_key(|(index, _)| *index);
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

    fn cut(body: &str, most: usize) -> Vec<String> {
        let asked = inbound(Dialect::OPENAI_EMBEDDINGS, body.as_bytes());
        let pieces = pieces(&asked, most);
        for piece in &pieces {
            let input = piece.facts.layout.value(&piece.body, "input").unwrap();
            let held: Vec<&RawValue> = serde_json::from_str(input).unwrap();
            assert_eq!(held.len(), piece.facts.items);
        }
        pieces.iter().map(|piece| String::from_utf8(piece.body.to_vec()).unwrap()).collect()
    }

    #[test]
    fn many_inputs_are_cut_in_order_and_few_are_not() {
        assert_eq!(
            cut(r#"{"model":"m","input":["a","b","c","d","e"],"dimensions":8}"#, 2),
            [
                r#"{"model":"m","input":["a","b"],"dimensions":8}"#,
                r#"{"model":"m","input":["c","d"],"dimensions":8}"#,
                r#"{"model":"m","input":["e"],"dimensions":8}"#,
            ]
        );
        assert_eq!(cut(r#"{"input":[[1],[2],[3]]}"#, 2).len(), 2);
        for whole in [r#"{"input":["a","b"]}"#, r#"{"input":"abc"}"#, r#"{"input":[1,2,3]}"#] {
            assert_eq!(cut(whole, 2), Vec::<String>::new(), "{whole}");
        }
        assert_eq!(cut(r#"{"input":["a","b","c"]}"#, 0), Vec::<String>::new());
    }

    #[test]
    fn answers_are_joined_in_order_with_their_tokens_in_sum() {
        let first = br#"{"object":"list","data":[{"object":"embedding","index":1,"embedding":[0.50]},{"object":"embedding","index":0,"embedding":[1e0]}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}"#;
        let second = br#"{"object":"list","data":[{"object":"embedding","embedding":[2]}],"model":"m","usage":{"prompt_tokens":4,"total_tokens":4},"id":"z"}"#;
        let answers = [Bytes::from_static(first), Bytes::from_static(second)];
        let whole = joined(&answers).unwrap();
        assert_eq!(
            std::str::from_utf8(&whole).unwrap(),
            r#"{"object":"list","data":[{"object":"embedding","embedding":[1e0],"index":0},{"object":"embedding","embedding":[0.50],"index":1},{"object":"embedding","embedding":[2],"index":2}],"model":"m","usage":{"prompt_tokens":7,"total_tokens":7},"id":"z"}"#
        );
        assert!(joined(&[Bytes::from_static(b"{}")]).is_err());
        assert!(joined(&[]).is_err());
    }
}
