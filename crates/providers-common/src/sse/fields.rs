//! What the lines of one whole frame say: `event` and `data`; `id`, `retry` and unknown fields are
//! of no use to a gateway and only travel in the raw bytes.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Frame, FrameKind};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads a frame. `first` says whether it starts the stream.
pub(super) fn read(raw: Bytes, first: bool) -> Frame {
    let mut event = Bytes::new();
    let mut data = Data::None;
    for line in Lines::new(&raw, first) {
        match field(line) {
            (b"data", value) => data = data.line(&raw, value),
            (b"event", value) => event = raw.slice_ref(value),
            _ => {}
        }
    }
    Frame { kind: FrameKind::Event, event, data: data.join(), raw }
}

/// Whether a frame has any field, be it an unknown one.
pub(super) fn any(raw: &[u8], first: bool) -> bool {
    Lines::new(raw, first).any(|line| !line.is_empty() && !line.starts_with(b":"))
}

/// The `data:` lines met so far; the usual single one stays a slice of the frame.
enum Data {
    None,
    One(Bytes),
    Joined(BytesMut),
}

impl Data {
    fn line(self, raw: &Bytes, value: &[u8]) -> Self {
        let mut joined = match self {
            Self::None => return Self::One(raw.slice_ref(value)),
            Self::One(first) => {
                // All values together are shorter than the frame, so one reservation is enough.
                let mut joined = BytesMut::with_capacity(raw.len());
                joined.put(first);
                joined
            }
            Self::Joined(joined) => joined,
        };
        joined.put_u8(b'\n');
        joined.put_slice(value);
        Self::Joined(joined)
    }

    fn join(self) -> Option<Bytes> {
        match self {
            Self::None => None,
            Self::One(data) => Some(data),
            Self::Joined(data) => Some(data.freeze()),
        }
    }
}

/// A line's name and value. A comment has an empty name; a line without a colon is all name.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = memchr::memchr(b':', line) else {
        return (line, line.get(line.len()..).unwrap_or_default());
    };
    let (name, rest) = line.split_at(colon);
    let value = rest.strip_prefix(b":").unwrap_or(rest);
    (name, value.strip_prefix(b" ").unwrap_or(value))
}

/// The lines of a frame without their ends. A CRLF may give an empty line more, which says nothing.
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    fn new(raw: &'a [u8], first: bool) -> Self {
        let marked = raw.strip_prefix(BYTE_ORDER_MARK).filter(|_| first);
        Self { rest: marked.unwrap_or(raw) }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr2(b'\n', b'\r', self.rest).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        Some(line)
    }
}
