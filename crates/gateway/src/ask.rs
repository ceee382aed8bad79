//! One GET to a running gateway, for commands that look at one.
//!
//! Plain HTTP, which is what gateways listen with, on a plain socket: a probe runs every few seconds
//! and must cost next to nothing. It must never wait past its time or read without bound.

use std::fmt;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use crate::clock;

/// Most that is read of an answer.
const MAX_ANSWER: usize = 8 << 20;

/// Where a gateway is, read from `http://HOST[:PORT][/PATH]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    host: String,
    port: u16,
    /// Below which path; without a `/` at its end.
    path: String,
}

impl Address {
    /// Reads what stands on the command line.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some(("https", _)) => {
                return Err(
                    "only http:// is spoken here; ask the gateway itself, or its TLS proxy \
                            with curl"
                        .to_owned(),
                );
            }
            Some((scheme, _)) => {
                return Err(format!("unknown scheme {scheme}://, expected http://"));
            }
            None => text,
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let printable = authority.bytes().chain(path.bytes()).all(|byte| byte.is_ascii_graphic());
        if !printable || authority.contains(['@', '?', '#']) || path.contains(['?', '#']) {
            return Err("expected http://HOST:PORT".to_owned());
        }
        let (host, port) = match authority.rsplit_once(':') {
            // A colon inside brackets belongs to an address.
            Some((host, port)) if !port.contains(']') => {
                (host, port.parse().map_err(|_| format!("{port} is no port"))?)
            }
            Some(_) | None => (authority, 80),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err("it names no host".to_owned());
        }
        Ok(Self { host: host.to_owned(), port, path: path.trim_end_matches('/').to_owned() })
    }

    fn authority(&self) -> String {
        let Self { host, port, path: _ } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.path)
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The host has no address.
    Unknown(std::io::Error),
    /// It took longer than it may.
    TooSlow,
    /// The connection could not be made, or broke.
    Broken(std::io::Error),
    /// What came is no HTTP.
    NoHttp,
    /// What came has no end.
    TooLong,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(error) => write!(f, "the host is not known: {error}"),
            Self::TooSlow => f.write_str("no answer in time"),
            Self::Broken(error) => error.fmt(f),
            Self::NoHttp => f.write_str("what answers there does not speak HTTP"),
            Self::TooLong => f.write_str("the answer is too long"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        // What a socket says where its time is up differs between systems.
        let late = [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind());
        if late { Self::TooSlow } else { Self::Broken(error) }
    }
}

/// Asks for `path` below an address. All of it, but for finding the host, takes `timeout` at most.
///
/// # Errors
/// When no answer came; see [`Failure`].
pub(crate) fn get(
    address: &Address,
    path: &str,
    key: Option<&str>,
    timeout: Duration,
) -> Result<Answer, Failure> {
    let until = clock::now() + timeout;
    let mut stream = connect(address, until)?;
    let authorization = key.map(|key| format!("authorization: Bearer {key}\r\n"));
    // HTTP/1.0: the answer ends with the connection and is never cut into chunks.
    let request = format!(
        "GET {}{path} HTTP/1.0\r\nhost: {}\r\naccept: application/json\r\n{}\r\n",
        address.path,
        address.authority(),
        authorization.unwrap_or_default(),
    );
    stream.set_write_timeout(Some(left(until)?))?;
    stream.write_all(request.as_bytes())?;
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    loop {
        stream.set_read_timeout(Some(left(until)?))?;
        let count = stream.read(&mut piece)?;
        all.extend_from_slice(piece.get(..count).unwrap_or_default());
        if count == 0 {
            return read(&all).ok_or(Failure::NoHttp);
        }
        if all.len() > MAX_ANSWER {
            return Err(Failure::TooLong);
        }
    }
}

fn connect(address: &Address, until: Instant) -> Result<TcpStream, Failure> {
    let found =
        (address.host.as_str(), address.port).to_socket_addrs().map_err(Failure::Unknown)?;
    let mut failure = Failure::Unknown(ErrorKind::NotFound.into());
    for address in found {
        match TcpStream::connect_timeout(&address, left(until)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error.into(),
        }
    }
    Err(failure)
}

/// What is left of the time; never nothing, which a socket would read as for ever.
fn left(until: Instant) -> Result<Duration, Failure> {
    let left = until.saturating_duration_since(clock::now());
    if left.is_zero() { Err(Failure::TooSlow) } else { Ok(left) }
}

fn read(all: &[u8]) -> Option<Answer> {
    let end = all.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = std::str::from_utf8(all.get(..end)?).ok()?;
    let (version, rest) = head.split_once(' ')?;
    let status = rest.get(..3)?.parse().ok()?;
    version
        .starts_with("HTTP/1.")
        .then(|| Answer { status, body: all.get(end + 4..).unwrap_or_default().to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, is) in [
            ("http://127.0.0.1:9090", "http://127.0.0.1:9090"),
            ("127.0.0.1:9090", "http://127.0.0.1:9090"),
            ("HTTP://gateway:8000/ai/", "http://gateway:8000/ai"),
            ("http://gateway", "http://gateway:80"),
            ("http://[::1]:9090", "http://[::1]:9090"),
            ("[::1]", "http://[::1]:80"),
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), is, "{text}");
        }
        for (text, says) in [
            ("https://gateway", "only http://"),
            ("ftp://gateway", "unknown scheme ftp://"),
            ("http://", "no host"),
            ("http://:9090", "no host"),
            ("http://gateway:99999", "99999 is no port"),
            ("http://user@gateway", "expected http://HOST:PORT"),
            ("http://gate\r\nway", "expected http://HOST:PORT"),
            ("http://gateway/?a", "expected http://HOST:PORT"),
        ] {
            let said = Address::parse(text).unwrap_err();
            assert!(said.contains(says), "{text}: {said}");
        }
    }

    #[test]
    fn answers_are_read_and_what_is_none_is_not() {
        let answer = read(b"HTTP/1.0 503 Service Unavailable\r\na: b\r\n\r\n{}\r\n\r\n").unwrap();
        assert_eq!((answer.status, &*answer.body), (503, &b"{}\r\n\r\n"[..]));
        for none in [
            "",
            "HTTP/1.1 200",
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 2\r\n\r\n",
            "HTTP/1.1 \u{e9}a\r\n\r\n",
        ] {
            assert_eq!(read(none.as_bytes()), None, "{none}");
        }
    }
}
