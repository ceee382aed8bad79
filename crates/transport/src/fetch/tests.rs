//! Addresses in every spelling, redirects, and what a server may send, against sockets of our own.

use super::*;
use crate::config::TransportConfig;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

fn fetcher() -> Fetcher {
    Fetcher::new(Arc::new(Tls::new(&TransportConfig::default()).unwrap()))
}

fn rules(ports: &[u16], networks: &[&str]) -> FetchRules {
    FetchRules {
        timeout: Duration::from_secs(20),
        max: 1000,
        ports: ports.to_vec(),
        networks: networks.iter().map(|network| network.parse().unwrap()).collect(),
    }
}

/// A server that counts who connects and answers by the path.
async fn server() -> (u16, Arc<AtomicUsize>, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            count.fetch_add(1, Ordering::SeqCst);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else { break };
                head.push(byte);
            }
            let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
            let secret = ["authorization", "cookie", "referer"].iter().any(|it| head.contains(it));
            assert!(!secret, "{head}");
            let answer = answer(head.split(' ').nth(1).unwrap_or_default(), port);
            let _ = stream.write_all(&answer).await;
        }
    });
    (port, seen, tasks)
}

fn answer(path: &str, port: u16) -> Vec<u8> {
    let ok = |headers: &str, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes()
    };
    let to = |place: &str| {
        format!("HTTP/1.1 302 Found\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n").into_bytes()
    };
    match path {
        "/large" => ok("", &"x".repeat(1001)),
        "/endless" => {
            let body = "3e8\r\n".to_owned() + &"x".repeat(1000) + "\r\n1\r\ny\r\n0\r\n\r\n";
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{body}").into_bytes()
        }
        "/gzip" => ok("content-encoding: gzip\r\n", "x"),
        "/missing" => b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n".to_vec(),
        "/near" => to("/png"),
        "/loop" => to("/loop"),
        "/inside" => to(&format!("http://127.0.0.2:{port}/png")),
        "/metadata" => to("http://169.254.169.254/latest/meta-data"),
        "/file" => to("file:///etc/passwd"),
        "/credential" => to(&format!("http://user:pass@127.0.0.1:{port}/png")),
        _ => ok("content-type: image/png\r\n", "\u{89}PNG"),
    }
}

#[tokio::test]
async fn no_spelling_of_an_inner_address_is_connected_to() {
    let (port, seen, _server) = server().await;
    let hosts = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "[fd00::1]",
        "[fe80::1]",
        "%31%32%37.0.0.1",
        "0x7f.0x0.0x0.0x1",
        "127.0.0.1%2f",
        "[::ffff:0:0]",
    ];
    let rules = rules(&[port], &[]);
    for host in hosts {
        for address in [format!("http://{host}:{port}/png"), format!("https://{host}:{port}/png")] {
            let error = fetcher().fetch(&address, &rules).await.unwrap_err();
            assert!(
                matches!(error, FetchError::Refused(_) | FetchError::Unreachable(_)),
                "{address}: {error}"
            );
        }
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0, "somebody was connected to");
}

#[tokio::test]
async fn addresses_of_another_kind_are_refused_by_their_text() {
    let at = |text: String| async move {
        match fetcher().fetch(&text, &rules(&[], &["127.0.0.0/8"])).await {
            Err(FetchError::Refused(why)) => why,
            other => panic!("{text}: {other:?}"),
        }
    };
    let table = [
        ("ftp://127.0.0.1/x", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("gopher://127.0.0.1/", "neither http nor https"),
        ("http://user@127.0.0.1/", "user name"),
        ("http://:pass@127.0.0.1/", "user name"),
        ("http://127.0.0.1:22/", "port"),
        ("http://127.0.0.1:8080/", "port"),
        ("not an address", "cannot be read"),
        ("//127.0.0.1/", "cannot be read"),
        ("http://", "cannot be read"),
        ("http://[::1/", "cannot be read"),
    ];
    for (text, expected) in table {
        let why = at(text.to_owned()).await;
        assert!(why.contains(expected), "{text}: {why}");
    }
    let long = format!("http://127.0.0.1/{}", "x".repeat(MAX_URL));
    assert_eq!(at(long).await, "is too long");
}

#[tokio::test]
async fn what_an_operator_allows_is_fetched_once() {
    let (port, seen, _server) = server().await;
    let rules = rules(&[port], &["127.0.0.1/32", "::1/128"]);
    let fetched = fetcher().fetch(&format!("http://127.0.0.1:{port}/png"), &rules).await.unwrap();
    assert_eq!(fetched.content_type.as_deref(), Some("image/png"));
    assert_eq!(fetched.body, "\u{89}PNG");
    // A name goes to what it was resolved to.
    let named = fetcher().fetch(&format!("http://localhost:{port}/png"), &rules).await.unwrap();
    assert_eq!(named.body, "\u{89}PNG");
    assert_eq!(seen.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn redirects_are_looked_at_anew_and_bounded() {
    let (port, seen, _server) = server().await;
    let rules = rules(&[port], &["127.0.0.1/32"]);
    let fetch = |path: &'static str| {
        let (rules, address) = (rules.clone(), format!("http://127.0.0.1:{port}{path}"));
        async move { fetcher().fetch(&address, &rules).await }
    };
    assert_eq!(fetch("/near").await.unwrap().body, "\u{89}PNG");
    let before = seen.load(Ordering::SeqCst);
    for path in ["/inside", "/metadata", "/file", "/credential"] {
        assert!(matches!(fetch(path).await, Err(FetchError::Redirected(_))), "{path}");
    }
    assert_eq!(seen.load(Ordering::SeqCst), before + 4, "one connection each, and no other");
    assert_eq!(fetch("/loop").await, Err(FetchError::Redirects));
}

#[tokio::test]
async fn what_comes_is_bounded() {
    let (port, _, _server) = server().await;
    let rules = rules(&[port], &["127.0.0.1/32"]);
    let fetch = |path: &'static str| {
        let (rules, address) = (rules.clone(), format!("http://127.0.0.1:{port}{path}"));
        async move { fetcher().fetch(&address, &rules).await.unwrap_err() }
    };
    assert_eq!(fetch("/large").await, FetchError::TooLarge { max: 1000 });
    assert_eq!(fetch("/endless").await, FetchError::TooLarge { max: 1000 });
    assert_eq!(fetch("/gzip").await, FetchError::Encoded);
    assert_eq!(fetch("/missing").await, FetchError::Status(404));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let rules =
        FetchRules { timeout: Duration::from_millis(50), ..rules(&[port], &["127.0.0.1/32"]) };
    let error = fetcher().fetch(&format!("http://127.0.0.1:{port}/"), &rules).await.unwrap_err();
    assert_eq!(error, FetchError::Timeout(Duration::from_millis(50)));
}
