//! What is sent, and answers of every framing.

use crate::server::{Conn, Server};
use crate::support::{SECRET_PATH, patient, post, read, send, transport};
use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Request, Response, Version};
use tokio::join;
use tollgate_providers_common::{ByteStream, Transport, TransportError};

/// The answer to one request, over a connection of its own.
async fn exchange(answer: &[u8]) -> (Result<Response<ByteStream>, TransportError>, Server, Conn) {
    let (server, transport) = (Server::start().await, transport());
    let sent = send(&transport, server.url(SECRET_PATH));
    let (response, conn) = join!(sent, server.answer(answer));
    (response, server, conn)
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn a_request_goes_out_as_it_is_with_host_and_agent() {
    let (server, transport) = (Server::start().await, transport());
    let mut request = post(&server.url("/v1/chat/completions?a=b%20c"), "{\"x\":1}");
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer k"));
    let (response, sent) = join!(transport.send(request, patient()), async {
        let mut conn = server.accept().await;
        let sent = conn.request().await;
        conn.write(OK).await;
        sent
    });
    assert_eq!(read(response.unwrap()).await, ("ok".to_owned(), None));
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        "POST /v1/chat/completions?a=b%20c HTTP/1.1\r\n\
         content-type: application/json\r\n\
         authorization: Bearer k\r\n\
         user-agent: tollgate/{version}\r\n\
         host: {}\r\n\
         content-length: 7\r\n\r\n{{\"x\":1}}",
        server.address()
    );
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn an_agent_that_the_request_names_and_any_version_are_respected() {
    let (server, transport) = (Server::start().await, transport());
    let mut request = post(&server.url("/"), "");
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("mine/1"));
    *request.version_mut() = Version::HTTP_2;
    let (response, sent) = join!(transport.send(request, patient()), async {
        let mut conn = server.accept().await;
        let sent = conn.request().await;
        conn.write(OK).await;
        sent
    });
    assert_eq!(response.unwrap().status(), 200);
    assert!(
        sent.starts_with("POST / HTTP/1.1\r\n") && sent.contains("user-agent: mine/1"),
        "{sent}"
    );
}

#[tokio::test]
async fn heads_and_bodies_of_every_framing_arrive() {
    let chunked = b"HTTP/1.1 429 Too Many\r\nretry-after: 3\r\ntransfer-encoding: chunked\r\n\r\n\
                    3\r\nabc\r\n2\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n";
    let (response, _server, _conn) = exchange(chunked).await;
    let response = response.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()[RETRY_AFTER], "3");
    assert_eq!(read(response).await, ("abcde".to_owned(), None));

    let closed = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nuntil the end";
    let (response, _server, conn) = exchange(closed).await;
    drop(conn);
    assert_eq!(read(response.unwrap()).await, ("until the end".to_owned(), None));

    let empty = b"HTTP/1.1 204 No Content\r\n\r\n";
    let (response, _server, _conn) = exchange(empty).await;
    assert_eq!(read(response.unwrap()).await, (String::new(), None));
}

#[tokio::test]
async fn chunks_arrive_as_they_are_sent() {
    let (server, transport) = (Server::start().await, transport());
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                 transfer-encoding: chunked\r\n\r\n";
    let (response, mut conn) = join!(send(&transport, server.url("/")), server.answer(head));
    let mut body = response.unwrap().into_body();
    for event in ["data: a\n\n", "data: b\n\n"] {
        conn.write(format!("9\r\n{event}\r\n").as_bytes()).await;
        // The server sends no more until this was read.
        assert_eq!(body.next().await.unwrap().unwrap(), event);
    }
    conn.write(b"0\r\n\r\n").await;
    assert!(body.next().await.is_none());
    assert!(body.next().await.is_none(), "and it stays ended");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (server, elsewhere, transport) =
        (Server::start().await, Server::start().await, transport());
    let url = server.url(SECRET_PATH);
    let to = elsewhere.url("/");
    let redirect = format!("HTTP/1.1 301 Moved\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
    let answered = server.answer(redirect.as_bytes());
    let (response, _conn) = join!(send(&transport, &url), answered);
    let response = response.unwrap();
    assert_eq!(response.status(), 301);
    assert_eq!(read(response).await, (String::new(), None));
    tokio::select! {
        biased;
        _ = elsewhere.accept() => panic!("the redirect was followed"),
        () = tokio::task::yield_now() => {}
    }
}

#[tokio::test]
async fn an_informational_head_is_passed_over() {
    let both = [b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n", OK].concat();
    let (response, _server, _conn) = exchange(&both).await;
    assert_eq!(read(response.unwrap()).await, ("ok".to_owned(), None));
}

#[tokio::test]
async fn an_early_answer_is_delivered_while_the_upload_is_not_read() {
    let (server, transport) = (Server::start().await, transport());
    let body = Bytes::from(vec![b'x'; 32 * 1024 * 1024]);
    let request = Request::post(server.url("/")).body(body).unwrap();
    let (response, _conn) = join!(transport.send(request, patient()), async {
        let mut conn = server.accept().await;
        conn.head().await;
        conn.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig").await;
        conn
    });
    let response = response.unwrap();
    assert_eq!(response.status(), 413);
    assert_eq!(read(response).await, ("big".to_owned(), None));
}

#[tokio::test]
async fn an_encoded_success_is_unusable_and_says_how_it_is_encoded() {
    for encoding in ["gzip", "br", "zstd", "identity, gzip"] {
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: 2\r\n\r\nxx"
        );
        let (response, server, _conn) = exchange(answer.as_bytes()).await;
        let reason = format!("the body is encoded as `{encoding}`, which was not asked for");
        let origin = server.origin();
        assert_eq!(response.err(), Some(TransportError::Unusable { origin, reason }));
    }
}

#[tokio::test]
async fn an_encoded_failure_keeps_its_status_and_loses_its_body() {
    let answer = b"HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-encoding: gzip\r\n\
                   content-length: 2\r\n\r\nxx";
    let (response, _server, _conn) = exchange(answer).await;
    let response = response.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()[RETRY_AFTER], "7");
    assert!(!response.headers().contains_key("content-encoding"));
    assert!(!response.headers().contains_key("content-length"));
    assert_eq!(read(response).await, (String::new(), None));
}

#[tokio::test]
async fn declared_identity_is_plain_and_undeclared_gzip_is_unusable() {
    let plain = b"HTTP/1.1 200 OK\r\ncontent-encoding: Identity\r\ncontent-length: 2\r\n\r\nok";
    let (response, _server, _conn) = exchange(plain).await;
    assert_eq!(read(response.unwrap()).await, ("ok".to_owned(), None));
    let gzip = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\x00";
    let (response, _server, _conn) = exchange(gzip).await;
    let (text, error) = read(response.unwrap()).await;
    assert_eq!(text, "");
    assert!(matches!(error, Some(TransportError::Unusable { .. })), "{error:?}");
}
