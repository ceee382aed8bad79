//! A span really arrives over OTLP/HTTP: the exporter runs on a thread without a reactor, where a
//! client of the wrong kind dies without a word.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use tollgate_core_types::{Dialect, Operation};
use tollgate_telemetry::{
    AttemptKind, AttemptSpan, AttemptTarget, OtlpProtocol, RequestSpan, TelemetryError,
    TraceOptions, attempt_span, init_tracing, request_span,
};

const WITHIN: Duration = Duration::from_secs(30);

/// Reads one request whole, answers it, and gives it back.
fn serve(mut stream: TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(WITHIN)).unwrap();
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..read]);
        let Some(head) = find(&request, b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
        let length = text.split("content-length: ").nth(1).unwrap();
        let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
        if request.len() >= head + 4 + length {
            break;
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    request
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[test]
fn spans_reach_a_collector_over_http() {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let collector = thread::spawn(move || serve(listener.accept().unwrap().0));

    let options = TraceOptions {
        endpoint: Some(format!("http://{address}")),
        protocol: Some(OtlpProtocol::HttpProtobuf),
        service_name: Some("gateway-under-test".to_owned()),
        filter: "error".to_owned(),
        ..TraceOptions::default()
    };
    let guard = init_tracing(&options).unwrap();
    assert!(guard.exports());
    let again = init_tracing(&options).unwrap_err();
    assert!(matches!(again, TelemetryError::SubscriberInstalled), "{again}");

    let request = request_span(&RequestSpan {
        request_id: "req-1",
        method: Some("POST"),
        route: Some("/v1/messages"),
        operation: Operation::Chat,
        dialect: Dialect::ANTHROPIC_MESSAGES,
        traceparent: None,
        tracestate: None,
    });
    let target = AttemptTarget {
        operation: Operation::Chat,
        model: "claude",
        deployment: "anthropic-1",
        provider: "anthropic",
        upstream_model: "claude-sonnet",
    };
    drop(attempt_span(
        &request,
        &AttemptSpan {
            target,
            number: 1,
            kind: AttemptKind::First,
            stream: false,
            server_address: None,
            server_port: None,
        },
    ));
    drop(request);
    guard.shutdown(WITHIN).unwrap();

    let received = collector.join().unwrap();
    assert!(received.starts_with(b"POST /v1/traces HTTP/1.1\r\n"));
    for text in [
        "gateway-under-test",
        "POST /v1/messages",
        "chat claude-sonnet",
        "gen_ai.provider.name",
        "anthropic-1",
    ] {
        assert!(find(&received, text.as_bytes()).is_some(), "{text} did not arrive");
    }
}
