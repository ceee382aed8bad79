//! Keeping a vendor's key out of what its vendor says: some quote the key that they refuse.
//!
//! Messages reach clients, logs and status pages, so the key is taken out where the message comes
//! in. It must never be the last line of defence: nothing else of ours prints a key at all.

use tollgate_config::Secret;
use tollgate_core_types::UpstreamError;

/// What stands where a key stood.
const MARK: &str = "[redacted]";
/// Keys shorter than this are no secrets worth the damage to ordinary words.
const SHORTEST: usize = 6;

/// The error without the key, wherever the vendor put it.
pub(crate) fn without(secret: Option<&Secret>, error: UpstreamError) -> UpstreamError {
    let Some(key) = secret.map(Secret::expose).filter(|key| key.len() >= SHORTEST) else {
        return error;
    };
    let clean = |text: String| if may_hold(&text, key) { taken_out(&text, key) } else { text };
    UpstreamError {
        message: clean(error.message),
        code: error.code.map(clean),
        param: error.param.map(clean),
        ..error
    }
}

/// Whether a piece of the key could be in the text: a cheap look that spares the rest the work.
fn may_hold(text: &str, key: &str) -> bool {
    key.get(..SHORTEST).is_some_and(|front| text.contains(front))
}

fn taken_out(text: &str, key: &str) -> String {
    let mut clean = text.replace(key, MARK);
    // Long texts are cut before they come here, perhaps in the middle of the key.
    let fronts = (SHORTEST..key.len()).rev().filter_map(|length| key.get(..length));
    for front in fronts {
        if let Some(rest) = clean.strip_suffix(front) {
            clean = format!("{rest}{MARK}");
            break;
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core_types::ErrorClass;

    fn told(message: &str) -> String {
        let secret = Secret::new("sk-canary-0123456789");
        let error = UpstreamError::new(ErrorClass::Auth, message).with_code(Some(message));
        let clean = without(Some(&secret), error);
        assert_eq!(clean.code.as_deref(), Some(clean.message.as_str()));
        clean.message
    }

    #[test]
    fn a_key_is_taken_out_whole_or_cut() {
        assert_eq!(told("bad key sk-canary-0123456789!"), "bad key [redacted]!");
        assert_eq!(told("bad key sk-canary-0123"), "bad key [redacted]");
        assert_eq!(told("sk-canary-0123456789 sk-canary-0123456789"), "[redacted] [redacted]");
        assert_eq!(told("an ordinary text about keys"), "an ordinary text about keys");
    }
}
