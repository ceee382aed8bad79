//! Tokens against a server of our own: one fetch at a time, early, and never twice.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tollgate_transport::{HyperTransport, JwtError, TransportConfig};

use crate::google::Google;

/// A metadata server that answers each request with the next of these, the last for ever.
async fn machine(answers: Vec<(u16, &'static str)>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let serve = async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
            assert!(head.contains("metadata-flavor: google"), "{head}");
            let nth = count.fetch_add(1, Ordering::SeqCst);
            let (status, body) = *answers.get(nth).or(answers.last()).unwrap();
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    };
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(serve);
    tasks.detach_all();
    (host, asked)
}

fn authorizer(host: String) -> BearerAuthorizer {
    let transport = HyperTransport::new(TransportConfig::default()).unwrap();
    let auth = GoogleAuth::Metadata { host };
    let source = Box::new(Google::try_new(&auth).unwrap());
    BearerAuthorizer(Arc::new(Tokens::new(source, Arc::new(transport.control()))))
}

async fn shown(authorizer: &BearerAuthorizer) -> Result<String, ErrorClass> {
    let mut request = Request::new(Bytes::new());
    if !authorizer.authorize_now(&mut request) {
        authorizer.authorize(&mut request).await.map_err(|error| error.class)?;
    }
    assert!(!format!("{request:?}").contains("Bearer"), "a token is not printed");
    Ok(request.headers()["authorization"].to_str().unwrap().to_owned())
}

const ONE: (u16, &str) = (200, r#"{"access_token":"one","expires_in":3600}"#);
const SHORT: (u16, &str) = (200, r#"{"access_token":"short","expires_in":0}"#);

#[tokio::test]
async fn many_requests_share_one_fetch() {
    let (host, asked) = machine(vec![ONE]).await;
    let authorizer = authorizer(host);
    let all = futures_util::future::join_all((0..20).map(|_| shown(&authorizer))).await;
    assert!(all.iter().all(|one| one.as_deref() == Ok("Bearer one")));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let mut request = Request::new(Bytes::new());
    assert!(authorizer.authorize_now(&mut request), "from then on nothing waits");
}

#[tokio::test]
async fn a_token_that_ended_is_fetched_anew() {
    let (host, asked) = machine(vec![SHORT, ONE]).await;
    let authorizer = authorizer(host);
    assert_eq!(shown(&authorizer).await.as_deref(), Ok("Bearer short"));
    assert_eq!(shown(&authorizer).await.as_deref(), Ok("Bearer one"));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_token_that_still_holds_outlives_a_failed_refresh() {
    let (host, asked) = machine(vec![(503, "{}")]).await;
    let authorizer = authorizer(host);
    let now = clock::now();
    let mut header = HeaderValue::from_static("Bearer old");
    header.set_sensitive(true);
    let token = Token { header, refresh: now, end: now + Duration::from_secs(60) };
    authorizer.0.token.store(Some(Arc::new(token)));
    for _ in 0..3 {
        assert_eq!(shown(&authorizer).await.as_deref(), Ok("Bearer old"));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "a failure is not repeated at once");
}

#[tokio::test]
async fn a_failure_speaks_for_all_who_waited_and_says_whose_fault_it_is() {
    let (host, asked) = machine(vec![(400, r#"{"error":"invalid_grant"}"#)]).await;
    let authorizer = authorizer(host);
    let all = futures_util::future::join_all((0..5).map(|_| shown(&authorizer))).await;
    assert!(all.iter().all(|one| *one == Err(ErrorClass::Auth)), "{all:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let gone = self::authorizer("127.0.0.1:1".to_owned());
    assert_eq!(shown(&gone).await, Err(ErrorClass::Connect));
}

#[tokio::test]
async fn deployments_of_one_identity_share_its_tokens_and_nothing_is_kept_for_nobody() {
    let (host, asked) = machine(vec![ONE]).await;
    let transport = HyperTransport::new(TransportConfig::default()).unwrap();
    let control = Arc::new(transport.control());
    let keyring = TokenKeyring::default();
    let tokens = |host: &str| {
        let auth = GoogleAuth::Metadata { host: host.to_owned() };
        let source = || Ok::<_, JwtError>(Box::new(Google::try_new(&auth)?) as Box<dyn Source>);
        keyring.tokens(Identity::Google(auth.clone()), &control, source).unwrap()
    };
    let (first, second) = (tokens(&host), tokens(&host));
    assert!(Arc::ptr_eq(&first, &second) && !Arc::ptr_eq(&first, &tokens("127.0.0.1:1")));
    let both = [BearerAuthorizer(first), BearerAuthorizer(second)];
    for authorizer in &both {
        assert_eq!(shown(authorizer).await.as_deref(), Ok("Bearer one"));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    drop(both);
    let _ = tokens("127.0.0.1:2");
    assert_eq!(keyring.0.lock().unwrap().len(), 1);
}
