//! Lists and objects of the reader, item by item.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Refused;
use super::reader::{Reader, Text, delegated};
use super::values::delegates;

/// A list that is being read.
pub(super) struct Seq<'a, 'de> {
    reader: &'a mut Reader<'de>,
    first: bool,
}

impl<'a, 'de> Seq<'a, 'de> {
    pub(super) fn new(reader: &'a mut Reader<'de>) -> Self {
        Self { reader, first: true }
    }
}

impl<'de> SeqAccess<'de> for Seq<'_, 'de> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        if !self.reader.next_item(&mut self.first)? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

/// An object that is being read.
pub(super) struct Map<'a, 'de> {
    reader: &'a mut Reader<'de>,
    first: bool,
}

impl<'a, 'de> Map<'a, 'de> {
    pub(super) fn new(reader: &'a mut Reader<'de>) -> Self {
        Self { reader, first: true }
    }
}

impl<'de> MapAccess<'de> for Map<'_, 'de> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refused> {
        if !self.reader.next_key(&mut self.first)? {
            return Ok(None);
        }
        seed.deserialize(Key { reader: self.reader }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        self.reader.value_start()?;
        seed.deserialize(&mut *self.reader)
    }
}

/// The key that is next; its quote is there.
struct Key<'a, 'de> {
    reader: &'a mut Reader<'de>,
}

impl<'de> Key<'_, 'de> {
    /// Has serde_json read the key with its quotes.
    fn delegate<T>(
        self,
        read: impl FnOnce(
            &mut serde_json::Deserializer<serde_json::de::StrRead<'de>>,
        ) -> serde_json::Result<T>,
    ) -> Result<T, Refused> {
        let key = self.reader.skip()?;
        delegated(key, read).or_else(|Refused| self.reader.refuse())
    }

    /// Has serde_json read what is between the quotes, where it could be a number or a literal.
    fn unquoted<T>(
        self,
        read: impl FnOnce(
            &mut serde_json::Deserializer<serde_json::de::StrRead<'de>>,
        ) -> serde_json::Result<T>,
    ) -> Result<T, Refused> {
        let plain = |key: &&str| !key.contains(|c: char| c.is_ascii_whitespace());
        let Text::Borrowed(key) = self.reader.string()? else { return self.reader.refuse() };
        let read = Some(key).filter(plain).map(|key| delegated(key, read));
        read.unwrap_or(Err(Refused)).or_else(|Refused| self.reader.refuse())
    }
}

/// Implements the methods for keys that are numbers or booleans in quotes.
macro_rules! unquoted {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            self.unquoted(|reader| reader.$method(visitor))
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_, 'de> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.reader.string()? {
            Text::Borrowed(key) => visitor.visit_borrowed_str(key),
            Text::Copied(key) => visitor.visit_str(key),
        }
    }

    unquoted! {
        deserialize_bool
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    delegates! {
        deserialize_bytes()
        deserialize_byte_buf()
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        // A key is never null.
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        if name.starts_with('$') {
            // A name that no type has: a raw key, which the reader of values knows.
            return self.reader.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
