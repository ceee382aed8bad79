//! Reading a body's top level in one pass: the checks every dialect shares, and where each key
//! stands, so that [`crate::splice`] can edit without parsing again.
//!
//! This is the hot path of every request: one UTF-8 check and one pass of a reader made for it
//! (`fast`), which takes exactly what serde_json takes. What went wrong is worked out only after
//! it did, by serde_json (`slow`). It never changes a byte and never builds a tree.

mod depth;
mod duplicate;
mod explain;
mod fast;
mod slow;

use serde::de::{IgnoredAny, MapAccess};
use std::borrow::Cow;
use std::ops::Range;

use crate::client::BadRequest;

/// Deepest nesting accepted, the outermost object included: what serde_json's typed readers take,
/// so that a body that passes here never fails there for its depth.
pub const MAX_DEPTH: usize = 127;

/// Where the entries of a top-level object stand in its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    entries: Vec<Entry>,
    /// Length of the body, to notice a layout that is another body's.
    len: usize,
}

/// One key and its value, as byte ranges of the body; the key without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key's text as it is written, escapes included.
    pub key: Range<u32>,
    /// The value, without surrounding white space.
    pub value: Range<u32>,
}

impl Layout {
    /// The entries in the order of the body.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The value of `key` as it is written in `body`, which must be the body that was read.
    #[must_use]
    pub fn value<'b>(&self, body: &'b [u8], key: &str) -> Option<&'b str> {
        let entry = self.entries.iter().find(|entry| entry.is(body, key))?;
        std::str::from_utf8(entry.value_bytes(body)?).ok()
    }

    /// Whether `body`, which must be the body that was read, has `key`.
    #[must_use]
    pub fn has(&self, body: &[u8], key: &str) -> bool {
        self.entries.iter().any(|entry| entry.is(body, key))
    }

    /// The entries alone.
    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Whether this can be the layout of a body of this length.
    pub(crate) fn fits(&self, body: &[u8]) -> bool {
        self.len == body.len()
    }
}

impl Entry {
    /// Whether the entry's key, unescaped, is `key`.
    ///
    /// Works on bytes: the body was checked once, and checking all of it again for every key that
    /// is looked up would cost more than the look.
    pub(crate) fn is(&self, body: &[u8], key: &str) -> bool {
        let raw = body.get(widen(&self.key)).unwrap_or_default();
        if raw.len() == key.len() {
            // An escape is longer than what it stands for, so there is none if they are equal.
            return raw == key.as_bytes() && !raw.contains(&b'\\');
        }
        raw.len() > key.len()
            && raw.contains(&b'\\')
            && std::str::from_utf8(raw).is_ok_and(|raw| unescape(raw) == key)
    }

    /// The entry's key, unescaped.
    pub(crate) fn name<'b>(&self, body: &'b str) -> Cow<'b, str> {
        unescape(slice(body, &self.key))
    }

    /// The entry's value as it is written.
    pub(crate) fn value_bytes<'b>(&self, body: &'b [u8]) -> Option<&'b [u8]> {
        body.get(widen(&self.value))
    }
}

/// Takes the fields of a top-level object as [`object`] meets them.
///
/// A body that [`object`] refuses may be read twice, the second time for the words of its error:
/// what the fields hold after an error means nothing.
pub trait Fields<'de> {
    /// Reads the value of `key`, and no other, from `map` (skip it with `serde::de::IgnoredAny`).
    ///
    /// # Errors
    /// Whatever the value's deserializer says: a field that swallows it has the body refused.
    /// [`object`]'s caller then explains with a slow pass.
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Reads a body in one pass: valid UTF-8, one JSON object, nested at most [`MAX_DEPTH`] deep,
/// no duplicate top-level keys.
///
/// A value that `fields` skips is checked as JSON, but not for what only its reader can mind: a
/// number out of range, half a surrogate pair, duplicate keys further down.
///
/// # Errors
/// Codes `invalid_utf8`, `invalid_json`, `too_deep`; a field's own error comes as
/// `invalid_request` with line and column, for the caller to explain better.
pub fn object<'de, F: Fields<'de>>(body: &'de [u8], fields: &mut F) -> Result<Layout, BadRequest> {
    let text = utf8(body)?;
    let mut entries = Vec::with_capacity(16);
    let mut escaped = false;
    let keep = |fast::Field { key, value, escapes }: fast::Field| {
        escaped |= escapes;
        entries.push(Entry { key: range(key)?, value: range(value)? });
        Some(())
    };
    if fast::read(text, fields, keep).is_err() {
        return Err(slow::refusal(text, fields));
    }
    if let Some(key) = duplicate::find(text, &entries, escaped) {
        return Err(explain::duplicate(&key));
    }
    Ok(Layout { entries, len: text.len() })
}

/// Hands a body's fields to `fields` as [`object`] does, for a reader that minds no key that stands
/// there twice and needs no layout; `false` where [`object`] would refuse the body for another
/// reason.
pub fn fields<'de, F: Fields<'de>>(body: &'de [u8], fields: &mut F) -> bool {
    utf8(body).is_ok_and(|text| fast::read(text, fields, |_| Some(())).is_ok())
}

/// The layout of a body of which nothing else is wanted.
///
/// # Errors
/// As [`object`].
pub fn layout(body: &[u8]) -> Result<Layout, BadRequest> {
    struct Skip;
    impl<'de> Fields<'de> for Skip {
        fn field<A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
            map.next_value::<IgnoredAny>().map(|_| ())
        }
    }
    object(body, &mut Skip)
}

/// The whole body as a tree, for the slow pass that explains what a typed reader refused.
///
/// # Errors
/// As [`object`], and for what only a full reading notices, for example half a surrogate pair.
pub fn parse_value(body: &[u8]) -> Result<serde_json::Value, BadRequest> {
    let text = utf8(body)?;
    if depth::exceeds(body, MAX_DEPTH) {
        return Err(explain::depth());
    }
    serde_json::from_str(text).map_err(|error| explain::json(text, &error))
}

/// The body as text: checked in blocks, and looked at again only for the words of an error.
fn utf8(body: &[u8]) -> Result<&str, BadRequest> {
    simdutf8::basic::from_utf8(body)
        .or_else(|_| std::str::from_utf8(body).map_err(|error| explain::utf8(body, error)))
}

fn range(range: Range<usize>) -> Option<Range<u32>> {
    Some(u32::try_from(range.start).ok()?..u32::try_from(range.end).ok()?)
}

fn widen(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

fn slice<'b>(text: &'b str, range: &Range<u32>) -> &'b str {
    text.get(widen(range)).unwrap_or_default()
}

/// The text of a JSON string given without its quotes.
fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let quoted = format!("\"{raw}\"");
    serde_json::from_str(&quoted).map_or(Cow::Borrowed(raw), Cow::Owned)
}

#[cfg(test)]
pub(crate) mod tests;
