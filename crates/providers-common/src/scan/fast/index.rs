//! Where quotes, backslashes and control characters stand: all that a string can end at, found for
//! sixty-four bytes at a time and only once.
//!
//! Keys and words of a schema are short, so looking for the end of each by itself would look at most
//! bytes several times. It must never say that a byte is plain that is not.

use wide::u8x16;

const LANE: usize = 16;
const BLOCK: usize = 64;

/// The special bytes of the block that was looked at last. Belongs to one text.
#[derive(Debug)]
pub(super) struct Index {
    /// Where the block starts: a multiple of its length, or nowhere.
    base: usize,
    /// One bit for each of its bytes, the first lowest.
    specials: u64,
}

impl Index {
    pub(super) fn new() -> Self {
        Self { base: usize::MAX, specials: 0 }
    }

    /// The first special byte at or behind `at`, or the end of `json`, which no `at` is behind.
    #[inline(always)]
    pub(super) fn next(&mut self, json: &[u8], at: usize) -> usize {
        let within = at % BLOCK;
        if self.base != at - within {
            self.look(json, at - within);
        }
        let ahead = self.specials >> within;
        if ahead == 0 { self.beyond(json) } else { at + ahead.trailing_zeros() as usize }
    }

    /// As [`Self::next`], when there is none in this block.
    #[inline(never)]
    fn beyond(&mut self, json: &[u8]) -> usize {
        loop {
            // The end of the text is special, so this ends there.
            self.look(json, self.base + BLOCK);
            if self.specials != 0 {
                return self.base + self.specials.trailing_zeros() as usize;
            }
        }
    }

    #[inline(always)]
    fn look(&mut self, json: &[u8], base: usize) {
        let rest = json.get(base..).unwrap_or_default();
        self.base = base;
        self.specials = match rest.first_chunk() {
            Some(block) => specials(block),
            None => specials_of_last(rest),
        };
    }
}

/// For the end of the text: what would stand behind it counts as a control character.
#[cold]
fn specials_of_last(rest: &[u8]) -> u64 {
    let mut block = [0; BLOCK];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    specials(&block)
}

#[inline(always)]
fn specials(block: &[u8; BLOCK]) -> u64 {
    let (lanes, _) = block.as_chunks::<LANE>();
    let bits = |lane: &[u8; LANE]| u64::from(special(*lane).to_bitmask());
    lanes.iter().rev().fold(0, |all, lane| all << LANE | bits(lane))
}

/// All ones where a byte is a quote, a backslash or a control character.
#[inline(always)]
fn special(bytes: [u8; LANE]) -> u8x16 {
    let bytes = u8x16::new(bytes);
    let backslashes = bytes.simd_eq(u8x16::splat(b'\\'));
    // Flipping this bit brings the quote to the control characters, and none of them away.
    let flipped = bytes ^ u8x16::splat(b'"' ^ b' ');
    // Only what is no greater than the limit is the lesser of the two.
    let others = flipped.simd_eq(flipped.min(u8x16::splat(b' ')));
    backslashes | others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_what_looking_at_each_byte_finds() {
        // Every byte at every place of two blocks and a bit, from every start before it.
        for byte in 0..=u8::MAX {
            let is_special = byte < 0x20 || matches!(byte, b'"' | b'\\');
            for place in 0..130 {
                let mut text = [b'x'; 130];
                if let Some(it) = text.get_mut(place) {
                    *it = byte;
                }
                for start in [0, place / 2, place] {
                    let found = Index::new().next(&text, start);
                    assert_eq!(found, if is_special { place } else { 130 }, "{byte} at {place}");
                }
            }
        }
    }

    #[test]
    fn going_back_is_no_error() {
        let text = [[b'"'; 70], [b'x'; 70]].concat();
        let mut index = Index::new();
        assert_eq!(index.next(&text, 100), 140);
        assert_eq!(index.next(&text, 3), 3);
        assert_eq!(index.next(&text, 140), 140);
        assert_eq!(index.next(&[], 0), 0);
    }
}
