//! W3C trace context: ids, and the headers that carry them in and out.
//!
//! What a client sends is outside text: a malformed header is ignored, never an error. `baggage` is
//! not read and never forwarded.

use std::fmt;
use std::sync::Arc;

/// Longest `tracestate` believed, as the specification recommends.
const STATE_MAX: usize = 512;
/// Length of a `traceparent` of version 00.
const PARENT_LEN: usize = 55;

/// Id of a trace; shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(pub(super) [u8; 16]);

/// Id of a span; shown as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(pub(super) [u8; 8]);

impl TraceId {
    /// The id as it travels.
    pub(crate) const fn bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Headers that continue a trace at an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceHeaders {
    /// Value of `traceparent`.
    pub traceparent: String,
    /// Value of `tracestate`, where there is one.
    pub tracestate: Option<Arc<str>>,
}

/// The span that a client continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remote {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    pub(super) sampled: bool,
    pub(super) state: Option<Arc<str>>,
}

impl Remote {
    /// Reads the two headers; `None` where they name no span.
    pub(super) fn parse(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let text = traceparent.as_bytes();
        let version = hex::<1>(text.get(..2)?)?[0];
        let rest = text.get(PARENT_LEN..)?;
        // A later version may say more behind what we know; this one may not.
        let whole = rest.is_empty() || (version > 0 && rest.first() == Some(&b'-'));
        let dashes = [2, 35, 52].iter().all(|at| text.get(*at) == Some(&b'-'));
        if version == 0xFF || !whole || !dashes {
            return None;
        }
        let trace = hex::<16>(text.get(3..35)?)?;
        let span = hex::<8>(text.get(36..52)?)?;
        let flags = hex::<1>(text.get(53..PARENT_LEN)?)?[0];
        if trace == [0; 16] || span == [0; 8] {
            return None;
        }
        let state = tracestate.map(str::trim).filter(|state| is_state(state)).map(Arc::from);
        Some(Self { trace: TraceId(trace), span: SpanId(span), sampled: flags & 1 == 1, state })
    }
}

/// The value of `traceparent` for these ids.
pub(super) fn traceparent(trace: TraceId, span: SpanId, sampled: bool) -> String {
    format!("00-{trace}-{span}-{:02x}", u8::from(sampled))
}

/// Short, and of characters that a header may carry.
fn is_state(state: &str) -> bool {
    !state.is_empty()
        && state.len() <= STATE_MAX
        && state.contains('=')
        && state.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Lower-case digits only, as the specification wants them.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut out = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = *byte << 4 | value;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_valid_parent_is_taken_whole_and_written_back() {
        let remote = Remote::parse(PARENT, Some("vendor=value")).unwrap();
        assert_eq!(remote.trace.to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(remote.span.to_string(), "b7ad6b7169203331");
        assert!(remote.sampled);
        assert_eq!(remote.state.as_deref(), Some("vendor=value"));
        assert_eq!(traceparent(remote.trace, remote.span, remote.sampled), PARENT);
        let later = format!("cc-{}-what-is-new", &PARENT[3..]);
        assert_eq!(Remote::parse(&later, None).unwrap().trace, remote.trace);
        assert!(!Remote::parse(&PARENT.replace("-01", "-02"), None).unwrap().sampled);
    }

    #[test]
    fn a_malformed_parent_is_none_and_a_bad_state_is_dropped_alone() {
        for bad in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
            "\u{1b}[31m-é-ü-01",
        ] {
            assert_eq!(Remote::parse(bad, None), None, "{bad:?}");
        }
        for bad in ["", " ", "no pair", "a=\u{1b}[31m", "a=é", &format!("a={}", "x".repeat(600))] {
            assert_eq!(Remote::parse(PARENT, Some(bad)).unwrap().state, None, "{bad:?}");
        }
    }
}
