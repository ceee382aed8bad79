//! How one server of this dialect is spoken to, as far as no request says it: where its chat stands,
//! what its own codes mean, and how its answers differ.
//!
//! Everything here is data; a vendor's crate or configuration fills it. It must never hold an
//! address or a credential.

use std::sync::Arc;
use tollgate_core_types::custom::ReasoningEcho;
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::DecodeError;
use tollgate_providers_common::target::Quirks;

use crate::provider::Completions;

/// A server, without its address.
#[derive(Debug, Clone, Default)]
pub struct Server {
    /// How it serves text completions.
    pub completions: Completions,
    /// Where its chat stands below the base; `None` for `/chat/completions`.
    pub chat_path: Option<String>,
    /// Whether it is OpenAI itself, there or at Azure: what the dialect's other servers added to
    /// messages is withheld from it, for it refuses what it does not know.
    pub own: bool,
    /// Its traits: those that its answers show and those that bound a request for embeddings.
    pub quirks: Quirks,
    /// What its own error codes mean.
    pub codes: Codes,
}

/// What codes mean that only this server has: they decide before the dialect's own table does.
///
/// A code with a point in it is also looked up without what follows the point, so that `Throttling`
/// covers `Throttling.RateQuota`.
#[derive(Debug, Clone, Default)]
pub struct Codes {
    /// Those that are known of the vendor.
    pub known: &'static [(&'static str, ErrorClass)],
    /// Those that configuration names; they win.
    pub own: Arc<[(String, ErrorClass)]>,
}

impl Codes {
    /// Codes that are known of a vendor.
    #[must_use]
    pub fn known(known: &'static [(&'static str, ErrorClass)]) -> Self {
        Self { known, own: Arc::from([]) }
    }

    /// The class of `code`; letters count alike in either case.
    #[must_use]
    pub fn class(&self, code: &str) -> Option<ErrorClass> {
        let exact = |code: &str| {
            let own = self.own.iter().find(|(known, _)| known.eq_ignore_ascii_case(code));
            let known = || self.known.iter().find(|(known, _)| known.eq_ignore_ascii_case(code));
            own.map(|(_, class)| *class).or_else(|| known().map(|(_, class)| *class))
        };
        exact(code).or_else(|| code.split_once('.').and_then(|(family, _)| exact(family)))
    }
}

impl Server {
    /// The same where it is OpenAI itself, unless its traits say that it wants reasoning back.
    #[must_use]
    pub fn of_openai(self) -> Self {
        let own = match self.quirks.reasoning_echo {
            ReasoningEcho::AsGiven | ReasoningEcho::Never => true,
            ReasoningEcho::ToolCalls | ReasoningEcho::Always => false,
        };
        Self { own, ..self }
    }

    /// The error with the class that this server's own code gives it. A prompt that is too long or
    /// filtered stays that, where the code says no more than that the request is wrong.
    pub(crate) fn judged(&self, error: UpstreamError) -> UpstreamError {
        let Some(class) = error.code.as_deref().and_then(|code| self.codes.class(code)) else {
            return error;
        };
        let precise = matches!(
            error.class,
            ErrorClass::ContextWindow | ErrorClass::ContentPolicy | ErrorClass::ModelMissing
        );
        if matches!(class, ErrorClass::Client | ErrorClass::Server) && precise {
            return error;
        }
        UpstreamError { class, ..error }
    }

    /// As [`Server::judged`], for an answer that could not be read.
    pub(crate) fn judged_answer(&self, error: DecodeError) -> DecodeError {
        match error {
            DecodeError::Upstream(error) => DecodeError::Upstream(self.judged(error)),
            DecodeError::Malformed(_) | DecodeError::Truncated => error,
        }
    }

    /// Whether its streams are read as OpenAI's own.
    pub(crate) fn reads_plainly(&self) -> bool {
        !self.quirks.inline_thinking
            && !self.quirks.reasoning_beside_output
            && self.codes.known.is_empty()
            && self.codes.own.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_own_code_decides_and_its_family_covers_it() {
        let own = [("Throttling.Odd".to_owned(), ErrorClass::Client)];
        let codes = Codes {
            known: &[("Throttling", ErrorClass::Throttle), ("1302", ErrorClass::Throttle)],
            own: Arc::from(own),
        };
        let server = Server { codes, ..Server::default() };
        let class =
            |class, code| server.judged(UpstreamError::new(class, "m").with_code(Some(code))).class;
        assert_eq!(class(ErrorClass::Server, "Throttling.RateQuota"), ErrorClass::Throttle);
        assert_eq!(class(ErrorClass::Server, "throttling"), ErrorClass::Throttle);
        assert_eq!(class(ErrorClass::Server, "Throttling.Odd"), ErrorClass::Client);
        assert_eq!(class(ErrorClass::Server, "1302"), ErrorClass::Throttle);
        assert_eq!(class(ErrorClass::Server, "1303"), ErrorClass::Server);
        assert_eq!(class(ErrorClass::ContextWindow, "Throttling.Odd"), ErrorClass::ContextWindow);
        assert_eq!(class(ErrorClass::Auth, "Throttling.Odd"), ErrorClass::Client);
    }
}
