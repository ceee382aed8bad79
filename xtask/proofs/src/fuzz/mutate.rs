//! Inputs made from others: bytes, pieces and words changed, at random.

use tollgate_core_types::Chance;
use tollgate_core_types::chance::SplitMix64;

/// Words that readers look for or stumble over.
const WORDS: &[&[u8]] = &[
    b"null",
    b"true",
    b"false",
    b"{}",
    b"[]",
    b"\"\"",
    b"0",
    b"-1",
    b"1e999",
    b"-0.0",
    b"1.5",
    b"18446744073709551616",
    b"9223372036854775807",
    b"\"\\ud800\"",
    b"\\u0000",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xe2\x80\xa8",
    b"\r\n",
    b"\n\n",
    b"\r\r",
    b"data: ",
    b"event: ",
    b"data: [DONE]\n\n",
    b": ping\n\n",
    b"\"type\"",
    b"\"error\"",
    b"\"content\"",
    b"\"role\"",
    b"\"tool_calls\"",
    b"\"index\"",
    b"\"delta\"",
    b"\"usage\"",
    b"\"finish_reason\"",
    b"\"text\"",
    b"\"id\"",
    b"\"name\"",
    b"\"arguments\"",
    b"\"message\"",
    b"\"parts\"",
    b"\"functionCall\"",
    b"\"thinking\"",
    b"[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":",
    b"${X}",
    b"${X:-y}",
    b"${",
    b"file:/",
    b"---\n",
    b"&a",
    b"*a",
    b"<<: ",
    b"!!str ",
    b"'''",
    b"\"\"\"",
    b"[[",
    b"]]",
    b"\t",
    b"#",
    b": ",
    b"- ",
    b"export ",
    b"=",
];

/// Longest input that is made.
const LONGEST: usize = 96 << 10;

/// An input made from `parent`, sometimes with a piece of `other`.
pub(super) fn made(parent: &[u8], other: &[u8], chance: &mut SplitMix64) -> Vec<u8> {
    let mut input = parent.to_vec();
    for _ in 0..=chance.below(4) {
        once(&mut input, other, chance);
    }
    input.truncate(LONGEST);
    input
}

fn once(input: &mut Vec<u8>, other: &[u8], chance: &mut SplitMix64) {
    let at = chance.below(input.len() + 1);
    match chance.below(12) {
        0 => change(input, at, |byte, chance| byte ^ (1 << chance.below(8)), chance),
        1 => change(input, at, |_, chance| chance.below(256) as u8, chance),
        2 | 3 => {
            let end = (at + 1 + chance.below(16)).min(input.len());
            input.drain(at.min(end)..end);
        }
        4 => {
            let end = (at + 1 + chance.below(256)).min(input.len());
            input.drain(at.min(end)..end);
        }
        5 => input.truncate(at),
        6 | 7 => insert(input, at, word(chance)),
        8 => {
            // A value in the place of another.
            let (from, to) = token(input, at);
            let word = word(chance).to_vec();
            input.splice(from..to, word);
        }
        9 => {
            let end = (at + 1 + chance.below(64)).min(input.len());
            let piece = input.get(at..end).unwrap_or_default().to_vec();
            insert(input, at, &piece);
        }
        10 => {
            let (from, to) = piece(other, chance);
            let piece = other.get(from..to).unwrap_or_default().to_vec();
            insert(input, at, &piece);
        }
        _ => {
            let (from, to) = piece(other, chance);
            let piece = other.get(from..to).unwrap_or_default().to_vec();
            let end = (at + piece.len()).min(input.len());
            input.splice(at..end, piece);
        }
    }
}

fn change(
    input: &mut [u8],
    at: usize,
    to: impl Fn(u8, &mut SplitMix64) -> u8,
    chance: &mut SplitMix64,
) {
    if let Some(byte) = input.get_mut(at) {
        *byte = to(*byte, chance);
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    input.splice(at..at, piece.iter().copied());
}

fn word(chance: &mut SplitMix64) -> &'static [u8] {
    WORDS.get(chance.below(WORDS.len())).copied().unwrap_or_default()
}

fn piece(other: &[u8], chance: &mut SplitMix64) -> (usize, usize) {
    let from = chance.below(other.len() + 1);
    let longest = (other.len() - from).min(512);
    (from, from + chance.below(longest + 1))
}

/// The string, number or word of JSON around or behind `at`.
fn token(input: &[u8], at: usize) -> (usize, usize) {
    let ends = |byte: u8| b"{}[],: \n\r\t".contains(&byte);
    let before = input.get(..at).unwrap_or_default();
    let from = before.iter().rposition(|byte| ends(*byte)).map_or(0, |found| found + 1);
    let after = input.get(at..).unwrap_or_default();
    let to = after.iter().position(|byte| ends(*byte)).map_or(input.len(), |found| at + found);
    (from.min(to), to)
}
