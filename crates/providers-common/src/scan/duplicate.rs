//! Keys that stand twice in one object.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Entry, slice};

/// Up to this many keys, comparing each with each is cheaper than hashing.
const FEW: usize = 32;

/// A key that stands there twice. `escaped` says whether any key may be written with escapes.
pub(super) fn find<'b>(text: &'b str, entries: &[Entry], escaped: bool) -> Option<Cow<'b, str>> {
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
