//! Servers that refuse, break, cut short or stay silent.

use crate::server::Server;
use crate::support::{SECRET_PATH, failure, now, patient, post, read, send, transport};
use std::time::Duration;
use tokio::join;
use tollgate_providers_common::{Deadlines, Transport, TransportError};

#[tokio::test]
async fn a_refused_connection_is_a_connect_failure() {
    let server = Server::start().await;
    let (origin, url) = (server.origin(), server.url(SECRET_PATH));
    drop(server);
    let TransportError::Connect { origin: named, reason } = failure(send(&transport(), &url).await)
    else {
        panic!("not a connect failure");
    };
    assert_eq!(named, origin);
    assert!(reason.contains("refused"), "{reason}");
}

#[tokio::test]
async fn an_unknown_name_is_a_connect_failure() {
    // `.invalid` never resolves (RFC 6761).
    let error = failure(send(&transport(), "http://nowhere.invalid/v1?key=secret").await);
    let TransportError::Connect { origin, reason } = error else {
        panic!("not a connect failure: {error}");
    };
    assert_eq!(origin, "http://nowhere.invalid:80");
    assert!(reason.contains("dns error"), "{reason}");
}

#[tokio::test]
async fn an_address_that_is_no_http_is_a_connect_failure() {
    for url in ["ftp://127.0.0.1/v1?key=secret", "/v1?key=secret"] {
        let error = failure(send(&transport(), url).await);
        assert!(matches!(error, TransportError::Connect { .. }), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_break_before_the_head_is_broken_and_sent_once() {
    let (server, transport) = (Server::start().await, transport());
    let url = server.url(SECRET_PATH);
    let (response, ()) = join!(send(&transport, &url), async {
        let mut conn = server.accept().await;
        conn.request().await;
        conn.reset();
    });
    let error = failure(response);
    assert!(matches!(&error, TransportError::Broken { .. }), "{error}");
    assert!(error.to_string().contains("reset"), "{error}");

    let (response, ()) = join!(send(&transport, &url), async {
        drop(server.answer(b"HTTP/1.1 200 OK\r\ncontent-le").await);
    });
    let error = failure(response);
    assert!(matches!(&error, TransportError::Broken { .. }), "{error}");
    assert!(error.to_string().contains("before message completed"), "{error}");
}

#[tokio::test]
async fn what_is_no_http_is_broken() {
    let (server, transport) = (Server::start().await, transport());
    let url = server.url(SECRET_PATH);
    let (response, _conn) = join!(send(&transport, &url), server.answer(b"SSH-2.0-x\r\n\r\n"));
    assert!(matches!(failure(response), TransportError::Broken { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_times_out_at_until() {
    let (server, transport) = (Server::start().await, transport());
    let begun = now();
    let until = begun + Duration::from_millis(50);
    let deadlines = Deadlines { connect: Duration::from_secs(3600), until };
    let request = post(&server.url(SECRET_PATH), "");
    let error = failure(transport.send(request, deadlines).await);
    assert_eq!(error, TransportError::Timeout { origin: server.origin() });
    let waited = now() - begun;
    assert!((50..=52).contains(&waited.as_millis()), "waited {waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_sends_nothing() {
    let (server, transport) = (Server::start().await, transport());
    let request = post(&server.url(SECRET_PATH), "");
    let deadlines = Deadlines { until: now(), ..patient() };
    let error = failure(transport.send(request, deadlines).await);
    assert_eq!(error, TransportError::Timeout { origin: server.origin() });
    tokio::select! {
        biased;
        _ = server.accept() => panic!("a connection was made"),
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
    }
}

/// A TLS handshake that is never answered is the one step of connecting that a test can hold up:
/// the kernel takes the connection, and nobody reads it.
#[tokio::test]
async fn a_connection_that_takes_too_long_is_a_connect_failure() {
    let (server, transport) = (Server::start().await, transport());
    let url = format!("https://{}{SECRET_PATH}", server.address());
    let deadlines = Deadlines { connect: Duration::from_millis(50), ..patient() };
    let response = transport.send(post(&url, ""), deadlines).await;
    let origin = format!("https://{}", server.address());
    let reason = "no connection within 50 ms".to_owned();
    assert_eq!(failure(response), TransportError::Connect { origin, reason });
}

#[tokio::test]
async fn a_body_that_ends_early_is_broken_after_what_came() {
    for (framing, reset) in [
        ("content-length: 10\r\n\r\nabc", false),
        ("transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", false),
        ("transfer-encoding: chunked\r\n\r\n9\r\nabc", false),
        ("content-length: 10\r\n\r\nabc", true),
    ] {
        let (server, transport) = (Server::start().await, transport());
        let answer = format!("HTTP/1.1 200 OK\r\n{framing}");
        let answered = server.answer(answer.as_bytes());
        let url = server.url(SECRET_PATH);
        let (response, conn) = join!(send(&transport, &url), answered);
        let response = response.unwrap();
        let reading = read(response);
        let (text, error) = if reset {
            // A reset throws away what was not read yet, so the text may be lost.
            let (read, ()) = join!(reading, async { conn.reset() });
            ("abc".to_owned(), read.1)
        } else {
            drop(conn);
            reading.await
        };
        assert_eq!(text, "abc", "{framing:?}");
        let Some(TransportError::Broken { origin, .. }) = error else {
            panic!("{framing:?}: not broken: {error:?}");
        };
        assert_eq!(origin, server.origin());
    }
}

#[tokio::test]
async fn a_broken_chunk_size_is_broken() {
    let (server, transport) = (Server::start().await, transport());
    let answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n";
    let (response, _conn) = join!(send(&transport, server.url("/")), server.answer(answer));
    let (_, error) = read(response.unwrap()).await;
    assert!(matches!(error, Some(TransportError::Broken { .. })), "{error:?}");
}
