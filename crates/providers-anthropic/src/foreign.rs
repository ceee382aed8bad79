//! Signatures of other vendors' reasoning on their way through clients of this dialect.
//!
//! A client keeps a block of thinking as it got it and sends it back. A signature of another dialect
//! is given to it under that dialect's name, so that it comes back and goes to its issuer again. It
//! must never reach this dialect's own vendor, which refuses a signature that is not its own.

use tollgate_core_types::Dialect;

/// The other dialects whose vendors want their signatures back.
const ISSUERS: [Dialect; 2] = [Dialect::GEMINI_GENERATE, Dialect::OPENAI_RESPONSES];

/// A signature of `issuer` as clients keep it; `None` where its vendor does not want it back.
pub(crate) fn tagged(issuer: Dialect, signature: &str) -> Option<String> {
    ISSUERS.contains(&issuer).then(|| format!("{issuer}:{signature}"))
}

/// The issuer and the signature of a block that a client sends back; `None` where it is our own.
pub(crate) fn untagged(signature: &str) -> Option<(Dialect, &str)> {
    ISSUERS.into_iter().find_map(|issuer| {
        let rest = signature.strip_prefix(issuer.as_str())?.strip_prefix(':')?;
        Some((issuer, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_comes_back_as_it_went() {
        let gemini = Dialect::GEMINI_GENERATE;
        let kept = tagged(gemini, "U0lH").unwrap();
        assert_eq!(untagged(&kept), Some((gemini, "U0lH")));
        assert_eq!(tagged(Dialect::OPENAI_CHAT, "s"), None);
        for own in ["", "EqQB:x", "gemini.generate_content"] {
            assert_eq!(untagged(own), None, "{own}");
        }
    }
}
