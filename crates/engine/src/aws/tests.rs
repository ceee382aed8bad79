//! Keys against an agent on this machine: fetched once for many, renewed early, kept while an agent
//! is down.

use super::*;
use futures_util::future::join_all;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tollgate_transport::{HyperTransport, TransportConfig};

/// An agent that answers each request with the next status, then with the last one for ever.
struct Agent {
    url: String,
    asked: Arc<AtomicUsize>,
    /// Ends with its owner.
    _task: JoinSet<()>,
}

async fn agent(answers: Vec<(u16, &'static str)>) -> Agent {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let mut task = JoinSet::new();
    task.spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let at = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            let (status, end) = answers[at];
            let _ = socket.read(&mut [0; 4096]).await;
            let body = format!(
                r#"{{"AccessKeyId":"A{at}","SecretAccessKey":"s","Token":"t","Expiration":"{end}"}}"#
            );
            let head = format!(
                "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let _ = socket.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    Agent { url, asked, _task: task }
}

fn control() -> Arc<Control> {
    Arc::new(HyperTransport::new(TransportConfig::default()).unwrap().control())
}

/// The configuration of a deployment with this agent in its environment.
fn configured(agent: &Agent) -> Aws {
    let env = [("AWS_CONTAINER_CREDENTIALS_FULL_URI".to_owned(), agent.url.clone())].into();
    let text = "{ models: { m: { provider: bedrock, model: x, aws: { region: eu-west-1 } } } }";
    let config = tollgate_config::parse_with(text, &env, &crate::vendors()).unwrap();
    config.models[0].deployments[0].aws.clone().unwrap()
}

fn request() -> http::Request<Bytes> {
    http::Request::post("https://bedrock.example/model/x/converse").body(Bytes::new()).unwrap()
}

fn key(request: &http::Request<Bytes>) -> String {
    let text = request.headers()["authorization"].to_str().unwrap();
    let (_, rest) = text.split_once("Credential=").unwrap();
    rest.split('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn many_requests_fetch_keys_once_and_later_ones_wait_for_nothing() {
    let agent = agent(vec![(200, "2999-01-01T00:00:00Z")]).await;
    let (aws, control, keyring) = (configured(&agent), control(), AwsKeyring::default());
    let authorizer = || SigV4Authorizer::new(&aws, "eu-west-1".to_owned(), &keyring, &control);
    let (one, other) = (authorizer(), authorizer());
    assert!(!one.authorize_now(&mut request()));
    let mut requests: Vec<_> = (0..20).map(|_| request()).collect();
    let waits = requests.iter_mut().enumerate().map(|(n, request)| {
        if n % 2 == 0 { one.authorize(request) } else { other.authorize(request) }
    });
    for outcome in join_all(waits).await {
        outcome.unwrap();
    }
    assert!(requests.iter().all(|request| key(request) == "A0"));
    let mut later = request();
    assert!(other.authorize_now(&mut later));
    assert_eq!(later.headers()["x-amz-security-token"], "t");
    assert_eq!(agent.asked.load(Ordering::SeqCst), 1);
}

/// An end, some seconds from now, as an agent writes it.
fn in_seconds(seconds: u64) -> &'static str {
    let end = clock::unix_seconds(clock::wall() + Duration::from_secs(seconds));
    let stamp = Stamp::from_unix(end).to_string();
    let part = |range: std::ops::Range<usize>| stamp[range].to_owned();
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0..4),
        part(4..6),
        part(6..8),
        part(9..11),
        part(11..13),
        part(13..15)
    );
    Box::leak(text.into_boxed_str())
}

#[tokio::test]
async fn keys_that_have_ended_are_fetched_anew() {
    let agent = agent(vec![(200, in_seconds(0)), (200, "2999-01-01T00:00:00Z")]).await;
    let (aws, control, keyring) = (configured(&agent), control(), AwsKeyring::default());
    let authorizer = SigV4Authorizer::new(&aws, "eu-west-1".to_owned(), &keyring, &control);
    for wanted in ["A0", "A1", "A1"] {
        let mut request = request();
        authorizer.authorize(&mut request).await.unwrap();
        assert_eq!(key(&request), wanted);
    }
    assert_eq!(agent.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_agent_that_is_down_is_a_failure_that_may_pass_and_tells_no_answer() {
    let agent = agent(vec![(500, "canary"), (200, "2999-01-01T00:00:00Z")]).await;
    let (aws, control, keyring) = (configured(&agent), control(), AwsKeyring::default());
    let authorizer = SigV4Authorizer::new(&aws, "eu-west-1".to_owned(), &keyring, &control);
    let error = authorizer.authorize(&mut request()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Connect);
    assert!(!error.message.contains("canary"), "{error}");
    authorizer.authorize(&mut request()).await.unwrap();
}

#[test]
fn a_region_is_looked_for_near_first() {
    const ARN: &str = "arn:aws:bedrock:us-east-2:1:inference-profile/us.x";
    let aws = |region: Option<&str>, env: Option<&str>| {
        let mut aws = Aws::default();
        aws.region = region.map(str::to_owned);
        aws.default_region = env.map(str::to_owned);
        aws
    };
    for (configured, model, env, found) in [
        (Some("eu-west-1"), ARN, Some("ap-south-1"), Some("eu-west-1")),
        (None, ARN, Some("ap-south-1"), Some("us-east-2")),
        (None, "x", Some("ap-south-1"), Some("ap-south-1")),
        (None, "x", None, None),
    ] {
        assert_eq!(region(&aws(configured, env), model).as_deref(), found);
    }
}
