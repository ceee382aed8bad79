//! Which connections are used again, and what happens when one died meanwhile.

use crate::server::Server;
use crate::support::{failure, read, send, transport};
use std::time::Duration;
use tokio::join;
use tokio::time::timeout;
use tollgate_providers_common::TransportError;
use tollgate_transport::{HyperTransport, TransportConfig};

/// Far above what is configured here, far below the defaults.
const SOON: Duration = Duration::from_secs(10);

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async fn exchange(transport: &HyperTransport, server: &Server) -> crate::server::Conn {
    let (response, conn) = join!(send(transport, server.url("/")), server.answer(OK));
    assert_eq!(read(response.unwrap()).await, ("ok".to_owned(), None));
    conn
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (server, transport) = (Server::start().await, transport());
    let mut conn = exchange(&transport, &server).await;
    for _ in 0..3 {
        // Nobody accepts: only the connection that is there can carry these.
        let (response, ()) = join!(send(&transport, server.url("/")), async {
            conn.request().await;
            conn.write(OK).await;
        });
        assert_eq!(read(response.unwrap()).await, ("ok".to_owned(), None));
    }
}

#[tokio::test]
async fn clones_share_the_pool() {
    let (server, transport) = (Server::start().await, transport());
    let mut conn = exchange(&transport, &server).await;
    let clone = transport.clone();
    let (response, _) = join!(send(&clone, server.url("/")), async {
        conn.request().await;
        conn.write(OK).await;
    });
    assert_eq!(response.unwrap().status(), 200);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let (server, other, transport) = (Server::start().await, Server::start().await, transport());
    for _ in 0..10 {
        drop(exchange(&transport, &server).await);
        // An exchange elsewhere lets the client's I/O run, so that it has seen the end.
        let _kept = exchange(&transport, &other).await;
    }
}

/// Whether the vendor read the request cannot be known here, so it is not sent again.
#[tokio::test]
async fn a_used_connection_that_breaks_under_a_request_is_not_retried() {
    let (server, transport) = (Server::start().await, transport());
    let mut conn = exchange(&transport, &server).await;
    let (response, ()) = join!(send(&transport, server.url("/v1?key=secret")), async {
        conn.request().await;
        drop(conn);
    });
    assert!(matches!(failure(response), TransportError::Broken { .. }));
    tokio::select! {
        biased;
        _ = server.accept() => panic!("it was sent again"),
        () = tokio::task::yield_now() => {}
    }
}

#[tokio::test]
async fn idle_connections_are_closed_in_time_and_bounded_in_number() {
    let config =
        TransportConfig { pool_idle: Duration::from_millis(20), ..TransportConfig::default() };
    let (server, transport) = (Server::start().await, HyperTransport::new(config).unwrap());
    let mut conn = exchange(&transport, &server).await;
    timeout(SOON, conn.closed()).await.expect("idle for too long");

    let config = TransportConfig { max_idle_per_host: 0, ..TransportConfig::default() };
    let transport = HyperTransport::new(config).unwrap();
    let mut conn = exchange(&transport, &server).await;
    timeout(SOON, conn.closed()).await.expect("one too many");
}
