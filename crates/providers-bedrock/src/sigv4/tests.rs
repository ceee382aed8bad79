//! The signer against AWS's published vectors, and against what botocore 1.44.5 signs.

use super::*;
use proptest::prelude::*;

const KEYS: Keys<'static> = Keys {
    access_key_id: "AKIDEXAMPLE",
    secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    session_token: None,
};
const AT: u64 = 1_440_938_160;

fn signed(
    request: http::request::Builder,
    body: &'static str,
    token: Option<&str>,
    (region, service): (&str, &str),
) -> HeaderMap {
    let mut request = request.body(Bytes::from_static(body.as_bytes())).unwrap();
    let keys = Keys { session_token: token, ..KEYS };
    sign(&mut request, keys, Scope { region, service }, Stamp::from_unix(AT)).unwrap();
    request.headers().clone()
}

fn signature(headers: &HeaderMap) -> String {
    let text = headers["authorization"].to_str().unwrap();
    text.rsplit_once("Signature=").unwrap().1.to_owned()
}

/// `get-vanilla`, `get-vanilla-query-order-key-case`, `post-vanilla`, `post-x-www-form-urlencoded`
/// and `post-sts-header-before` of AWS's test suite.
#[test]
fn published_vectors() {
    const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (method, path, header, body, token, want) in [
        (
            "GET",
            "/",
            None,
            "",
            None,
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "GET",
            "/?Param2=value2&Param1=value1",
            None,
            "",
            None,
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "POST",
            "/",
            None,
            "",
            None,
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "POST",
            "/",
            Some(form),
            "Param1=value1",
            None,
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
        (
            "POST",
            "/",
            None,
            "",
            Some(TOKEN),
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
        ),
    ] {
        let uri = format!("https://example.amazonaws.com{path}");
        let mut request = http::Request::builder().method(method).uri(uri);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let headers = signed(request, body, token, ("us-east-1", "service"));
        assert_eq!(signature(&headers), want, "{method} {path}");
        assert_eq!(headers["x-amz-date"], "20150830T123600Z");
    }
}

/// Model ids and ARNs stand percent-encoded in the path and doubly so in what is signed; the
/// signatures are botocore's for the same requests.
#[test]
fn model_ids_are_signed_as_botocore_signs_them() {
    const HOST: &str = "https://bedrock-runtime.eu-central-1.amazonaws.com";
    let model = encode_segment("eu.anthropic.claude-sonnet-4-5-20250929-v1:0");
    let request = http::Request::builder()
        .method("POST")
        .uri(format!("{HOST}/model/{model}/converse"))
        .header("content-type", "application/json")
        .header("accept-encoding", "identity");
    let headers = signed(request, "{\"messages\":[]}", None, ("eu-central-1", "bedrock"));
    assert_eq!(
        headers["authorization"],
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/bedrock/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date, \
         Signature=69d8a7a442259a839ee9b9ec21baddc1306a325b8f484238f5aeceefd883629d"
    );
    let arn = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/ab12";
    let arn = encode_segment(arn);
    let request = http::Request::builder()
        .method("POST")
        .uri(format!("{HOST}/model/{arn}/invoke-with-response-stream"))
        .header("content-type", "application/json")
        .header("x-amzn-bedrock-guardrailidentifier", "gr1");
    let token = Some("session/token+x==");
    let headers = signed(request, "{}", token, ("eu-central-1", "bedrock"));
    assert_eq!(headers["x-amz-security-token"], "session/token+x==");
    assert_eq!(
        headers["authorization"],
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/bedrock/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;\
         x-amzn-bedrock-guardrailidentifier, \
         Signature=2f15db0be0f43dfb8fac5635bb20dd69ccc27416b33a3041600884b94cd07992"
    );
}

#[test]
fn a_request_is_signed_anew_with_other_keys_and_no_token_stays_behind() {
    let mut request =
        http::Request::builder().uri("http://localhost:4001/a").body(Bytes::new()).unwrap();
    let scope = Scope { region: "r", service: "bedrock" };
    let temporary = Keys { session_token: Some("t"), ..KEYS };
    sign(&mut request, temporary, scope, Stamp::from_unix(AT)).unwrap();
    let first = signature(request.headers());
    sign(&mut request, KEYS, scope, Stamp::from_unix(AT + 1)).unwrap();
    assert_ne!(signature(request.headers()), first);
    assert!(!request.headers().contains_key("x-amz-security-token"));
    assert_eq!(request.headers().get_all("authorization").iter().count(), 1);
}

#[test]
fn the_host_is_signed_as_it_is_sent() {
    for (uri, want) in [
        ("https://h.example", Some("h.example")),
        ("https://h.example:443/x", Some("h.example")),
        ("http://h.example:443/x", Some("h.example:443")),
        ("http://127.0.0.1:4001/x", Some("127.0.0.1:4001")),
        ("/x", None),
    ] {
        assert_eq!(host(&uri.parse().unwrap()).as_deref(), want, "{uri}");
    }
}

#[test]
fn keys_are_not_printed_and_unsendable_ones_are_refused() {
    let keys = Keys { session_token: Some("canary"), ..KEYS };
    assert_eq!(format!("{keys:?}"), "Keys { .. }");
    let mut request = http::Request::builder().uri("http://h/").body(Bytes::new()).unwrap();
    let scope = Scope { region: "r", service: "s" };
    sign(&mut request, keys, scope, Stamp::from_unix(AT)).unwrap();
    assert!(!format!("{request:?}").contains("canary"));
    let bad = Keys { session_token: Some("a\r\nb"), ..KEYS };
    assert_eq!(sign(&mut request, bad, scope, Stamp::from_unix(AT)), Err(SignError::Unsendable));
}

proptest! {
    #[test]
    fn any_path_and_query_are_brought_to_ascii(path in ".{0,40}", query in ".{0,40}") {
        prop_assert!(uri::canonical_path(&path).is_ascii());
        prop_assert!(uri::canonical_query(&query).is_ascii());
        prop_assert!(encode_segment(&path).bytes().all(|b| b.is_ascii_graphic() && b != b'/'));
    }
}
