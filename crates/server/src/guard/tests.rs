//! Heads on the wire, each on a connection of its own.

use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tollgate_telemetry::{Telemetry, TelemetryOptions};

use super::*;
use crate::{ListenOptions, Listener, ServerLimits, router};

/// A gateway in memory that takes bodies of 64 bytes.
struct Gateway {
    address: std::net::SocketAddr,
    _stop: oneshot::Sender<()>,
    _served: JoinSet<()>,
}

impl Gateway {
    async fn start() -> Self {
        let config = tollgate_config::parse("models: { m: { provider: mock } }", &[]).unwrap();
        let options = TelemetryOptions { log: None, ..TelemetryOptions::default() };
        let engine = tollgate::Tollgate::new(&config, Telemetry::new(&options).unwrap()).unwrap();
        let limits = ServerLimits { body_bytes: 64, ..ServerLimits::default() };
        let app = router(Arc::new(AppState::new(engine, limits)));
        let any = ([127, 0, 0, 1], 0).into();
        let listener = Listener::bind(any, ListenOptions::default()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let mut served = JoinSet::new();
        served.spawn(listener.serve(app, async {
            let _ = stopped.await;
        }));
        Self { address, _stop: stop, _served: served }
    }

    /// Everything that comes back until the other side closes.
    async fn says(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        let read = stream.read_to_end(&mut said);
        tokio::time::timeout(Duration::from_secs(20), read).await.expect("left open").unwrap();
        String::from_utf8(said).unwrap()
    }
}

#[tokio::test]
async fn a_head_that_can_be_read_in_two_ways_is_refused_and_the_connection_closed() {
    let gateway = Gateway::start().await;
    let body = "\r\n\r\n2\r\n{}\r\n0\r\n\r\nGET /health HTTP/1.1\r\nhost: t\r\n\r\n";
    let table = [
        ("", "no host header"),
        ("host: a\r\nhost: b", "more than one host header"),
        ("host: a\r\nhost: a", "more than one host header"),
        ("host: a\r\ntransfer-encoding: gzip, chunked", "not exactly chunked"),
        ("host: a\r\ntransfer-encoding: identity\r\ntransfer-encoding: chunked", "not exactly"),
        ("host: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked", "not exactly"),
    ];
    for (headers, message) in table {
        let end = if headers.is_empty() { "x: y" } else { headers };
        for (path, envelope) in [
            ("/v1/chat/completions", "\"code\":\"invalid_request\""),
            ("/v1/messages", "\"type\":\"error\""),
        ] {
            let said = gateway.says(&format!("POST {path} HTTP/1.1\r\n{end}{body}")).await;
            assert!(said.starts_with("HTTP/1.1 400 "), "{headers}: {said}");
            assert!(said.contains(message) && said.contains(envelope), "{headers}: {said}");
            assert!(said.contains("connection: close"), "{headers}: {said}");
            assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{headers}: {said}");
        }
    }
}

/// hyper hides that there were two; that nothing after the body is read is what matters.
#[tokio::test]
async fn after_a_request_with_two_lengths_the_connection_is_closed() {
    let gateway = Gateway::start().await;
    for lengths in [
        "content-length: 4\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 4",
    ] {
        let smuggled = "GET /health HTTP/1.1\r\nhost: t\r\n\r\n";
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: t\r\n{lengths}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n{smuggled}"
        );
        let said = gateway.says(&request).await;
        assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{said}");
    }
}

#[tokio::test]
async fn who_asks_before_sending_too_much_is_told_at_once() {
    let gateway = Gateway::start().await;
    let head = "POST /v1/messages HTTP/1.1\r\nhost: t\r\nexpect: 100-continue\r\ncontent-length: ";
    let said = gateway.says(&format!("{head}65\r\n\r\n")).await;
    assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
    assert!(said.contains("larger than 64 bytes"), "{said}");
    let body = format!("{:<64}", "{}");
    let asked = format!("{head}64\r\nconnection: close\r\n\r\n{body}");
    let said = gateway.says(&asked).await;
    assert!(said.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 "), "{said}");
}

/// Under another server than hyper's they may both be there.
#[test]
fn two_lengths_are_refused_where_they_can_be_seen() {
    let request = Request::builder().header("host", "t").header("content-length", "4");
    let request = request.header("transfer-encoding", "chunked").body(Body::empty()).unwrap();
    let both = "the request has both content-length and transfer-encoding";
    assert_eq!(refuse(&request, 64), Some(Refusal::Ambiguous(both)));
}

#[tokio::test]
async fn what_can_be_read_in_one_way_is_served() {
    let gateway = Gateway::start().await;
    for request in [
        "GET /health HTTP/1.0\r\n\r\n",
        "GET /health HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n",
        "GET /health HTTP/1.1\r\nhost: t\r\ntransfer-encoding: Chunked\r\nconnection: close\r\n\r\n0\r\n\r\n",
    ] {
        let said = gateway.says(request).await;
        assert!(said.contains(" 200 OK\r\n"), "{request}: {said}");
    }
}
