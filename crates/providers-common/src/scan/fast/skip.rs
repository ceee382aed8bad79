//! Skipping a value that nobody wants, but that must be JSON all the same.

use super::index::Index;
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
pub(super) fn value(json: &[u8], index: &mut Index, mut at: usize, room: usize) -> Option<usize> {
    let mut open = Open { kinds: 0, levels: 0, room: room.min(LEVELS) };
    loop {
        let step = match open.in_object() {
            true => member(json, index, &mut open, at)?,
            false => start(json, index, &mut open, at)?,
        };
        at = match step {
            Step::Inside(next) => next,
            Step::Behind(end) => match behind(json, &mut open, end)? {
                Step::Inside(next) => next,
                Step::Behind(end) => return Some(end),
            },
        };
    }
}

/// Where a step leads to.
enum Step {
    /// The next value or key.
    Inside(usize),
    /// What follows a value.
    Behind(usize),
}

/// Over a member of an object, from its key on, and over those that follow it as long as they are
/// texts, written without white space, as most of a schema is.
#[inline(always)]
fn member(json: &[u8], index: &mut Index, open: &mut Open, mut at: usize) -> Option<Step> {
    loop {
        if json.get(at) != Some(&b'"') {
            return None;
        }
        let quote = index.next(json, at + 1);
        if !json.get(quote..)?.starts_with(b"\":\"") {
            let colon = space(json, strings::skip_from(json, index, quote)?);
            if json.get(colon) != Some(&b':') {
                return None;
            }
            return start(json, index, open, space(json, colon + 1));
        }
        let end = strings::skip(json, index, quote + 3)?;
        if !json.get(end..)?.starts_with(b",\"") {
            return Some(Step::Behind(end));
        }
        at = end + 1;
    }
}

/// Over a value without parts, or into a list or an object.
#[inline(always)]
fn start(json: &[u8], index: &mut Index, open: &mut Open, at: usize) -> Option<Step> {
    let end = match json.get(at)? {
        b'"' => strings::skip(json, index, at + 1)?,
        bracket @ (b'{' | b'[') => {
            let object = *bracket == b'{';
            open.push(object)?;
            let first = space(json, at + 1);
            // Nothing in it: its end is found like that of any other.
            let empty = json.get(first) == Some(if object { &b'}' } else { &b']' });
            return Some(if empty { Step::Behind(first) } else { Step::Inside(first) });
        }
        b't' => literal(json, at, b"true")?,
        b'f' => literal(json, at, b"false")?,
        b'n' => literal(json, at, b"null")?,
        b'-' | b'0'..=b'9' => number::skip(json, at)?,
        _ => return None,
    };
    Some(Step::Behind(end))
}

/// From behind a value to the next one, out of all that ends there; behind everything in the end.
#[inline(always)]
fn behind(json: &[u8], open: &mut Open, mut at: usize) -> Option<Step> {
    loop {
        if open.levels == 0 {
            return Some(Step::Behind(at));
        }
        at = space(json, at);
        let next = json.get(at)?;
        at += 1;
        if *next == b',' {
            return Some(Step::Inside(space(json, at)));
        }
        open.pop(*next)?;
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

/// What follows a literal.
#[inline]
pub(super) fn literal(json: &[u8], at: usize, literal: &[u8]) -> Option<usize> {
    json.get(at..)?.starts_with(literal).then_some(at + literal.len())
}
