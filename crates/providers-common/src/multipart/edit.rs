//! One place of a byte stream said anew while it passes by.

use bytes::Bytes;
use std::ops::Range;

/// What stands at `at` becomes `with`; an empty range puts it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Where, counted from the stream's beginning.
    pub at: Range<u64>,
    /// What is to stand there.
    pub with: Bytes,
}

impl Edit {
    /// The length of a stream of `length` bytes once it is edited.
    #[must_use]
    pub fn length(&self, length: u64) -> u64 {
        let taken = self.at.end.saturating_sub(self.at.start);
        length.saturating_sub(taken).saturating_add(self.with.len() as u64)
    }
}

/// Edits a stream that comes in chunks; of a chunk nothing is copied.
#[derive(Debug)]
pub struct Rewriter {
    edit: Option<Edit>,
    /// Bytes of the stream that were taken.
    offset: u64,
    written: bool,
}

impl Rewriter {
    /// A rewriter at the stream's beginning.
    #[must_use]
    pub fn new(edit: Option<Edit>) -> Self {
        Self { edit, offset: 0, written: false }
    }

    /// Takes the next chunk and gives what becomes of it, piece by piece, without empty pieces.
    pub fn push(&mut self, chunk: Bytes) -> impl Iterator<Item = Bytes> + use<> {
        let start = self.offset;
        let end = start + chunk.len() as u64;
        self.offset = end;
        let Some(edit) = &self.edit else { return pieces([chunk, Bytes::new(), Bytes::new()]) };
        // A place at the very end of a chunk is written with the next one; the stream has one, for
        // what is edited stands before its closing boundary.
        let reached = end > edit.at.start;
        let local = |place: u64| {
            usize::try_from(place.clamp(start, end) - start).unwrap_or(usize::MAX).min(chunk.len())
        };
        let before = chunk.slice(..local(edit.at.start));
        let after = chunk.slice(local(edit.at.end.max(edit.at.start))..);
        let with = if reached && !self.written { edit.with.clone() } else { Bytes::new() };
        self.written |= reached;
        pieces([before, with, after])
    }
}

fn pieces(all: [Bytes; 3]) -> impl Iterator<Item = Bytes> {
    all.into_iter().filter(|piece| !piece.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(edit: &Edit, chunks: &[&[u8]]) -> Vec<u8> {
        let mut rewriter = Rewriter::new(Some(edit.clone()));
        let push = |chunk: &&[u8]| rewriter.push(Bytes::copy_from_slice(chunk)).collect::<Vec<_>>();
        chunks.iter().flat_map(push).collect::<Vec<_>>().concat()
    }

    #[test]
    fn a_value_is_said_anew_wherever_the_stream_is_cut() {
        let text = b"--b\r\n\r\nwhisper\r\n--b--";
        for (at, with) in [(7..14, "large-v3"), (7..14, ""), (0..0, "first "), (7..7, "x")] {
            let edit = Edit { at, with: Bytes::from_static(with.as_bytes()) };
            let range = edit.at.start as usize..edit.at.end as usize;
            let mut expected = text.to_vec();
            expected.splice(range, with.bytes());
            assert_eq!(edit.length(text.len() as u64), expected.len() as u64);
            for cut in 0..=text.len() {
                let (a, b) = text.split_at(cut);
                assert_eq!(run(&edit, &[a, b]), expected, "{edit:?} cut at {cut}");
            }
            let single: Vec<&[u8]> = text.chunks(1).collect();
            assert_eq!(run(&edit, &single), expected);
        }
    }

    #[test]
    fn without_an_edit_chunks_pass_as_they_are() {
        let chunk = Bytes::from_static(b"abc");
        let passed: Vec<Bytes> = Rewriter::new(None).push(chunk.clone()).collect();
        assert_eq!(passed, [chunk]);
    }

    proptest! {
        #[test]
        fn any_edit_of_any_cut_is_the_edit_of_the_whole(
            text in prop::collection::vec(any::<u8>(), 1..80),
            (from, to) in (0_usize..80, 0_usize..80),
            with in prop::collection::vec(any::<u8>(), 0..9),
            cuts in prop::collection::vec(0_usize..80, 0..6),
        ) {
            // Behind every edit there is something, as behind every part of a form.
            let last = text.len() - 1;
            let (from, to) = (from.min(to).min(last), from.max(to).min(last));
            let edit = Edit { at: from as u64..to as u64, with: Bytes::from(with.clone()) };
            let mut expected = text.clone();
            expected.splice(from..to, with);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> =
                cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(run(&edit, &chunks), expected);
        }
    }
}
