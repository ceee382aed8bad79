//! A pull reader over JSON text: where it stands, what is next, and how deep.

use serde::de::{Deserializer, Visitor};
use serde_json::de::StrRead;

use super::access::{Map, Seq};
use super::index::Index;
use super::{Refused, number, skip, strings};
use crate::scan::MAX_DEPTH;

/// A text and how far it is read. After a refusal of its own it reads nothing any more, so that no
/// visitor can go on behind one.
#[derive(Debug)]
pub(super) struct Reader<'de> {
    text: &'de str,
    at: usize,
    depth: usize,
    index: Index,
    /// The last string that had escapes, without them.
    copied: String,
}

/// A string of the text.
pub(super) enum Text<'de, 'r> {
    /// As it stands there.
    Borrowed(&'de str),
    /// It had escapes.
    Copied(&'r str),
}

impl<'de> Reader<'de> {
    pub(super) fn new(text: &'de str) -> Self {
        Self { text, at: 0, depth: 0, index: Index::new(), copied: String::new() }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Gives up for good: at its end, the text cannot be complete.
    #[cold]
    pub(super) fn refuse<T>(&mut self) -> Result<T, Refused> {
        self.at = self.text.len();
        Err(Refused)
    }

    /// The next byte that is no white space, without reading it.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.at = skip::space(self.text.as_bytes(), self.at);
        self.text.as_bytes().get(self.at).copied()
    }

    /// Reads one byte of punctuation.
    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Refused> {
        if self.peek() != Some(byte) {
            return self.refuse();
        }
        self.at += 1;
        Ok(())
    }

    /// Goes into a list or object.
    pub(super) fn open(&mut self, bracket: u8) -> Result<(), Refused> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { self.refuse() } else { self.expect(bracket) }
    }

    /// Leaves the list or object, of which everything must be read.
    pub(super) fn close(&mut self, bracket: u8) -> Result<(), Refused> {
        self.depth -= 1;
        self.expect(bracket)
    }

    /// Whether nothing is left.
    pub(super) fn finish(mut self) -> Result<(), Refused> {
        if self.peek().is_none() { Ok(()) } else { Err(Refused) }
    }

    /// Whether an object goes on, and if it does, goes to the quote of its next key.
    #[inline]
    pub(super) fn next_key(&mut self, first: &mut bool) -> Result<bool, Refused> {
        match self.peek() {
            Some(b'}') => return Ok(false),
            Some(b',') if !*first => self.at += 1,
            Some(b'"') if *first => {}
            _ => return self.refuse(),
        }
        *first = false;
        if self.peek() == Some(b'"') { Ok(true) } else { self.refuse() }
    }

    /// Whether a list goes on, and if it does, goes to its next value.
    #[inline]
    pub(super) fn next_item(&mut self, first: &mut bool) -> Result<bool, Refused> {
        match self.peek() {
            Some(b']') => return Ok(false),
            Some(b',') if !*first => self.at += 1,
            Some(_) if *first => *first = false,
            _ => return self.refuse(),
        }
        Ok(true)
    }

    /// Goes from behind a key to its value.
    #[inline]
    pub(super) fn value_start(&mut self) -> Result<usize, Refused> {
        self.expect(b':')?;
        self.peek();
        Ok(self.at)
    }

    /// Reads the string whose quote is next.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Text<'de, '_>, Refused> {
        let start = self.at + 1;
        let end = self.index.next(self.text.as_bytes(), start);
        if self.text.as_bytes().get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(Text::Borrowed(self.text.get(start..end).unwrap_or_default()));
        }
        self.copied.clear();
        match strings::unescape(self.text, &mut self.index, start, &mut self.copied) {
            Some(end) => self.at = end,
            None => return self.refuse(),
        }
        Ok(Text::Copied(&self.copied))
    }

    /// Skips a value and gives its text.
    pub(super) fn skip(&mut self) -> Result<&'de str, Refused> {
        self.peek();
        let start = self.at;
        let room = MAX_DEPTH.saturating_sub(self.depth);
        match skip::value(self.text.as_bytes(), &mut self.index, start, room) {
            Some(end) => self.at = end,
            None => return self.refuse(),
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Has serde_json read the next value.
    pub(super) fn delegate<T>(
        &mut self,
        read: impl FnOnce(&mut serde_json::Deserializer<StrRead<'de>>) -> serde_json::Result<T>,
    ) -> Result<T, Refused> {
        let value = self.skip()?;
        delegated(value, read).or_else(|Refused| self.refuse())
    }

    pub(super) fn literal(&mut self, literal: &[u8]) -> Result<(), Refused> {
        match skip::literal(self.text.as_bytes(), self.at, literal) {
            Some(end) => self.at = end,
            None => return self.refuse(),
        }
        Ok(())
    }

    pub(super) fn seq<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        self.open(b'[')?;
        let value = visitor.visit_seq(Seq::new(self))?;
        self.close(b']')?;
        Ok(value)
    }

    pub(super) fn map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        self.open(b'{')?;
        let value = visitor.visit_map(Map::new(self))?;
        self.close(b'}')?;
        Ok(value)
    }

    pub(super) fn text<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        match self.string()? {
            Text::Borrowed(text) => visitor.visit_borrowed_str(text),
            Text::Copied(text) => visitor.visit_str(text),
        }
    }

    pub(super) fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        let start = self.at;
        match number::skip(self.text.as_bytes(), start) {
            Some(end) => self.at = end,
            None => return self.refuse(),
        }
        let number = self.text.get(start..self.at).unwrap_or_default();
        match number::small(number) {
            Some(small) => visitor.visit_u64(small),
            None => delegated(number, |reader| reader.deserialize_any(visitor))
                .or_else(|Refused| self.refuse()),
        }
    }
}

/// Has serde_json read all of `text`.
pub(super) fn delegated<'de, T>(
    text: &'de str,
    read: impl FnOnce(&mut serde_json::Deserializer<StrRead<'de>>) -> serde_json::Result<T>,
) -> Result<T, Refused> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = read(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|_| Refused)
}
