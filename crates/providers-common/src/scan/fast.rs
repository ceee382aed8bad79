//! The fast reader of a body's top level: what nearly every body goes through.
//!
//! A chat body is nearly all text that nobody reads here, and serde_json skips text slower than it
//! can be skipped. This reader accepts what serde_json accepts, nothing more and nothing less, and
//! says nothing about what it refuses: [`super::slow`] reads that again and finds the words.
//!
//! In reading order: [`index`] finds where strings end, [`strings`] and [`number`] the two tokens with a grammar, [`skip`] over values
//! that nobody wants, [`reader`] and [`values`] for those that somebody does, [`access`] their lists
//! and objects.

mod access;
mod index;
mod number;
mod reader;
mod skip;
mod strings;
mod values;

use serde::de::{self, DeserializeSeed, MapAccess};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::Fields;
use reader::{Reader, Text};

/// The body is not acceptable. Why is not known.
#[derive(Debug)]
pub(super) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not acceptable")
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        // Nobody sees the message, so it is not written.
        Self
    }
}

/// Where one field of the top level stands.
#[derive(Debug)]
pub(super) struct Field {
    /// The key, without its quotes.
    pub(super) key: Range<usize>,
    /// The value, without the white space around it.
    pub(super) value: Range<usize>,
    /// Whether the key is written with escapes.
    pub(super) escapes: bool,
}

/// Reads one JSON object, nested at most [`super::MAX_DEPTH`] deep, and nothing behind it. What
/// `keep` has no room for is refused.
pub(super) fn read<'de, F: Fields<'de>>(
    text: &'de str,
    fields: &mut F,
    mut keep: impl FnMut(Field) -> Option<()>,
) -> Result<(), Refused> {
    let mut reader = Reader::new(text);
    reader.open(b'{')?;
    let mut first = true;
    while reader.next_key(&mut first)? {
        let start = reader.at() + 1;
        let key = match reader.string()? {
            Text::Borrowed(key) => Cow::Borrowed(key),
            Text::Copied(key) => Cow::Owned(key.to_owned()),
        };
        let escapes = matches!(key, Cow::Owned(_));
        let key_range = start..reader.at() - 1;
        let mut one = One { reader: &mut reader, start: None };
        fields.field(&key, &mut one)?;
        let value = one.start.ok_or(Refused)?..reader.at();
        keep(Field { key: key_range, value, escapes }).ok_or(Refused)?;
    }
    reader.close(b'}')?;
    reader.finish()
}

/// Access to the value of the key at hand, which can be read once.
struct One<'a, 'de> {
    reader: &'a mut Reader<'de>,
    /// Where the value starts, once it was asked for.
    start: Option<usize>,
}

impl<'de> MapAccess<'de> for One<'_, 'de> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        _: K,
    ) -> Result<Option<K::Value>, Refused> {
        self.reader.refuse()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        if self.start.is_some() {
            return self.reader.refuse();
        }
        self.start = Some(self.reader.value_start()?);
        seed.deserialize(&mut *self.reader)
    }
}

#[cfg(test)]
mod tests;
