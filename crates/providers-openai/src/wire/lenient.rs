//! Values that take whatever a server sends: the expected type is kept, anything else is absent.
//!
//! A wrong type in a field that nobody needs must not turn an answer into a failure. Broken JSON
//! stays an error everywhere.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A string; absent where it is null or of another type.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Option<Cow<'a, str>>);

impl Text<'_> {
    /// The text where there is one, also an empty one.
    pub(crate) fn given(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text where there is one that is not empty.
    pub(crate) fn filled(&self) -> Option<&str> {
        self.given().filter(|text| !text.is_empty())
    }

    /// The text, empty where there is none.
    pub(crate) fn or_empty(&self) -> &str {
        self.given().unwrap_or_default()
    }
}

/// A count; absent where it is null, negative, fractional or of another type.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) Option<u64>);

/// Whether a field says anything: null, `false`, `""` and `{}` do not.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Present(pub(crate) bool);

/// A key, borrowed where it has no escapes; one that has is none that we know.
pub(crate) struct Key<'a>(pub(crate) &'a str);

/// An object; the type's default where the field is null or of another type.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Lax<T>(pub(crate) T);

/// A list of objects; empty where the field is null or of another type.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

/// Message content: text, or a list of parts.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// Null, missing, or of another type.
    #[default]
    None,
    /// A string.
    Text(Cow<'a, str>),
    /// A list (Mistral).
    Parts(Vec<ContentPart<'a>>),
}

/// A part of listed content.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct ContentPart<'a> {
    #[serde(borrow, default)]
    pub(crate) text: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) refusal: Text<'a>,
    /// Mistral's reasoning: text, or a list of text parts.
    #[serde(borrow, default)]
    pub(crate) thinking: Content<'a>,
}

impl Content<'_> {
    /// All text in it, joined.
    pub(crate) fn flat(&self) -> Cow<'_, str> {
        match self {
            Content::None => Cow::Borrowed(""),
            Content::Text(text) => Cow::Borrowed(text),
            Content::Parts(parts) => parts.iter().map(|part| part.text.or_empty()).collect(),
        }
    }
}

/// Reads and forgets what is left of a list or object.
fn drain_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn drain_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<bool, A::Error> {
    let mut filled = false;
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
        filled = true;
    }
    Ok(filled)
}

/// The visits whose outcome is the type's default, so that each visitor lists only its own.
macro_rules! absent {
    ($value:ty: $($visit:ident),+) => { $(absent!(@ $visit $value);)+ };
    (@ unit $value:ty) => {
        fn visit_unit<E: Error>(self) -> Result<$value, E> { Ok(Default::default()) }
    };
    (@ bool $value:ty) => {
        fn visit_bool<E: Error>(self, _: bool) -> Result<$value, E> { Ok(Default::default()) }
    };
    (@ numbers $value:ty) => {
        fn visit_u64<E: Error>(self, _: u64) -> Result<$value, E> { Ok(Default::default()) }
        fn visit_i64<E: Error>(self, _: i64) -> Result<$value, E> { Ok(Default::default()) }
        fn visit_f64<E: Error>(self, _: f64) -> Result<$value, E> { Ok(Default::default()) }
    };
    (@ str $value:ty) => {
        fn visit_str<E: Error>(self, _: &str) -> Result<$value, E> { Ok(Default::default()) }
    };
    (@ seq $value:ty) => {
        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<$value, A::Error> {
            drain_seq(seq).map(|()| Default::default())
        }
    };
    (@ map $value:ty) => {
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<$value, A::Error> {
            drain_map(map).map(|_| Default::default())
        }
    };
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }

    absent!(Text<'de>: unit, bool, numbers, seq, map);
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(TextVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(key))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Key<'de>, E> {
        Ok(Key(""))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_str(KeyVisitor)
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count")
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<Count, E> {
        Ok(Count(Some(count)))
    }

    fn visit_i64<E: Error>(self, count: i64) -> Result<Count, E> {
        Ok(Count(u64::try_from(count).ok()))
    }

    fn visit_f64<E: Error>(self, count: f64) -> Result<Count, E> {
        Ok(Count(whole(count)))
    }

    absent!(Count: unit, bool, str, seq, map);
}

