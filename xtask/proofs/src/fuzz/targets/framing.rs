//! Framers: chunks in, frames out, however the chunks are cut.

use bytes::Bytes;
use tollgate_core_types::Chance as _;
use tollgate_core_types::chance::SplitMix64;
use tollgate_providers_common::eventstream::headers;
use tollgate_providers_common::{Frame, FrameError, Framer, Framing};

use super::{kind, outline};

/// A bound that some inputs pass.
const SMALL: usize = 256;

/// Server-sent events.
pub(super) fn sse(input: &[u8]) -> u64 {
    any_cut(Framing::Sse, input)
}

/// AWS's binary messages.
pub(super) fn eventstream(input: &[u8]) -> u64 {
    let bytes = Bytes::copy_from_slice(input);
    let read = headers(&bytes, 0..bytes.len()).map(|headers| headers.len().min(8));
    kind((any_cut(Framing::EventStream, input), read.is_ok(), read.unwrap_or_default()))
}

/// Chunks of `input` as chance has it.
pub(super) fn cut(input: &[u8], chance: &mut SplitMix64) -> Vec<Bytes> {
    let mut rest = Bytes::copy_from_slice(input);
    let mut chunks = Vec::new();
    let longest = [1, 3, 17, 300].get(chance.below(4)).copied().unwrap_or(1);
    while !rest.is_empty() {
        let len = (1 + chance.below(longest)).min(rest.len());
        chunks.push(rest.split_to(len));
    }
    chunks
}

type Framed = (Vec<Frame>, Option<FrameError>);

fn framed(framing: Framing, chunks: Vec<Bytes>, max: usize) -> Framed {
    let mut framer = framing.framer(max);
    let mut frames = Vec::new();
    for chunk in chunks {
        framer.push(chunk);
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(framer.next_frame(), Err(error.clone()), "an error is said again");
                    return (frames, Some(error));
                }
            }
        }
    }
    frames.extend(framer.finish());
    (frames, None)
}

fn any_cut(framing: Framing, input: &[u8]) -> u64 {
    let mut chance = SplitMix64::new(kind(input));
    let mut seen = Vec::new();
    for max in [Framer::DEFAULT_MAX, SMALL] {
        let whole = framed(framing, vec![Bytes::copy_from_slice(input)], max);
        for _ in 0..2 {
            let cut = framed(framing, cut(input, &mut chance), max);
            assert_eq!(cut, whole, "cut into chunks it is something else (bound {max})");
        }
        let (frames, error) = whole;
        let raw: Vec<u8> = frames.iter().flat_map(|frame| frame.raw.to_vec()).collect();
        assert!(input.starts_with(&raw), "frames are not the stream's own bytes");
        let largest = frames.iter().map(|frame| frame.raw.len()).max().unwrap_or_default();
        assert!(largest <= max, "a frame of {largest} bytes, with a bound of {max}");
        let shape = |frame: &Frame| {
            let data = frame.data.as_ref().map(|data| data.len().min(2));
            kind((frame.event.len().min(2), data, format!("{:?}", frame.kind)))
        };
        let shapes: Vec<u64> = frames.iter().take(4).map(shape).collect();
        seen.push((frames.len().min(6), shapes, error.map(|error| outline(&error.to_string()))));
    }
    kind(seen)
}
