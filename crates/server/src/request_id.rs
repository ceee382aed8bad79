//! Request ids: the client's own if it is well-formed, else one of ours.
//!
//! Ids are for finding things in logs. They are unique with overwhelming odds and never secret.

use http::{HeaderMap, HeaderName};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tollgate_core_types::Chance;
use tollgate_core_types::chance::SplitMix64;

/// Where clients put theirs.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Longest id taken over from a client, in bytes.
const MAX_LEN: usize = 128;

/// Makes ids: a counter over a random start, mixed, so that replicas do not collide.
#[derive(Debug)]
pub(crate) struct RequestIds {
    next: AtomicU64,
}

impl RequestIds {
    /// A maker whose start comes from the operating system's randomness (std's hash keys).
    pub(crate) fn new() -> Self {
        let seed = RandomState::new().build_hasher().finish();
        Self { next: AtomicU64::new(seed) }
    }

    /// The id of a request: the client's, or a new one.
    pub(crate) fn of(&self, headers: &HeaderMap) -> Arc<str> {
        match headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()) {
            Some(id) if is_well_formed(id) => id.into(),
            Some(_) | None => self.fresh(),
        }
    }

    fn fresh(&self) -> Arc<str> {
        let mut mix = SplitMix64::new(self.next.fetch_add(1, Ordering::Relaxed));
        let mut id = *b"req_0000000000000000";
        let digits = id.iter_mut().skip(4).rev();
        let nibbles = std::iter::successors(Some(mix.next_u64()), |rest| Some(rest >> 4));
        for (digit, rest) in digits.zip(nibbles) {
            *digit = HEX.get((rest & 15) as usize).copied().unwrap_or(b'0');
        }
        std::str::from_utf8(&id).unwrap_or_default().into()
    }
}

/// Letters, digits and `-_.:` only: such an id needs no escaping in a header, a log or a URL.
fn is_well_formed(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_LEN
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_clients_id_is_kept_only_if_well_formed() {
        let ids = RequestIds::new();
        for (given, kept) in [
            ("req-1.a:b_c", true),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            (&"x".repeat(129), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-request-id", HeaderValue::from_str(given).unwrap());
            assert_eq!(&*ids.of(&headers) == given, kept, "{given:?}");
        }
    }

    #[test]
    fn fresh_ids_differ_and_are_well_formed() {
        let ids = RequestIds::new();
        let made: std::collections::HashSet<Arc<str>> =
            (0..1000).map(|_| ids.of(&HeaderMap::new())).collect();
        assert_eq!(made.len(), 1000);
        assert!(made.iter().all(|id| is_well_formed(id)));
    }
}
