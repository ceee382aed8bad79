//! Stop texts and token bounds, applied to a text that would go on.

use serde_json::Value;

use crate::tokens;
use crate::wire::{Refusal, member};

/// Most stop texts of a request.
const MAX_STOPS: usize = 4;

/// Where a request wants its answers to end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    stops: Vec<String>,
    max_tokens: Option<usize>,
}

/// A text with its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Limited {
    /// The text that is left, in pieces.
    pub(crate) pieces: Vec<String>,
    /// OpenAI's word for why it ended.
    pub(crate) finish: &'static str,
}

impl Limits {
    /// Reads `stop` and the first of `bounds` that a request has.
    ///
    /// # Errors
    /// When one is of the wrong type or out of range.
    pub(crate) fn read(body: &Value, bounds: &[&'static str]) -> Result<Self, Refusal> {
        let bound = bounds.iter().find_map(|name| Some((*name, member(body, name)?)));
        let max_tokens = match bound {
            Some((name, value)) => Some(positive(value).ok_or_else(|| {
                Refusal::new(name, format!("Invalid '{name}': expected a positive integer"))
            })?),
            None => None,
        };
        let stops = match member(body, "stop") {
            Some(stop) => stops(stop).ok_or_else(|| {
                Refusal::new("stop", "Invalid 'stop': expected a string or up to 4 strings")
            })?,
            None => Vec::new(),
        };
        Ok(Self { stops, max_tokens })
    }

    /// `text` up to its first stop text and within the bound.
    pub(crate) fn apply(&self, text: &str) -> Limited {
        let end = self.stops.iter().filter_map(|stop| text.find(stop.as_str())).min();
        let text = end.and_then(|end| text.get(..end)).unwrap_or(text);
        let mut pieces: Vec<String> = tokens::pieces(text).into_iter().map(str::to_owned).collect();
        let finish = match self.max_tokens {
            Some(max) if pieces.len() > max => {
                pieces.truncate(max);
                "length"
            }
            Some(_) | None => "stop",
        };
        Limited { pieces, finish }
    }
}

fn positive(value: &Value) -> Option<usize> {
    value.as_u64().filter(|n| *n > 0).map(|n| usize::try_from(n).unwrap_or(usize::MAX))
}

fn stops(value: &Value) -> Option<Vec<String>> {
    if let Some(stop) = value.as_str() {
        return Some(vec![stop.to_owned()]).filter(|_| !stop.is_empty());
    }
    let list = value.as_array().filter(|list| list.len() <= MAX_STOPS)?;
    let text = |stop: &Value| stop.as_str().filter(|stop| !stop.is_empty()).map(str::to_owned);
    list.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn limited(body: &Value, text: &str) -> (String, &'static str) {
        let limited = Limits::read(body, &["max_completion_tokens", "max_tokens"]);
        let Limited { pieces, finish } = limited.unwrap().apply(text);
        (pieces.concat(), finish)
    }

    #[test]
    fn the_earliest_stop_and_the_bound_end_the_text() {
        assert_eq!(limited(&json!({}), "a b c"), ("a b c".to_owned(), "stop"));
        assert_eq!(limited(&json!({"stop": " c"}), "a b c"), ("a b".to_owned(), "stop"));
        assert_eq!(limited(&json!({"stop": ["c", "b"]}), "a b c"), ("a ".to_owned(), "stop"));
        assert_eq!(limited(&json!({"max_tokens": 2}), "a b c"), ("a b".to_owned(), "length"));
        assert_eq!(limited(&json!({"max_tokens": 3}), "a b c"), ("a b c".to_owned(), "stop"));
        let both = json!({"max_tokens": 9, "max_completion_tokens": 1});
        assert_eq!(limited(&both, "a b c"), ("a".to_owned(), "length"));
    }

    #[test]
    fn wrong_values_are_refused_by_name() {
        for (body, param) in [
            (json!({"max_tokens": 0}), "max_tokens"),
            (json!({"max_tokens": "9"}), "max_tokens"),
            (json!({"stop": 1}), "stop"),
            (json!({"stop": ["a", ""]}), "stop"),
            (json!({"stop": ["a", "b", "c", "d", "e"]}), "stop"),
        ] {
            assert_eq!(Limits::read(&body, &["max_tokens"]).unwrap_err().param, param, "{body}");
        }
    }
}
