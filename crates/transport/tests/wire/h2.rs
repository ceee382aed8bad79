//! HTTP/2 over TLS against frames written by hand.

use crate::support::{SECRET_PATH, failure, patient, post, read};
use crate::tls::{TlsStream, serve, serve_each, trusting};
use futures_util::future::join_all;
use std::io::{Read, Result, Write};
use tollgate_providers_common::{Transport, TransportError};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:status: 200` from HPACK's static table.
const STATUS_200: &[u8] = &[0x88];

struct H2<'a>(&'a mut TlsStream);

impl<'a> H2<'a> {
    /// Reads the client's preface and sends our settings.
    fn accept(stream: &'a mut TlsStream) -> Result<Self> {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface)?;
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut h2 = Self(stream);
        h2.write(SETTINGS, 0, 0, &[])?;
        Ok(h2)
    }

    fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Result<()> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        self.0.write_all(&length[1..])?;
        self.0.write_all(&[kind, flags])?;
        self.0.write_all(&stream.to_be_bytes())?;
        self.0.write_all(payload)?;
        self.0.flush()
    }

    fn read(&mut self) -> Result<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head)?;
        let [a, b, c, kind, flags, s0, s1, s2, s3] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.0.read_exact(&mut payload)?;
        Ok((kind, flags, u32::from_be_bytes([s0, s1, s2, s3]), payload))
    }

    /// Reads until a request is complete and gives its stream and body.
    fn request(&mut self) -> Result<(u32, Vec<u8>)> {
        let mut body = Vec::new();
        loop {
            let (kind, flags, stream, payload) = self.read()?;
            if kind == SETTINGS && flags & ACK == 0 {
                self.write(SETTINGS, ACK, 0, &[])?;
            }
            if kind == DATA {
                body.extend(payload);
            }
            if (kind == DATA || kind == HEADERS) && flags & END_STREAM != 0 {
                return Ok((stream, body));
            }
        }
    }

    /// Reads until the client is gone.
    fn drain(&mut self) {
        while self.read().is_ok() {}
    }
}

fn url(address: std::net::SocketAddr) -> String {
    format!("https://{address}{SECRET_PATH}")
}

#[tokio::test]
async fn two_requests_share_one_connection() {
    let (address, served) = serve("valid.pem", &[b"h2"], |stream| {
        let mut h2 = H2::accept(stream)?;
        let mut bodies = Vec::new();
        for _ in 0..2 {
            let (stream, body) = h2.request()?;
            h2.write(HEADERS, END_HEADERS, stream, STATUS_200)?;
            h2.write(DATA, 0, stream, b"o")?;
            h2.write(DATA, END_STREAM, stream, b"k")?;
            bodies.push(body);
        }
        Ok(bodies)
    });
    let transport = trusting(true);
    for body in ["one", "two"] {
        let response = transport.send(post(&url(address), body), patient()).await.unwrap();
        assert_eq!(response.version(), http::Version::HTTP_2);
        assert_eq!(response.status(), 200);
        assert_eq!(read(response).await, ("ok".to_owned(), None));
    }
    assert_eq!(served.result().await.unwrap(), [b"one", b"two"]);
}

#[tokio::test]
async fn a_refused_stream_and_a_goaway_are_broken() {
    // REFUSED_STREAM, and GOAWAY that took no stream.
    for (kind, on_stream, payload) in
        [(RST_STREAM, true, vec![0, 0, 0, 7]), (GOAWAY, false, vec![0; 8])]
    {
        let (address, served) = serve("valid.pem", &[b"h2"], move |stream| {
            let mut h2 = H2::accept(stream)?;
            let (stream, _) = h2.request()?;
            h2.write(kind, 0, if on_stream { stream } else { 0 }, &payload)?;
            h2.drain();
            Ok(())
        });
        let transport = trusting(true);
        let result = transport.send(post(&url(address), "x"), patient()).await;
        let error = failure(result);
        assert!(matches!(&error, TransportError::Broken { .. }), "{error}");
        drop(transport);
        served.result().await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_that_is_reset_in_its_middle_is_broken_after_what_came() {
    let (address, served) = serve("valid.pem", &[b"h2"], |stream| {
        let mut h2 = H2::accept(stream)?;
        let (stream, _) = h2.request()?;
        h2.write(HEADERS, END_HEADERS, stream, STATUS_200)?;
        h2.write(DATA, 0, stream, b"abc")?;
        h2.write(RST_STREAM, 0, stream, &[0, 0, 0, 2])?;
        h2.drain();
        Ok(())
    });
    let transport = trusting(true);
    let response = transport.send(post(&url(address), ""), patient()).await.unwrap();
    let (_, error) = read(response).await;
    assert!(matches!(error, Some(TransportError::Broken { .. })), "{error:?}");
    drop(transport);
    served.result().await.unwrap();
}

#[tokio::test]
async fn a_dropped_body_cancels_its_stream_alone() {
    let (address, served) = serve("valid.pem", &[b"h2"], |stream| {
        let mut h2 = H2::accept(stream)?;
        let (first, _) = h2.request()?;
        h2.write(HEADERS, END_HEADERS, first, STATUS_200)?;
        loop {
            let (kind, _, stream, payload) = h2.read()?;
            if kind == RST_STREAM {
                assert_eq!((stream, payload), (first, vec![0, 0, 0, 8]), "CANCEL");
                break;
            }
        }
        let (second, _) = h2.request()?;
        h2.write(HEADERS, END_HEADERS | END_STREAM, second, STATUS_200)
    });
    let transport = trusting(true);
    drop(transport.send(post(&url(address), ""), patient()).await.unwrap());
    let response = transport.send(post(&url(address), ""), patient()).await.unwrap();
    assert_eq!(read(response).await, (String::new(), None));
    served.result().await.unwrap();
}

/// Answers requests until the client is gone and gives how many there were.
fn answer_all(stream: &mut TlsStream) -> Result<usize> {
    // A connection that another one made unnecessary ends before it is used.
    let Ok(mut h2) = H2::accept(stream) else { return Ok(0) };
    let mut answered = 0;
    while let Ok((stream, _)) = h2.request() {
        h2.write(HEADERS, END_HEADERS | END_STREAM, stream, STATUS_200)?;
        answered += 1;
    }
    Ok(answered)
}

#[tokio::test]
async fn requests_that_start_together_at_a_new_vendor_share_one_connection() {
    let (address, served) = serve_each(5, &[b"h2"], answer_all);
    let transport = trusting(true);
    let url = url(address);
    let sent = (0..5).map(|_| transport.send(post(&url, "x"), patient()));
    for response in join_all(sent).await {
        assert_eq!(response.unwrap().status(), 200);
    }
    drop(transport);
    let mut answered = served.result().await.unwrap();
    answered.sort_unstable();
    assert_eq!(answered, [0, 0, 0, 0, 5]);
}

#[tokio::test]
async fn a_connection_that_goes_away_is_replaced() {
    let (address, served) = serve_each(3, &[b"h2"], |stream| {
        let mut h2 = H2::accept(stream)?;
        let (stream, body) = h2.request()?;
        h2.write(HEADERS, END_HEADERS | END_STREAM, stream, STATUS_200)?;
        // No more after this stream, and no error.
        let last = stream.to_be_bytes();
        h2.write(GOAWAY, 0, 0, &[last, [0; 4]].concat())?;
        h2.drain();
        Ok(body)
    });
    let transport = trusting(true);
    for body in ["1", "2", "3"] {
        let response = transport.send(post(&url(address), body), patient()).await.unwrap();
        assert_eq!(read(response).await, (String::new(), None));
    }
    assert_eq!(served.result().await.unwrap(), [b"1", b"2", b"3"]);
}
