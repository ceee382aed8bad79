//! Writing an answer: its head, and its body in the framing that the script wants.

use crate::gzip::Gzip;
use crate::peer::{Gone, Peer};
use crate::script::{Framing, Wire};

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    /// A head of that status and content type.
    pub(crate) fn new(status: u16, content_type: &str) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), content_type.to_owned())] }
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes()
    }
}

/// A body that is being written.
#[derive(Debug)]
pub(crate) struct Body<'a> {
    pub(crate) peer: &'a mut Peer,
    framing: Framing,
    split: usize,
    gzip: Option<Gzip>,
}

impl<'a> Body<'a> {
    /// Writes the head of a body whose length is not known.
    ///
    /// # Errors
    /// When the peer leaves.
    pub(crate) async fn stream(
        peer: &'a mut Peer,
        mut head: Head,
        wire: &Wire,
    ) -> Result<Self, Gone> {
        // A stream has no length to tell; asked for one, it ends with the connection.
        let framing = match wire.framing {
            None | Some(Framing::Chunked) => Framing::Chunked,
            Some(Framing::Close | Framing::Length) => Framing::Close,
        };
        head = match framing {
            Framing::Chunked => head.with("transfer-encoding", "chunked"),
            Framing::Close | Framing::Length => head.with("connection", "close"),
        };
        let gzip = wire.gzip.then(Gzip::default);
        if gzip.is_some() {
            head = head.with("content-encoding", "gzip");
        }
        peer.send(&head.bytes()).await?;
        let mut body = Self { peer, framing, split: wire.split.unwrap_or(usize::MAX), gzip };
        if body.gzip.is_some() {
            body.raw(&Gzip::HEADER).await?;
        }
        Ok(body)
    }

    /// Writes a whole answer; the length told is `extra` too large.
    ///
    /// # Errors
    /// When the peer leaves.
    pub(crate) async fn whole(
        peer: &'a mut Peer,
        mut head: Head,
        wire: &Wire,
        bytes: &[u8],
        extra: u64,
    ) -> Result<Framing, Gone> {
        if matches!(wire.framing, Some(Framing::Chunked | Framing::Close)) {
            let mut body = Self::stream(peer, head, wire).await?;
            body.write(bytes).await?;
            return body.finish().await;
        }
        let mut encoded = bytes.to_vec();
        if wire.gzip {
            let mut gzip = Gzip::default();
            encoded = [&Gzip::HEADER[..], &gzip.blocks(bytes), &gzip.end()].concat();
            head = head.with("content-encoding", "gzip");
        }
        let length = encoded.len() as u64 + extra;
        peer.send(&head.with("content-length", &length.to_string()).bytes()).await?;
        for piece in encoded.chunks(wire.split.unwrap_or(usize::MAX).max(1)) {
            peer.send(piece).await?;
            tokio::task::yield_now().await;
        }
        Ok(if extra > 0 { Framing::Close } else { Framing::Length })
    }

    /// Writes a piece of the body.
    ///
    /// # Errors
    /// When the peer leaves.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        match self.gzip.as_mut().map(|gzip| gzip.blocks(bytes)) {
            Some(encoded) => self.raw(&encoded).await,
            None => self.raw(bytes).await,
        }
    }

    /// Ends the body.
    ///
    /// # Errors
    /// When the peer leaves.
    pub(crate) async fn finish(mut self) -> Result<Framing, Gone> {
        if let Some(end) = self.gzip.as_ref().map(Gzip::end) {
            self.raw(&end).await?;
        }
        if self.framing == Framing::Chunked {
            self.peer.send(b"0\r\n\r\n").await?;
        }
        Ok(self.framing)
    }

    async fn raw(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        for piece in bytes.chunks(self.split.max(1)) {
            if self.framing == Framing::Chunked {
                let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
                chunk.extend(piece);
                chunk.extend(b"\r\n");
                self.peer.send(&chunk).await?;
            } else {
                self.peer.send(piece).await?;
            }
            if self.split < bytes.len() {
                // Give the other side a chance to read what is there, split as it is.
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }
}

/// The reason phrase, for people who read dumps.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Payload Too Large",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
