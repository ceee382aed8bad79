//! Which JSON types the known fields of a request may have: one table per dialect, read twice.
//!
//! The fast pass asks it while it streams over a body and only learns yes or no; the slow pass asks
//! it again over a tree and says which field is wrong. A field that no table names is accepted as
//! it is, and `null` is accepted everywhere: vendors take it for absent.

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;
use std::fmt;
use tollgate_providers_common::{BadRequest, Node};

/// A set of JSON types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const BOOL: Self = Self(1);
    /// An integer of 0 or more.
    pub(crate) const COUNT: Self = Self(2);
    /// Any integer.
    pub(crate) const INTEGER: Self = Self(2 | 4);
    /// Any number.
    pub(crate) const NUMBER: Self = Self(2 | 4 | 8);
    pub(crate) const STRING: Self = Self(16);
    pub(crate) const LIST: Self = Self(32);
    pub(crate) const OBJECT: Self = Self(64);

    const NEGATIVE: Self = Self(4);
    const FRACTION: Self = Self(8);

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The type of a value; `None` for null.
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) => Self::BOOL,
            Value::Number(number) if number.is_u64() => Self::COUNT,
            Value::Number(number) if number.is_i64() => Self::NEGATIVE,
            Value::Number(_) => Self::FRACTION,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::LIST,
            Value::Object(_) => Self::OBJECT,
        })
    }

    /// The types in words, for example "a string or an array".
    fn words(self) -> String {
        let number = if self.has(Self::FRACTION) {
            "a number"
        } else if self.has(Self::NEGATIVE) {
            "an integer"
        } else {
            "a non-negative integer"
        };
        let named = [
            (Self::STRING, "a string"),
            (Self::BOOL, "a boolean"),
            (Self::COUNT, number),
            (Self::LIST, "an array"),
            (Self::OBJECT, "an object"),
        ];
        let words: Vec<&str> =
            named.iter().filter(|(kind, _)| self.has(*kind)).map(|(_, word)| *word).collect();
        words.join(" or ")
    }
}

/// What a field may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The field's own type.
    pub(crate) kinds: Kinds,
    /// The type of its items where it is a list.
    pub(crate) items: Option<Kinds>,
}

/// A field of one of these types; items of a list may be anything.
pub(crate) const fn plain(kinds: Kinds) -> Shape {
    Shape { kinds, items: None }
}

/// A list of such items.
pub(crate) const fn list_of(items: Kinds) -> Shape {
    Shape { kinds: Kinds::LIST, items: Some(items) }
}

/// One such item or a list of them.
pub(crate) const fn one_or_list_of(items: Kinds) -> Shape {
    Shape { kinds: items.or(Kinds::LIST), items: Some(items) }
}

