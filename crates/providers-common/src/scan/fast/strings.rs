//! JSON strings: where they end, what their escapes stand for, and that no control character is in
//! them. Every position is one behind the opening quote.

/// Bytes looked at in one step of [`find`].
const WORD: usize = 8;
/// Most keys and words of a vocabulary are shorter; only behind that do blocks save anything.
const SHORT: usize = 2 * WORD;
const BLOCK: usize = 4 * WORD;

/// Where the text from `at` on stops being plain: at a quote, a backslash, a control character or
/// the end of `json`.
#[inline(always)]
pub(super) fn plain_end(json: &[u8], at: usize) -> usize {
    let Some(head) = chunk::<SHORT>(json, at) else { return last_bytes(json, at) };
    match find(head) {
        Some(found) => at + found,
        None => plain_end_of_long(json, at + SHORT),
    }
}

#[inline(never)]
fn plain_end_of_long(json: &[u8], mut at: usize) -> usize {
    while let Some(block) = chunk::<BLOCK>(json, at) {
        if any_special(block)
            && let Some(found) = find(block)
        {
            return at + found;
        }
        at += BLOCK;
    }
    last_bytes(json, at)
}

fn chunk<const N: usize>(json: &[u8], at: usize) -> Option<&[u8; N]> {
    json.get(at..)?.first_chunk()
}

/// The first byte that is not plain.
#[inline(always)]
fn find<const N: usize>(block: &[u8; N]) -> Option<usize> {
    let (words, _) = block.as_chunks::<WORD>();
    for (index, word) in words.iter().enumerate() {
        let mask = special_bits(u64::from_le_bytes(*word));
        if mask != 0 {
            return Some(index * WORD + mask.trailing_zeros() as usize / 8);
        }
    }
    None
}

/// The high bit of the first byte that is not plain, and maybe of others behind it; 0 where all
/// are plain.
#[inline(always)]
fn special_bits(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    // Taking n from a byte below 128 sets its high bit if it was less than n. A byte borrows from
    // the next one only where that is so: the lowest bit is always right.
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * 0x22)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * 0x5c)).wrapping_sub(ONES);
    (control | quote | backslash) & !word & (ONES * 0x80)
}

/// Whether any byte is not plain; the compiler makes this a few wide instructions.
#[inline]
fn any_special(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(false, |any, byte| {
        // One minimum of three numbers takes fewer of them than three comparisons.
        let least = (byte ^ b'"').min(byte ^ b'\\').min(byte.saturating_sub(0x1f));
        any | (least == 0)
    })
}

/// For the end of the body, where no whole block is left.
#[inline(never)]
fn last_bytes(json: &[u8], mut at: usize) -> usize {
    while let Some(word) = chunk::<WORD>(json, at) {
        match find(word) {
            Some(found) => return at + found,
            None => at += WORD,
        }
    }
    let rest = json.get(at..).unwrap_or_default();
    let special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    at + rest.iter().position(special).unwrap_or(rest.len())
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
