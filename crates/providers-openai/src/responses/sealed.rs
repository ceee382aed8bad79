//! Reasoning on its way through `encrypted_content`, the one field that clients of this dialect keep
//! for an issuer.
//!
//! OpenAI binds what it sealed to the id of the item that it came in, so that the two travel together
//! as one signature. Another vendor's reasoning is given to the client under a mark that says whose
//! it is. It must never reach OpenAI, which refuses what it did not seal.

use tollgate_core_types::Dialect;
use tollgate_core_types::chat::ReasoningPart;

/// What both marks have in them.
pub(super) const WORD: &str = "tollgate";
/// What the content of another issuer begins with.
pub(super) const MARK: &str = "tollgate:";
/// What the id of an item of another issuer begins with, for clients that keep the id alone.
pub(super) const ID_MARK: &str = "rs_tollgate_";

const SIGNED: &str = "signed";
const SEALED: &str = "sealed";
/// Readable reasoning that its vendor wants back without a signature.
const PLAIN: &str = "plain";

/// The issuers whose reasoning can come back.
const ISSUERS: [Dialect; 5] = [
    Dialect::OPENAI_RESPONSES,
    Dialect::ANTHROPIC_MESSAGES,
    Dialect::GEMINI_GENERATE,
    Dialect::BEDROCK_CONVERSE,
    Dialect::OPENAI_CHAT,
];

/// OpenAI's sealed content as the signature that only this dialect reads.
pub(crate) fn signature(id: &str, encrypted: &str) -> String {
    format!("{id}:{encrypted}")
}

/// The item's id and the sealed content of a signature that [`signature`] made.
pub(crate) fn open(signature: &str) -> Option<(&str, &str)> {
    signature.split_once(':')
}

/// Another issuer's reasoning as clients of this dialect keep it.
pub(super) fn wrap(part: &ReasoningPart) -> String {
    let ReasoningPart { text: _, signature, redacted, issuer } = part;
    let (kind, data) = match (redacted, signature) {
        (Some(data), _) => (SEALED, data.as_str()),
        (None, Some(signature)) => (SIGNED, signature.as_str()),
        (None, None) => (PLAIN, ""),
    };
    format!("{MARK}{kind}:{issuer}:{data}")
}

/// The mark of readable reasoning that nobody signed.
pub(super) fn plain() -> String {
    format!("{MARK}{PLAIN}:{}:", Dialect::OPENAI_CHAT)
}

/// What OpenAI sealed and a client keeps under our mark: id and content.
pub(super) fn ours(encrypted: &str) -> Option<(&str, &str)> {
    let (kind, issuer, data) = unmark(encrypted.strip_prefix(MARK)?)?;
    (kind == SIGNED && issuer == Dialect::OPENAI_RESPONSES).then(|| open(data)).flatten()
}

/// Whether an item is another issuer's.
pub(super) fn is_foreign(id: &str, encrypted: &str) -> bool {
    id.starts_with(ID_MARK) || encrypted.starts_with(MARK)
}

/// Reasoning that a client sends back; `None` where it says nothing.
pub(super) fn read(text: String, id: &str, encrypted: Option<&str>) -> Option<ReasoningPart> {
    let plain = |text: String| {
        let issuer = Dialect::OPENAI_CHAT;
        let part = ReasoningPart { text, signature: None, redacted: None, issuer };
        (!part.text.is_empty()).then_some(part)
    };
    let Some(encrypted) = encrypted.filter(|encrypted| !encrypted.is_empty()) else {
        return plain(text);
    };
    let Some(marked) = encrypted.strip_prefix(MARK) else {
        let signature = Some(signature(id, encrypted));
        let issuer = Dialect::OPENAI_RESPONSES;
        return Some(ReasoningPart { text, signature, redacted: None, issuer });
    };
    let Some((kind, issuer, data)) = unmark(marked) else { return plain(text) };
    let data = Some(data.to_owned());
    let (signature, redacted) = match kind {
        SIGNED => (data, None),
        SEALED => (None, data),
        _ => (None, None),
    };
    let part = ReasoningPart { text, signature, redacted, issuer };
    let says = !part.text.is_empty() || part.signature.is_some() || part.redacted.is_some();
    says.then_some(part)
}

fn unmark(marked: &str) -> Option<(&str, Dialect, &str)> {
    let (kind, rest) = marked.split_once(':')?;
    let (issuer, data) = rest.split_once(':')?;
    let issuer = ISSUERS.into_iter().find(|known| known.as_str() == issuer)?;
    [SIGNED, SEALED, PLAIN].contains(&kind).then_some((kind, issuer, data))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(signature: Option<&str>, redacted: Option<&str>, issuer: Dialect) -> ReasoningPart {
        let own = |text: Option<&str>| text.map(str::to_owned);
        ReasoningPart {
            text: "t".to_owned(),
            signature: own(signature),
            redacted: own(redacted),
            issuer,
        }
    }

    #[test]
    fn another_issuers_reasoning_comes_back_as_it_went() {
        for issuer in ISSUERS {
            for part in [
                part(Some("s:i/g+=="), None, issuer),
                part(None, Some("sealed:"), issuer),
                part(None, None, issuer),
            ] {
                let wrapped = wrap(&part);
                assert!(is_foreign("rs_1", &wrapped), "{wrapped}");
                assert_eq!(read("t".to_owned(), "rs_1", Some(&wrapped)), Some(part), "{wrapped}");
            }
        }
    }

    #[test]
    fn what_openai_sealed_keeps_its_id() {
        let back = read("t".to_owned(), "rs_1", Some("gAAA:x")).unwrap();
        assert_eq!(back, part(Some("rs_1:gAAA:x"), None, Dialect::OPENAI_RESPONSES));
        assert_eq!(open(back.signature.as_deref().unwrap()), Some(("rs_1", "gAAA:x")));
        assert!(!is_foreign("rs_1", "gAAA:x"));
        assert!(is_foreign("rs_tollgate_1", ""));
    }

    #[test]
    fn a_mark_is_found_by_its_word() {
        assert!(MARK.contains(WORD) && ID_MARK.contains(WORD));
    }

    #[test]
    fn what_says_nothing_is_nothing() {
        assert_eq!(read(String::new(), "rs_1", None), None);
        assert_eq!(read(String::new(), "rs_1", Some("")), None);
        assert_eq!(read(String::new(), "rs_1", Some("tollgate:plain:openai.chat:")), None);
        for odd in ["tollgate:", "tollgate:signed:who:x", "tollgate:odd:openai.chat:x"] {
            let plain = part(None, None, Dialect::OPENAI_CHAT);
            assert_eq!(read("t".to_owned(), "rs_1", Some(odd)), Some(plain), "{odd}");
        }
    }
}
