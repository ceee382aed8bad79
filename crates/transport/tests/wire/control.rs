//! Probes by the control plane's client.

use crate::server::Server;
use crate::support::transport;
use crate::tls::{serve, trusting};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri};
use std::io::{Read, Write};
use std::time::Duration;
use tokio::join;
use tollgate_providers_common::TransportError;

const PATIENT: Duration = Duration::from_secs(60);

fn uri(url: &str) -> Uri {
    url.parse().unwrap()
}

#[tokio::test]
async fn a_probe_gives_the_status_and_follows_nothing() {
    let (server, control) = (Server::start().await, transport().control());
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Bearer k"));
    for status in [200, 301, 401, 503] {
        let answer = format!(
            "HTTP/1.1 {status} x\r\nlocation: /elsewhere\r\nconnection: close\r\n\
             content-length: 3\r\n\r\nabc"
        );
        let url = uri(&server.url("/v1/models"));
        let (found, sent) = join!(control.probe(url, &headers, PATIENT), async {
            let mut conn = server.accept().await;
            let sent = conn.request().await;
            conn.write(answer.as_bytes()).await;
            sent
        });
        assert_eq!(found, Ok(status));
        assert!(sent.starts_with("GET /v1/models HTTP/1.1\r\n"), "{sent}");
        assert!(sent.contains("authorization: Bearer k\r\n"), "{sent}");
        assert!(sent.contains("user-agent: tollgate/"), "{sent}");
    }
}

#[tokio::test]
async fn an_endless_body_does_not_hold_a_probe() {
    let (server, control) = (Server::start().await, transport().control());
    let url = uri(&server.url("/"));
    let headers = HeaderMap::new();
    let (found, sent) = join!(control.probe(url, &headers, PATIENT), async {
        let mut conn = server.answer(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n").await;
        let mut sent = 0;
        while let Ok(wrote) = conn.try_write(&[b'x'; 4096]).await {
            sent += wrote;
        }
        sent
    });
    assert_eq!(found, Ok(200));
    // What we read and what the kernel's buffers hold.
    assert!(sent < 32 * 1024 * 1024, "{sent} bytes were taken");
}

#[tokio::test]
async fn failures_are_told_apart_and_show_the_origin_alone() {
    let (server, control) = (Server::start().await, transport().control());
    let (origin, url) = (server.origin(), server.url("/v1?key=sk-secret"));
    let headers = HeaderMap::new();
    let (broken, ()) = join!(control.probe(uri(&url), &headers, PATIENT), async {
        let mut conn = server.accept().await;
        conn.request().await;
    });
    let silent = control.probe(uri(&url), &headers, Duration::from_millis(50)).await;
    drop(server);
    let refused = control.probe(uri(&url), &headers, PATIENT).await;
    assert!(matches!(&broken, Err(TransportError::Broken { .. })), "{broken:?}");
    assert_eq!(silent, Err(TransportError::Timeout { origin }));
    assert!(matches!(&refused, Err(TransportError::Connect { .. })), "{refused:?}");
    for error in [broken, refused] {
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn a_probe_trusts_what_the_transport_trusts() {
    let answer = |stream: &mut crate::tls::TlsStream| {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            read.extend(byte);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
        stream.flush()
    };
    let (address, served) = serve("valid.pem", &[b"http/1.1"], answer);
    let url = uri(&format!("https://{address}/v1/models"));
    let found = trusting(true).control().probe(url, &HeaderMap::new(), PATIENT).await;
    assert_eq!(found, Ok(200));
    served.result().await.unwrap();

    let (address, served) = serve("expired.pem", &[], answer);
    let url = uri(&format!("https://{address}/v1/models"));
    let found = trusting(true).control().probe(url, &HeaderMap::new(), PATIENT).await;
    let Err(TransportError::Connect { reason, .. }) = found else {
        panic!("not a connect failure: {found:?}");
    };
    assert!(reason.contains("certificate expired"), "{reason}");
    assert!(served.result().await.is_err());
}

#[tokio::test]
async fn an_exchange_sends_a_body_and_gives_the_whole_answer_whatever_its_status() {
    let (server, control) = (Server::start().await, transport().control());
    let request = || {
        http::Request::put(server.url("/latest/api/token"))
            .header("x-ttl", "300")
            .body(Bytes::from_static(b"a=b"))
            .unwrap()
    };
    let answer = |status: u16, body: &str| {
        let len = body.len();
        format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {len}\r\n\r\n{body}")
    };
    for status in [200, 302, 403, 500] {
        let (found, sent) = join!(control.exchange(request(), 64, PATIENT), async {
            let mut conn = server.accept().await;
            let sent = conn.request().await;
            conn.write(answer(status, "keys").as_bytes()).await;
            sent
        });
        let found = found.unwrap();
        assert_eq!((found.status().as_u16(), &found.body()[..]), (status, &b"keys"[..]));
        assert!(sent.starts_with("PUT /latest/api/token HTTP/1.1\r\n"), "{sent}");
        assert!(sent.contains("x-ttl: 300\r\n"), "{sent}");
    }
    let (found, ()) = join!(control.exchange(request(), 3, PATIENT), async {
        let mut conn = server.accept().await;
        conn.request().await;
        conn.write(answer(200, "keys").as_bytes()).await;
    });
    assert!(matches!(found, Err(TransportError::Unusable { .. })), "{found:?}");
}
