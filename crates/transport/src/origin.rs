//! The part of an address that may be shown: scheme, host and port.
//!
//! Paths and queries can hold deployment names and keys, an authority can hold a password; none of
//! them may reach a log, so error texts are made from this type alone.

use http::Uri;
use http::uri::{Authority, Scheme};
use std::fmt;

/// Scheme, host and port of an address. Cheap to make: it shares the address's bytes.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    scheme: Option<Scheme>,
    authority: Option<Authority>,
}

impl Origin {
    /// The origin of `uri`; parts that it lacks stay empty.
    pub(crate) fn of(uri: &Uri) -> Self {
        Self { scheme: uri.scheme().cloned(), authority: uri.authority().cloned() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.as_ref().map_or("", Scheme::as_str);
        let default_port = if scheme == "https" { 443 } else { 80 };
        let (host, port) = self
            .authority
            .as_ref()
            .map_or(("", default_port), |a| (a.host(), a.port_u16().unwrap_or(default_port)));
        write!(f, "{scheme}://{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(uri: &'static str) -> String {
        Origin::of(&Uri::from_static(uri)).to_string()
    }

    #[test]
    fn shows_scheme_host_and_port_and_nothing_else() {
        assert_eq!(shown("https://api.example.com/v1/x?key=secret"), "https://api.example.com:443");
        assert_eq!(shown("http://user:secret@h:8080/v1"), "http://h:8080");
        assert_eq!(shown("http://[::1]/"), "http://[::1]:80");
    }

    #[test]
    fn an_address_without_parts_is_shown_without_them() {
        assert_eq!(shown("/v1/chat?key=secret"), "://:80");
    }
}
