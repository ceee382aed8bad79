//! JSON numbers: where they end, and the value of those that are small and whole.

/// What follows the number that starts at `at`; `None` where it is none.
pub(super) fn skip(json: &[u8], at: usize) -> Option<usize> {
    let start = if json.get(at) == Some(&b'-') { at + 1 } else { at };
    let mut end = digits(json, start)?;
    if json.get(start) == Some(&b'0') && end > start + 1 {
        return None;
    }
    if json.get(end) == Some(&b'.') {
        end = digits(json, end + 1)?;
    }
    if matches!(json.get(end), Some(b'e' | b'E')) {
        let sign = matches!(json.get(end + 1), Some(b'+' | b'-'));
        end = digits(json, end + 1 + usize::from(sign))?;
    }
    Some(end)
}

/// What follows the digits at `at`, of which there is at least one.
fn digits(json: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    while json.get(end).is_some_and(u8::is_ascii_digit) {
        end += 1;
    }
    (end > at).then_some(end)
}

/// The value of a number that is whole, not negative and surely in range. Others have corners that
/// are better left to serde_json.
pub(super) fn small(number: &str) -> Option<u64> {
    const DIGITS: usize = 18;
    if number.len() > DIGITS || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse().ok()
}
