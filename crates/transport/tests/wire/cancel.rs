//! What a client that leaves, or stops reading, does to the server.

use crate::server::{Conn, Server};
use crate::support::{patient, post, send, transport};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::join;
use tokio::time::timeout;
use tollgate_providers_common::{ByteStream, Transport};

/// The bound that clients are promised.
const PROMPTLY: Duration = Duration::from_millis(50);

/// Runs `attempt` until one is in time; a busy machine may be late, a leak always is.
async fn in_time<F: Future<Output = bool>>(attempt: impl Fn() -> F) {
    for _ in 0..5 {
        if attempt().await {
            return;
        }
    }
    panic!("never within {PROMPTLY:?}");
}

async fn closes(mut conn: Conn) -> bool {
    timeout(PROMPTLY, conn.closed()).await.is_ok()
}

#[tokio::test]
async fn a_dropped_request_closes_the_connection() {
    in_time(async || {
        let (server, transport) = (Server::start().await, transport());
        let mut sending = transport.send(post(&server.url("/"), "{}"), patient());
        let conn = tokio::select! {
            _ = &mut sending => panic!("nothing was answered"),
            conn = async {
                let mut conn = server.accept().await;
                conn.request().await;
                conn
            } => conn,
        };
        drop(sending);
        closes(conn).await
    })
    .await;
}

#[tokio::test]
async fn a_dropped_body_closes_the_connection() {
    in_time(async || {
        let (server, transport) = (Server::start().await, transport());
        let started = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n";
        let (response, conn) = join!(send(&transport, server.url("/")), server.answer(started));
        let mut body = response.unwrap().into_body();
        assert_eq!(body.next().await.unwrap().unwrap(), "abc");
        drop(body);
        closes(conn).await
    })
    .await;
}

#[tokio::test]
async fn a_body_dropped_unread_closes_the_connection() {
    in_time(async || {
        let (server, transport) = (Server::start().await, transport());
        let started = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nabc";
        let (response, conn) = join!(send(&transport, server.url("/")), server.answer(started));
        drop(response.unwrap());
        closes(conn).await
    })
    .await;
}

/// More than the kernel's socket buffers and ours together hold.
const FLOOD: usize = 64 * 1024 * 1024;

/// Writes up to [`FLOOD`] bytes and gives how many went before the server was held up.
async fn flood(conn: &mut Conn, written: &mut usize) {
    let piece = vec![b'x'; 64 * 1024];
    while *written < FLOOD {
        let left = piece.len().min(FLOOD - *written);
        match timeout(Duration::from_millis(300), conn.try_write(&piece[..left])).await {
            Ok(wrote) => *written += wrote.unwrap(),
            Err(_) => return,
        }
    }
}

async fn length(mut body: ByteStream) -> usize {
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        length += chunk.unwrap().len();
    }
    length
}

#[tokio::test]
async fn a_reader_that_stops_stops_the_server() {
    let (server, transport) = (Server::start().await, transport());
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {FLOOD}\r\n\r\n");
    let answered = server.answer(head.as_bytes());
    let (response, mut conn) = join!(send(&transport, server.url("/")), answered);
    let body = response.unwrap().into_body();
    let mut written = 0;
    flood(&mut conn, &mut written).await;
    assert!(
        written < FLOOD / 2,
        "the server could send {written} bytes to a reader that is not there"
    );
    let (read, ()) = join!(length(body), flood(&mut conn, &mut written));
    assert_eq!((read, written), (FLOOD, FLOOD), "and it goes on when the reader does");
}
