//! A stream of events as one JSON list, which grows as they come: the form of Gemini's streams for
//! clients that do not ask for events.
//!
//! Only the frames change: what stands in each is an item as it is. A list is closed also behind an
//! error, which is its last item.

use bytes::{BufMut as _, Bytes, BytesMut};
use tollgate_providers_common::SseFramer;

/// Turns frames into items of a list.
pub(super) struct Lister {
    framer: SseFramer,
    items: usize,
}

impl Lister {
    /// A list without items.
    pub(super) fn new() -> Self {
        Self { framer: SseFramer::new(SseFramer::DEFAULT_MAX), items: 0 }
    }

    /// The items of the next bytes; empty where none is whole.
    pub(super) fn push(&mut self, bytes: Bytes) -> Bytes {
        self.framer.push(bytes);
        let mut out = BytesMut::new();
        while let Ok(Some(frame)) = self.framer.next_frame() {
            self.item(frame.data, &mut out);
        }
        out.freeze()
    }

    /// What is left, and the list's end.
    pub(super) fn end(&mut self) -> Bytes {
        let mut out = BytesMut::new();
        while let Some(frame) = self.framer.finish() {
            self.item(frame.data, &mut out);
        }
        out.put_slice(if self.items == 0 { b"[]" } else { b"]" });
        out.freeze()
    }

    fn item(&mut self, data: Option<Bytes>, out: &mut BytesMut) {
        let Some(data) = data.filter(|data| !data.trim_ascii().is_empty()) else { return };
        out.put_slice(if self.items == 0 { b"[" } else { b",\r\n" });
        out.put_slice(&data);
        self.items += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(stream: &[u8], cut: usize) -> String {
        let mut lister = Lister::new();
        let mut out = Vec::new();
        let (a, b) = stream.split_at(cut);
        for piece in [a, b] {
            out.extend_from_slice(&lister.push(Bytes::copy_from_slice(piece)));
        }
        out.extend_from_slice(&lister.end());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn frames_become_items_wherever_they_are_cut() {
        let stream = b": ping\n\ndata: {\"a\":1}\r\n\r\ndata: {\"b\":\ndata: 2}\n\n";
        for cut in 0..=stream.len() {
            assert_eq!(listed(stream, cut), "[{\"a\":1},\r\n{\"b\":\n2}]", "{cut}");
        }
        assert_eq!(listed(b": ping\n\n", 0), "[]");
    }
}
