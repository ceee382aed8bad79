//! JSON strings: where they end, what their escapes stand for, and that no control character is in
//! them. Every position is one behind the opening quote.

use wide::u8x16;

/// Most keys and words of a vocabulary are shorter; only behind that do blocks save anything.
const SHORT: usize = 16;
const BLOCK: usize = 32;

/// Where the text from `at` on stops being plain: at a quote, a backslash, a control character or
/// the end of `json`.
#[inline(always)]
pub(super) fn plain_end(json: &[u8], at: usize) -> usize {
    let Some(head) = chunk::<SHORT>(json, at) else { return last_bytes(json, at) };
    match first_special(head) {
        Some(found) => at + found,
        None => plain_end_of_long(json, at + SHORT),
    }
}

#[inline(never)]
fn plain_end_of_long(json: &[u8], mut at: usize) -> usize {
    while let Some(block) = chunk::<BLOCK>(json, at) {
        if any_special(block) {
            break;
        }
        at += BLOCK;
    }
    while let Some(short) = chunk::<SHORT>(json, at) {
        match first_special(short) {
            Some(found) => return at + found,
            None => at += SHORT,
        }
    }
    last_bytes(json, at)
}

fn chunk<const N: usize>(json: &[u8], at: usize) -> Option<&[u8; N]> {
    json.get(at..)?.first_chunk()
}

/// The first byte that is not plain.
#[inline(always)]
fn first_special(bytes: &[u8; SHORT]) -> Option<usize> {
    let mask = specials(bytes).to_bitmask();
    (mask != 0).then(|| mask.trailing_zeros() as usize)
}

/// Whether any byte of a block is not plain.
#[inline(always)]
fn any_special(block: &[u8; BLOCK]) -> bool {
    let (halves, _) = block.as_chunks::<SHORT>();
    halves.iter().fold(u8x16::default(), |any, half| any | specials(half)).any()
}

/// All ones where a byte is a quote, a backslash or a control character.
#[inline(always)]
fn specials(bytes: &[u8; SHORT]) -> u8x16 {
    let bytes = u8x16::new(*bytes);
    let quotes = bytes.simd_eq(u8x16::splat(b'"'));
    let backslashes = bytes.simd_eq(u8x16::splat(b'\\'));
    // Only what is no greater than the last control character is the lesser of the two.
    let controls = bytes.simd_eq(bytes.min(u8x16::splat(0x1f)));
    quotes | backslashes | controls
}

/// For the end of the body, where no sixteen bytes are left.
#[inline(never)]
fn last_bytes(json: &[u8], at: usize) -> usize {
    let rest = json.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || matches!(byte, b'"' | b'\\')
}

/// What follows the string; half a surrogate pair is no fault of a string that nobody reads.
#[inline(always)]
pub(super) fn skip(json: &[u8], at: usize) -> Option<usize> {
    let end = plain_end(json, at);
    if json.get(end) == Some(&b'"') { Some(end + 1) } else { skip_escapes(json, end) }
}

/// As [`skip`], from where the string stopped being plain.
#[inline(never)]
fn skip_escapes(json: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match json.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = plain_end(json, skip_escape(json, at + 1)?),
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
pub(super) fn unescape(text: &str, mut at: usize, out: &mut String) -> Option<usize> {
    let json = text.as_bytes();
    loop {
        let end = plain_end(json, at);
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
    let digits: &[u8; 4] = chunk(json, at)?;
    let mut unit = 0;
    for digit in digits {
        let digit = char::from(*digit).to_digit(16)?;
        unit = unit << 4 | u16::try_from(digit).ok()?;
    }
    Some(unit)
}
