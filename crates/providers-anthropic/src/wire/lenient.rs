//! Readers for fields of which a vendor's wrong type must not lose the whole answer.
//!
//! A block or event of an unknown kind may use a known field's name for something else; usage may
//! come as a float. Such a value reads as `None`. They must never be used for what a client sends:
//! a client is told what is wrong.

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

use super::Str;

/// Text, or `None` for anything else.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Str<'de>>, D::Error> {
    Ok(from.deserialize_any(Scalar)?.text())
}

/// A whole number that is not negative, or `None` for anything else.
pub(crate) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(from.deserialize_any(Scalar)?.count())
}

/// What a value was, as far as a lenient reader cares.
enum Found<'de> {
    Text(Str<'de>),
    Count(u64),
    Other,
}

impl<'de> Found<'de> {
    fn text(self) -> Option<Str<'de>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Count(_) | Self::Other => None,
        }
    }

    fn count(self) -> Option<u64> {
        match self {
            Self::Count(count) => Some(count),
            Self::Text(_) | Self::Other => None,
        }
    }
}

/// The largest float below which every whole number is exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// `value` as a count where it is whole, not negative and exact.
pub(crate) fn whole(value: f64) -> Option<u64> {
    let whole = value.fract() == 0.0 && (0.0..=EXACT).contains(&value);
    // In range and whole, so the cast loses nothing.
    whole.then_some(value as u64)
}

struct Scalar;

impl<'de> Visitor<'de> for Scalar {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Found::Text(Str(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Found::Text(Str(Cow::Owned(text.to_owned()))))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Found::Count(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(u64::try_from(value).map_or(Found::Other, Found::Count))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(whole(value).map_or(Found::Other, Found::Count))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Found::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Found::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Found::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::Other)
    }
}
