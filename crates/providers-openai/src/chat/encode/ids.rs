//! Ids of tool calls as vendors of this dialect take them: at most 40 characters at OpenAI.
//!
//! Other servers make longer ones. A call and its result only have to bear the same id, so that a
//! long one is replaced by a digest of it, which is the same wherever it stands.

use std::borrow::Cow;
use tollgate_providers_common::target::Quirks;

use crate::respell::short_id;

/// Longest id that OpenAI takes, in characters.
pub(crate) const ID_MAX: usize = 40;

/// The id to send to a server.
pub(super) fn id_for<'a>(given: &'a str, quirks: &Quirks) -> Cow<'a, str> {
    if quirks.short_call_ids { short_id(given) } else { id(given) }
}

/// The id to send.
pub(crate) fn id(given: &str) -> Cow<'_, str> {
    if given.len() <= ID_MAX || given.chars().count() <= ID_MAX {
        return Cow::Borrowed(given);
    }
    let (one, two) = (digest(given, 0xcbf2_9ce4_8422_2325), digest(given, 0x84_2223_25cb_f29c));
    Cow::Owned(format!("call_{one:016x}{two:016x}"))
}

/// FNV-1a; ids of one conversation are few, and no secret depends on them.
fn digest(text: &str, seed: u64) -> u64 {
    text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_ids_become_short_ones_that_stay_apart() {
        let long = |end: char| format!("chatcmpl-tool-{}{end}", "a".repeat(40));
        let (a, b) = (long('a'), long('b'));
        assert_eq!(id("toolu_1"), "toolu_1");
        assert_eq!(id(&"é".repeat(ID_MAX)), "é".repeat(ID_MAX));
        assert_eq!(id(&a), id(&a.clone()));
        assert_ne!(id(&a), id(&b));
        assert!(id(&a).len() <= ID_MAX && id(&a).starts_with("call_"));
    }
}
