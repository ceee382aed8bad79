//! Finding entries in a body that a parser has already accepted, by its punctuation alone.
//!
//! Nothing here checks JSON; on anything else the answer is `None` or ranges that make no sense,
//! never a panic.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::{Entry, depth, range, slice};

/// Up to this many keys, comparing each with each is cheaper than hashing.
const FEW: usize = 32;

/// Entries from their keys' ranges: a value ends where the comma before the next key stands.
pub(super) fn values(text: &str, keys: Vec<Range<u32>>) -> Option<Vec<Entry>> {
    let bytes = text.as_bytes();
    let close = bytes.iter().rposition(|b| *b == b'}')?;
    let mut entries = Vec::with_capacity(keys.len());
    let mut keys = keys.into_iter().peekable();
    while let Some(key) = keys.next() {
        let colon = skip_space(bytes, key.end as usize + 1);
        let start = skip_space(bytes, colon + 1);
        let end = match keys.peek() {
            Some(next) => {
                // The next key's quote, then back over white space to the comma.
                let quote = (next.start as usize).checked_sub(1)?;
                trim_end(bytes, quote).checked_sub(1)?
            }
            None => close,
        };
        entries.push(Entry { key, value: range(start..trim_end(bytes, end))? });
    }
    Some(entries)
}

/// Entries by walking the whole top level; for bodies whose keys have escapes.
pub(super) fn entries(text: &str) -> Option<Vec<Entry>> {
    let bytes = text.as_bytes();
    let mut entries = Vec::new();
    let mut at = skip_space(bytes, 0);
    loop {
        // Behind the opening brace or a comma.
        at = skip_space(bytes, at + 1);
        if bytes.get(at) != Some(&b'"') {
            return (bytes.get(at) == Some(&b'}')).then_some(entries);
        }
        let key = at + 1..behind_string(bytes, at + 1) - 1;
        let colon = skip_space(bytes, key.end + 1);
        let start = skip_space(bytes, colon + 1);
        let end = value_end(bytes, start)?;
        entries.push(Entry { key: range(key)?, value: range(start..trim_end(bytes, end))? });
        if bytes.get(end) == Some(&b'}') {
            return Some(entries);
        }
        at = end;
    }
}

/// A key that stands there twice. `escaped` says whether any key may be written with escapes.
pub(super) fn duplicate<'b>(
    text: &'b str,
    entries: &[Entry],
    escaped: bool,
) -> Option<Cow<'b, str>> {
    if escaped || entries.len() > FEW {
        let mut seen = HashSet::with_capacity(entries.len());
        return entries
            .iter()
            .map(|entry| entry.name(text))
            .find(|name| !seen.insert(name.clone()));
    }
    // One bit for each shape of key met: a key of a new shape need not be compared.
    let mut shapes = 0_u64;
    for (at, entry) in entries.iter().enumerate() {
        let key = slice(text, &entry.key);
        let shape = 1 << shape(key);
        let before = entries.get(..at).unwrap_or_default();
        if shapes & shape != 0 && before.iter().any(|other| slice(text, &other.key) == key) {
            return Some(Cow::Borrowed(key));
        }
        shapes |= shape;
    }
    None
}

/// A number below 64 that differs for most keys which differ.
fn shape(key: &str) -> u32 {
    let byte = |byte: Option<&u8>| u32::from(byte.copied().unwrap_or_default());
    let (first, last) = (byte(key.as_bytes().first()), byte(key.as_bytes().last()));
    let length = u32::try_from(key.len() % 64).unwrap_or_default();
    (first * 5 + last * 3 + length * 11) % 64
}

/// Where the comma or closing brace behind the value stands.
fn value_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = behind_string(bytes, at + 1);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b',' if depth == 0 => return Some(at),
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at += 1;
    }
}

fn behind_string(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    bytes.len() - depth::behind_string(rest).len()
}

/// The first position at or behind `at` without white space.
fn skip_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|b| !space(*b)).unwrap_or(rest.len())
}

/// The end of `bytes[..end]` without trailing white space.
fn trim_end(bytes: &[u8], end: usize) -> usize {
    let head = bytes.get(..end).unwrap_or_default();
    head.iter().rposition(|b| !space(*b)).map_or(0, |last| last + 1)
}

fn space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}
