//! Output of a stream between two polls, copied only where pieces have to be joined.
//!
//! One frame per chunk is the common case on the verbatim path; it leaves as the slice it came in.

use bytes::{Bytes, BytesMut};

/// Bytes that wait to be sent.
#[derive(Debug, Default)]
pub(crate) struct OutBuf {
    single: Option<Bytes>,
    many: BytesMut,
}

impl OutBuf {
    /// Appends a slice; kept without a copy while it is the only one.
    pub(crate) fn push(&mut self, piece: Bytes) {
        if piece.is_empty() {
            return;
        }
        if self.is_empty() {
            self.single = Some(piece);
        } else {
            self.buffer().extend_from_slice(&piece);
        }
    }

    /// The joined buffer, for encoders that append.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        if let Some(first) = self.single.take() {
            self.many.extend_from_slice(&first);
        }
        &mut self.many
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.single.is_none() && self.many.is_empty()
    }

    /// How much waits, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.single.as_ref().map_or(0, Bytes::len) + self.many.len()
    }

    /// Takes all that waits.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        match self.single.take() {
            Some(single) => Some(single),
            None if self.many.is_empty() => None,
            None => Some(self.many.split().freeze()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_piece_leaves_as_the_slice_it_came_in() {
        let piece = Bytes::from_static(b"data: 1\n\n");
        let mut out = OutBuf::default();
        out.push(piece.clone());
        assert_eq!(out.take().map(|taken| taken.as_ptr()), Some(piece.as_ptr()));
        assert!(out.take().is_none());
    }

    #[test]
    fn several_pieces_are_joined_in_order() {
        let mut out = OutBuf::default();
        out.push(Bytes::from_static(b"a"));
        out.push(Bytes::new());
        out.push(Bytes::from_static(b"b"));
        out.buffer().extend_from_slice(b"c");
        assert_eq!(out.len(), 3);
        assert_eq!(out.take().as_deref(), Some(&b"abc"[..]));
        assert!(out.is_empty());
    }
}
