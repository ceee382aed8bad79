//! Small readers of single values.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;
use tollgate_providers_common::retry_after as reader;

use super::kind;

/// Longest pause that any header may ask for: none of a year makes sense, and clocks must hold.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Headers that ask for a pause, one a line.
pub(super) fn retry_after(input: &[u8]) -> u64 {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n').take(16) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
        let name = HeaderName::from_bytes(name);
        let value = HeaderValue::from_bytes(value.trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let pause = reader::from_headers(&headers);
    assert!(pause.is_none_or(|pause| pause <= LONGEST), "a pause of {pause:?}");
    kind(pause.map(|pause| (pause.as_secs().checked_ilog2(), pause.subsec_millis() > 0)))
}
