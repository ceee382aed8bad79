//! Turns error chains of hyper, rustls and the system into one short line, and says which errors
//! happened before anything was sent.
//!
//! The texts come from libraries and, for certificates, from the peer: they are bounded and cleared
//! of control characters. They hold no path, query or header, because those libraries print none.

use std::error::Error;
use std::fmt::Write as _;
use tollgate_providers_common::TransportError;

use crate::connect::BoxError;
use crate::origin::Origin;

/// Longest reason in characters; a certificate may present hundreds of names.
const MAX_REASON: usize = 240;

/// Why a request got no head.
pub(crate) enum Failure {
    /// No connection took it: provably nothing was sent.
    Unsent(BoxError),
    /// A connection took it and failed.
    Broken(hyper::Error),
}

impl Failure {
    /// The error to tell.
    #[cold]
    pub(crate) fn of(self, origin: &Origin) -> TransportError {
        match self {
            Self::Unsent(error) => {
                TransportError::Connect { origin: origin.to_string(), reason: reason(&*error) }
            }
            Self::Broken(error) => cut(&error, origin),
        }
    }
}

/// The error for a body that ended before its end.
pub(crate) fn cut(error: &hyper::Error, origin: &Origin) -> TransportError {
    TransportError::Broken { origin: origin.to_string(), reason: reason(error) }
}

/// One line for a chain of errors: each distinct text once, outermost first.
pub(crate) fn reason(error: &(dyn Error + 'static)) -> String {
    if let Some(tls) = find_tls(error) {
        return bounded(&format!("TLS: {tls}"));
    }
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(current) = next {
        let text = current.to_string();
        // Many wrappers print their cause as well; only what adds something is kept.
        if !text.is_empty() && !texts.iter().any(|seen| seen.contains(&text)) {
            texts.push(text);
        }
        next = inner(current);
    }
    bounded(&texts.join(": "))
}

/// The TLS error within a chain, if any.
fn find_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(tls) = current.downcast_ref() {
            return Some(tls);
        }
        next = inner(current);
    }
    None
}

/// The next error of a chain. `io::Error::source` skips the error that it wraps, so that is asked
/// for first.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// `text` without control characters, cut to [`MAX_REASON`].
fn bounded(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_REASON + 4));
    for (count, c) in text.chars().enumerate() {
        if count == MAX_REASON {
            // Writing to a String cannot fail.
            let _ = out.write_str(" ...");
            break;
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: io::Error,
    }

    #[test]
    fn a_chain_becomes_one_line_and_repeated_texts_are_said_once() {
        let root = io::Error::other("no route");
        assert_eq!(reason(&Layer { text: "tcp connect error", source: root }), {
            "tcp connect error: no route"
        });
        let root = io::Error::other("no route");
        assert_eq!(reason(&Layer { text: "failed: no route", source: root }), "failed: no route");
    }

    #[test]
    fn a_tls_error_is_found_inside_nested_io_errors() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let io = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls));
        assert_eq!(reason(&io), "TLS: invalid peer certificate: UnknownIssuer");
    }

    #[test]
    fn long_and_hostile_texts_are_bounded_and_cleared() {
        let text = bounded(&format!("a\r\nb{}", "x".repeat(10_000)));
        assert!(text.starts_with("a  bx"), "{text}");
        assert_eq!(text.chars().count(), MAX_REASON + 4);
    }
}
