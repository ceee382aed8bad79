//! The balancer alone, over any payload: two mirrors of a file, the first of which is down.
#![expect(clippy::print_stdout, reason = "an example shows what comes back")]

use std::time::{Duration, Instant};
use tollgate_balancer::{
    Call, CredentialBook, GroupSpec, Limits, MemberSpec, Router, Strategy, execute,
};
use tollgate_core_types::{ErrorClass, UpstreamError};

/// Whatever a member is tried with; here a fetch that one host refuses.
async fn fetch(host: &str) -> Result<String, UpstreamError> {
    match host {
        "a.example" => Err(UpstreamError::new(ErrorClass::Connect, "connection refused")),
        host => Ok(format!("the file, from {host}")),
    }
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "a program reads the clock; libraries are told")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mirror = |host: &'static str| MemberSpec {
        limits: Limits { concurrency: Some(8), ..Limits::default() },
        ..MemberSpec::new(host, host)
    };
    let mut mirrors = GroupSpec::new("mirrors", vec![mirror("a.example"), mirror("b.example")]);
    mirrors.strategy = Strategy::RoundRobin;
    let router = Router::new(vec![mirrors], &CredentialBook::new())?;
    for seed in 0..3 {
        let call = Call::new("mirrors", Instant::now() + Duration::from_secs(10), seed);
        let file = execute(&router, call, |attempt| async move {
            let fetched = fetch(attempt.payload()).await;
            attempt.settle(fetched) // or `commit` at the first byte, `complete` at the last
        });
        println!("{}", file.await?);
    }
    Ok(())
}
