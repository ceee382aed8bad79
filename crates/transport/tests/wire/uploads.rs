//! Bodies that are sent as they come: whole or broken off, never ahead of the vendor.

use crate::server::Server;
use crate::support::{patient, read, transport};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::Request;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::join;
use tokio::sync::Notify;
use tokio::time::timeout;
use tollgate_providers_common::{StreamBroken, Transport, TransportError, Upload};

const PIECE: usize = 64 << 10;
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn upload(
    url: &str,
    body: Vec<Result<Bytes, StreamBroken>>,
    length: Option<u64>,
) -> Request<Upload> {
    Request::post(url).body(Upload { body: Box::pin(stream::iter(body)), length }).unwrap()
}

fn pieces(texts: &[&'static str]) -> Vec<Result<Bytes, StreamBroken>> {
    texts.iter().map(|text| Ok(Bytes::from_static(text.as_bytes()))).collect()
}

#[tokio::test]
async fn a_body_of_known_length_is_sent_with_it_and_one_of_unknown_length_in_chunks() {
    for (length, said, ends) in [
        (Some(6), "content-length: 6\r\n", "abcdef"),
        (None, "transfer-encoding: chunked\r\n", "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"),
    ] {
        let (server, transport) = (Server::start().await, transport());
        let sending = transport
            .send_upload(upload(&server.url("/"), pieces(&["abc", "def"]), length), patient());
        let answering = async {
            let mut conn = server.accept().await;
            let head = conn.head().await;
            let mut body = String::new();
            while !body.ends_with(ends) {
                body.push_str(&conn.some().await);
            }
            conn.write(OK).await;
            (head, body, conn)
        };
        let (response, (head, body, _conn)) = join!(sending, answering);
        assert!(head.to_ascii_lowercase().contains(said), "{head}");
        assert_eq!(body, ends);
        assert_eq!(read(response.unwrap()).await, ("ok".to_owned(), None));
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_breaks_its_connection_and_is_never_ended() {
    let (server, transport) = (Server::start().await, transport());
    let begun = Arc::new(Notify::new());
    let breaks = Arc::clone(&begun);
    let rest = stream::once(async move {
        breaks.notified().await;
        Err(StreamBroken)
    });
    let body = stream::iter(pieces(&["abc"])).chain(rest);
    let body = Upload { body: Box::pin(body), length: None };
    let request = Request::post(server.url("/")).body(body).unwrap();
    let sending = transport.send_upload(request, patient());
    let seen = async {
        let mut conn = server.accept().await;
        conn.head().await;
        begun.notify_one();
        let mut body = String::new();
        loop {
            let more = conn.some().await;
            if more.is_empty() {
                return body;
            }
            body.push_str(&more);
        }
    };
    let (response, body) = join!(sending, seen);
    assert!(matches!(response, Err(TransportError::Broken { .. })));
    assert!(!body.contains("0\r\n\r\n"), "{body:?}");
}

#[tokio::test]
async fn a_vendor_that_does_not_read_stops_the_body() {
    let (server, transport) = (Server::start().await, transport());
    let (taken, more) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let (count, moved) = (Arc::clone(&taken), Arc::clone(&more));
    let endless = stream::repeat_with(move || {
        count.fetch_add(PIECE, Ordering::SeqCst);
        moved.notify_one();
        Ok(Bytes::from(vec![b'x'; PIECE]))
    });
    let body = Upload { body: Box::pin(endless), length: None };
    let request = Request::post(server.url("/")).body(body).unwrap();
    let sending = transport.send_upload(request, patient());
    let watching = async {
        let mut conn = server.accept().await;
        conn.head().await;
        // It stands still once the system's buffers are full.
        while timeout(Duration::from_millis(300), more.notified()).await.is_ok() {}
        conn
    };
    tokio::select! {
        _ = sending => panic!("nobody answered"),
        _conn = watching => {}
    };
    let taken = taken.load(Ordering::SeqCst);
    assert!(taken > 0 && taken < 32 << 20, "{taken} bytes were taken that nobody read");
}
