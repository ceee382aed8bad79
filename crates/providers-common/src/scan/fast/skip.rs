//! Skipping a value that nobody wants, but that must be JSON all the same.

use super::{number, strings};

/// The deepest that [`value`] can go: it keeps one bit for each level.
const LEVELS: usize = 128;

/// The first position at or behind `at` without white space.
#[inline]
pub(super) fn space(json: &[u8], at: usize) -> usize {
    match json.get(at) {
        // No white space is greater than a space, and every token is.
        Some(byte) if *byte > b' ' => at,
        _ => spaces(json, at),
    }
}

#[inline(never)]
fn spaces(json: &[u8], mut at: usize) -> usize {
    while matches!(json.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
        // Bodies written for people are indented with many.
        while json.get(at..).is_some_and(|rest| rest.starts_with(b"        ")) {
            at += 8;
        }
    }
    at
}

/// What follows the value that starts at `at`, which may nest `room` levels deep; `None` where it
/// is no value or nests deeper.
pub(super) fn value(json: &[u8], mut at: usize, room: usize) -> Option<usize> {
    let mut open = Open { kinds: 0, levels: 0, room: room.min(LEVELS) };
    loop {
        if open.in_object() {
            at = key(json, at)?;
        }
        match json.get(at)? {
            b'"' => at = strings::skip(json, at + 1)?,
            bracket @ (b'{' | b'[') => {
                let object = *bracket == b'{';
                open.push(object)?;
                at = space(json, at + 1);
                if json.get(at) != Some(if object { &b'}' } else { &b']' }) {
                    continue;
                }
            }
            b't' => at = literal(json, at, b"true")?,
            b'f' => at = literal(json, at, b"false")?,
            b'n' => at = literal(json, at, b"null")?,
            b'-' | b'0'..=b'9' => at = number::skip(json, at)?,
            _ => return None,
        }
        // Behind a value, or at the end of an empty list or object.
        loop {
            if open.levels == 0 {
                return Some(at);
            }
            at = space(json, at);
            let next = json.get(at)?;
            at += 1;
            if *next == b',' {
                at = space(json, at);
                break;
            }
            open.pop(*next)?;
        }
    }
}

/// The lists and objects around a position.
struct Open {
    /// One bit for each, the innermost lowest: whether it is an object.
    kinds: u128,
    levels: usize,
    room: usize,
}

impl Open {
    fn in_object(&self) -> bool {
        self.kinds & 1 == 1
    }

    #[inline]
    fn push(&mut self, object: bool) -> Option<()> {
        if self.levels == self.room {
            return None;
        }
        self.levels += 1;
        self.kinds = self.kinds << 1 | u128::from(object);
        Some(())
    }

    /// Closes the innermost, if that is its bracket.
    #[inline]
    fn pop(&mut self, bracket: u8) -> Option<()> {
        if bracket != if self.in_object() { b'}' } else { b']' } {
            return None;
        }
        self.levels -= 1;
        self.kinds >>= 1;
        Some(())
    }
}

/// Where the value of the key at `at` starts.
#[inline(always)]
fn key(json: &[u8], at: usize) -> Option<usize> {
    if json.get(at) != Some(&b'"') {
        return None;
    }
    let colon = space(json, strings::skip(json, at + 1)?);
    (json.get(colon) == Some(&b':')).then(|| space(json, colon + 1))
}

/// What follows a literal.
#[inline]
pub(super) fn literal(json: &[u8], at: usize, literal: &[u8]) -> Option<usize> {
    json.get(at..)?.starts_with(literal).then_some(at + literal.len())
}