/// The known fields of a dialect.
pub(crate) type Table = [(&'static str, Shape)];

/// The shape of `key`, where the table knows it.
pub(crate) fn of(table: &Table, key: &str) -> Option<Shape> {
    table.iter().find(|(name, _)| *name == key).map(|(_, shape)| *shape)
}

/// The slow pass over the known fields.
///
/// # Errors
/// Names the first field of another type, in the table's order.
pub(crate) fn explain(table: &Table, body: &Node<'_, '_>) -> Result<(), BadRequest> {
    for (key, shape) in table {
        let node = body.get(key);
        check(&node, shape.kinds)?;
        let Some(items) = shape.items.filter(|_| node.value().is_some_and(Value::is_array)) else {
            continue;
        };
        for item in node.items()? {
            check_item(&item, items)?;
        }
    }
    Ok(())
}

/// Whether a place is absent or of one of these types.
///
/// # Errors
/// Names the place and both types.
pub(crate) fn check(node: &Node<'_, '_>, kinds: Kinds) -> Result<(), BadRequest> {
    if node.is_absent() { Ok(()) } else { check_item(node, kinds) }
}

/// As [`check`]; null is of no type.
pub(crate) fn check_item(node: &Node<'_, '_>, kinds: Kinds) -> Result<(), BadRequest> {
    let value = node.value().unwrap_or(&Value::Null);
    if Kinds::of(value).is_some_and(|kind| kinds.has(kind)) {
        return Ok(());
    }
    Err(node.invalid(&format!("must be {}, got {}", kinds.words(), describe(value))))
}

/// A value in an error: its type, and a short scalar itself.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{:?}", tollgate_core_types::error::clean(text, 32)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// The fast pass over one field: reads it without keeping it and gives the number of items where it
/// is a list, otherwise 1, and `None` for null.
pub(crate) struct Accept(pub(crate) Shape);

impl<'de> DeserializeSeed<'de> for Accept {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Option<usize>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl Accept {
    fn scalar<E: Error>(&self, kind: Kinds) -> Result<Option<usize>, E> {
        if self.0.kinds.has(kind) { Ok(Some(1)) } else { Err(E::custom("a field of another type")) }
    }
}

impl<'de> Visitor<'de> for Accept {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.kinds.words())
    }

    fn visit_unit<E: Error>(self) -> Result<Option<usize>, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Option<usize>, E> {
        self.scalar(Kinds::BOOL)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Option<usize>, E> {
        self.scalar(Kinds::COUNT)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Option<usize>, E> {
        self.scalar(Kinds::NEGATIVE)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Option<usize>, E> {
        self.scalar(Kinds::FRACTION)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Option<usize>, E> {
        self.scalar(Kinds::STRING)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<usize>, A::Error> {
        self.scalar::<A::Error>(Kinds::LIST)?;
        let mut count = 0;
        match self.0.items {
            None => {
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
            }
            Some(kinds) => {
                while seq.next_element_seed(Item(kinds))?.is_some() {
                    count += 1;
                }
            }
        }
        Ok(Some(count))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<usize>, A::Error> {
        self.scalar::<A::Error>(Kinds::OBJECT)?;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Some(1))
    }
}

/// An item of a list, which must not be null.
struct Item(Kinds);

impl<'de> DeserializeSeed<'de> for Item {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        match Accept(plain(self.0)).deserialize(reader)? {
            None => Err(D::Error::custom("null in a list")),
            Some(_) => Ok(()),
        }
    }
}

/// A string or null, kept.
pub(crate) type Kept = Option<String>;

/// An object or null with typed fields; unlike a derived reader it takes no list.
pub(crate) struct Object<T>(pub(crate) Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Fields<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E: Error>(self) -> Result<Object<T>, E> {
                Ok(Object(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                let reader = serde::de::value::MapAccessDeserializer::new(map);
                T::deserialize(reader).map(|value| Object(Some(value)))
            }
        }
        reader.deserialize_any(Fields(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: &[&str] = &[
        "null",
        "true",
        "3",
        "-3",
        "1.5",
        r#""text""#,
        "[]",
        r#"["a","b"]"#,
        "[1,2]",
        "[[1],[2]]",
        "[{}]",
        "[null]",
        r#"["a",null]"#,
        "{}",
        r#"{"a":[1,{"b":null}]}"#,
    ];

    #[test]
    fn both_passes_agree_on_every_shape_and_value() {
        let kinds = [
            Kinds::BOOL,
            Kinds::COUNT,
            Kinds::INTEGER,
            Kinds::NUMBER,
            Kinds::STRING,
            Kinds::LIST,
            Kinds::OBJECT,
            Kinds::STRING.or(Kinds::OBJECT),
        ];
        let shapes =
            kinds.iter().flat_map(|kind| [plain(*kind), list_of(*kind), one_or_list_of(*kind)]);
        for shape in shapes {
            for value in VALUES {
                let mut reader = serde_json::Deserializer::from_str(value);
                let fast = Accept(shape).deserialize(&mut reader).is_ok();
                let tree = serde_json::from_str(&format!(r#"{{"f":{value}}}"#)).unwrap();
                let slow = explain(&[("f", shape)], &Node::root(&tree)).is_ok();
                assert_eq!(fast, slow, "{shape:?} of {value}");
            }
        }
    }

    #[test]
    fn a_wrong_type_is_named_with_what_was_expected() {
        let table = [
            ("temperature", plain(Kinds::NUMBER)),
            ("n", plain(Kinds::COUNT)),
            ("stop", one_or_list_of(Kinds::STRING)),
        ];
        let said = |json: &str| {
            let tree = serde_json::from_str(json).unwrap();
            explain(&table, &Node::root(&tree)).unwrap_err()
        };
        let hot = said(r#"{"temperature":"hot"}"#);
        assert_eq!(hot.message, r#"`temperature` must be a number, got "hot""#);
        assert_eq!(hot.param.as_deref(), Some("temperature"));
        assert_eq!(said(r#"{"n":-1}"#).message, "`n` must be a non-negative integer, got -1");
        assert_eq!(
            said(r#"{"stop":{}}"#).message,
            "`stop` must be a string or an array, got an object"
        );
        assert_eq!(said(r#"{"stop":["a",7]}"#).param.as_deref(), Some("stop[1]"));
    }

    #[test]
    fn lists_are_counted() {
        for (json, count) in [("[]", Some(0)), ("[{},{}]", Some(2)), ("null", None)] {
            let mut reader = serde_json::Deserializer::from_str(json);
            assert_eq!(Accept(list_of(Kinds::OBJECT)).deserialize(&mut reader).unwrap(), count);
        }
    }
}
