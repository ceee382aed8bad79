//! Which connections are used again, and what happens when one died meanwhile.

use crate::server::Server;
use crate::support::{failure, patient, post, read, send, transport};
use crate::tls::{serve, trusting};
use futures_util::future::try_join;
use std::io::{BufRead, BufReader, Write};
use std::time::Duration;
use tokio::join;
use tokio::time::timeout;
use tollgate_providers_common::{Transport, TransportError};
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

#[tokio::test]
async fn a_connection_whose_answer_came_in_pieces_is_used_again() {
    let (server, transport) = (Server::start().await, transport());
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let (response, mut conn) = join!(send(&transport, server.url("/")), server.answer(head));
    let (text, ()) = join!(read(response.unwrap()), async {
        conn.write(b"2\r\nok\r\n").await;
        tokio::task::yield_now().await;
        conn.write(b"0\r\n\r\n").await;
    });
    assert_eq!(text, ("ok".to_owned(), None));
    // Nobody accepts: only the connection that is there can carry this.
    let (response, ()) = join!(send(&transport, server.url("/")), async {
        conn.request().await;
        conn.write(OK).await;
    });
    assert_eq!(read(response.unwrap()).await, ("ok".to_owned(), None));
}

/// Returns when the runtime has learnt that `conn` ended, before any of its tasks could run: it
/// sleeps until a bell rings, and both happen before it falls asleep.
async fn end_while_asleep(conn: crate::server::Conn) {
    let bell = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut rope = std::net::TcpStream::connect(bell.local_addr().unwrap()).unwrap();
    let rung = bell.accept().unwrap().0;
    rung.set_nonblocking(true).unwrap();
    let rung = tokio::net::TcpStream::from_std(rung).unwrap();
    // Only a first look at a socket waits for the runtime's.
    drop(conn);
    rope.write_all(b"!").unwrap();
    rung.readable().await.unwrap();
}

/// The end of the connection and the next request meet: the client's runtime sleeps while both
/// happen, and the request is sent before the connection's task can see the end.
#[tokio::test]
async fn a_request_that_meets_the_end_of_its_connection_is_sent_once_on_another() {
    let (server, transport) = (Server::start().await, transport());
    for body in ["1", "2", "3"] {
        let conn = exchange(&transport, &server).await;
        end_while_asleep(conn).await;
        let request = post(&server.url("/v1/chat?x=1"), body);
        let exchanged = try_join(transport.send(request, patient()), async {
            let mut conn = server.accept().await;
            let got = conn.request().await;
            conn.write(OK).await;
            Ok((got, conn))
        });
        let (response, (got, conn)) = exchanged.await.unwrap_or_else(|e| panic!("{body}: {e}"));
        assert_eq!(read(response).await, ("ok".to_owned(), None));
        assert!(got.starts_with("POST /v1/chat?x=1 HTTP/1.1\r\n"), "{got}");
        assert_eq!(got.matches("host: ").count(), 1, "{got}");
        assert!(got.ends_with(&format!("\r\n\r\n{body}")), "{got}");
        drop(conn);
        // So that the next round begins without a connection.
        let other = Server::start().await;
        exchange(&transport, &other).await;
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closed_takes_no_place() {
    let config = TransportConfig { max_idle_per_host: 1, ..TransportConfig::default() };
    let transport = HyperTransport::new(config).unwrap();
    let (server, other) = (Server::start().await, Server::start().await);
    let busy = transport.send(post(&server.url("/"), ""), patient());
    let (response, mut kept) = join!(busy, async {
        let mut kept = server.accept().await;
        kept.request().await;
        drop(exchange(&transport, &server).await);
        // An exchange elsewhere lets the client's I/O run, so that it has seen the end.
        exchange(&transport, &other).await;
        kept.write(OK).await;
        kept
    });
    assert_eq!(read(response.unwrap()).await, ("ok".to_owned(), None));
    let (response, ()) = join!(send(&transport, server.url("/")), async {
        kept.request().await;
        kept.write(OK).await;
    });
    assert_eq!(response.unwrap().status(), 200);
}

/// A connection can be held up only in its TLS handshake; the server's second one always is.
#[tokio::test]
async fn a_connection_that_becomes_free_serves_who_waits_for_a_new_one() {
    let (answer, told) = std::sync::mpsc::sync_channel(1);
    let (address, served) = serve("valid.pem", &[b"http/1.1"], move |stream| {
        for round in 0..2 {
            for line in BufReader::new(&mut *stream).lines() {
                if line?.is_empty() {
                    break;
                }
            }
            if round == 0 {
                told.recv().map_err(std::io::Error::other)?;
            }
            stream.write_all(OK)?;
            stream.flush()?;
        }
        Ok(())
    });
    let (transport, url) = (trusting(true), format!("https://{address}/"));
    let mut first = transport.send(post(&url, ""), patient());
    // The first has the one connection that is answered before the second begins.
    let wait = Duration::from_secs(1);
    assert!(timeout(wait, &mut first).await.is_err(), "nothing was answered");
    let (first, second, ()) =
        join!(async { read(first.await.unwrap()).await }, send(&transport, &url), async {
            answer.send(()).unwrap()
        },);
    assert_eq!(first, ("ok".to_owned(), None));
    assert_eq!(read(second.unwrap()).await, ("ok".to_owned(), None));
    served.result().await.unwrap();
}

#[tokio::test]
async fn a_request_that_is_dropped_takes_its_connection_under_way_with_it() {
    let (server, transport) = (Server::start().await, transport());
    let url = format!("https://{}/", server.address());
    let mut sending = transport.send(post(&url, ""), patient());
    let mut conn = tokio::select! {
        _ = &mut sending => panic!("nothing was answered"),
        conn = server.accept() => conn,
    };
    drop(sending);
    timeout(SOON, conn.closed()).await.expect("it goes on");
}
