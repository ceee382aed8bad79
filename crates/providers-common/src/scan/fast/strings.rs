//! JSON strings: where they end, what their escapes stand for, and that no control character is in
//! them. Every position is one behind the opening quote.

use super::index::Index;

/// What follows the string; half a surrogate pair is no fault of a string that nobody reads.
#[inline(always)]
pub(super) fn skip(json: &[u8], index: &mut Index, at: usize) -> Option<usize> {
    let end = index.next(json, at);
    skip_from(json, index, end)
}

/// As [`skip`], from where the string stops being plain.
#[inline(always)]
pub(super) fn skip_from(json: &[u8], index: &mut Index, at: usize) -> Option<usize> {
    if json.get(at) == Some(&b'"') { Some(at + 1) } else { skip_escapes(json, index, at) }
}

#[inline(never)]
fn skip_escapes(json: &[u8], index: &mut Index, mut at: usize) -> Option<usize> {
    loop {
        match json.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = index.next(json, skip_escape(json, at + 1)?),
            _ => return None,
        }
    }
}

fn skip_escape(json: &[u8], at: usize) -> Option<usize> {
    match json.get(at)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 1),
        b'u' => unit(json, at + 1).map(|_| at + 5),
        _ => None,
    }
}

/// Adds the text of the string to `out` and gives what follows it.
pub(super) fn unescape(
    text: &str,
    index: &mut Index,
    mut at: usize,
    out: &mut String,
) -> Option<usize> {
    let json = text.as_bytes();
    loop {
        let end = index.next(json, at);
        out.push_str(text.get(at..end)?);
        match json.get(end)? {
            b'"' => return Some(end + 1),
            b'\\' => {
                let (character, behind) = escape(json, end + 1)?;
                out.push(character);
                at = behind;
            }
            _ => return None,
        }
    }
}

/// What an escape stands for, given what follows its backslash, and where it ends.
fn escape(json: &[u8], at: usize) -> Option<(char, usize)> {
    let character = match json.get(at)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(json, at + 1),
        _ => return None,
    };
    Some((character, at + 1))
}

/// One or two UTF-16 units; a half pair stands for nothing.
fn unicode(json: &[u8], at: usize) -> Option<(char, usize)> {
    let high = unit(json, at)?;
    if !(0xD800..0xDC00).contains(&high) {
        return char::from_u32(u32::from(high)).map(|character| (character, at + 4));
    }
    if json.get(at + 4..at + 6)? != b"\\u" {
        return None;
    }
    let pair = [high, unit(json, at + 6)?];
    let character = char::decode_utf16(pair).next()?.ok()?;
    Some((character, at + 10))
}

/// Four hexadecimal digits.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits: &[u8; 4] = json.get(at..)?.first_chunk()?;
    let mut unit = 0;
    for digit in digits {
        let digit = char::from(*digit).to_digit(16)?;
        unit = unit << 4 | u16::try_from(digit).ok()?;
    }
    Some(unit)
}
