//! Origins and what becomes of their connections, seen from inside.

use super::*;
use crate::clock;
use crate::tls::Tls;
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

fn pool() -> Pool {
    let config = TransportConfig::default();
    let tls = Arc::new(Tls::new(&config).unwrap());
    Pool::new(&config, Connector::new(&config, tls))
}

#[test]
fn each_scheme_and_authority_has_a_pool_and_it_stays_the_same() {
    let pool = pool();
    let addresses = [
        "http://a.example/v1",
        "https://a.example/v1",
        "http://a.example:8080/",
        "http://b.example/",
        "http://long.name.example/",
    ];
    let origin = |address: &'static str| pool.origin(&Uri::from_static(address)).unwrap();
    let first: Vec<_> = addresses.map(origin).into();
    for (at, address) in addresses.into_iter().enumerate() {
        for (other, found) in first.iter().enumerate() {
            assert_eq!(Arc::ptr_eq(found, &origin(address)), at == other, "{address}");
        }
    }
    assert!(Arc::ptr_eq(&first[0], &origin("http://a.example/other?x=1")));
}

#[test]
fn what_is_no_address_of_a_vendor_has_none() {
    for address in ["ftp://a.example/", "/v1/chat", "a.example:80"] {
        assert!(pool().origin(&Uri::from_static(address)).is_none(), "{address}");
    }
}

#[test]
fn origins_that_nobody_uses_are_forgotten_when_another_comes() {
    let pool = pool();
    let used = pool.origin(&Uri::from_static("http://used.example/")).unwrap();
    for _ in 0..100 {
        pool.origin(&Uri::from_static("http://gone.example/")).unwrap();
        pool.origin(&Uri::from_static("http://new.example/")).unwrap();
    }
    assert!(pool.origins.read().unwrap().len() <= 3);
    assert!(Arc::ptr_eq(&used, &pool.origin(&Uri::from_static("http://used.example/")).unwrap()));
}

/// Answers each request with a body that comes later than its head.
async fn serve(mut stream: TcpStream) {
    let mut read = [0; 4096];
    while let Ok(1..) = stream.read(&mut read).await {
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n").await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
        if stream.write_all(b"ok").await.is_err() {
            return;
        }
    }
}

/// On several threads the reader of an answer and the task of its connection run at once; whoever
/// is last, the connection must come back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_connection_comes_back_whoever_is_first() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: Uri = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let origin = pool().origin(&address).unwrap();
    let mut clients = JoinSet::new();
    for _ in 0..16 {
        let (origin, address) = (Arc::clone(&origin), address.clone());
        clients.spawn(async move {
            for _ in 0..100 {
                let request = Request::get(&address).body(Outgoing::new(Bytes::new())).unwrap();
                let minute = Duration::from_secs(60);
                let sent = origin.exchange(request, minute, clock::now()).await;
                let body = sent.ok().unwrap().into_body();
                assert_eq!(body.collect().await.unwrap().to_bytes(), "ok");
            }
        });
    }
    let (mut servers, mut accepted) = (JoinSet::new(), 0);
    while !clients.is_empty() {
        tokio::select! {
            done = clients.join_next() => done.unwrap().unwrap(),
            stream = listener.accept() => {
                servers.spawn(serve(stream.unwrap().0));
                accepted += 1;
            }
        }
    }
    // The last ones, and those that nobody needed in the end, may still be on their way.
    let all_idle = async {
        while origin.idle() < accepted {
            tokio::select! {
                stream = listener.accept() => {
                    servers.spawn(serve(stream.unwrap().0));
                    accepted += 1;
                }
                () = tokio::task::yield_now() => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all_idle).await.expect("one never came back");
    assert!(accepted >= 1);
    servers.abort_all();
}