/// A float that stands for a whole count, for example `12.0` from a server written in a language
/// with one number type.
pub(crate) fn whole(value: f64) -> Option<u64> {
    let fits = value.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&value);
    fits.then_some(value as u64)
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(CountVisitor)
    }
}

struct PresentVisitor;

impl<'de> Visitor<'de> for PresentVisitor {
    type Value = Present;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, given: bool) -> Result<Present, E> {
        Ok(Present(given))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Present, E> {
        Ok(Present(!text.is_empty()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Present, A::Error> {
        let filled = seq.next_element::<IgnoredAny>()?.is_some();
        drain_seq(seq).map(|()| Present(filled))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Present, A::Error> {
        drain_map(map).map(Present)
    }

    absent!(Present: unit, numbers);
}

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(PresentVisitor)
    }
}

struct LaxVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for LaxVisitor<T> {
    type Value = Lax<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Lax<T>, A::Error> {
        T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Lax)
    }

    absent!(Lax<T>: unit, bool, numbers, str, seq);
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Lax<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(LaxVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(Lax(item)) = seq.next_element()? {
            list.push(item);
        }
        Ok(List(list))
    }

    absent!(List<T>: unit, bool, numbers, str, map);
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a list of parts")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Content<'de>, E> {
        Ok(Content::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Content<'de>, E> {
        Ok(Content::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Content<'de>, A::Error> {
        let mut parts = Vec::new();
        while let Some(Lax(part)) = seq.next_element::<Lax<ContentPart<'de>>>()? {
            parts.push(part);
        }
        Ok(Content::Parts(parts))
    }

    absent!(Content<'de>: unit, bool, numbers, map);
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(ContentVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_borrows_where_it_can_and_wrong_types_are_absent() {
        let plain: Text<'_> = serde_json::from_str(r#""plain""#).unwrap();
        assert!(matches!(plain.0, Some(Cow::Borrowed("plain"))));
        let escaped: Text<'_> = serde_json::from_str(r#""a\nb""#).unwrap();
        assert_eq!(escaped.given(), Some("a\nb"));
        for wrong in ["null", "1", "-1", "1.5", "true", "[1,[2]]", r#"{"a":{"b":1}}"#] {
            assert_eq!(serde_json::from_str::<Text<'_>>(wrong).unwrap(), Text(None), "{wrong}");
        }
        assert!(serde_json::from_str::<Text<'_>>(r#"{"a":"#).is_err());
    }

    #[test]
    fn counts_take_whole_floats_and_nothing_below_zero() {
        for (json, count) in [
            ("7", Some(7)),
            ("7.0", Some(7)),
            ("7.5", None),
            ("-7", None),
            ("-7.0", None),
            ("1e300", None),
            ("null", None),
            (r#""7""#, None),
            ("[7]", None),
        ] {
            assert_eq!(serde_json::from_str::<Count>(json).unwrap().0, count, "{json}");
        }
    }

    #[test]
    fn presence_ignores_what_says_nothing() {
        for (json, present) in [
            ("null", false),
            ("false", false),
            (r#""""#, false),
            ("{}", false),
            ("[]", false),
            ("0", false),
            ("true", true),
            (r#""x""#, true),
            (r#"{"message":null}"#, true),
            ("[0]", true),
        ] {
            assert_eq!(serde_json::from_str::<Present>(json).unwrap().0, present, "{json}");
        }
    }

    #[test]
    fn content_is_text_or_parts() {
        let parts: Content<'_> =
            serde_json::from_str(r#"[{"type":"text","text":"a"},7,{"text":"b"}]"#).unwrap();
        assert_eq!(parts.flat(), "ab");
        for nothing in ["null", "{}", "7", r#""x""#] {
            let list: List<Count> = serde_json::from_str(nothing).unwrap();
            assert_eq!(list, List(Vec::new()), "{nothing}");
        }
        assert_eq!(serde_json::from_str::<Content<'_>>("{}").unwrap(), Content::None);
    }
}
