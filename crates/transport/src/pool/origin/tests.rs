//! What is made of an address: once for all requests, or for each.

use super::*;
use crate::config::TransportConfig;
use crate::connect::Connector;
use crate::pool::Pool;
use crate::tls::Tls;
use bytes::Bytes;

fn pool_of(address: &'static str) -> Arc<OriginPool> {
    let config = TransportConfig::default();
    let tls = Arc::new(Tls::new(&config).unwrap());
    let pool = Pool::new(&config, Connector::new(&config, tls));
    pool.origin(&Uri::from_static(address)).unwrap()
}

#[test]
fn the_host_is_the_name_and_a_port_that_is_not_the_schemes() {
    for (address, host) in [
        ("http://a.example/v1", "a.example"),
        ("http://a.example:80/v1", "a.example"),
        ("http://a.example:443/v1", "a.example:443"),
        ("https://a.example:443/v1", "a.example"),
        ("https://a.example:8443/v1", "a.example:8443"),
        ("http://[::1]/", "[::1]"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("http://user:secret@a.example:8080/", "a.example:8080"),
    ] {
        assert_eq!(pool_of(address).host, host, "{address}");
    }
}

#[test]
fn a_request_that_is_given_back_is_what_it_was() {
    for (address, path) in [
        ("https://a.example:8443/v1/chat?x=1", "/v1/chat?x=1"),
        ("http://a.example", "/"),
        ("http://a.example/?x=1", "/?x=1"),
    ] {
        let pool = pool_of(address);
        let mut request = Request::get(address).body(Outgoing::new(Bytes::new())).unwrap();
        pool.make_origin_form(&mut request);
        assert_eq!(request.uri().to_string(), path);
        assert_eq!(request.headers().get(HOST), Some(&pool.host));
        pool.make_absolute(&mut request);
        assert_eq!(*request.uri(), Uri::from_static(address));
        assert!(!request.headers().contains_key(HOST), "HTTP/2 says it in its own way");
    }
}

#[test]
fn a_host_that_the_request_names_is_kept() {
    let pool = pool_of("http://127.0.0.1:8080/");
    let body = Outgoing::new(Bytes::new());
    let named = Request::get("http://127.0.0.1:8080/").header(HOST, "b.example");
    let mut request = named.body(body).unwrap();
    pool.make_origin_form(&mut request);
    pool.make_absolute(&mut request);
    assert_eq!(request.headers().get(HOST).unwrap(), "b.example");
}
