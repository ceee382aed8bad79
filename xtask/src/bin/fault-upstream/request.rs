//! Reading one HTTP/1.1 request as it stands on the wire.

use crate::peer::{Gone, Peer};

/// Longest head accepted, in bytes.
const HEAD_MAX: usize = 256 * 1024;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Method.
    pub(crate) method: String,
    /// Path without query.
    pub(crate) path: String,
    /// Query without `?`.
    pub(crate) query: Option<String>,
    /// Headers in order, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Body, without its transfer coding.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Reads the next request of a connection.
    ///
    /// # Errors
    /// When the peer leaves first, or sends what is no HTTP/1.1.
    pub(crate) async fn read(peer: &mut Peer) -> Result<Self, Gone> {
        let end = until(peer, b"\r\n\r\n", HEAD_MAX).await?;
        let head: Vec<u8> = peer.ahead.drain(..end).collect();
        let mut request = Self::parse_head(&head).ok_or(Gone)?;
        if request.header("expect").is_some_and(|it| it.eq_ignore_ascii_case("100-continue")) {
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        request.body = if request.header("transfer-encoding").is_some() {
            chunked(peer).await?
        } else {
            let length = request.header("content-length").and_then(|it| it.parse().ok());
            exactly(peer, length.unwrap_or(0)).await?
        };
        Ok(request)
    }

    fn parse_head(head: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(head).ok()?;
        let mut lines = text.split("\r\n");
        let mut start = lines.next()?.split(' ');
        let (method, target) = (start.next()?.to_owned(), start.next()?);
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self { method, path: path.to_owned(), query, headers, body: Vec::new() })
    }

    /// The first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON, where it is.
    pub(crate) fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Reads until `mark` has come; returns where it ends.
async fn until(peer: &mut Peer, mark: &[u8], max: usize) -> Result<usize, Gone> {
    let mut seen = 0;
    loop {
        let found = peer.ahead.get(seen..).unwrap_or_default();
        if let Some(at) = found.windows(mark.len()).position(|window| window == mark) {
            return Ok(seen + at + mark.len());
        }
        if peer.ahead.len() > max {
            return Err(Gone);
        }
        seen = peer.ahead.len().saturating_sub(mark.len());
        peer.fill().await?;
    }
}

async fn exactly(peer: &mut Peer, length: usize) -> Result<Vec<u8>, Gone> {
    while peer.ahead.len() < length {
        peer.fill().await?;
    }
    Ok(peer.ahead.drain(..length).collect())
}

async fn chunked(peer: &mut Peer) -> Result<Vec<u8>, Gone> {
    let mut body = Vec::new();
    loop {
        let end = until(peer, b"\r\n", 1024).await?;
        let line: Vec<u8> = peer.ahead.drain(..end).collect();
        let text = String::from_utf8_lossy(&line);
        let size = text.split([';', '\r']).next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16).map_err(|_| Gone)?;
        body.extend(exactly(peer, size).await?);
        exactly(peer, 2).await?;
        if size == 0 {
            return Ok(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_as_they_stand() {
        let head = b"POST /v1/messages?beta=true HTTP/1.1\r\nX-Api-Key: a b \r\nHost: h\r\n\r\n";
        let request = Request::parse_head(head).unwrap();
        assert_eq!(request.method, "POST");
        assert_eq!(request.path, "/v1/messages");
        assert_eq!(request.query.as_deref(), Some("beta=true"));
        assert_eq!(request.header("x-api-key"), Some("a b"));
        assert!(Request::parse_head(b"\xff\xfe").is_none());
    }
}
