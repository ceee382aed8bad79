//! Signatures of reasoning on their way through clients of this dialect.
//!
//! Its own stand on the part that they led to. Another vendor's reasoning is given to the client as
//! a thought whose signature says whose it is, so that it comes back and can go to its issuer again.
//! It must never reach this dialect's vendor, which refuses a signature that is not its own.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{Part, ReasoningPart};

/// What a foreign signature begins with, decoded. Nine bytes, so that its base64 is a prefix too.
const MARK: &str = "tollgate:";
/// The same, encoded.
pub(crate) const MARK_BASE64: &str = "dG9sbGdhdGU6";

/// What the vendor takes for a signature where there is none to give: the calls came from another
/// vendor, or through a client that kept no signatures. Base64 of `skip_thought_signature_validator`.
pub(crate) const NONE: &str = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

/// The issuers whose reasoning can come back, and whether their word is sealed reasoning.
const SIGNED: &str = "signed:";
const SEALED: &str = "sealed:";

/// Another vendor's signature, or sealed reasoning, as this dialect's clients keep it.
pub(crate) fn wrap(part: &ReasoningPart) -> Option<String> {
    let ReasoningPart { text: _, signature, redacted, issuer } = part;
    let (kind, data) = match (redacted, signature) {
        (Some(data), _) => (SEALED, data),
        (None, Some(signature)) => (SIGNED, signature),
        (None, None) => return None,
    };
    Some(STANDARD.encode(format!("{MARK}{kind}{issuer}:{data}")))
}

/// A thought that a client sends back; `None` where it says nothing.
pub(crate) fn thought(text: String, signature: Option<&str>) -> Option<Part> {
    if let Some(part) = signature.and_then(|signature| unwrap(&text, signature)) {
        return Some(Part::Reasoning(part));
    }
    let signature = signature.map(str::to_owned);
    (!text.is_empty() || signature.is_some()).then_some(Part::Reasoning(ReasoningPart {
        text,
        signature,
        redacted: None,
        issuer: Dialect::GEMINI_GENERATE,
    }))
}

/// Whether a signature is another vendor's.
pub(crate) fn is_foreign(signature: &str) -> bool {
    signature.starts_with(MARK_BASE64)
}

fn unwrap(text: &str, signature: &str) -> Option<ReasoningPart> {
    if !is_foreign(signature) {
        return None;
    }
    // Clients decode signatures to bytes and encode them again, some in the other alphabet.
    let plain = signature.trim_end_matches('=');
    let bytes = STANDARD_NO_PAD.decode(plain).or_else(|_| URL_SAFE_NO_PAD.decode(plain)).ok()?;
    let decoded = String::from_utf8(bytes).ok()?;
    let said = decoded.strip_prefix(MARK)?;
    let (sealed, rest) = match said.strip_prefix(SEALED) {
        Some(rest) => (true, rest),
        None => (false, said.strip_prefix(SIGNED)?),
    };
    let (issuer, data) = rest.split_once(':')?;
    let issuer = [Dialect::ANTHROPIC_MESSAGES, Dialect::OPENAI_RESPONSES, Dialect::OPENAI_CHAT]
        .into_iter()
        .find(|known| known.as_str() == issuer)?;
    let data = Some(data.to_owned());
    let (signature, redacted) = if sealed { (None, data) } else { (data, None) };
    Some(ReasoningPart { text: text.to_owned(), signature, redacted, issuer })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasoning(signature: Option<&str>, redacted: Option<&str>) -> ReasoningPart {
        ReasoningPart {
            text: "t".to_owned(),
            signature: signature.map(str::to_owned),
            redacted: redacted.map(str::to_owned),
            issuer: Dialect::ANTHROPIC_MESSAGES,
        }
    }

    #[test]
    fn foreign_reasoning_comes_back_as_it_went() {
        for part in [reasoning(Some("s:i/g+=="), None), reasoning(None, Some("sealed"))] {
            let wrapped = wrap(&part).unwrap();
            assert!(is_foreign(&wrapped), "{wrapped}");
            let other = wrapped.replace('+', "-").replace('/', "_");
            for form in [wrapped.as_str(), wrapped.trim_end_matches('='), &other] {
                let back = thought("t".to_owned(), Some(form));
                assert_eq!(back, Some(Part::Reasoning(part.clone())), "{form}");
            }
        }
        assert_eq!(wrap(&reasoning(None, None)), None);
    }

    #[test]
    fn what_is_not_ours_is_the_vendors_own() {
        for signature in ["CpcBAdHtim", "dG9sbGdhdGU6!!", MARK_BASE64] {
            let Some(Part::Reasoning(part)) = thought(String::new(), Some(signature)) else {
                panic!("{signature}")
            };
            assert_eq!(part.issuer, Dialect::GEMINI_GENERATE, "{signature}");
        }
        assert_eq!(thought(String::new(), None), None);
    }
}
