//! Prompts of completions and inputs of embeddings: a text, tokens, or a list of either.
//!
//! Some embedding servers take objects (pictures, named texts); those pass as well, since only the
//! vendor can know them.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;
use tollgate_providers_common::{BadRequest, Node};

use crate::shape::describe;

/// How many texts (or lists of tokens) a value holds; `None` for null.
pub(crate) struct Inputs(pub(crate) Option<usize>);

/// What an item of a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Text,
    Token,
    Tokens,
    Object,
}

impl Item {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(_) => Some(Self::Text),
            Value::Number(number) if number.is_u64() => Some(Self::Token),
            Value::Array(list) if list.iter().all(Value::is_u64) => Some(Self::Tokens),
            Value::Object(_) => Some(Self::Object),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Counter;
        impl<'de> Visitor<'de> for Counter {
            type Value = Inputs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list")
            }

            fn visit_unit<E: Error>(self) -> Result<Inputs, E> {
                Ok(Inputs(None))
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Inputs, E> {
                Ok(Inputs(Some(1)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Inputs, A::Error> {
                let Some(first) = seq.next_element::<Item>()? else {
                    return Err(A::Error::custom("an empty list"));
                };
                let mut count = 1;
                while let Some(item) = seq.next_element::<Item>()? {
                    if item != first {
                        return Err(A::Error::custom("a list of different items"));
                    }
                    count += 1;
                }
                Ok(Inputs(Some(if first == Item::Token { 1 } else { count })))
            }
        }
        reader.deserialize_any(Counter)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Kind;
        impl<'de> Visitor<'de> for Kind {
            type Value = Item;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a token or a list of tokens")
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Item, E> {
                Ok(Item::Text)
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Item, E> {
                Ok(Item::Token)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Item, A::Error> {
                while seq.next_element::<u64>()?.is_some() {}
                Ok(Item::Tokens)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Item::Object)
            }
        }
        reader.deserialize_any(Kind)
    }
}

/// The slow pass: what is wrong with a prompt or input.
///
/// # Errors
/// Names the place.
pub(crate) fn explain(node: &Node<'_, '_>) -> Result<(), BadRequest> {
    let list = match node.value() {
        None => return Err(node.invalid("is required")),
        Some(Value::String(_)) => return Ok(()),
        Some(Value::Array(list)) => list,
        Some(other) => {
            let got = describe(other);
            return Err(node.invalid(&format!("must be a string or an array, got {got}")));
        }
    };
    let Some(first) = list.first() else {
        return Err(node.invalid("must hold at least one item"));
    };
    let first = Item::of(first);
    for item in node.items()? {
        let value = item.value().unwrap_or(&Value::Null);
        let kind = Item::of(value);
        if kind.is_none() {
            let got = describe(value);
            let what = "must be a string, a token or an array of tokens";
            return Err(item.invalid(&format!("{what}, got {got}")));
        }
        if kind != first {
            return Err(item.invalid("must be of the same type as the items before it"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_passes_agree_and_count() {
        for (json, count) in [
            (r#""text""#, Some(1)),
            (r#"["a","b"]"#, Some(2)),
            ("[1,2,3]", Some(1)),
            ("[[1,2],[3]]", Some(2)),
            (r#"[{"text":"a"}]"#, Some(1)),
            ("[]", None),
            ("7", None),
            ("true", None),
            ("{}", None),
            (r#"["a",1]"#, None),
            (r#"[1,"a"]"#, None),
            ("[[1],[\"a\"]]", None),
            ("[null]", None),
            ("[1.5]", None),
            ("[-1]", None),
        ] {
            let fast = serde_json::from_str::<Inputs>(json).ok().and_then(|inputs| inputs.0);
            assert_eq!(fast, count, "{json}");
            let tree = serde_json::from_str(&format!(r#"{{"input":{json}}}"#)).unwrap();
            let root = Node::root(&tree);
            let slow = explain(&root.get("input"));
            assert_eq!(slow.is_ok(), count.is_some(), "{json}: {slow:?}");
            if let Err(bad) = slow {
                assert!(bad.param.unwrap().starts_with("input"), "{json}");
            }
        }
    }
}
