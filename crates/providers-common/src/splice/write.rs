//! Writing an edited object: runs of untouched bytes are copied whole, commas stay right.

use bytes::Bytes;

use super::quote;
use crate::scan::Entry;

/// Takes changes in the order of the entries, then additions.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    text: &'a [u8],
    entries: &'a [Entry],
    out: Vec<u8>,
    /// The body is written up to here.
    done: usize,
    /// Entries removed so far.
    removed: usize,
    /// Entries added so far.
    added: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(text: &'a [u8], entries: &'a [Entry], capacity: usize) -> Self {
        let out = Vec::with_capacity(capacity);
        Self { text, entries, out, done: 0, removed: 0, added: 0 }
    }

    /// Writes a new key, a new value, or both in an entry's place.
    pub(super) fn replace(&mut self, index: usize, key: Option<&str>, value: Option<&str>) {
        let Some(Entry { key: old_key, value: old_value }) = self.entries.get(index) else {
            return;
        };
        if let Some(key) = key {
            // The quotes around the old key go as well.
            self.copy_to((old_key.start as usize).saturating_sub(1));
            self.out.extend_from_slice(quote(key).as_bytes());
            self.done = old_key.end as usize + 1;
        }
        if let Some(value) = value {
            self.copy_to(old_value.start as usize);
            self.out.extend_from_slice(value.as_bytes());
            self.done = old_value.end as usize;
        }
    }

    /// Leaves an entry out, and the comma that would be left over.
    pub(super) fn remove(&mut self, index: usize) {
        let Some(entry) = self.entries.get(index) else { return };
        self.copy_to(self.end_before(index));
        self.done = entry.value.end as usize;
        if self.removed == index {
            // Nothing stays before it, so the comma behind it has to go; else the one before it
            // has gone.
            let rest = self.text.get(self.done..).unwrap_or_default();
            let spaces = rest.iter().take_while(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t'));
            let behind = rest.get(spaces.count()..).unwrap_or_default();
            if let Some(behind) = behind.strip_prefix(b",") {
                self.done = self.text.len() - behind.len();
            }
        }
        self.removed += 1;
    }

    /// Adds an entry behind all others.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        self.copy_to(self.end_before(self.entries.len()));
        if self.removed < self.entries.len() || self.added > 0 {
            self.out.push(b',');
        }
        self.out.extend_from_slice(quote(key).as_bytes());
        self.out.push(b':');
        self.out.extend_from_slice(value.as_bytes());
        self.added += 1;
    }

    pub(super) fn finish(mut self) -> Bytes {
        self.copy_to(self.text.len());
        Bytes::from(self.out)
    }

    /// Where what stands before the entry at `index` ends: a value or the opening brace.
    fn end_before(&self, index: usize) -> usize {
        let before = index.checked_sub(1).and_then(|before| self.entries.get(before));
        before.map_or_else(
            || memchr::memchr(b'{', self.text).map_or(0, |open| open + 1),
            |entry| entry.value.end as usize,
        )
    }

    /// Copies the body up to `end`; nothing where that is already behind.
    fn copy_to(&mut self, end: usize) {
        self.out.extend_from_slice(self.text.get(self.done..end).unwrap_or_default());
        self.done = self.done.max(end);
    }
}
