//! As much HTTP as a load generator needs: send fixed bytes, read one answer, time its first byte.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// One keep-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// What one exchange took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exchange {
    /// When the first byte of the body came.
    pub(crate) first_body: Instant,
    /// When its last byte came.
    pub(crate) end: Instant,
    /// Whether the status was 200.
    pub(crate) ok: bool,
}

impl Connection {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self { stream, buffer: vec![0; 64 << 10], filled: 0 })
    }

    /// Sends `request` and reads its whole answer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> io::Result<Exchange> {
        self.stream.write_all(request)?;
        self.filled = 0;
        let head_end = loop {
            self.more()?;
            if let Some(end) = find(self.bytes(), b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = String::from_utf8_lossy(&self.bytes()[..head_end]).to_ascii_lowercase();
        let ok = head.starts_with("http/1.1 200");
        if self.filled == head_end {
            self.more()?;
        }
        let first_body = now();
        match content_length(&head) {
            Some(length) => {
                while self.filled < head_end + length {
                    self.more()?;
                }
            }
            // The last chunk is the only place where these bytes end an answer of this bench.
            None => {
                while !self.bytes().ends_with(b"0\r\n\r\n") {
                    self.more()?;
                }
            }
        }
        Ok(Exchange { first_body, end: now(), ok })
    }

    fn bytes(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    fn more(&mut self) -> io::Result<()> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        match self.stream.read(&mut self.buffer[self.filled..])? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.filled += read;
                Ok(())
            }
        }
    }
}

fn content_length(head: &str) -> Option<usize> {
    let (_, rest) = head.split_once("content-length:")?;
    rest.lines().next()?.trim().parse().ok()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The generator is a shell: reading the clock is its work.
#[expect(clippy::disallowed_methods, reason = "a load generator measures time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
