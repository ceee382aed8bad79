//! What the resolver remembers, in paused time.

use super::*;
use std::collections::VecDeque;
use std::str::FromStr;

/// One scripted answer.
#[derive(Clone)]
enum Answer {
    Found(&'static str),
    Fails,
    Hangs,
}

#[derive(Clone)]
struct Scripted(Arc<Mutex<VecDeque<Answer>>>);

impl Lookup for Scripted {
    fn lookup(&self, _: Name) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let answer = self.0.lock().unwrap().pop_front().expect("an answer is scripted");
        Box::pin(async move {
            match answer {
                Answer::Found(address) => Ok(vec![address.parse().unwrap()]),
                Answer::Fails => Err(io::Error::other("resolver is down")),
                Answer::Hangs => std::future::pending().await,
            }
        })
    }
}

fn resolver(script: &[Answer]) -> Resolver<Scripted> {
    Resolver::over(Scripted(Arc::new(Mutex::new(script.iter().cloned().collect()))))
}

async fn ask(resolver: &Resolver<Scripted>, name: &str) -> io::Result<Vec<String>> {
    let found = resolver.clone().call(Name::from_str(name).unwrap()).await?;
    Ok(found.map(|address| address.to_string()).collect())
}

#[tokio::test(start_paused = true)]
async fn every_question_is_asked_anew() {
    let resolver = resolver(&[Answer::Found("10.0.0.1:0"), Answer::Found("10.0.0.2:0")]);
    assert_eq!(ask(&resolver, "a").await.unwrap(), ["10.0.0.1:0"]);
    assert_eq!(ask(&resolver, "a").await.unwrap(), ["10.0.0.2:0"]);
}

#[tokio::test(start_paused = true)]
async fn a_failing_or_silent_resolver_is_bridged_for_five_minutes() {
    let resolver =
        resolver(&[Answer::Found("10.0.0.1:0"), Answer::Fails, Answer::Hangs, Answer::Fails]);
    ask(&resolver, "a").await.unwrap();
    assert_eq!(ask(&resolver, "a").await.unwrap(), ["10.0.0.1:0"]);
    let before = clock::now();
    assert_eq!(ask(&resolver, "a").await.unwrap(), ["10.0.0.1:0"]);
    assert_eq!(clock::now() - before, SLOW, "a silent resolver is given up after a second");
    tokio::time::advance(STALE).await;
    assert!(ask(&resolver, "a").await.is_err(), "older addresses are not used");
}

#[tokio::test(start_paused = true)]
async fn without_older_addresses_a_failure_is_a_failure() {
    let resolver = resolver(&[Answer::Found("10.0.0.1:0"), Answer::Fails]);
    ask(&resolver, "a").await.unwrap();
    assert_eq!(ask(&resolver, "b").await.unwrap_err().to_string(), "resolver is down");
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded() {
    let resolver = resolver(&vec![Answer::Found("10.0.0.1:0"); MAX_NAMES + 50]);
    for n in 0..MAX_NAMES + 50 {
        ask(&resolver, &format!("host-{n}")).await.unwrap();
    }
    assert_eq!(resolver.known.lock().unwrap().len(), MAX_NAMES);
}
