//! Where a frame ends: a state machine over line ends that survives any cut of the stream.
//!
//! It only finds the blank line; what the lines say is read afterwards, from the whole frame.

/// Where in a frame the next byte stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Boundary {
    /// At the start of a line, and only blank lines came before.
    #[default]
    Leading,
    /// Within a line that has bytes.
    InLine,
    /// Behind a CR that ended a line; an LF would belong to that line end.
    AfterCr,
    /// At the start of a line behind a line that has bytes.
    LineStart {
        /// Whether that line was ended by a CR alone.
        lone_cr: bool,
    },
    /// Behind a CR that ended a blank line; an LF would belong to it.
    AfterBlankCr,
}

impl Boundary {
    /// The number of bytes up to the frame's end, or `None` where `bytes` do not hold it; then the
    /// next call goes on with the bytes that follow. After an end it starts anew.
    pub(super) fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..)?;
            let next = *rest.first()?;
            match *self {
                Self::Leading => {
                    at += rest.iter().position(|b| !matches!(b, b'\n' | b'\r'))?;
                    *self = Self::InLine;
                }
                Self::InLine => {
                    let line_end = memchr::memchr2(b'\n', b'\r', rest)?;
                    let cr = rest.get(line_end) == Some(&b'\r');
                    *self = if cr { Self::AfterCr } else { Self::LineStart { lone_cr: false } };
                    at += line_end + 1;
                }
                Self::AfterCr => {
                    let lone_cr = next != b'\n';
                    *self = Self::LineStart { lone_cr };
                    at += usize::from(!lone_cr);
                }
                Self::LineStart { lone_cr } => match next {
                    b'\n' => return self.end(at + 1),
                    // Waiting for an LF behind this CR would hold a stream of lone CRs back by one
                    // frame. Where an LF does follow, it is a blank line before the next frame.
                    b'\r' if lone_cr => return self.end(at + 1),
                    b'\r' => {
                        *self = Self::AfterBlankCr;
                        at += 1;
                    }
                    _ => *self = Self::InLine,
                },
                Self::AfterBlankCr => return self.end(at + usize::from(next == b'\n')),
            }
        }
    }

    fn end(&mut self, at: usize) -> Option<usize> {
        *self = Self::Leading;
        Some(at)
    }
}
