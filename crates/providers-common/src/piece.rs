//! Requests for more texts than a vendor takes at once, cut into pieces.
//!
//! A piece says where its texts stand; its body is made when it is sent and no sooner, for all of
//! them together would hold the client's other fields once for each.

use serde_json::value::RawValue;
use std::ops::Range;

use crate::inbound::{Facts, Inbound};
use crate::scan;
use crate::splice::Edits;

/// Most texts of a request that is cut: OpenAI's own bound, for every piece is a call of a vendor.
pub const MOST_TEXTS: usize = 2048;

/// Where the texts stand.
const INPUT: &str = "input";

/// Some of the texts of one request for embeddings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where they stand in the value of `input`.
    place: Range<usize>,
    texts: usize,
}

impl Piece {
    /// Cuts a request of `openai.embeddings` into pieces of at most `each` texts; none where there is
    /// no need, no list of texts, or more than `all` of them.
    #[must_use]
    pub fn cut(inbound: &Inbound, each: usize, all: usize) -> Vec<Self> {
        let Inbound { facts, body, .. } = inbound;
        if each == 0 || facts.items <= each || facts.items > all {
            return Vec::new();
        }
        let input = facts.layout.value(body, INPUT).unwrap_or_default();
        let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(input) else { return Vec::new() };
        // A list of numbers is one text, cut into tokens.
        if !list.iter().all(|text| text.get().starts_with(['"', '['])) {
            return Vec::new();
        }
        let start =
            |text: &RawValue| text.get().as_ptr().addr().saturating_sub(input.as_ptr().addr());
        let piece = |texts: &[&RawValue]| {
            let (first, last) = (texts.first()?, texts.last()?);
            let place = start(first)..start(last).saturating_add(last.get().len());
            Some(Self { place, texts: texts.len() })
        };
        list.chunks(each).filter_map(piece).collect()
    }

    /// How many texts it holds.
    #[must_use]
    pub fn texts(&self) -> usize {
        self.texts
    }

    /// The request for these texts alone; `whole` is the one that was cut.
    #[must_use]
    pub fn of(&self, whole: &Inbound) -> Inbound {
        let input = whole.facts.layout.value(&whole.body, INPUT).unwrap_or_default();
        let texts = input.get(self.place.clone()).unwrap_or_default();
        let edits = Edits::new().set(INPUT, format!("[{texts}]"));
        let body = edits.apply(&whole.body, &whole.facts.layout);
        let layout = scan::layout(&body).unwrap_or_default();
        let facts = Facts { layout, items: self.texts, ..whole.facts.clone() };
        Inbound { body, facts, ..whole.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;
    use tollgate_core_types::{Dialect, Operation};

    fn asked(body: &str, items: usize) -> Inbound {
        let layout = scan::layout(body.as_bytes()).unwrap();
        Inbound {
            dialect: Dialect::OPENAI_EMBEDDINGS,
            operation: Operation::Embeddings,
            facts: Facts { items, layout, ..Facts::default() },
            body: Bytes::copy_from_slice(body.as_bytes()),
            headers: HeaderMap::new(),
            query: None,
        }
    }

    fn cut(body: &str, items: usize, each: usize) -> Vec<(String, usize)> {
        let whole = asked(body, items);
        let told = |piece: &Piece| {
            let inbound = piece.of(&whole);
            assert_eq!(inbound.facts.items, piece.texts());
            let input = inbound.facts.layout.value(&inbound.body, INPUT).unwrap();
            let held: Vec<&RawValue> = serde_json::from_str(input).unwrap();
            assert_eq!(held.len(), piece.texts());
            (String::from_utf8(inbound.body.to_vec()).unwrap(), piece.texts())
        };
        Piece::cut(&whole, each, 5).iter().map(told).collect()
    }

    #[test]
    fn many_texts_are_cut_in_order_as_they_are_written() {
        assert_eq!(
            cut(
                r#"{"model":"m","input": [ "a" , "\u00e9,b","ü", "d","e" ] ,"dimensions":8}"#,
                5,
                2
            ),
            [
                (r#"{"model":"m","input": ["a" , "\u00e9,b"] ,"dimensions":8}"#.to_owned(), 2),
                (r#"{"model":"m","input": ["ü", "d"] ,"dimensions":8}"#.to_owned(), 2),
                (r#"{"model":"m","input": ["e"] ,"dimensions":8}"#.to_owned(), 1),
            ]
        );
        assert_eq!(cut(r#"{"input":[[1],[2],[3]]}"#, 3, 2).len(), 2);
    }

    #[test]
    fn what_needs_no_cut_or_is_beyond_the_bound_stays_whole() {
        for (whole, items, each) in [
            (r#"{"input":["a","b"]}"#, 2, 2),
            (r#"{"input":"abc"}"#, 1, 2),
            (r#"{"input":[1,2,3]}"#, 1, 2),
            (r#"{"input":[1,2,3]}"#, 3, 2),
            (r#"{"input":["a","b","c"]}"#, 3, 0),
            (r#"{"input":["a","b","c","d","e","f"]}"#, 6, 2),
            (r#"{"input":[{"text":"a"},{"text":"b"},{"text":"c"}]}"#, 3, 2),
            (r#"{}"#, 3, 2),
        ] {
            assert_eq!(cut(whole, items, each), [], "{whole}");
        }
    }
}
