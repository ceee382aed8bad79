//! Certificates, good and bad, and a server that speaks TLS on a thread of its own.

use crate::support::{SECRET_PATH, failure, patient, post, read};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use tollgate_providers_common::{Transport, TransportError};
use tollgate_transport::{HyperTransport, TransportConfig, TransportInitError};

pub(crate) type TlsStream = StreamOwned<ServerConnection, TcpStream>;

/// A server that is still at work.
pub(crate) struct Served<T>(tokio::task::JoinHandle<std::io::Result<T>>);

impl<T> Served<T> {
    /// What the server says when it is done.
    pub(crate) async fn result(self) -> std::io::Result<T> {
        self.0.await.unwrap()
    }
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/certs").join(name)
}

/// A client that trusts the tests' authority.
pub(crate) fn trusting(http2: bool) -> HyperTransport {
    let extra_ca_pem = Some(file("ca.pem"));
    HyperTransport::new(TransportConfig { http2, extra_ca_pem, ..TransportConfig::default() })
        .unwrap()
}

/// Serves one connection with `certificate` by `serve`, on a thread of its own, for the client's
/// connection needs the test's. Further connections are taken by the kernel and never answered.
pub(crate) fn serve<T: Send + 'static>(
    certificate: &str,
    alpn: &[&[u8]],
    serve: impl FnOnce(&mut TlsStream) -> std::io::Result<T> + Send + 'static,
) -> (SocketAddr, Served<T>) {
    let config = Arc::new(server_config(certificate, alpn));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served =
        Served(tokio::task::spawn_blocking(move || serve(&mut accept(&listener, config)?)));
    (address, served)
}

/// Serves `count` connections, each by `serve` on a thread of its own, and gives what each gave.
pub(crate) fn serve_each<T: Send + 'static>(
    count: usize,
    alpn: &[&[u8]],
    serve: impl Fn(&mut TlsStream) -> std::io::Result<T> + Send + Sync + 'static,
) -> (SocketAddr, Served<Vec<T>>) {
    let config = Arc::new(server_config("valid.pem", alpn));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = Served(tokio::task::spawn_blocking(move || {
        std::thread::scope(|threads| {
            let one = || {
                let mut stream = accept(&listener, Arc::clone(&config))?;
                let serve = &serve;
                Ok(threads.spawn(move || serve(&mut stream)))
            };
            let all: std::io::Result<Vec<_>> = (0..count).map(|_| one()).collect();
            all?.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }));
    (address, served)
}

fn accept(listener: &TcpListener, config: Arc<ServerConfig>) -> std::io::Result<TlsStream> {
    let tcp = listener.accept()?.0;
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    Ok(StreamOwned::new(connection, tcp))
}

fn server_config(certificate: &str, alpn: &[&[u8]]) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![CertificateDer::from_pem_file(file(certificate)).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("leaf.key.pem")).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    config
}

/// Reads a request's head and answers `ok` in HTTP/1.1; gives the request line.
fn answer_ok(stream: &mut TlsStream) -> std::io::Result<String> {
    let mut lines = BufReader::new(&mut *stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")?;
    stream.flush()?;
    Ok(first)
}

#[tokio::test]
async fn a_trusted_certificate_carries_http_1_1() {
    for http2 in [true, false] {
        let (address, served) = serve("valid.pem", &[b"http/1.1"], answer_ok);
        let url = format!("https://localhost:{}/v1", address.port());
        let response = trusting(http2).send(post(&url, ""), patient()).await.unwrap();
        assert_eq!(response.version(), http::Version::HTTP_11);
        assert_eq!(read(response).await, ("ok".to_owned(), None));
        assert_eq!(served.result().await.unwrap(), "POST /v1 HTTP/1.1");
    }
}

#[tokio::test]
async fn http2_is_not_offered_where_it_is_off() {
    let (address, served) = serve("valid.pem", &[b"h2", b"http/1.1"], answer_ok);
    let url = format!("https://{address}/");
    let response = trusting(false).send(post(&url, ""), patient()).await.unwrap();
    assert_eq!(read(response).await, ("ok".to_owned(), None));
    served.result().await.unwrap();
}

/// Each is a connect failure that says what is wrong; the server gets no byte of a request.
#[tokio::test]
async fn a_certificate_that_does_not_hold_is_refused_with_its_reason() {
    for (certificate, says) in [
        ("expired.pem", "certificate expired"),
        ("wrong-host.pem", "certificate not valid for name \"localhost\""),
        ("stranger.pem", "UnknownIssuer"),
    ] {
        let (address, served) = serve(certificate, &[], answer_ok);
        let url = format!("https://localhost:{}{SECRET_PATH}", address.port());
        let result = trusting(true).send(post(&url, ""), patient()).await;
        let TransportError::Connect { origin, reason } = failure(result) else {
            panic!("{certificate}: not a connect failure");
        };
        assert_eq!(origin, format!("https://localhost:{}", address.port()));
        assert!(reason.starts_with("TLS: ") && reason.contains(says), "{certificate}: {reason}");
        assert!(served.result().await.is_err(), "{certificate}: a request was read");
    }
}

#[tokio::test]
async fn an_authority_that_was_not_added_is_not_trusted() {
    let (address, served) = serve("valid.pem", &[], answer_ok);
    let transport = HyperTransport::new(TransportConfig::default()).unwrap();
    let url = format!("https://{address}/");
    let error = failure(transport.send(post(&url, ""), patient()).await);
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    assert!(served.result().await.is_err());
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_a_connect_failure() {
    let server = crate::server::Server::start().await;
    let url = format!("https://{}{SECRET_PATH}", server.address());
    let transport = trusting(true);
    let (result, _) = tokio::join!(transport.send(post(&url, ""), patient()), async {
        let mut conn = server.accept().await;
        conn.write(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        conn
    });
    let error = failure(result);
    assert!(matches!(&error, TransportError::Connect { .. }), "{error}");
    assert!(error.to_string().contains("TLS: "), "{error}");
}

#[test]
fn a_bad_file_of_authorities_stops_the_start() {
    let with = |path| {
        let config = TransportConfig { extra_ca_pem: Some(path), ..TransportConfig::default() };
        HyperTransport::new(config).err().unwrap()
    };
    assert!(matches!(with(file("absent.pem")), TransportInitError::CaUnreadable { .. }));
    // No certificate in it.
    let error = with(file("leaf.key.pem"));
    assert!(matches!(&error, TransportInitError::CaInvalid { .. }));
    assert!(error.to_string().ends_with("it holds no certificate"), "{error}");
}
